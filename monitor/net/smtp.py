"""Handing one message to the mail relay, command by command, so that it is known where the talk broke off.

Before the final dot is handed to the connection nothing was delivered; after it nobody can tell (RFC 1047, RFC 5321
4.5.3.2.6). aiosmtplib's own ``send`` and ``data`` raise the same exception for both (THREATS, finding 2), and its
``start_tls=None`` may send a password in clear (finding 9), so neither is used.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

from monitor.model.delivery import Deferred, InDoubt, Outcome, Refused, Sent
from monitor.net.excerpt import excerpt
from monitor.net.transport import trust

QUIT_TIMEOUT = 5.0
BLOCK = 65536
DOT = b".\r\n"
# A reply that speaks of us or of the connection, and not of this message: login and TLS wanted, or refused.
_NOT_THE_MESSAGE = (421, 454, 530, 534, 535, 538)
_LINE_END = re.compile(rb"\r\n|\r|\n")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_MAILBOX = re.compile(r"[\x21-\x7e]{1,320}")
_SMTP_FAULTS = (aiosmtplib.SMTPException, OSError)


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """The relay that ``MONITOR_SMTP_URL`` names. ``implicit_tls``: TLS from the first byte (smtps)."""

    host: str
    port: int
    implicit_tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_smtp_url(url: str) -> SmtpAddress:
    """``smtp://[USER:PASSWORD@]HOST[:PORT]`` or ``smtps://...``; user and password are percent-decoded.

    The port is 465 for smtps, else 587 with a user and 25 without. Raises ValueError that says what is wrong and
    never repeats the password.
    """
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in ("smtp", "smtps") or not rest:
        raise ValueError("a mail server's address starts with smtp:// or smtps://")
    login, at, place = rest.rpartition("@")
    if re.search(r"[/?#]", login):
        raise ValueError("the user name and the password of a mail server's address must be percent-encoded: / is %2F")
    username, password = _login(login) if at else (None, None)
    host, port = _place(place)
    implicit_tls = scheme.lower() == "smtps"
    return SmtpAddress(host, port or (465 if implicit_tls else 587 if at else 25), implicit_tls, username, password)


def _login(login: str) -> tuple[str, str]:
    username, colon, password = login.partition(":")
    if not username or not colon or not password:
        raise ValueError("a mail server's address with a user name needs a password too: smtp://user:password@host:587")
    try:
        return unquote(username, errors="strict"), unquote(password, errors="strict")
    except UnicodeDecodeError:
        raise ValueError("the user name or password of a mail server's address is not UTF-8 once decoded") from None


def _place(place: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"//{place}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("the host or port of a mail server's address cannot be read: smtp://host:25") from None
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("a mail server's address ends with its host and port")
    if not host or port == 0 or not (_HOST.fullmatch(host) or _is_literal(host)):
        raise ValueError("a mail server's address needs a host: smtp://host:25")
    return host, port


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class SmtpRelay:
    """The operator's mail server. Seconds: ``timeout`` bounds each reply, ``data_timeout`` the one after the final dot.

    With credentials, TLS with a verified certificate is mandatory unless the relay is on this machine; without,
    STARTTLS is used where it is offered, whoever answers (RFC 7435). ``tls`` is what certificates are checked against.
    """

    def __init__(
        self,
        address: SmtpAddress,
        *,
        timeout: float = 60.0,
        data_timeout: float = 600.0,
        local_hostname: str,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.address = address
        self._timeout = timeout
        self._data_timeout = data_timeout
        self._local_hostname = local_hostname
        self._tls = tls

    def _trusted(self) -> ssl.SSLContext:
        self._tls = self._tls or trust()
        return self._tls

    async def open(self) -> SmtpSession | Deferred:
        """A session that is ready for an envelope. Whatever fails here concerns every message alike: Deferred."""
        client = aiosmtplib.SMTP(
            hostname=self.address.host,
            port=self.address.port,
            use_tls=self.address.implicit_tls,
            start_tls=False,
            tls_context=self._trusted() if self.address.implicit_tls else None,
            local_hostname=self._local_hostname,
            timeout=self._timeout,
        )
        try:
            failed = await self._prepare(client)
        except _SMTP_FAULTS as fault:
            failed = Deferred(_words("connect", fault))
        except BaseException:
            client.close()
            raise
        if failed is None and client.protocol is not None and client.transport is not None:
            # A cast and no check: uvloop's transports are none of asyncio's classes.
            transport = cast(asyncio.WriteTransport, client.transport)
            return SmtpSession(client, client.protocol, transport, self._timeout, self._data_timeout)
        client.close()
        return failed or Deferred("connect: connection lost")

    async def _prepare(self, client: aiosmtplib.SMTP) -> Deferred | None:
        await client.connect()
        await _greet(client)
        secure = self.address.implicit_tls
        local = _is_local(client)
        wants_login = self.address.username is not None
        if not secure and client.supports_extension("starttls"):
            secure = await self._upgrade(client, verify=wants_login and not local)
        if wants_login:
            if not secure and not local:
                return Deferred("tls_required: the server offers no STARTTLS, so the password was not sent")
            return await self._log_in(client)
        return None

    async def _upgrade(self, client: aiosmtplib.SMTP, *, verify: bool) -> bool:
        """STARTTLS; False where the server says that it cannot just now."""
        try:
            await client.starttls(tls_context=self._trusted() if verify else _anybody())
        except aiosmtplib.SMTPResponseException as refusal:
            if refusal.code < 400:
                raise
            return False
        await _greet(client)
        return True

    async def _log_in(self, client: aiosmtplib.SMTP) -> Deferred | None:
        username, password = self.address.username or "", self.address.password or ""
        methods = {"plain": client.auth_plain, "login": client.auth_login, "cram-md5": client.auth_crammd5}
        for name, log_in in methods.items():
            if name in client.server_auth_methods:
                try:
                    await log_in(username, password)
                except aiosmtplib.SMTPAuthenticationError as refusal:
                    return Deferred(_words("auth_failed", refusal))  # one try: servers lock out who tries again
                return None
        return Deferred("auth_failed: the server offers none of PLAIN, LOGIN and CRAM-MD5")


class SmtpSession:
    """One connection to the relay, for one message after the other: ``envelope``, then ``data``."""

    def __init__(
        self,
        client: aiosmtplib.SMTP,
        protocol: SMTPProtocol,
        transport: asyncio.WriteTransport,
        timeout: float,
        data_timeout: float,
    ) -> None:
        self._client = client
        self._protocol = protocol
        self._transport = transport
        # drain() then means that nothing is left to hand to the kernel; at 0, TLS transports pause for ever.
        transport.set_write_buffer_limits(high=1, low=0)
        # aiosmtplib's protocol carries asyncio's flow control so that a StreamWriter can drain over it.
        self._writer = asyncio.StreamWriter(transport, protocol, None, asyncio.get_running_loop())
        self._timeout = timeout
        self._data_timeout = data_timeout
        self._begun = False

    async def envelope(self, sender: str, recipient: str) -> Deferred | Refused | None:
        """MAIL and exactly one RCPT; None where both were accepted. Nothing is sent to ``recipient`` yet.

        552 at RCPT is temporary (RFC 5321 4.5.3.1.10); so is a reply that speaks of the login and not of the message.
        """
        for role, address in (("sender", sender), ("recipient", recipient)):
            if _MAILBOX.fullmatch(address) is None or "<" in address or ">" in address:
                return Refused(f"the {role} is not an address that can be sent to: {excerpt(address, 80)!r}")
        if self._begun and (failed := await self._command("RSET", "RSET")):
            return Deferred(failed.detail)
        self._begun = True
        return await self._command("MAIL", f"MAIL FROM:<{sender}>") or await self._command(
            "RCPT", f"RCPT TO:<{recipient}>", temporary=552
        )

    async def data(self, message: bytes) -> Outcome:
        """Send the message that the envelope is for, with CRLF line ends, as it is otherwise.

        Deferred: it broke off before the final dot was handed over, or the server answered 4xx. Refused: 5xx.
        InDoubt: the dot had gone, and no answer came that can be read.
        """
        failed = await self._command("DATA", "DATA", wanted=3)
        if failed is not None:
            return failed
        try:
            await self._write(wire_bytes(message))
        except _SMTP_FAULTS as fault:
            self._drop()
            return Deferred(_words("before the final dot", fault))
        self._begun = False
        return await self._finish()

    async def _write(self, body: bytes) -> None:
        """Hand over the body, wait until the kernel has it, then hand over the dot: its write is the last act."""
        for start in range(0, len(body), BLOCK):
            async with asyncio.timeout(self._timeout):
                self._protocol.write(body[start : start + BLOCK])
                await self._writer.drain()
        await asyncio.sleep(0)  # lets a hang-up that has arrived be seen
        self._protocol.write(DOT)

    async def _finish(self) -> Outcome:
        try:
            code, text = await self._protocol.read_response(timeout=self._data_timeout)
        except _SMTP_FAULTS as fault:
            self._drop()
            return InDoubt(_words("after the final dot", fault))
        detail = _reply("DATA", code, text)
        if self._protocol._buffer:
            self._drop()  # the answer stands, but what came with it would be taken for the next one
        match code // 100:
            case 2:
                return Sent(detail)
            case 4:
                return Deferred(detail)
            case 5:
                return Deferred(detail) if code in _NOT_THE_MESSAGE else Refused(detail)
            case _:
                self._drop()
                return InDoubt(detail)

    async def close(self) -> None:
        """QUIT, briefly; its failure changes nothing, for what was accepted stays accepted."""
        with suppress(*_SMTP_FAULTS):
            await self._client.execute_command(b"QUIT", timeout=QUIT_TIMEOUT)
        self._drop()

    async def _command(self, step: str, line: str, *, wanted: int = 2, temporary: int = 0) -> Deferred | Refused | None:
        """None where the reply's first digit is ``wanted``; ``temporary`` is a 5xx that passes."""
        try:
            code, text = await self._client.execute_command(line.encode("ascii"), timeout=self._timeout)
        except _SMTP_FAULTS as fault:
            self._drop()
            return Deferred(_words(step, fault))
        detail = _reply(step, code, text)
        # aiosmtplib keeps what came in one packet with the reply, and would take it for the next one: a server that
        # said "250 ok" before it had the message would be believed after the final dot.
        if self._protocol._buffer:
            self._drop()
            return Deferred(f"{detail} (and more, out of turn)")
        if code // 100 == wanted:
            return None
        if code // 100 == 5 and code != temporary and code not in _NOT_THE_MESSAGE:
            return Refused(detail)
        if code // 100 not in (4, 5):
            self._drop()  # not a reply to this command: which later one would belong to what could not be told
        return Deferred(detail)

    def _drop(self) -> None:
        self._transport.abort()
        self._client.close()


def wire_bytes(message: bytes) -> bytes:
    """The message as it crosses the wire, but for the final dot: CRLF, leading dots doubled (RFC 5321 4.5.2)."""
    lines = _LINE_END.sub(b"\r\n", message)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", lines)


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError as refusal:
        if refusal.code // 100 != 5:
            raise
        await client.helo()


def _is_local(client: aiosmtplib.SMTP) -> bool:
    """Whether the relay that was reached, whatever its name, is on this machine."""
    peer = client.get_transport_info("peername")
    return ipaddress.ip_address(peer[0]).is_loopback


def _anybody() -> ssl.SSLContext:
    """TLS against eavesdroppers only, where clear text would be taken too and no password is sent (RFC 7435)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reply(step: str, code: int, text: str) -> str:
    return f"{step}: {code} {excerpt(text)}".strip()


def _words(step: str, fault: Exception) -> str:
    if isinstance(fault, aiosmtplib.SMTPResponseException):
        return _reply(step, fault.code, fault.message)
    return f"{step}: {excerpt(str(fault)) or type(fault).__name__}"
