"""``init`` and ``check``: a workspace to start from, and what is wrong with one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from monitor.config.settings import SPECS
from tests.cli.conftest import SUBSCRIPTIONS, Monitor, run, sources_yaml


def test_a_new_workspace_is_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    wrote = run("init", folder, "--json").json
    assert wrote == {"workspace": str(folder), "wrote": ["subscriptions.yaml", "sources.yaml", ".env"], "kept": []}
    assert run("check", "--json", "--workspace", folder).json["ok"] is True


def test_init_never_overwrites(monitor: Monitor) -> None:
    (monitor.folder / "sources.yaml").unlink()
    ran = monitor("init")
    assert (monitor.folder / "subscriptions.yaml").read_text() == SUBSCRIPTIONS
    assert "wrote" in ran.stdout.splitlines()[0]
    assert "sources.yaml" in ran.stdout.splitlines()[0]
    assert "kept" in ran.stdout


def test_a_new_workspace_is_accepted_whatever_the_umask(tmp_path: Path) -> None:
    os.umask(0)
    run("init", tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"subscriptions.yaml": 0o644, "sources.yaml": 0o644, ".env": 0o600}


def test_init_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = run("init", tmp_path / "file")
    assert ran.code == 73
    assert "file" in ran.stderr


def test_a_folder_that_is_no_workspace_is_told_of_init(tmp_path: Path) -> None:
    ran = run("check", "--workspace", tmp_path)
    assert ran.code == 78
    assert "`monitor init` writes one" in ran.stderr


# file, what is wrong in it, the line, and the suggestion that the message holds
WRONG = [
    ("subscriptions.yaml", SUBSCRIPTIONS.replace("Interior", "Intrior"), 6, "did you mean 'Interior'?"),
    ("subscriptions.yaml", SUBSCRIPTIONS + "    timezon: UTC\n", 8, "did you mean 'timezone'?"),
    ("subscriptions.yaml", SUBSCRIPTIONS.replace("desk@example.org", "desk"), 5, "such as desk@example.org"),
    ("subscriptions.yaml", SUBSCRIPTIONS + "    every: day\n", 8, "given twice (first in line 7)"),
    ("subscriptions.yaml", SUBSCRIPTIONS + "    timezone: Amerika/New_York\n", 8, "'America/New_York'"),
    ("subscriptions.yaml", SUBSCRIPTIONS.replace("name: Desk", "name: &d Desk"), 4, "the anchor '&d' is not allowed"),
    ("subscriptions.yaml", SUBSCRIPTIONS.replace("immediate", "imediate"), 7, "did you mean 'immediate'?"),
    ("sources.yaml", sources_yaml("id: a, url: ftp://example.org/feed"), 2, "http"),
    ("sources.yaml", sources_yaml("id: a, url: https://example.org, kind: fed"), 2, "did you mean 'feed'?"),
    ("sources.yaml", sources_yaml("id: a, url: https://example.org, select: 'main['"), 2, "not a CSS selector"),
    (".env", "MONITOR_HOLD=120s\nMONITOR_EMAIL_IN_DOUBT=hodl\n", 2, "did you mean 'hold'?"),
    (".env", "MONITOR_HODL=120s\n", 1, "did you mean MONITOR_HOLD?"),
]


@pytest.mark.parametrize(("file", "text", "line", "words"), WRONG)
def test_what_is_wrong_is_told_with_file_line_and_suggestion(
    monitor: Monitor, file: str, text: str, line: int, words: str
) -> None:
    monitor.write(file, text)
    found = monitor("check", "--json", code=78).json
    assert found["ok"] is False
    problem = found["errors"][0]
    assert (problem["file"], problem["line"]) == (file, line)
    assert words in problem["message"]


def test_every_problem_of_every_file_is_told_at_once(monitor: Monitor) -> None:
    monitor.write("subscriptions.yaml", SUBSCRIPTIONS.replace("Interior", "Intrior").replace("immediate", "never"))
    monitor.write("sources.yaml", sources_yaml("id: A, url: x"))
    ran = monitor("check", code=78)
    places = [line.split(": ")[0] for line in ran.stderr.splitlines()]
    assert places == ["sources.yaml:2", "sources.yaml:2", "subscriptions.yaml:6", "subscriptions.yaml:7"]
    assert ran.stdout == ""


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("{% for policy, lines in groups %}\n", 1, "endfor"),
        ("{{ tracker }}\n{{ nobody }}\n", None, "'nobody' is undefined"),
        ("{{ tracker.__class__.__mro__ }}\n", None, "unsafe"),
        ("{% for policy, lines in groups %}{{ policy.titel }}{% endfor %}", None, "titel"),
    ],
)
def test_an_operators_template_is_tried_on_a_sample(monitor: Monitor, text: str, line: int | None, words: str) -> None:
    (monitor.folder / "templates" / "email").mkdir(parents=True)
    monitor.write("templates/email/digest.txt.j2", text)
    found = monitor("check", "--json", code=78).json["errors"]
    assert [problem["file"] for problem in found] == ["templates/email/digest.txt.j2"]
    assert words in found[0]["message"]
    assert line is None or found[0]["line"] == line


def test_a_template_that_is_not_text_is_told(monitor: Monitor) -> None:
    (monitor.folder / "templates" / "email").mkdir(parents=True)
    (monitor.folder / "templates" / "email" / "digest.txt.j2").write_bytes(b"\xff\xfe\xfa")
    assert "UTF-8" in monitor("check", "--json", code=78).json["errors"][0]["message"]


def test_a_policy_that_nobody_tracks_yet_is_a_warning(monitor: Monitor) -> None:
    monitor.write("subscriptions.yaml", SUBSCRIPTIONS + "    policies: [4711]\n")
    found = monitor("check", "--json").json
    assert (found["ok"], found["errors"]) == (True, [])
    assert [(each["file"], each["line"]) for each in found["warnings"]] == [("subscriptions.yaml", 3)]
    assert "4711" in found["warnings"][0]["message"]


def test_a_damaged_database_is_told_by_its_own_exit_code(monitor: Monitor) -> None:
    (monitor.folder / "state" / "monitor.db").write_bytes(b"not a database at all" * 400)
    found = monitor("check", "--json", code=76).json
    assert found["errors"][0]["file"] == "state/monitor.db"


def test_settings_are_listed_with_secrets_masked(monitor: Monitor) -> None:
    found = monitor("check", "--settings", "--json").json
    values = {row["name"]: row["value"] for row in found["settings"]}
    assert list(values) == [spec.variable for spec in SPECS]
    assert values["MONITOR_ALLOW_NETWORKS"] == "127.0.0.0/8"
    assert values["MONITOR_SECRET_KEY"] == "****"


def test_settings_are_shown_beside_what_is_wrong_with_the_files(monitor: Monitor) -> None:
    monitor.write("sources.yaml", "version: 2\n")
    ran = monitor("check", "--settings", code=78)
    assert "MONITOR_HOST_MIN_GAP" in ran.stdout
    assert "sources.yaml:1: " in ran.stderr


def test_secrets_stay_out_of_what_is_printed(monitor: Monitor) -> None:
    env: dict[str, str | None] = {"MONITOR_SMTP_URL": "smtp://me:canary-1234@mail.example:587"}
    printed = "".join(monitor("check", "--settings", env=env).stdout.split())  # cells are broken over lines
    assert "canary" not in printed
    assert "me:****@" in printed


def test_the_state_is_private(monitor: Monitor) -> None:
    monitor("status")
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (monitor.folder / "state").iterdir()}
    assert stat.S_IMODE((monitor.folder / "state").stat().st_mode) == 0o700
    assert all(not mode & 0o077 for path, mode in modes.items() if path.name != "monitor.db")
