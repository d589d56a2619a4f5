"""Editors: a one-time link opens a session, a session opens the editors' pages (THREATS A1 to A4).

Tokens are 256 random bits; the database keeps their SHA-256 alone. There are no accounts yet: who starts the service
on loopback is given the link.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitor.config.settings import Settings
from monitor.errors import ConfigError, Problem
from monitor.pipeline.context import Context
from monitor.store.database import Tx
from monitor.store.sessions import (
    StoredSession,
    create_login_link,
    create_session,
    end_session,
    find_session,
    see_session,
    use_login_link,
)
from monitor.web.door import is_loopback
from monitor.web.pages import FOR_ONE
from monitor.web.site import Site, site_of

LINK_LASTS = timedelta(hours=24)
IDLE = timedelta(hours=8)
LASTS = timedelta(days=7)
_SEEN_EVERY = timedelta(minutes=10)  # so that reading a page does not write a row each time
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes

EditorPage = Callable[[Request, StoredSession], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def check_address(settings: Settings) -> None:
    """Refuse to serve editors' pages beyond this machine while there are no accounts: ConfigError (exit 78)."""
    if not is_loopback(settings.http_addr.host):
        words = (
            f"{settings.http_addr} can be reached from other machines, and there are no accounts yet: listen on "
            "127.0.0.1:8000 and let a proxy that asks for passwords stand before it"
        )
        raise ConfigError(Problem("MONITOR_HTTP_ADDR", None, words))


async def login_link(ctx: Context) -> str:
    """A new address that logs in once, within 24 hours."""
    token = secrets.token_urlsafe(32)
    await ctx.db.write(lambda tx: create_login_link(tx, _hashed(token), now=ctx.clock(), lasts=LINK_LASTS))
    return f"{ctx.settings.base_url}/login?token={token}"


async def login_page(request: Request) -> Response:
    """GET ``/login``: a button that logs in with the link's token. Nothing happens before it is pressed."""
    site = site_of(request)
    session = await session_of(request)
    token = request.query_params.get("token", "")
    return _login_page(site, token if _TOKEN.fullmatch(token) else "", logged_in=session is not None)


def _login_page(site: Site, token: str, *, logged_in: bool = False, refused: bool = False) -> Response:
    status = 403 if refused else 200
    return site.pages.page("web/login.html.j2", status, FOR_ONE, token=token, logged_in=logged_in, refused=refused)


async def login(request: Request) -> Response:
    """POST ``/login``: use the link up and open a new session, whatever session there was."""
    site = site_of(request)
    require_same_origin(request)
    token = await _field(request, "token")
    new, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    old = request.cookies.get(_cookie(site), "")
    now = site.ctx.clock()

    def work(tx: Tx) -> bool:
        if not use_login_link(tx, _hashed(token), now=now):
            return False
        end_session(tx, _hashed(old))
        create_session(tx, _hashed(new), csrf, now=now, lasts=LASTS, idle=IDLE)
        return True

    if not await site.ctx.db.write(work):
        return _login_page(site, "", refused=True)
    response = RedirectResponse(f"{site.root}/triage", 303, FOR_ONE)
    response.set_cookie(
        _cookie(site),
        new,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=site.secure,
        httponly=True,
        samesite="lax",
    )
    return response


async def logout(request: Request, session: StoredSession) -> Response:
    """POST ``/logout``: the session ends here and in the database."""
    site = site_of(request)
    await site.ctx.db.write(lambda tx: end_session(tx, session.token_sha256))
    response = RedirectResponse(f"{site.root}/login", 303, FOR_ONE)
    response.delete_cookie(_cookie(site), path="/", secure=site.secure, httponly=True, samesite="lax")
    return response


async def session_of(request: Request) -> StoredSession | None:
    """The session whose cookie the request carries, if it is in force."""
    site = site_of(request)
    token = request.cookies.get(_cookie(site), "")
    if not _TOKEN.fullmatch(token):
        return None
    now = site.ctx.clock()
    session = await site.ctx.db.read(lambda tx: find_session(tx, _hashed(token), now=now, idle=IDLE))
    if session is not None and now - session.seen_at >= _SEEN_EVERY:
        await site.ctx.db.write(lambda tx: see_session(tx, session.token_sha256, now=now))
    return session


def for_editors(page: EditorPage) -> Endpoint:
    """A route that only a session opens, and, where it acts, only a form of ours (403). Without one: to ``/login``."""

    @wraps(page)
    async def guarded(request: Request) -> Response:
        session = await session_of(request)
        if session is None:
            return RedirectResponse(f"{site_of(request).root}/login", 303, FOR_ONE)
        if request.method != "GET":
            require_same_origin(request)
            given = await _field(request, "csrf")
            if not secrets.compare_digest(given.encode("utf-8", "replace"), session.csrf.encode()):
                raise HTTPException(403)
        return await page(request, session)

    return guarded


def require_same_origin(request: Request) -> None:
    """403 for a form that another site sent (A4).

    Our Referrer-Policy makes a browser send "Origin: null" with our own forms (Fetch, 3.1); then its Sec-Fetch-Site
    decides, and where it sends none, the form's token does.
    """
    fetched = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if fetched is not None and fetched not in ("same-origin", "none"):
        raise HTTPException(403)
    if origin is not None and origin != "null" and origin not in _own_origins(request):
        raise HTTPException(403)


def _own_origins(request: Request) -> tuple[str, str]:
    base_url = site_of(request).ctx.settings.base_url
    scheme, _, rest = base_url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}", f"{scheme}://{request.headers['host']}"


async def _field(request: Request, name: str) -> str:
    """A form's field as text; "" where it has none."""
    async with request.form(max_files=0, max_fields=10) as form:
        value = form.get(name)
    return value if isinstance(value, str) else ""


def _cookie(site: Site) -> str:
    return "__Host-session" if site.secure else "session"


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
