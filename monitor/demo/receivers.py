"""Those who are told, on loopback: a mail server and a webhook endpoint that behave as real ones do.

Both misbehave once, so that a deferred e-mail and a repeated webhook can be seen, and both keep all they were sent.
"""

from __future__ import annotations

import asyncio
import json
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from http import HTTPStatus
from typing import Any

from aiosmtpd.smtp import SMTP

from monitor.core import signature
from monitor.demo.loopback import LoopbackServer, Request, Response

Clock = Callable[[], datetime]
GREYLISTED = "451 4.7.1 Greylisted, please try again later"  # RFC 6647


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One message for one recipient, as it came over the wire. ``at`` is virtual time."""

    recipient: str
    message_id: str
    subject: str
    at: datetime
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        return _parse(self.raw)


class MailReceiver:
    """An SMTP server on 127.0.0.1. With ``greylist`` the first recipient is asked once to come back later.

    ``mails`` are in order of arrival; ``greylisted`` are the recipients that were put off.
    """

    def __init__(self, clock: Clock, *, greylist: bool = True) -> None:
        self._clock = clock
        self._greylist = greylist
        self._server: asyncio.Server | None = None
        self._sessions: weakref.WeakSet[Any] = weakref.WeakSet()
        self.mails: list[ReceivedMail] = []
        self.greylisted: list[str] = []

    async def start(self) -> None:
        """Listens on a free port of 127.0.0.1."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", 0)

    async def stop(self) -> None:
        """Hangs up on everybody and closes the port. Harmless when it was never started."""
        if self._server is None:
            return
        self._server.close()
        for session in list(self._sessions):
            if session.transport is not None:
                session.transport.close()
        await self._server.wait_closed()
        self._server = None

    @property
    def url(self) -> str:
        """``smtp://127.0.0.1:PORT``: the value of ``MONITOR_SMTP_URL``."""
        if self._server is None:
            raise RuntimeError("the server has no address before start()")
        return f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def _session(self) -> Any:
        session = SMTP(self, hostname="mail.example.org", enable_SMTPUTF8=True, loop=asyncio.get_running_loop())
        self._sessions.add(session)
        return session

    # aiosmtpd finds its hooks by these names.
    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        if self._greylist and not self.greylisted:
            self.greylisted.append(address)
            return GREYLISTED
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient accepted"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        message = _parse(envelope.content)
        for recipient in envelope.rcpt_tos:
            self.mails.append(
                ReceivedMail(
                    recipient=recipient,
                    message_id=str(message["Message-ID"] or ""),
                    subject=str(message["Subject"] or ""),
                    at=self._clock(),
                    raw=envelope.content,
                )
            )
        return "250 2.0.0 Message accepted"


@dataclass(frozen=True, slots=True)
class ReceivedWebhook:
    """One event that an endpoint took, once. ``at`` is virtual time; ``attempts`` counts its verified posts up to then,
    the one that was taken included.
    """

    endpoint: str
    id: str
    type: str
    verified: bool
    at: datetime
    attempts: int
    body: dict[str, Any]


class WebhookReceiver:
    """A receiver of Standard Webhooks: verifies, de-duplicates by ``webhook-id``, answers 200.

    A path is an endpoint once :meth:`expect` has named its secrets. What does not verify is answered 401 and counted
    in ``refused``; with ``fail_once`` the first verified post of all is answered 500, so that its sender repeats it.
    ``events`` are in order of arrival, each once an endpoint; ``duplicates`` counts what came again after it was taken.
    """

    def __init__(self, clock: Clock, *, fail_once: bool = True) -> None:
        self._clock = clock
        self._server = LoopbackServer(self._answer)
        self._secrets: dict[str, tuple[str, ...]] = {}
        self._attempts: dict[tuple[str, str], int] = {}
        self._taken: set[tuple[str, str]] = set()
        self._fails_left = 1 if fail_once else 0
        self.events: list[ReceivedWebhook] = []
        self.refused = 0
        self.failed = 0
        self.duplicates = 0

    async def start(self) -> None:
        """Listens on a free port of 127.0.0.1."""
        await self._server.start()

    async def stop(self) -> None:
        """Closes the port and all connections."""
        await self._server.stop()

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT``: the value of ``{hooks}`` in the workspace's ``subscriptions.yaml``."""
        return self._server.base_url

    def expect(self, path: str, secrets: Iterable[str]) -> None:
        """Takes events at ``path`` (it begins with a slash) that any of ``secrets`` signed."""
        self._secrets[path] = tuple(secrets)

    def _answer(self, request: Request) -> Response:
        secrets = self._secrets.get(request.target)
        if secrets is None:
            return Response(HTTPStatus.NOT_FOUND)
        if request.method != "POST":
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "POST"})
        now = self._clock()
        if not any(signature.verify(secret, request.headers, request.body, now.timestamp()) for secret in secrets):
            self.refused += 1
            return Response(HTTPStatus.UNAUTHORIZED)
        return self._take(request, now)

    def _take(self, request: Request, now: datetime) -> Response:
        key = (request.target, request.headers["webhook-id"])
        self._attempts[key] = self._attempts.get(key, 0) + 1
        if self._fails_left:
            self._fails_left -= 1
            self.failed += 1
            return Response(HTTPStatus.INTERNAL_SERVER_ERROR)
        if key in self._taken:
            self.duplicates += 1
            return Response(HTTPStatus.OK)
        body = _json_object(request.body)
        if body is None:
            return Response(HTTPStatus.BAD_REQUEST)
        self._taken.add(key)
        kind = str(body.get("type", ""))
        self.events.append(ReceivedWebhook(*key, kind, True, now, self._attempts[key], body))
        return Response(HTTPStatus.OK)


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _parse(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=modern)
    assert isinstance(message, EmailMessage)  # the modern policy makes no other
    return message
