"""The door: what holds for every request and every response, whoever answers (THREATS A5, A7, A11, A14)."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.config.settings import Settings
from monitor.pipeline.context import log
from monitor.web.problems import bare_error

BODY_LIMIT = 1024 * 1024  # bytes
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
_ENCODED = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# The whole grammar that is answered: a Host such as "a/b?" must not reach what builds addresses (CVE-2026-48710).
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_.-]{1,255}))(?::[0-9]{1,5})?")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address to listen on."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def known_hosts(settings: Settings) -> frozenset[str]:
    """The names that the service answers to: a page of another name must not be able to speak to it (DNS rebinding)."""
    listens = settings.http_addr.host.lower()
    names = {(urlsplit(settings.base_url).hostname or "").lower(), listens}
    return frozenset(names | _LOOPBACK_NAMES if is_loopback(listens) else names) - {""}


class Door:
    """ASGI middleware: known hosts, bounded bodies, HEAD as GET, safe headers, and an answer when a route breaks."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], root: str, new_id: Callable[[str], str]) -> None:
        self._app = app
        self._hosts = hosts
        self._root = root
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, bodiless=scope["method"] == "HEAD")
        path = scope["path"].removeprefix(self._root)
        refusal = self._refusal(scope)
        if refusal is not None:
            await bare_error(path, refusal)(scope, receive, answer.send)
            return
        # a copy: the server goes on knowing that it was HEAD
        inner = {**scope, "method": "GET" if answer.bodiless else scope["method"], "root_path": self._root}
        try:
            await self._app(inner, _bounded(receive), answer.send)
        except Exception:  # a request's fault is logged, and the next request is served
            await self._broke(path, scope, receive, answer)

    def _refusal(self, scope: Scope) -> int | None:
        if not self._answers_to([value for name, value in scope["headers"] if name == b"host"]):
            return 400
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:  # PostgreSQL takes no such text
            return 400
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        return 413 if any(not value.isdigit() or int(value[:20]) > BODY_LIMIT for value in lengths) else None

    def _answers_to(self, hosts: list[bytes]) -> bool:
        found = _HOST.fullmatch(hosts[0].decode("latin-1")) if len(hosts) == 1 else None
        return found is not None and (found[1] or found[2]).lower().removesuffix(".") in self._hosts

    async def _broke(self, path: str, scope: Scope, receive: Receive, answer: _Answer) -> None:
        request_id = self._new_id("req")
        log.exception("request_broke", request=request_id, method=scope["method"], path=path)
        if not answer.started:
            await bare_error(path, 500, f"(request {request_id})")(scope, receive, answer.send)


class _Answer:
    """The way out: adds the headers, and leaves the body of an answer to HEAD away."""

    def __init__(self, send: Send, *, bodiless: bool) -> None:
        self._send = send
        self.bodiless = bodiless
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message = {**message, "headers": [*_without_ours(message), *_ENCODED]}
        elif self.bodiless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


def _without_ours(message: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
    return [
        (name, value) for name, value in message.get("headers", ()) if name.decode("latin-1").lower() not in HEADERS
    ]


def _bounded(receive: Receive) -> Receive:
    """``receive`` until the body is larger than the limit, whatever length was declared."""
    size = 0

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_LIMIT:
            raise HTTPException(413)
        return message

    return bounded
