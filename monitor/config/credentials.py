"""What a source sends to prove who asks: ``headers`` and ``auth``, and the references in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from monitor.config.files import read_text
from monitor.errors import ConfigError, Problem
from monitor.model.source import Source, SourceKind

MAX_VALUE = 2000
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # RFC 9110 5.6.2
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]{0,200}|file:[^\x00-\x1f]{1,1000}")
# What the service itself decides for every request.
_OURS = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "if-none-match", "cookie"}
_SCHEMES = {  # how each API takes its key; any other kind takes a bearer token (RFC 6750)
    SourceKind.COURTLISTENER: ("Authorization", "Token {}"),
    SourceKind.REGULATIONS: ("X-Api-Key", "{}"),
    SourceKind.GOVINFO: ("X-Api-Key", "{}"),
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


def reference(value: object) -> str:
    """``env:NAME`` or ``file:PATH``. Raises ValueError; the message never shows the value, which may be a secret."""
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        raise ValueError("'auth' says where the key is found: env:NAME or file:PATH, never the key itself")
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
    except ValueError as error:
        raise ConfigError(Problem(file, source.line or None, f"{source.id}: {error}")) from None
    return headers


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
