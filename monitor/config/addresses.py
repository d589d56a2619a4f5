"""Mail addresses, web addresses and policy references as people write them, strictly (THREATS Y2, W1, F9).

Each check returns the value as it is used, or raises ValueError with words for the person who wrote it.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

import idna

from monitor.config.suggest import quoted

MAX_ADDRESS = 254  # RFC 5321 4.5.3.1.3, less the angle brackets
MAX_LOCAL = 64
MAX_URL = 2048

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # RFC 5322 dot-atom
_FORBIDDEN_IN_URL = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"`{}|^\u2028\u2029]")
_HOST_OCTETS = re.compile(r"[A-Za-z0-9._-]+")
_SLUG = re.compile(r"title:[^\s]{1,500}")


def mail_address(value: object) -> str:
    """One address without a display name. The domain comes back in lower-case ASCII (IDNA), the local part as given."""
    if not isinstance(value, str):
        raise ValueError("a mail address has to be text such as desk@example.org")
    local, at, domain = value.rpartition("@")
    if not at or not local or not domain:
        raise ValueError(f"{quoted(value)} is not a mail address such as desk@example.org")
    if len(local) > MAX_LOCAL:
        raise ValueError(f"the part before '@' in {quoted(value)} is longer than {MAX_LOCAL} characters")
    if len(domain) > MAX_ADDRESS:
        raise ValueError(f"the mail address {quoted(value)} is longer than {MAX_ADDRESS} characters")
    if not local.isascii():
        raise ValueError(f"the part before '@' in {quoted(value)} may hold ASCII letters only")
    if not _LOCAL.fullmatch(local):
        raise ValueError(
            f"{quoted(value)} is not one plain mail address: no blanks, commas, quotes or angle brackets, no name"
        )
    address = f"{local}@{_mail_domain(domain, value)}"
    if len(address) > MAX_ADDRESS:
        raise ValueError(f"the mail address {quoted(value)} is longer than {MAX_ADDRESS} characters")
    return address


def _mail_domain(domain: str, whole: str) -> str:
    try:
        name = idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise ValueError(f"{quoted(domain)} in {quoted(whole)} is not a domain name") from None
    last = name.rpartition(".")[2]
    if name != "localhost" and ("." not in name or name.endswith(".") or last.isdigit()):
        raise ValueError(f"{quoted(domain)} in {quoted(whole)} is not a full domain name such as example.org")
    return name


def web_address(value: object) -> str:
    """An http or https address with a host and without a user name, unchanged but for blanks around it.

    Whether the host may be reached is for the network to judge, at the moment it dials.
    """
    if not isinstance(value, str):
        raise ValueError("an address has to be text such as https://example.org/feed.xml")
    url = value.strip()
    if len(url) > MAX_URL:
        raise ValueError(f"the address is longer than {MAX_URL} characters")
    if _FORBIDDEN_IN_URL.search(url):
        raise ValueError(f"{quoted(value)} holds a blank or another character that an address may not hold")
    parts = _split(url)
    if parts.scheme not in {"http", "https"}:
        raise ValueError(f"{quoted(value)} is not a web address: it begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("the address holds a user name or password: that is not supported here, remove it")
    _check_host(parts, url)
    return url


def webhook_address(value: object) -> str:
    """A web address without a fragment."""
    url = web_address(value)
    if "#" in url:
        raise ValueError("a webhook's address may not hold '#': it would never be sent")
    return url


def mailbox_address(value: object) -> str:
    """``imaps://host[:port]/FOLDER``, ``imap://...``, or ``maildir:FOLDER``, without a login."""
    if not isinstance(value, str):
        raise ValueError("a mailbox is an address such as imaps://mail.example.org/INBOX or maildir:FOLDER")
    url = value.strip()
    if len(url) > MAX_URL or _FORBIDDEN_IN_URL.search(url):
        raise ValueError(f"{quoted(value)} holds a blank or another character that an address may not hold")
    if url.startswith("maildir:"):
        if not url.removeprefix("maildir:").strip("/"):
            raise ValueError("a Maildir needs its folder: maildir:state/inbox")
        return url
    parts = _split(url)
    if parts.scheme not in {"imap", "imaps"}:
        raise ValueError(f"{quoted(value)} is not a mailbox: it begins with imaps://, imap:// or maildir:")
    if parts.username is not None or parts.password is not None:
        raise ValueError("the address holds a user name or password: state them by 'auth: env:NAME' or 'file:PATH'")
    if parts.query or parts.fragment:
        raise ValueError("a mailbox's address ends with its folder: imaps://mail.example.org/INBOX")
    _check_host(parts, url)
    return url


def sender(value: object) -> str:
    """A mail address whose mail counts, or an @domain with those below it; in lower case."""
    if isinstance(value, str) and value.strip().startswith("@"):
        return mail_address(f"any{value.strip()}").removeprefix("any").lower()
    return mail_address(value.strip() if isinstance(value, str) else value).lower()


def proxy_address(value: object) -> str:
    """``http://host:port`` and nothing else."""
    url = web_address(value)
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.path not in ("", "/") or parts.query or parts.fragment or parts.port is None:
        raise ValueError(f"{quoted(url)} is not a proxy: write http://host:port; its login goes into 'proxy_auth'")
    return url.rstrip("/")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.port == 0:
            raise ValueError
    except ValueError:
        raise ValueError(f"{quoted(url)} is not a web address: its host or port cannot be read") from None
    return parts


def _check_host(parts: SplitResult, url: str) -> None:
    host = parts.hostname or ""
    if host and ":" not in host and not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise ValueError(f"the host in {quoted(url)} is not a domain name") from None
    if not host or (":" not in host and not _HOST_OCTETS.fullmatch(host)) or ".." in host:
        raise ValueError(f"{quoted(url)} has no host that can be read")


def policy_reference(value: object) -> str:
    """A tracker's id or a policy's address (or its ``title:`` key), as text."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    if isinstance(value, str):
        word = value.strip().removeprefix("#")
        if word.isascii() and word.isdigit() and int(word[:19]) > 0:
            return str(int(word[:19]))
        if _SLUG.fullmatch(word):
            return word
        if "://" in word:
            return web_address(word)
    raise ValueError(f"{quoted(value)} is not a policy: write its tracker id (1777) or its address (https://...)")
