"""What a subscription's ``secret`` refers to: ``env:NAME``, ``file:PATH`` or the secret itself (fault 62)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from monitor.config.files import read_text
from monitor.config.subscriptions import literal_secret
from monitor.errors import ConfigError, Problem
from monitor.model.subscription import Subscription


def resolve_secrets(
    subscription: Subscription, environ: Mapping[str, str], workspace: Path, file: str = "subscriptions.yaml"
) -> tuple[str, ...]:
    """The ``whsec_`` values of a subscription, in its order. ``environ`` includes what ``.env`` gives.

    Raises ConfigError at the subscription's line where one is missing, empty, short or not base64. No message holds a
    secret's value.
    """
    try:
        return tuple(_resolved(reference, environ, workspace) for reference in subscription.secrets)
    except ValueError as error:
        raise ConfigError(Problem(file, subscription.line or None, f"{subscription.id}: {error}")) from None


def _resolved(reference: str, environ: Mapping[str, str], workspace: Path) -> str:
    kind, _, name = reference.partition(":")
    if kind == "env":
        return _checked(f"the environment variable {name}", environ.get(name, ""))
    if kind == "file":
        return _checked(f"the file {name}", _read(workspace / name))
    return literal_secret(reference)


def _read(path: Path) -> str:
    try:
        return read_text(path)
    except ConfigError as error:
        raise ValueError(f"the secret's file {path}: {error.problems[0].message}") from None


def _checked(where: str, value: str) -> str:
    if not value.strip():
        raise ValueError(f"the webhook's secret is missing: {where} is not set or empty")
    try:
        return literal_secret(value.strip())
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
