"""The settings: where they come from, what they may be, and that no secret shows."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from datetime import timedelta
from ipaddress import ip_network

import pytest

from monitor import __version__
from monitor.config.settings import SPECS, Settings, dotenv_values, load_settings, settings_table
from monitor.errors import ConfigError

KEY = "k" * 32


def problems_of(environ: dict[str, str] | None = None, dotenv: str | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ or {}, dotenv)
    return [str(problem) for problem in caught.value.problems]


def test_everything_has_a_default() -> None:
    settings = load_settings({}, None)

    assert settings.database_url.get_secret_value() == "sqlite:///state/monitor.db"
    assert settings.smtp_url.get_secret_value() == "maildir:state/outbox"
    assert settings.mail_from == "Policy Monitor <policy-monitor@localhost>"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.http_addr == ("127.0.0.1", 8000)
    assert settings.secret_key == ()
    assert settings.allow_networks == ()
    assert settings.allow_ports == (80, 443)
    assert settings.email_in_doubt == "hold"
    assert settings.host_min_gap == timedelta(seconds=3)
    assert settings.host_concurrency == 1
    assert settings.fetchers == 32
    assert settings.hold == timedelta(seconds=120)
    assert settings.user_agent == f"PolicyMonitor/{__version__}"
    assert settings.contact == ""
    assert settings.log == "text"


def test_every_setting_is_a_field_and_every_field_a_setting() -> None:
    assert sorted(spec.attribute for spec in SPECS) == sorted(field.name for field in fields(Settings))


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        load_settings({}, None).log = "json"  # type: ignore[misc]


def test_the_environment_wins_over_the_file() -> None:
    dotenv = "MONITOR_LOG=json\nMONITOR_FETCHERS=2\n"

    settings = load_settings({"MONITOR_FETCHERS": "4"}, dotenv)

    assert (settings.log, settings.fetchers) == ("json", 4)


def test_a_wrong_value_in_the_file_does_not_matter_where_the_environment_wins() -> None:
    assert load_settings({"MONITOR_LOG": "json"}, "MONITOR_LOG=xml").log == "json"


def test_a_file_may_quote_comment_and_export() -> None:
    dotenv = "# settings\nexport MONITOR_MAIL_FROM=\"Desk <d@example.org>\"\nMONITOR_LOG='json' # machines\n"

    settings = load_settings({}, dotenv)

    assert settings.mail_from == "Desk <d@example.org>"
    assert settings.log == "json"


def test_a_value_refers_to_nothing_else() -> None:
    (problem,) = problems_of({"OTHER": "json"}, "MONITOR_LOG=${OTHER}")

    assert "'${OTHER}' is not text or json" in problem


@pytest.mark.parametrize(
    ("environ", "dotenv", "expected"),
    [
        ({"MONITOR_LOGG": "x"}, None, "environment: unknown setting 'MONITOR_LOGG': did you mean MONITOR_LOG?"),
        ({}, "\n# c\n\nMONITOR_HOLDD=1", ".env:4: unknown setting 'MONITOR_HOLDD': did you mean MONITOR_HOLD?"),
        ({"MONITOR_ZZZ": "x"}, None, "`monitor check --settings` lists the known ones"),
        ({"MONITOR_LOG": "xml"}, None, "environment: MONITOR_LOG: 'xml' is not text or json"),
        ({}, "A=1\nMONITOR_LOG=xml", ".env:2: MONITOR_LOG: 'xml' is not text or json"),
        ({}, "A=1\nthis is no setting\n", ".env:2: not a line of the form NAME=VALUE"),
        ({}, "A=1\n\nMONITOR_LOG\n", ".env:3: 'MONITOR_LOG' has no value: write NAME=VALUE"),
        ({"MONITOR_LOG": ""}, None, "environment: MONITOR_LOG: the value is empty: give one, or remove the name"),
        ({"MONITOR_SMTP_URL": ""}, None, "MONITOR_SMTP_URL: the value is empty"),
        ({"MONITOR_SECRET_KEY": ""}, None, "MONITOR_SECRET_KEY: the value is empty"),
        ({"MONITOR_SECRET_KEY": " "}, None, "MONITOR_SECRET_KEY: the value is empty"),
    ],
)
def test_a_problem_says_where_it_is_and_what_is_allowed(
    environ: dict[str, str], dotenv: str | None, expected: str
) -> None:
    (problem,) = problems_of(environ, dotenv)

    assert expected in problem


def test_all_problems_are_told_at_once() -> None:
    assert len(problems_of({"MONITOR_LOG": "x", "MONITOR_HOLD": "y"}, "MONITOR_FETCHERS=0\nMONITOR_NOPE=1")) == 4


@pytest.mark.parametrize(
    "name", ["PATH", "MONITOR_WORKSPACE", "MONITOR_SHARED", "MONITOR_CRASH_AT", "MONITOR_TEST", "MONITOR_TEST_POSTGRES"]
)
def test_names_that_are_read_elsewhere_are_let_be(name: str) -> None:
    load_settings({name: "anything"}, None)


@pytest.mark.parametrize(
    "name", ["MONITOR_CONTACT", "MONITOR_BASE_URL", "MONITOR_ALLOW_NETWORKS", "MONITOR_USER_AGENT"]
)
def test_what_is_empty_by_default_may_be_set_to_nothing(name: str) -> None:
    assert load_settings({name: ""}, None) == load_settings({}, None)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("MAIL_FROM", "desk@example.org", "desk@example.org"),
        ("MAIL_FROM", "The Desk <desk@Example.org>", "The Desk <desk@example.org>"),
        ("MAIL_FROM", '"The Desk" <desk@example.org>', "The Desk <desk@example.org>"),
        ("BASE_URL", "https://policies.example.org/", "https://policies.example.org"),
        ("BASE_URL", "https://example.org/tracker", "https://example.org/tracker"),
        ("HTTP_ADDR", "0.0.0.0:80", ("0.0.0.0", 80)),
        ("HTTP_ADDR", "[::1]:0", ("::1", 0)),
        ("HTTP_ADDR", "localhost:8080", ("localhost", 8080)),
        ("ALLOW_NETWORKS", "127.0.0.0/8, fd00::/8", (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))),
        ("ALLOW_NETWORKS", "10.0.0.7", (ip_network("10.0.0.7/32"),)),
        ("ALLOW_PORTS", "80, 443 8443", (80, 443, 8443)),
        ("EMAIL_IN_DOUBT", "resend", "resend"),
        ("HOST_MIN_GAP", "0", timedelta(0)),
        ("HOST_MIN_GAP", "0.5", timedelta(seconds=0.5)),
        ("HOST_MIN_GAP", "2m", timedelta(minutes=2)),
        ("HOST_CONCURRENCY", "4", 4),
        ("FETCHERS", "64", 64),
        ("HOLD", "0", timedelta(0)),
        ("HOLD", "120", timedelta(seconds=120)),
        ("USER_AGENT", "Tracker/1 (+https://example.org/bot)", "Tracker/1 (+https://example.org/bot)"),
        ("CONTACT", "https://example.org/contact", "https://example.org/contact"),
        ("LOG", " json ", "json"),
    ],
)
def test_a_value_is_typed(name: str, text: str, value: object) -> None:
    assert getattr(load_settings({f"MONITOR_{name}": text}, None), name.lower()) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DATABASE_URL", "mysql://u:hunter2@h/d"),
        ("DATABASE_URL", "state/monitor.db"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "postgresql://u:hunter2@h"),
        ("DATABASE_URL", "postgresql://u:hunter/2@h:x/d"),
        ("SMTP_URL", "mail.example.org"),
        ("SMTP_URL", "maildir:"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp:mail.example.org"),
        ("SMTP_URL", "smtp://u:hunter2@h:port"),
        ("SMTP_URL", "smtp://u:hun/ter2@h:25"),
        ("SMTP_URL", "smtp://u@h:25"),
        ("MAIL_FROM", "Desk"),
        ("MAIL_FROM", "Desk <a@example.org> x"),
        ("MAIL_FROM", "Desk\r\nBcc: x <a@example.org>"),
        ("MAIL_FROM", "a@example.org, b@example.org"),
        ("MAIL_FROM", "A, B <a@example.org>"),
        ("MAIL_FROM", "=?utf-8?q?x?= <a@example.org>"),
        ("BASE_URL", "policies.example.org"),
        ("BASE_URL", "https://example.org/?a=1"),
        ("BASE_URL", "https://u:hunter2@example.org"),
        ("HTTP_ADDR", "8000"),
        ("HTTP_ADDR", ":8000"),
        ("HTTP_ADDR", "127.0.0.1"),
        ("HTTP_ADDR", "127.0.0.1:70000"),
        ("HTTP_ADDR", "::1:8000"),
        ("SECRET_KEY", "hunter2"),
        ("SECRET_KEY", f"{KEY},hunter2"),
        ("ALLOW_NETWORKS", "10.0.0.0/33"),
        ("ALLOW_NETWORKS", "example.org"),
        ("ALLOW_NETWORKS", "0.0.0.0/0"),
        ("ALLOW_NETWORKS", "::/0"),
        ("ALLOW_PORTS", "http"),
        ("ALLOW_PORTS", "0"),
        ("ALLOW_PORTS", "65536"),
        ("ALLOW_PORTS", ","),
        ("EMAIL_IN_DOUBT", "drop"),
        ("HOST_MIN_GAP", "-1"),
        ("HOST_MIN_GAP", "2h"),
        ("HOST_CONCURRENCY", "0"),
        ("HOST_CONCURRENCY", "1.5"),
        ("FETCHERS", "many"),
        ("HOLD", "8d"),
        ("USER_AGENT", "Träcker"),
        ("USER_AGENT", "a\nb"),
        ("CONTACT", "me"),
        ("LOG", "JSON,"),
    ],
)
def test_a_wrong_value_is_refused_without_showing_a_secret(name: str, text: str) -> None:
    (problem,) = problems_of({f"MONITOR_{name}": text})

    assert problem.startswith(f"environment: MONITOR_{name}: ")
    assert problem.isprintable()
    assert "hunter2" not in problem


def test_a_network_with_host_bits_is_answered_with_the_network() -> None:
    (problem,) = problems_of({"MONITOR_ALLOW_NETWORKS": "10.1.2.3/8"})

    assert "did you mean '10.0.0.0/8'?" in problem


@pytest.mark.parametrize("prefix", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_a_postgresql_address_is_one(prefix: str) -> None:
    settings = load_settings({"MONITOR_DATABASE_URL": f"{prefix}://u:p@h:5432/d"}, None)

    assert settings.database_url.get_secret_value() == "postgresql://u:p@h:5432/d"


def test_the_newest_key_comes_first() -> None:
    settings = load_settings({"MONITOR_SECRET_KEY": f"{KEY}, {'o' * 40}"}, None)

    assert [key.get_secret_value() for key in settings.secret_key] == [KEY, "o" * 40]


@pytest.mark.parametrize(
    ("addr", "url"),
    [("127.0.0.1:9", "http://127.0.0.1:9"), ("0.0.0.0:80", "http://127.0.0.1:80"), ("[::]:80", "http://[::1]:80")],
)
def test_the_web_pages_own_address_follows_from_where_the_server_listens(addr: str, url: str) -> None:
    assert load_settings({"MONITOR_HTTP_ADDR": addr}, None).base_url == url


def test_publishers_learn_who_polls_and_whom_to_ask() -> None:
    settings = load_settings({"MONITOR_CONTACT": "ops@example.org"}, None)

    assert settings.user_agent == f"PolicyMonitor/{__version__} (+ops@example.org)"


SECRETS = {
    "MONITOR_DATABASE_URL": "postgresql://user:hunter2@db.example:5432/monitor?sslpassword=hunter2",
    "MONITOR_SMTP_URL": "smtp://user:hunter2@@mail.example:587",
    "MONITOR_SECRET_KEY": "hunter2" * 6,
}


def test_no_secret_shows_in_a_repr_or_the_table() -> None:
    settings = load_settings(SECRETS, None)

    shown = repr(settings) + str(settings) + repr(settings_table(settings))

    assert "hunter2" not in shown
    assert "postgresql://user:****@db.example:5432/monitor?sslpassword=****" in shown


def test_the_table_lists_every_setting_with_value_default_and_meaning() -> None:
    table = settings_table(load_settings({"MONITOR_LOG": "json", "MONITOR_ALLOW_NETWORKS": "127.0.0.0/8,::1"}, None))

    rows = {name: (value, default, meaning) for name, value, default, meaning in table}
    assert list(rows) == [spec.variable for spec in SPECS]
    assert rows["MONITOR_LOG"][:2] == ("json", "text")
    assert rows["MONITOR_ALLOW_NETWORKS"][:2] == ("127.0.0.0/8,::1/128", "")
    assert rows["MONITOR_HTTP_ADDR"][0] == "127.0.0.1:8000"
    assert rows["MONITOR_HOLD"][:2] == ("120s", "120s")
    assert all(meaning for _, _, meaning in rows.values())


def test_a_file_also_gives_what_references_name() -> None:
    assert dotenv_values("A=1\nNEWSROOM_SECRET='x y'\nA=2\n") == {"A": "2", "NEWSROOM_SECRET": "x y"}
