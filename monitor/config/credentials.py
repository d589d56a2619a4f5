"""What a source sends to prove who asks: ``headers`` and ``auth``, and the references in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from monitor.config.files import read_text
from monitor.errors import ConfigError, Problem
from monitor.model.source import Proxy, Source, SourceKind

MAX_VALUE = 2000
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # RFC 9110 5.6.2
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]{0,200}|file:[^\x00-\x1f]{1,1000}")
# What the service itself decides for every request.
_OURS = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "if-none-match", "cookie"}
_OURS |= {"proxy-authorization"}  # for the proxy alone: ``proxy_auth``
_SCHEMES = {  # how each API takes its key; any other kind takes a bearer token (RFC 6750)
    SourceKind.COURTLISTENER: ("Authorization", "Token {}"),
    SourceKind.REGULATIONS: ("X-Api-Key", "{}"),
    SourceKind.GOVINFO: ("X-Api-Key", "{}"),
    SourceKind.MAILBOX: ("login", "{}"),  # no header: the mail server takes it (net.mailbox.LOGIN)
}


def header_pair(name: str, value: object) -> tuple[str, str]:
    """One of a source's ``headers``. Raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a header")
    if name.lower() in _OURS:
        raise ValueError(f"the header {name} is set by the service itself")
    if not isinstance(value, str) or len(value) > MAX_VALUE or not _VALUE.fullmatch(value):
        raise ValueError(f"the header {name} has to be text of printable ASCII, or env:NAME, or file:PATH")
    if value.startswith(("env:", "file:")):
        reference(value)
    return name, value


def reference(value: object, key: str = "auth") -> str:
    """``env:NAME`` or ``file:PATH``. Raises ValueError; the message never shows the value, which may be a secret."""
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        raise ValueError(f"'{key}' says where the key is found: env:NAME or file:PATH, never the key itself")
    return value


def resolve_headers(
    source: Source, environ: Mapping[str, str], workspace: Path, file: str = "sources.yaml"
) -> dict[str, str]:
    """What is sent to the source's own origin. ConfigError at the source's line where a reference leads nowhere."""
    try:
        headers = {name: _resolved(value, environ, workspace) for name, value in source.headers}
        if source.auth:
            name, pattern = _SCHEMES.get(source.kind, ("Authorization", "Bearer {}"))
            headers[name] = pattern.format(_resolved(source.auth, environ, workspace))
            if source.kind is SourceKind.MAILBOX:
                _check_login(headers[name], "auth")
    except ValueError as error:
        raise ConfigError(Problem(file, source.line or None, f"{source.id}: {error}")) from None
    return headers


def resolve_proxy(
    source: Source, environ: Mapping[str, str], workspace: Path, file: str = "sources.yaml"
) -> Proxy | None:
    """What the source's requests go through. ConfigError at the source's line where its login cannot be had."""
    if not source.proxy:
        return None
    try:
        login = _resolved(source.proxy_auth, environ, workspace) if source.proxy_auth else None
        if login is not None:
            _check_login(login, "proxy_auth")
    except ValueError as error:
        raise ConfigError(Problem(file, source.line or None, f"{source.id}: {error}")) from None
    return Proxy(source.proxy, login)


def _check_login(login: str, key: str) -> None:
    user, colon, password = login.partition(":")
    if not user or not colon or not password:
        raise ValueError(f"what '{key}' refers to has to be user:password")


def _resolved(value: str, environ: Mapping[str, str], workspace: Path) -> str:
    kind, _, name = value.partition(":")
    if kind == "env":
        found, where = environ.get(name, "").strip(), f"the environment variable {name}"
    elif kind == "file":
        found, where = _read(workspace / name), f"the file {name}"
    else:
        return value
    if not found:
        raise ValueError(f"a key is missing: {where} is not set or empty")
    if not _VALUE.fullmatch(found):
        raise ValueError(f"{where} holds more than one line of printable ASCII")
    return found


def _read(path: Path) -> str:
    try:
        return read_text(path).strip()
    except ConfigError as error:
        raise ValueError(f"the key's file {path}: {error.problems[0].message}") from None
