"""The settings: ``MONITOR_*`` of the environment and of the workspace's ``.env``, typed and checked.

One table (``SPECS``) holds every setting's name, default, check and meaning; ``monitor check --settings`` and
docs/configuration.md show it. Nothing here reads the environment: the caller hands it in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from typing import Any, Literal

from dotenv.parser import parse_stream
from pydantic import SecretStr

from monitor import __version__
from monitor.config import setting_values as check
from monitor.config.setting_values import Listen, Network
from monitor.config.suggest import closest, quoted
from monitor.errors import ConfigError, Problem

PREFIX = "MONITOR_"
OUTSIDE = ("MONITOR_WORKSPACE", "MONITOR_SHARED", "MONITOR_CRASH_AT")  # read elsewhere; MONITOR_TEST* are the tests'

Origin = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Spec:
    """One setting: how its text becomes a value, what it means, and whether its value is a secret."""

    name: str
    default: str
    check: Callable[[str], Any]
    meaning: str
    mask: Callable[[str], str] = str

    @property
    def variable(self) -> str:
        """The environment variable: ``MONITOR_`` and the name."""
        return PREFIX + self.name

    @property
    def attribute(self) -> str:
        """The field of Settings."""
        return self.name.lower()


SPECS = (
    Spec(
        "DATABASE_URL",
        "sqlite:///state/monitor.db",
        check.database_url,
        "where everything is kept: sqlite:///PATH (in the workspace unless absolute) or postgresql://USER:PASSWORD@HOST/NAME",
        check.mask_url,
    ),
    Spec(
        "SMTP_URL",
        "maildir:state/outbox",
        check.smtp_url,
        "how mail leaves: maildir:FOLDER (nothing is sent), smtp://USER:PASSWORD@HOST:587 or smtps://...; '%', '@', "
        "'/' and ':' in the password are percent-encoded",
        check.mask_url,
    ),
    Spec("MAIL_FROM", "Policy Monitor <policy-monitor@localhost>", check.sender, "the sender of every mail"),
    Spec(
        "BASE_URL", "", check.base_url, "the address under which readers reach the web pages; default http://HTTP_ADDR"
    ),
    Spec("HTTP_ADDR", "127.0.0.1:8000", check.listen, "the address and port that the web server listens on"),
    Spec(
        "SECRET_KEY",
        "",
        check.secret_keys,
        "signs links and sessions, and makes the secrets of webhooks that state none: 32 characters or more; 'NEW,OLD' "
        "while rotating (the first signs, all are accepted); default a generated state/secret.key",
        check.mask_all,
    ),
    Spec(
        "ALLOW_NETWORKS",
        "",
        check.networks,
        "private networks (CIDR, comma-separated) that polls and webhooks may reach; default none",
    ),
    Spec("ALLOW_PORTS", "80,443", check.ports, "ports that polls and webhooks may use; any inside ALLOW_NETWORKS"),
    Spec(
        "EMAIL_IN_DOUBT",
        "hold",
        check.one_of("hold", "resend"),
        "a mail of which nobody knows whether the server took it: hold it for an editor, or resend it",
    ),
    Spec(
        "HOST_MIN_GAP",
        "3s",
        check.length(timedelta(0), timedelta(hours=1)),
        "the least time between the starts of two requests to one host (host:port)",
    ),
    Spec("HOST_CONCURRENCY", "1", check.count(1, 16), "requests to one host at once"),
    Spec("FETCHERS", "32", check.count(1, 64), "sources that are fetched at once, slow ones not counted"),
    Spec(
        "HOLD",
        "120s",
        check.length(timedelta(0), timedelta(days=7)),
        "how long a decision can be undone before anybody is told",
    ),
    Spec(
        "REMATCH_AGE",
        "90d",
        check.length(timedelta(0), timedelta(days=3_650)),
        "how far back stored items are matched again for a new policy, or for a policy's new name; 0 for not at all",
    ),
    Spec(
        "ARCHIVE_AGE",
        "730d",
        check.length(timedelta(days=30), timedelta(days=36_500)),
        "how long the archive keeps the bytes of a snapshot that no action, decision or flag rests on",
    ),
    Spec(
        "ARCHIVE_COUNT",
        "100000",
        check.count(2, 10_000_000),
        "of how many of a source's newest snapshots the archive keeps the bytes, whatever their age below ARCHIVE_AGE",
    ),
    Spec(
        "USER_AGENT", "", check.header_text, "the User-Agent of polls and webhooks; default names version and contact"
    ),
    Spec("CONTACT", "", check.contact, "a mail or web address where publishers reach the operator; part of USER_AGENT"),
    Spec(
        "BROWSER",
        "",
        str,
        "the Chromium that shows pages for sources with 'render: browser': a path or a program's name; default the "
        "first of chromium, chromium-browser and google-chrome that is installed",
    ),
    Spec("LOG", "text", check.one_of("text", "json"), "the form of log lines"),
)

_BY_VARIABLE = {spec.variable: spec for spec in SPECS}


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its value. Paths in ``database_url`` and ``smtp_url`` are the workspace's unless absolute.

    ``secret_key`` holds the newest key first and is empty where the workspace's own key file is to be used.
    ``repr`` shows no secret.
    """

    database_url: SecretStr
    smtp_url: SecretStr
    mail_from: str
    base_url: str
    http_addr: Listen
    secret_key: tuple[SecretStr, ...]
    allow_networks: tuple[Network, ...]
    allow_ports: tuple[int, ...]
    email_in_doubt: Literal["hold", "resend"]
    host_min_gap: timedelta
    host_concurrency: int
    fetchers: int
    hold: timedelta
    rematch_age: timedelta
    archive_age: timedelta
    archive_count: int
    user_agent: str
    contact: str
    browser: str
    log: Literal["text", "json"]


def load_settings(environ: Mapping[str, str], dotenv: str | None, dotenv_file: str = ".env") -> Settings:
    """The settings of an environment and the text of a ``.env``; the environment wins.

    Raises ConfigError with every problem: an unknown ``MONITOR_*`` name, a line that cannot be read, a wrong value.
    Names that do not begin with ``MONITOR_`` are nobody's business here.
    """
    reading = _Reading()
    if dotenv is not None:
        reading.take_dotenv(dotenv, dotenv_file)
    for name, value in environ.items():
        reading.take(name, value, ("environment", None))
    values = {spec.attribute: reading.value(spec) for spec in SPECS}
    if reading.problems:
        raise ConfigError(reading.problems)
    values["base_url"] = values["base_url"] or _own_address(values["http_addr"])
    values["user_agent"] = values["user_agent"] or _user_agent(values["contact"])
    return Settings(**values)


def dotenv_values(dotenv: str) -> dict[str, str]:
    """Every name and value of a ``.env`` text, also those that ``env:`` references name; the last of a name wins."""
    return {line.key: line.value or "" for line in parse_stream(StringIO(dotenv)) if line.key is not None}


def settings_table(settings: Settings) -> list[tuple[str, str, str, str]]:
    """A row a setting: variable, value with secrets masked, default, meaning."""
    return [
        (spec.variable, spec.mask(_shown(getattr(settings, spec.attribute))), spec.default, spec.meaning)
        for spec in SPECS
    ]


class _Reading:
    """The texts of settings, where each comes from, and what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._given: dict[str, tuple[str, Origin]] = {}

    def take_dotenv(self, text: str, file: str) -> None:
        for line in parse_stream(StringIO(text)):
            where = (file, line.original.line + _blank_lines(line.original.string))
            if line.error:
                self.problems.append(Problem(*where, "not a line of the form NAME=VALUE"))
            elif line.key is not None and line.value is None:
                self.problems.append(Problem(*where, f"{quoted(line.key)} has no value: write NAME=VALUE"))
            elif line.key is not None:
                self.take(line.key, line.value or "", where)

    def take(self, name: str, value: str, where: Origin) -> None:
        if name in _BY_VARIABLE:
            self._given[name] = (value.strip(), where)
        elif name.startswith(PREFIX) and name not in OUTSIDE and not name.startswith("MONITOR_TEST"):
            near = closest(name.removeprefix(PREFIX), [spec.name for spec in SPECS])
            hint = f"did you mean {PREFIX}{near}?" if near else "`monitor check --settings` lists the known ones"
            self.problems.append(Problem(*where, f"unknown setting {quoted(name)}: {hint}"))

    def value(self, spec: Spec) -> Any:
        text, where = self._given.get(spec.variable, (spec.default, ("default", None)))
        try:
            if not text and spec.variable in self._given and (spec.default or spec.name == "SECRET_KEY"):
                raise ValueError("the value is empty: give one, or remove the name to have the default")
            return spec.check(text)
        except ValueError as error:
            self.problems.append(Problem(*where, f"{spec.variable}: {error}"))
            return None


def _blank_lines(text: str) -> int:
    """The line breaks before the first word: the parser hands them over with the line that follows."""
    return text[: len(text) - len(text.lstrip())].count("\n")


def _own_address(listen: Listen) -> str:
    wild = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared with, not listened on
    return f"http://{Listen(wild.get(listen.host, listen.host), listen.port)}"


def _user_agent(contact: str) -> str:
    return f"PolicyMonitor/{__version__} (+{contact})" if contact else f"PolicyMonitor/{__version__}"


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    if isinstance(value, tuple) and not isinstance(value, Listen):
        return ",".join(_shown(item) for item in value)
    return str(value)
