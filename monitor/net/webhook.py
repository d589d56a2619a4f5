"""Posting one event to one endpoint (Standard Webhooks 1.0). What comes of it is always a value."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

import httpx

from monitor.model.delivery import Deferred, Gone, Outcome, Refused, Sent
from monitor.model.source import PollError
from monitor.net.excerpt import excerpt
from monitor.net.guard import Guard
from monitor.net.retry_after import parse_retry_after
from monitor.net.transport import PEER_FAULTS, GuardedTransport, describe

CONNECT_TIMEOUT = 5.0
MAX_ANSWER = 64 * 1024  # bytes read of an answer before the connection is closed (THREATS W2)


class WebhookClient:
    """Posts to endpoints that others chose: never follows a redirect, never decodes an answer.

    ``total_timeout`` is seconds for the whole exchange; ``strict_https`` refuses plain http; ``clock`` gives the time
    that a ``Retry-After`` date is measured from; ``tls`` what certificates are checked against.
    """

    def __init__(
        self,
        guard: Guard,
        user_agent: str,
        *,
        clock: Callable[[], datetime],
        total_timeout: float = 15.0,
        strict_https: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self._clock = clock
        self._total_timeout = total_timeout
        self._strict_https = strict_https
        self._headers = {"user-agent": user_agent, "accept": "*/*", "accept-encoding": "identity"}
        self._transport = GuardedTransport(guard, tls, CONNECT_TIMEOUT)

    async def aclose(self) -> None:
        """Drop the connections that are still open; the posts on them end as Deferred."""
        await self._transport.aclose()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Sent on 2xx, Gone on 410, Refused where ``url`` must not be reached, Deferred for everything else.

        ``detail`` is the status and the first 200 printable characters of the answer, or the fault.
        """
        if reason := self._refusal(url):
            return Refused(f"{PollError.BAD_URL}: {reason}")
        request = httpx.Request("POST", url, headers={**self._headers, **headers}, content=body)
        deadline = asyncio.get_running_loop().time() + self._total_timeout
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._transport.handle_async_request(request)
        except TimeoutError:
            return Deferred(f"{PollError.TIMEOUT}: no answer within {self._total_timeout:g} s")
        except PEER_FAULTS as fault:
            error, words = describe(fault)
            blocked = error in (PollError.BLOCKED_ADDRESS, PollError.BAD_URL)
            return Refused(f"{error}: {words}") if blocked else Deferred(f"{error}: {words}")
        try:
            return self._outcome(response, await _answer(response, deadline))
        finally:
            await response.aclose()

    def _refusal(self, url: str) -> str | None:
        if reason := self._guard.check_url(url):
            return reason
        if self._strict_https and httpx.URL(url).scheme != "https":
            return "only https endpoints are allowed"
        return None

    def _outcome(self, response: httpx.Response, said: bytes) -> Outcome:
        status = response.status_code
        detail = f"{status} {excerpt(said)}".strip()
        if 200 <= status < 300:
            return Sent(detail)
        if status == 410:
            return Gone(detail)
        return Deferred(detail, parse_retry_after(response.headers.get("retry-after"), self._clock()))


async def _answer(response: httpx.Response, deadline: float) -> bytes:
    """What the endpoint said, as far as it said it by the deadline: the status stands however the body ends."""
    said = bytearray()
    with suppress(*PEER_FAULTS):
        async with asyncio.timeout_at(deadline):
            async for piece in response.aiter_raw():
                said += piece
                if len(said) >= MAX_ANSWER:
                    break
    return bytes(said[:MAX_ANSWER])
