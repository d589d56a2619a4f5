"""A webhook's secret: found where its reference points, or told missing without being shown."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from monitor.config.secret_refs import resolve_secrets
from monitor.errors import ConfigError
from monitor.model.subscription import Criteria, EndpointKind, Every, Schedule, Subscription

SECRET = "whsec_" + base64.b64encode(b"a" * 24).decode()
OTHER = "whsec_" + base64.b64encode(b"b" * 32).decode()


def newsroom(*secrets: str) -> Subscription:
    return Subscription(
        id="newsroom",
        name="Newsroom",
        endpoint=EndpointKind.WEBHOOK,
        address="https://newsroom.example/hook",
        criteria=Criteria(all_topics=True),
        schedule=Schedule(Every.IMMEDIATE),
        secrets=secrets,
        line=12,
    )


def refused(subscription: Subscription, environ: dict[str, str], workspace: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve_secrets(subscription, environ, workspace)
    return str(caught.value)


def test_secrets_are_resolved_in_their_order(tmp_path: Path) -> None:
    secret_file = tmp_path / "newsroom.secret"
    secret_file.write_text(OTHER + "\n", encoding="utf-8")
    secret_file.chmod(0o600)

    found = resolve_secrets(newsroom("file:newsroom.secret", "env:S", SECRET), {"S": f" {SECRET} "}, tmp_path)

    assert found == (OTHER, SECRET, SECRET)


def test_an_absolute_file_is_not_looked_for_in_the_workspace(tmp_path: Path) -> None:
    secret_file = tmp_path / "newsroom.secret"
    secret_file.write_text(SECRET, encoding="utf-8")
    secret_file.chmod(0o600)

    assert resolve_secrets(newsroom(f"file:{secret_file}"), {}, tmp_path / "elsewhere") == (SECRET,)


def test_no_secret_resolves_to_none(tmp_path: Path) -> None:
    assert resolve_secrets(newsroom(), {}, tmp_path) == ()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "subscriptions.yaml:12: newsroom: the webhook's secret is missing: the environment variable S is not set"),
        ({"S": ""}, "the environment variable S is not set or empty"),
        ({"S": " \n"}, "the environment variable S is not set or empty"),
        ({"S": "hunter2"}, "the environment variable S: a secret is 'whsec_' and base64"),
        ({"S": "whsec_aHVudGVyMg=="}, "the environment variable S: the secret holds 7 bytes: 24 to 64 are allowed"),
        ({"S": "whsec_hunter2!"}, "the environment variable S: the secret is not base64"),
    ],
)
def test_a_missing_or_short_secret_is_told_with_its_line_and_not_shown(
    tmp_path: Path, environ: dict[str, str], expected: str
) -> None:
    message = refused(newsroom("env:S"), environ, tmp_path)

    assert expected in message
    assert "hunter2" not in message
    assert "aHVudGVyMg" not in message


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert "newsroom.secret: there is no such file" in refused(newsroom("file:newsroom.secret"), {}, tmp_path)


def test_a_file_that_others_may_write_is_not_trusted(tmp_path: Path) -> None:
    secret_file = tmp_path / "newsroom.secret"
    secret_file.write_text(SECRET, encoding="utf-8")
    secret_file.chmod(0o666)

    assert "chmod go-w" in refused(newsroom("file:newsroom.secret"), {}, tmp_path)
