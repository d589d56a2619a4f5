"""Whether the process lives, and whether it can work: for supervisors and load balancers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from monitor.errors import MonitorError
from monitor.pipeline.context import log
from monitor.store.policies import policies_version
from monitor.web.pages import FOR_ONE
from monitor.web.problems import detail_of, problem
from monitor.web.site import site_of


async def healthz(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"}, headers=FOR_ONE)


async def readyz(request: Request) -> Response:
    """The database answers; 503 where it does not."""
    try:
        await site_of(request).ctx.db.read(policies_version)
    except MonitorError as error:
        log.error("not_ready", error=str(error))
        return problem(503, detail_of(503), FOR_ONE)
    return JSONResponse({"status": "ready"}, headers=FOR_ONE)
