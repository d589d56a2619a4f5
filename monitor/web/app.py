"""The web application: public pages, the JSON API, the links of our e-mails, and the editors' desk."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from monitor import __version__
from monitor.errors import MonitorError
from monitor.pipeline.context import Context
from monitor.web import api, desk, health, login, mail_links, problems, public
from monitor.web.door import Door, known_hosts
from monitor.web.login import Endpoint, for_editors
from monitor.web.pages import STATIC
from monitor.web.site import Site

PAGES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/", public.front),
    ("GET", "/policies", public.policies),
    ("GET", "/policies/{slug}", public.policy),
    ("GET", "/topics/{slug}", public.topic),
    ("GET", "/agencies/{slug}", public.agency),
    ("GET", "/u/{token}", mail_links.unsubscribe_page),
    ("POST", "/u/{token}", mail_links.unsubscribe_now),
    ("GET", "/manage/{token}", mail_links.manage_page),
    ("GET", "/healthz", health.healthz),
    ("GET", "/readyz", health.readyz),
    ("GET", "/login", login.login_page),
    ("POST", "/login", login.login),
    ("POST", "/logout", for_editors(login.logout)),
    ("GET", "/triage", for_editors(desk.triage)),
)


def create_app(ctx: Context, *, templates: Mapping[str, str]) -> FastAPI:
    """The application of a context. ``templates`` by name, "web/..." among them; ConfigError for a broken one."""
    site = Site.of(ctx, templates)
    app = FastAPI(
        title=f"{ctx.vocabulary.tracker}: policies and their subsequent actions",
        version=__version__,
        redirect_slashes=False,  # such a redirect would be built from the request's own Host
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.site = site
    for method, path, endpoint in PAGES:
        app.add_route(path, endpoint, methods=[method], include_in_schema=False)
    app.include_router(api.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_exception_handler(HTTPException, problems.on_http)
    app.add_exception_handler(MonitorError, problems.on_own)
    app.add_exception_handler(RequestValidationError, problems.on_invalid)
    app.add_middleware(Door, hosts=known_hosts(ctx.settings), root=site.root, new_id=ctx.new_id)
    return app
