"""One session with an IMAP server (RFC 3501): log in, look at a folder without touching it, and take what is new.

The standard library's imaplib, in a thread, over a socket that dials the address that was checked. aioimaplib is under
the GPL. imaplib takes whatever size a server announces, so reading is bounded here.
"""

from __future__ import annotations

import base64
import imaplib
import ipaddress
import re
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO, Any, cast

from monitor.core.read.bundle import Message
from monitor.model.source import PollError
from monitor.net.batch import Batch, Limits
from monitor.net.excerpt import excerpt

_LONGEST_LINE = 4 * 2**20  # bytes: SEARCH names half a million messages on one line
_MOST_LINES = 10_000  # of a session: a poll of 200 messages has a thousand
_SLACK = 8 * 2**20  # bytes that a session may take besides the messages
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,19})\b")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]{20,40})"')
_SHORT_BODY = re.compile(rb'\bBODY\[\](?:<0>)? (?:"((?:[^"\\]|\\.)*)"|NIL)')  # no literal: a few bytes, or none
_VALIDATOR = re.compile(r"(\d{1,10}):(\d{1,10})")


class ImapFault(Exception):
    """Why a session gave nothing: the server's fault, or that of what it was asked for."""

    def __init__(self, error: PollError, detail: str) -> None:
        super().__init__(detail)
        self.error = error
        self.detail = detail


class ImapSession:
    """One session. ``addresses`` have been checked; ``host`` is the name that the certificate must be for."""

    def __init__(
        self,
        *,
        host: str,
        addresses: Sequence[str],
        port: int,
        implicit_tls: bool,
        tls: ssl.SSLContext,
        timeout: float,
    ) -> None:
        self._host = host
        self._addresses = addresses
        self._port = port
        self._implicit_tls = implicit_tls
        self._tls = tls
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._aborted = False

    def abort(self) -> None:
        """End the session from another thread: what it is waiting for fails."""
        self._aborted = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def read(self, login: str, folder: str, validator: str | None, limits: Limits) -> Batch:
        """The messages after ``validator``, or all where the folder was made anew. Raises ImapFault."""
        try:
            connection = self._connected(limits)
            try:
                if not self._implicit_tls:
                    self._secure(connection)
                batch = self._batch(connection, login, folder, validator, limits)
                with suppress(imaplib.IMAP4.error, OSError):
                    connection.logout()
                return batch
            finally:
                with suppress(OSError):
                    connection.shutdown()
        except TimeoutError:
            raise ImapFault(PollError.TIMEOUT, f"no answer within {self._timeout:g} s") from None
        except ssl.SSLError as fault:
            raise ImapFault(PollError.TLS, excerpt(str(fault))) from None
        except imaplib.IMAP4.abort as fault:
            raise ImapFault(PollError.INCOMPLETE, f"the connection was lost: {excerpt(str(fault))}") from None
        except (imaplib.IMAP4.error, ValueError, IndexError) as fault:
            raise ImapFault(PollError.PROTOCOL, excerpt(str(fault))) from None
        except OSError as fault:
            raise ImapFault(PollError.CONNECT, excerpt(str(fault))) from None

    def _connected(self, limits: Limits) -> _Connection:
        sock = self._dial()
        try:
            self._hold(sock)
            if self._implicit_tls:
                sock = self._tls.wrap_socket(sock, server_hostname=self._host)
                self._hold(sock)
            return _Connection(self._host, sock, _SLACK + limits.total + limits.message)
        except BaseException:
            sock.close()
            raise

    def _hold(self, sock: socket.socket) -> None:
        """Let ``abort`` reach this socket; one that came before goes for it too."""
        self._socket = sock
        if self._aborted:
            raise TimeoutError

    def _dial(self) -> socket.socket:
        failed: OSError | None = None
        for address in self._addresses:
            try:
                sock = socket.create_connection((address, self._port), self._timeout / len(self._addresses))
                sock.settimeout(self._timeout)
                return sock
            except OSError as fault:
                failed = fault
        raise failed or OSError("no address to dial")

    def _secure(self, connection: _Connection) -> None:
        """STARTTLS, checked; without it a password goes to this machine alone."""
        if "STARTTLS" in connection.capabilities:
            connection.starttls(self._tls)
            self._hold(connection.sock)
        elif not is_local(connection.sock.getpeername()[0]):
            raise ImapFault(PollError.TLS, "the server offers no STARTTLS, so the password was not sent")

    def _batch(self, connection: _Connection, login: str, folder: str, validator: str | None, limits: Limits) -> Batch:
        _log_in(connection, login)
        named = validator and _VALIDATOR.fullmatch(validator)
        validity = _examined(connection, folder)
        first = int(named[2]) if named and named[1] == validity else 1
        uids = _uids(connection, first)
        if not uids:
            return Batch((), f"{validity}:{first}", more=False)
        looked_at = uids[: limits.messages]
        sizes = _sizes(connection, looked_at)
        taken = list(sizes)[: limits.within(sizes.values())]
        last = looked_at[-1] if len(taken) == len(sizes) else taken[-1]
        messages = _messages(connection, taken, limits.message)
        return Batch(tuple(messages), f"{validity}:{last + 1}", more=uids[-1] > last)


class _Connection(imaplib.IMAP4):
    """imaplib over a socket that is there already, which takes only so many bytes in all."""

    def __init__(self, host: str, sock: socket.socket, most: int) -> None:
        self._given = sock
        self._left = most
        self._lines = 0
        super().__init__(host)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self._given

    def read(self, size: int) -> bytes:
        self._take(size)
        return super().read(size)

    def readline(self) -> bytes:
        line: bytes = self._stream().readline(min(self._left, _LONGEST_LINE) + 1)
        self._take(len(line))
        self._lines += 1
        if self._lines > _MOST_LINES:
            raise ImapFault(PollError.TOO_LARGE, f"the server says more than {_MOST_LINES} lines")
        if len(line) > _LONGEST_LINE:
            raise self.error(f"a line longer than {_LONGEST_LINE} bytes")
        return line

    def _stream(self) -> IO[bytes]:
        # STARTTLS puts another in its place; Python 3.14 calls it ``_file``.
        return cast(IO[bytes], getattr(self, "_file", None) or self.file)

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ImapFault(PollError.TOO_LARGE, "the server sends more than it was asked for")

    def quoted(self, text: str) -> str:
        """A quoted string (RFC 3501 4.3)."""
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def is_local(address: str) -> bool:
    """Whether an IP address is this machine's."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _log_in(connection: _Connection, login: str) -> None:
    if connection.state == "AUTH":  # PREAUTH
        return
    user, _, password = login.partition(":")
    try:
        if "AUTH=PLAIN" in connection.capabilities:
            connection.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
        elif "LOGINDISABLED" in connection.capabilities:
            raise ImapFault(PollError.AUTH_FAILED, "the server offers neither PLAIN nor LOGIN")
        else:
            connection.login(connection.quoted(user), password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as refusal:
        words = excerpt(str(refusal)).removeprefix("b'").removesuffix("'")
        raise ImapFault(PollError.AUTH_FAILED, f"{user}: {words}") from None


def _examined(connection: _Connection, folder: str) -> str:
    """Open the folder for reading only; its UIDVALIDITY."""
    status, said = connection.select(connection.quoted(to_modified_utf7(folder)), readonly=True)
    if status != "OK":
        words = excerpt(b" ".join(each for each in said if isinstance(each, bytes)))
        raise ImapFault(PollError.NO_MAILBOX, f"the folder {folder!r} cannot be read: {words}")
    _, validity = connection.response("UIDVALIDITY")
    value: bytes = (validity or [None])[0] or b""
    if not re.fullmatch(rb"\d{1,10}", value):
        raise ImapFault(PollError.PROTOCOL, "the server gives messages no lasting numbers (UIDVALIDITY)")
    return value.decode()


def _uids(connection: _Connection, first: int) -> list[int]:
    """The UIDs from ``first`` on. ``n:*`` always names the last message too, be it before n (RFC 3501 6.4.8)."""
    found = b" ".join(filter(None, _done(connection.uid("SEARCH", f"UID {first}:*"))))
    return sorted({uid for uid in map(int, found.split()) if uid >= first})


def _sizes(connection: _Connection, uids: Sequence[int]) -> dict[int, int]:
    """Their sizes, in the order of the UIDs; those that were deleted meanwhile are not among them."""
    if not uids:
        return {}
    found: dict[int, int] = {}
    for line in _done(connection.uid("FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE)")):
        head = line if isinstance(line, bytes) else b""
        uid, size = _UID.search(head), _SIZE.search(head)
        if uid and size and int(uid[1]) in uids:
            found[int(uid[1])] = int(size[1])
    return dict(sorted(found.items()))


def _messages(connection: _Connection, uids: Sequence[int], most: int) -> list[Message]:
    """The messages' first ``most`` bytes each, in the order of the UIDs. BODY.PEEK sets no flag."""
    if not uids:
        return []
    asked = f"(UID INTERNALDATE BODY.PEEK[]<0.{most + 1}>)"
    lines = _done(connection.uid("FETCH", ",".join(map(str, uids)), asked))
    found: dict[int, Message] = {}
    for line, after in zip(lines, [*lines[1:], b""], strict=True):
        head, data = _with_body(line, after)
        uid, date = _UID.search(head), _DATE.search(head)
        if data is None or uid is None or int(uid[1]) not in uids:
            continue  # of another message, or of flags that somebody sets meanwhile
        if date is None:
            raise ImapFault(PollError.PROTOCOL, f"the server does not say when message {int(uid[1])} arrived")
        found[int(uid[1])] = Message(data.replace(b"\r\n", b"\n")[:most], _moment(date[1]), whole=len(data) <= most)
    if not found:
        raise ImapFault(PollError.PROTOCOL, "the server named messages that it does not give")
    return [found[uid] for uid in sorted(found)]


def _with_body(line: Any, after: Any) -> tuple[bytes, bytes | None]:
    """A FETCH answer's attributes, and the message in it: as a literal, which imaplib sets apart, or in the line."""
    if isinstance(line, tuple):
        return line[0] + (after if isinstance(after, bytes) else b""), line[1]
    head = line if isinstance(line, bytes) else b""
    short = _SHORT_BODY.search(head)
    if short is None:
        return head, None
    return head[: short.start()] + head[short.end() :], re.sub(rb"\\(.)", rb"\1", short[1] or b"")


def _moment(stated: bytes) -> datetime:
    return datetime.strptime(stated.decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)


def _done(answer: tuple[str, list[Any]]) -> list[Any]:
    status, said = answer
    if status != "OK":
        raise ImapFault(PollError.PROTOCOL, excerpt(b" ".join(each for each in said if isinstance(each, bytes))))
    return said


def to_modified_utf7(folder: str) -> str:
    """A folder's name as IMAP has it (RFC 3501 5.1.3)."""
    pieces = re.split(r"([^ -~]+)", folder)
    return "".join(_shifted(each) if n % 2 else each.replace("&", "&-") for n, each in enumerate(pieces))


def _shifted(text: str) -> str:
    return "&" + base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"
