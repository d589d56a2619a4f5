"""A digest's MIME message: built once for an audience, completed for each recipient by replacing bytes.

What differs between recipients (address, Message-ID, date, links with a token) stands in the message as markers. A
marker carries a hash of the whole content, so text from outside cannot hold one. Building costs milliseconds,
completing 0.05 ms (MAIL.md 5.2), and the bytes of a delivery are a pure function of two stored things.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import Header
from email.message import Message
from email.utils import format_datetime, parseaddr
from html import escape

from monitor.core.text import clean, shorten
from monitor.errors import Unrenderable

HEADERS = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
)
NOTICE_HEADERS = tuple(name for name in HEADERS if not name.startswith("List-"))
NAME_LIMIT = 80
_LONGEST_SUBJECT = 200  # whatever a caller made of it: a subject is one line
_LINE_LIMIT = 998  # octets without CRLF, RFC 5322 2.1.1
_QP_ROOM = 72  # RFC 2045 6.7 ends lines at 76: this leaves room for an escape and a soft break
_SOFT = "=\r\n"
_FOLD = "\r\n "
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?", re.ASCII
)
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,200}[A-Za-z0-9])?", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", re.ASCII)
_URL = re.compile(r"https?://[!#-;=?-~]{1,900}", re.ASCII)  # printable, no space, no quote, no angle bracket
_MARKER = re.compile(r"~[a-z_]+\.[0-9a-f]{32}~")


@dataclass(frozen=True, slots=True)
class Mail:
    """A rendered digest. ``text`` and ``html`` hold the markers of ``nonce`` where a recipient's own links stand."""

    subject: str
    text: str
    html: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Template:
    """A whole message, CRLF line ends, with markers where recipients differ. Equal mails give equal bytes."""

    body: bytes
    nonce: str

    def substitutions(
        self, *, to: str, message_id: str, date: datetime, unsubscribe_url: str, manage_url: str
    ) -> dict[str, str]:
        """What :func:`assemble` puts in for one recipient: each marker with its value as its place needs it written.

        ``to`` and ``message_id`` come from :func:`mailbox` and :func:`message_id`; ``date`` is aware and fixed when
        the digest is composed; the addresses are http(s) of at most 900 characters. Else ``Unrenderable``.
        """
        for url in (unsubscribe_url, manage_url):
            if not _URL.fullmatch(url):
                raise Unrenderable(f"not an address that a mail can link to: {url!r}")
        headers = {
            "to": _safe_value(to),
            "message_id": _safe_value(message_id),
            "date": format_datetime(date),
            "unsubscribe": unsubscribe_url,
        }
        links = {
            "unsubscribe_text": _quoted_value(unsubscribe_url),
            "unsubscribe_html": _quoted_value(escape(unsubscribe_url)),
            "manage_text": _quoted_value(manage_url),
            "manage_html": _quoted_value(escape(manage_url)),
        }
        return {marker(name, self.nonce): value for name, value in (headers | links).items()}


def marker(name: str, nonce: str) -> str:
    """The placeholder ``name``: ASCII without anything that HTML or quoted-printable would write differently."""
    return f"~{name}.{nonce}~"


def nonce_of(content: str) -> str:
    """128 bits of a hash of ``content``: a text that is part of ``content`` cannot contain it."""
    return hashlib.sha256(content.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def message(mail: Mail, *, sender: str, list_name: str, list_id: str) -> Template:
    """The message that tells ``mail`` to a list: headers of RFC 5322, 2369, 2919, 8058 and 3834, text and HTML parts.

    ``sender`` is "Name <address>"; ``list_id`` a dotted name ("day.policies.example.org"). The serialised message is
    parsed again and must hold exactly :data:`HEADERS`, no line over 998 octets, and both texts unharmed; else
    ``Unrenderable`` (on Python 3.11.7 a hostile title in a Subject can otherwise become a header: CVE-2024-6923).
    """
    if not _DOMAIN.fullmatch(list_id):
        raise Unrenderable(f"not a List-Id: {list_id!r}")
    fields = {
        "From": mailbox(*parseaddr(sender)),
        "To": marker("to", mail.nonce),
        "Subject": _subject(mail.subject),
        "Date": marker("date", mail.nonce),
        "Message-ID": marker("message_id", mail.nonce),
        "List-Id": f"{_phrase(list_name)} <{list_id}>".strip(),
        # one line, never encoded: folded or RFC 2047 encoded, the button is lost (python/cpython#85725)
        "List-Unsubscribe": f"<{marker('unsubscribe', mail.nonce)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return Template(_written(fields, mail, HEADERS), mail.nonce)


def notice(mail: Mail, *, sender: str, to: str, message_id: str, date: datetime) -> bytes:
    """The whole message that tells one person about the service itself: as :func:`message`, but of no list.

    ``to`` and ``message_id`` come from :func:`mailbox` and :func:`message_id`.
    """
    fields = {
        "From": mailbox(*parseaddr(sender)),
        "To": _safe_value(to),
        "Subject": _subject(mail.subject),
        "Date": format_datetime(date),
        "Message-ID": _safe_value(message_id),
    }
    return _written(fields, mail, NOTICE_HEADERS)


def _written(fields: Mapping[str, str], mail: Mail, headers: tuple[str, ...]) -> bytes:
    """The bytes of a message of two parts: ``fields``, and the headers that every message of the service has."""
    boundary = f"=_{nonce_of(mail.text + chr(0) + mail.html)}"  # "=_" cannot occur in quoted-printable
    fields = {
        **fields,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative;{_FOLD}boundary="{boundary}"',
    }
    lines = [*(f"{name}: {value}" for name, value in fields.items()), ""]
    for subtype, content in (("plain", mail.text), ("html", mail.html)):
        lines += [f"--{boundary}", f"Content-Type: text/{subtype}; charset=utf-8"]
        lines += ["Content-Transfer-Encoding: quoted-printable", "", _quoted(content)]
    raw = "\r\n".join([*lines, f"--{boundary}--", ""]).encode("ascii", "strict")
    _inspect(raw, mail, headers)
    return raw


def assemble(body: bytes, substitutions: Mapping[str, str]) -> bytes:
    """``body`` with every key of ``substitutions`` replaced by its value, in one pass: values are not looked into."""
    if not substitutions:
        return body
    values = {key.encode(): value.encode() for key, value in substitutions.items()}
    return re.compile(b"|".join(re.escape(key) for key in values)).sub(lambda found: values[found.group()], body)


def mailbox(name: str, address: str) -> str:
    """``Name <address>`` as a header holds it: the name cleaned, quoted or encoded. ``Unrenderable`` for an address
    that is not plain ASCII ``local@domain``.
    """
    if not _ADDRESS.fullmatch(address) or len(address) > 254:
        raise Unrenderable(f"not a mail address: {address!r}")
    phrase = _phrase(name)
    if not phrase:
        return address
    return f"{phrase}{_FOLD if len(phrase.rpartition(_FOLD)[2]) + len(address) > 60 else ' '}<{address}>"


def message_id(delivery_id: str, domain: str) -> str:
    """The Message-ID of a delivery: the same on every attempt."""
    if not _ID.fullmatch(delivery_id) or not _DOMAIN.fullmatch(domain):
        raise Unrenderable(f"cannot be a Message-ID: {delivery_id!r} at {domain!r}")
    return f"<{delivery_id}@{domain}>"


def unsubscribe_token(key: bytes, subscription_id: str, version: int = 1) -> str:
    """A link's token that names the subscription and that nobody without ``key`` can make (THREATS U1).

    URL-safe; a new ``version`` of a subscription makes the tokens of the old one worthless.
    """
    content = f"unsubscribe\0{subscription_id}\0{version}".encode()
    return f"{_base64(subscription_id.encode())}.{_base64(hmac.new(key, content, hashlib.sha256).digest()[:20])}"


def verify_unsubscribe(key: bytes, token: str, version: int = 1) -> str | None:
    """The subscription that ``token`` speaks for; None for a token that was not made with ``key`` for ``version``."""
    name = token.partition(".")[0]
    try:
        subscription_id = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    genuine = unsubscribe_token(key, subscription_id, version)
    return subscription_id if hmac.compare_digest(genuine.encode(), token.encode("utf-8", "replace")) else None


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _header_text(text: str) -> str:
    """One line without controls in which no encoded-word can begin."""
    return " ".join(clean(text).split()).replace("=?", "= ?")


def _subject(text: str) -> str:
    line = shorten(_header_text(text), _LONGEST_SUBJECT)
    charset = "us-ascii" if line.isascii() else "utf-8"
    return Header(line, charset, maxlinelen=76, header_name="Subject").encode(linesep="\r\n")


def _phrase(name: str) -> str:
    line = shorten(_header_text(name), NAME_LIMIT)
    if not line.isascii():
        return Header(line, "utf-8", maxlinelen=70, header_name="From").encode(linesep="\r\n")
    if re.fullmatch(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*", line):
        return line
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _safe_value(value: str) -> str:
    bare = value.replace(_FOLD, " ")
    if not bare.isascii() or not bare.isprintable():
        raise Unrenderable(f"not fit for a header: {value!r}")
    return value


def _quoted(text: str) -> str:
    """``text`` in quoted-printable with CRLF, its markers whole: a marker begins and ends a line of its own."""
    pieces: list[str] = []
    start = 0
    for found in _MARKER.finditer(text):
        pieces += [_until_marker(_quoted_piece(text[start : found.start()])), found.group()]
        if not text.startswith("\n", found.end()):
            pieces.append(_SOFT)
        start = found.end()
    return "".join([*pieces, _quoted_piece(text[start:])])


def _quoted_piece(piece: str) -> str:
    encoded = binascii.b2a_qp(piece.encode("utf-8", "replace"), istext=True).decode("ascii")
    return encoded.replace("\n", "\r\n")


def _until_marker(encoded: str) -> str:
    """End the last line softly, and break it first where the break itself would make it too long."""
    last = encoded.rpartition("\n")[2]
    if not last:
        return encoded
    if len(last) <= _QP_ROOM + 3:
        return encoded + _SOFT
    cut = len(encoded) - len(last) + _whole(last, _QP_ROOM)
    return encoded[:cut] + _SOFT + encoded[cut:] + _SOFT


def _quoted_value(value: str) -> str:
    rest = value.replace("=", "=3D")
    lines: list[str] = []
    while len(rest) > _QP_ROOM:
        cut = _whole(rest, _QP_ROOM)
        lines.append(rest[:cut])
        rest = rest[cut:]
    return _SOFT.join([*lines, rest])


def _whole(encoded: str, at: int) -> int:
    """The place at or up to two before ``at`` that is not inside an escape ("=3D")."""
    escape_start = encoded.rfind("=", max(0, at - 2), at)
    return at if escape_start < 0 else escape_start


def _inspect(raw: bytes, mail: Mail, headers: tuple[str, ...]) -> None:
    if any(len(line) > _LINE_LIMIT or b"\r" in line or b"\n" in line for line in raw.split(b"\r\n")):
        raise Unrenderable("a line of the message is too long or broken in the middle")
    parsed = message_from_bytes(raw)
    if tuple(parsed.keys()) != headers:
        raise Unrenderable(f"the message's headers are not those that were written: {', '.join(parsed.keys())}")
    parts = parsed.get_payload()
    if not isinstance(parts, list) or len(parts) != 2 or parsed.defects:
        raise Unrenderable("the message does not read back as two parts")
    for part, content in zip(parts, (mail.text, mail.html), strict=True):
        if not isinstance(part, Message) or _content(part) != content.encode("utf-8", "replace"):
            raise Unrenderable("a part of the message does not read back as it was written")


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload.replace(b"\r\n", b"\n") if isinstance(payload, bytes) else b""
