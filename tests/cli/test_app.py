"""The command as a whole: the workspace option, help, and errors as exit codes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor import __version__
from monitor.cli.app import workspace_first
from monitor.store.lock import held
from tests.cli.conftest import COMMAND, Monitor, run

# The commands of CONTRACT, "Commands", that this version has.
CONTRACT = """
init; check; run; worker; web; poll; changes; match; deliver; status; doctor; demo
sources list; sources show; sources strike; sources test; sources pause; sources resume
sources compare; sources discover; sources import-opml; sources export-opml
sources export-warc
sources derive; sources proposals; sources accept; sources dismiss
policies import; policies list; policies show; policies export; policies add; policies edit
flags list; flags show; flags accept; flags reject; flags snooze; flags undo
actions list; actions show; actions add; actions confirm; actions correct; actions retract
digest preview; digest compose
deliveries list; deliveries show; deliveries resend; deliveries mark-delivered
subscribers list; subscribers show
webhooks secret; webhooks test; webhooks enable; webhooks list
"""
NAMES = [name.strip() for name in CONTRACT.replace("\n", ";").split(";") if name.strip()]


def commands(group: Any = COMMAND, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def process(*words: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monitor", *words]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=50)


def test_the_contracts_commands_are_there() -> None:
    assert sorted(name for name, _ in commands()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    text = run(*name.split(), "--help").stdout
    assert f"monitor {name}" in text.partition("Example:")[2]


def test_a_command_that_prints_a_list_prints_json() -> None:
    for name, command in commands():
        if name.endswith("list"):
            assert "--json" in [option for parameter in command.params for option in parameter.opts], name


def test_help_loads_neither_the_database_nor_the_network() -> None:
    heavy = "sqlalchemy httpx feedparser jinja2 fastapi lxml apscheduler rich.console"
    code = (
        "import sys; from monitor.cli.app import main\n"
        "try: main()\n"
        f"except SystemExit: print(*(set('{heavy}'.split()) & set(sys.modules)), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, timeout=50)
    assert "Usage: monitor" in ended.stdout
    assert ended.stderr.strip() == ""


def test_the_version_is_printed() -> None:
    assert run("--version").stdout == f"monitor {__version__}\n"


@pytest.mark.parametrize(
    ("words", "sorted_words"),
    [
        ("poll --all", "poll --all"),
        ("--workspace a poll", "--workspace a poll"),
        ("poll --workspace a --all", "--workspace a poll --all"),
        ("flags list --workspace=a", "--workspace=a flags list"),
        ("poll --workspace", "--workspace poll"),
        ("match -- --workspace a", "match -- --workspace a"),
    ],
)
def test_the_workspace_may_stand_anywhere(words: str, sorted_words: str) -> None:
    assert workspace_first(words.split()) == sorted_words.split()


def test_the_workspace_is_named_by_the_environment(tmp_path: Path) -> None:
    ran = run("init", "--json", env={"MONITOR_WORKSPACE": str(tmp_path / "b")})
    assert ran.json["workspace"] == str(tmp_path / "b")


def test_the_option_comes_before_the_environment(tmp_path: Path) -> None:
    ran = run("init", "--json", "--workspace", tmp_path / "a", env={"MONITOR_WORKSPACE": str(tmp_path / "b")})
    assert ran.json["workspace"] == str(tmp_path / "a")


def test_an_unknown_command_is_wrong_usage_with_a_suggestion() -> None:
    ran = run("flag")
    assert ran.code == 2
    assert "flags" in ran.stderr


def test_a_failure_is_one_line_without_a_traceback(tracked: Monitor) -> None:
    ran = tracked("flags", "show", 12, code=1)
    assert ran.stdout == ""
    assert ran.stderr == "monitor: no flag 12: `monitor flags list` shows them\n"


def test_the_words_of_an_error_cannot_drive_a_terminal(monitor: Monitor) -> None:
    ran = monitor("sources", "test", "\x1b[2J", code=2)
    assert "\x1b" not in ran.stderr


@pytest.mark.parametrize("command", ["poll", "deliver", "digest compose"])
def test_a_second_worker_is_refused(monitor: Monitor, command: str) -> None:
    with held(monitor.folder / "state" / "worker.lock"):
        ran = monitor(*command.split(), code=75)
    assert "another worker" in ran.stderr


def test_a_damaged_database_ends_with_76(monitor: Monitor) -> None:
    path = monitor.folder / "state" / "monitor.db"
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 8192 + path.read_bytes()[12288:])
    assert "restore a backup" in monitor("status", code=76).stderr


def test_a_process_ends_with_78_and_says_where(monitor: Monitor) -> None:
    monitor.write("subscriptions.yaml", "version: 1\nsubscribers:\n  - id: Desk\n")
    ended = process("poll", cwd=monitor.folder)
    assert (ended.returncode, ended.stdout) == (78, "")
    assert ended.stderr.startswith("subscriptions.yaml:3: ")
    assert "Traceback" not in ended.stderr


def test_a_process_ends_with_2_for_wrong_usage(monitor: Monitor) -> None:
    ended = process("poll", "--sauce", "a", cwd=monitor.folder)
    assert ended.returncode == 2
    assert "--source" in ended.stderr


def test_a_process_ends_with_73_where_the_state_cannot_be_written(monitor: Monitor, tmp_path: Path) -> None:
    state = monitor.folder / "state"
    state.rename(tmp_path / "elsewhere")
    state.write_text("in the way")
    ended = process("status", cwd=monitor.folder)
    assert ended.returncode == 73
    assert "state" in ended.stderr


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = f"{sys.executable} -m monitor flags accept --help | true"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=50)
    assert ended.stderr == ""
