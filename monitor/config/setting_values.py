"""The values that settings may have: each check turns text into a typed value or raises ValueError."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import SecretStr

from monitor.config.addresses import mail_address, web_address
from monitor.config.durations import duration
from monitor.config.form import clean
from monitor.config.suggest import closest, listed, quoted

Network = IPv4Network | IPv6Network

MIN_SECRET = 32
DATABASE_SCHEMES = ("sqlite", "postgresql")
SMTP_SCHEMES = ("maildir", "smtp", "smtps")

_PASSWORD = re.compile(r"(?<=://)([^/?#@:]*):.*@")  # to the last '@': a password that was not encoded is masked too
_SECRET_PARAMETER = re.compile(r"([?&](?:password|sslpassword|passfile)=)[^&#]*", re.IGNORECASE)
_SEPARATOR = re.compile(r"[,\s]+")


class Listen(NamedTuple):
    """An address and a port to listen on; port 0 takes any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def database_url(value: str) -> SecretStr:
    """``sqlite:///PATH`` or ``postgresql://...`` (``postgres://`` is taken for it)."""
    value = re.sub(r"\Apostgres(ql\+psycopg)?://", "postgresql://", value)
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in DATABASE_SCHEMES:
        raise ValueError("it has to be sqlite:///state/monitor.db or postgresql://USER:PASSWORD@HOST/NAME")
    if scheme == "sqlite":
        if not rest.startswith("/") or not rest.strip("/") or rest == "/:memory:":
            raise ValueError(
                "a SQLite address names a file: sqlite:///state/monitor.db (four slashes: an absolute path)"
            )
    elif not _readable(value) or not urlsplit(value).path.strip("/"):
        raise ValueError("it has to name a host and a database: postgresql://USER:PASSWORD@HOST:5432/NAME")
    return SecretStr(value)


def smtp_url(value: str) -> SecretStr:
    """``maildir:FOLDER``, ``smtp://...`` or ``smtps://...``."""
    scheme, _, rest = value.partition(":")
    if scheme not in SMTP_SCHEMES or not rest:
        raise ValueError("it has to be maildir:FOLDER, smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465")
    if scheme == "maildir":
        return SecretStr(value)
    if not rest.startswith("//") or not _readable(value) or not urlsplit(value).hostname:
        raise ValueError("its host or port cannot be read; percent-encode '@', '/', ':' and '%' in the password")
    parts = urlsplit(value)
    if parts.path.strip("/") or parts.fragment:
        raise ValueError("nothing may follow the port; percent-encode '/', '#' and '?' in the password")
    if parts.username and not parts.password:
        raise ValueError("it names a user without a password")
    return SecretStr(value)


def _readable(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def mask_url(value: str) -> str:
    """The address with its password replaced by stars."""
    return _SECRET_PARAMETER.sub(r"\1****", _PASSWORD.sub(r"\1:****@", value))


def mask_all(value: str) -> str:
    """Stars for a value, nothing for none."""
    return "****" if value else ""


def sender(value: str) -> str:
    """``Name <address>`` or an address; comes back as it is written in a header."""
    if "<" not in value:
        return mail_address(value)
    name, _, rest = value.rpartition("<")
    if not rest.endswith(">") or "\r" in value or "\n" in value:
        raise ValueError(f"{quoted(value)} has to be 'Name <address>' or an address")
    address = mail_address(rest.removesuffix(">"))
    shown = clean(parseaddr(value)[0] or name.strip().strip('"'))
    if "=?" in shown or re.search(r'[<>"\\@,;:]', shown):
        raise ValueError(f"{quoted(value)} has a name with characters that stand for something else in a mail header")
    return f"{shown} <{address}>" if shown else address


def base_url(value: str) -> str:
    """The web pages' own address, without a slash at its end; "" where none is given."""
    if not value:
        return ""
    url = web_address(value).rstrip("/")
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise ValueError(f"{quoted(value)} has to be an address without '?' and '#'")
    return url


def listen(value: str) -> Listen:
    """``HOST:PORT``; an IPv6 host stands in brackets."""
    host, separator, port = value.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not separator or not host or not port.isdigit() or (":" in host and not bracketed):
        raise ValueError(f"{quoted(value)} has to be HOST:PORT, for example 127.0.0.1:8000")
    if int(port[:6]) > 65535:
        raise ValueError(f"the port {quoted(port)} is larger than 65535")
    bare = host[1:-1] if bracketed else host
    if not re.fullmatch(r"[A-Za-z0-9.:_%-]+", bare):
        raise ValueError(f"{quoted(host)} is not a host or an address to listen on")
    return Listen(bare, int(port))


def secret_keys(value: str) -> tuple[SecretStr, ...]:
    """One key or several, the newest first; none where the setting is not given."""
    keys = [key for key in _SEPARATOR.split(value) if key]
    if any(len(key) < MIN_SECRET for key in keys):
        raise ValueError(f"a key has fewer than {MIN_SECRET} characters: make one with `openssl rand -hex 32`")
    return tuple(SecretStr(key) for key in keys)


def networks(value: str) -> tuple[Network, ...]:
    """CIDR networks or single addresses."""
    return tuple(dict.fromkeys(_network(word) for word in _SEPARATOR.split(value) if word))


def _network(word: str) -> Network:
    try:
        network = ip_network(word)
    except ValueError:
        try:
            meant = ip_network(word, strict=False)
        except ValueError:
            raise ValueError(f"{quoted(word)} is not a network such as 10.1.0.0/16 or fd00::/8") from None
        raise ValueError(f"{quoted(word)} is an address inside a network: did you mean {quoted(str(meant))}?") from None
    if network.prefixlen == 0:
        raise ValueError(
            f"{quoted(word)} is every address there is, which would switch the guard off: name your networks"
        )
    return network


def ports(value: str) -> tuple[int, ...]:
    """Port numbers."""
    words = [word for word in _SEPARATOR.split(value) if word]
    wrong = [word for word in words if not (word.isdecimal() and word.isascii() and 1 <= int(word[:6]) <= 65535)]
    if wrong or not words:
        raise ValueError(
            f"{quoted(wrong[0] if wrong else value)} is not a port: write numbers from 1 to 65535, as in 80,443"
        )
    return tuple(dict.fromkeys(int(word) for word in words))


def one_of(*choices: str) -> Callable[[str], str]:
    """A check for one of a few words."""

    def check(value: str) -> str:
        if value not in choices:
            near = closest(value, choices)
            hint = f": did you mean {quoted(near)}?" if near else ""
            raise ValueError(f"{quoted(value)} is not {listed(choices)}{hint}")
        return value

    return check


def length(least: timedelta, most: timedelta) -> Callable[[str], timedelta]:
    """A check for a duration; a number alone means seconds."""
    return lambda value: duration(value, least, most, bare_seconds=True)


def count(least: int, most: int) -> Callable[[str], int]:
    """A check for a whole number."""

    def check(value: str) -> int:
        if not (value.isascii() and value.isdecimal() and least <= int(value[:9]) <= most):
            raise ValueError(f"{quoted(value)} is not a whole number from {least} to {most}")
        return int(value)

    return check


def header_text(value: str) -> str:
    """Printable ASCII that a header may hold."""
    if not value.isascii() or not value.isprintable() or len(value) > 300:
        raise ValueError("it has to be printable ASCII on one line, 300 characters at most")
    return value


def contact(value: str) -> str:
    """A mail address or a web address; "" for none."""
    if not value:
        return ""
    return web_address(value) if "://" in value else mail_address(value)
