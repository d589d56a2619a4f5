"""What went wrong, told to whom it concerns: a page for browsers, ``application/problem+json`` (RFC 9457) for programs.

Nothing of the inside is told: no stack, path, SQL or version (THREATS A14). What broke is in the log, under an id.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from monitor.errors import MonitorError, UsageError
from monitor.pipeline.context import log
from monitor.web.site import site_of

_PROGRAMS = ("/api/", "/healthz", "/readyz")
_DETAILS = {
    400: "The request names a host that this service does not answer for, or cannot be read.",
    403: "The request did not come from a page of this service, or its form has run out. Load the page again.",
    404: "There is nothing at this address.",
    405: "This address does not take that kind of request.",
    409: "Somebody else was faster. Load the page again.",
    413: "The request is larger than 1 MiB.",
    500: "Something broke on our side. The operator finds the cause in the log.",
    503: "The service cannot reach its database at the moment. Try again in a minute.",
}
_BARE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
<p>{detail}</p>
</body>
</html>
"""


def title_of(status: int) -> str:
    """The standard's words for a status: "Not Found"."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def detail_of(status: int) -> str:
    """What a reader is told; "" where there is nothing to add."""
    return _DETAILS.get(status, "")


def for_program(path: str) -> bool:
    """Whether a program asked, by the part of the path below the service's own address."""
    return path.startswith(_PROGRAMS)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """A problem document; its type is "about:blank", so its title is the status's."""
    content = {"type": "about:blank", "title": title_of(status), "status": status, "detail": detail}
    return JSONResponse(content, status, dict(headers or {}), media_type="application/problem+json")


def bare_error(path: str, status: int, more: str = "") -> Response:
    """An error that is told without templates: the request was refused at the door, or they are what broke."""
    detail = f"{detail_of(status)} {more}".strip()
    if for_program(path):
        return problem(status, detail)
    return HTMLResponse(_BARE.format(title=escape(title_of(status)), detail=escape(detail)), status)


def error(request: Request, status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """An error within the service's own layout, or as a problem document."""
    site = site_of(request)
    detail = detail or detail_of(status)
    if for_program(site.below(request)):
        return problem(status, detail, headers)
    return site.pages.page("web/error.html.j2", status, headers, title=title_of(status), detail=detail)


async def on_http(request: Request, raised: Exception) -> Response:
    """An error that the framework or a route raised by status."""
    assert isinstance(raised, HTTPException)
    return error(request, raised.status_code, headers=raised.headers)


async def on_own(request: Request, raised: Exception) -> Response:
    """One of our exceptions, by its class. The words of a usage error are for whoever asked; others are for the log."""
    assert isinstance(raised, MonitorError)
    if raised.http_status >= 500:
        log.error("request_failed", error=str(raised))
    return error(request, raised.http_status, str(raised) if isinstance(raised, UsageError) else "")


async def on_invalid(request: Request, raised: Exception) -> Response:
    """A query that the API's schema does not allow: which parameter, and why."""
    assert isinstance(raised, RequestValidationError)
    named = ((".".join(str(step) for step in each["loc"][1:]), each["msg"]) for each in raised.errors())
    return error(request, 422, "; ".join(f"{name}: {why}" for name, why in named))
