"""Configuration files on disk: who may have written them, and what a new workspace starts with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.config.files import STARTER, read_text, starter
from monitor.config.settings import SPECS, load_settings
from monitor.config.sources import DEFAULT_KEYS, load_sources
from monitor.config.sources import KEYS as SOURCE_KEYS
from monitor.config.status_words import KEYS as STATUS_KEYS
from monitor.config.strict_yaml import MAX_BYTES
from monitor.config.subscriptions import KEYS as SUBSCRIPTION_KEYS
from monitor.config.subscriptions import load_subscriptions
from monitor.config.vocabulary import KEYS as VOCABULARY_KEYS
from monitor.config.vocabulary import READ_LABELS, WRITTEN_LABELS, packaged_vocabulary
from monitor.errors import ConfigError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sources.yaml"
    path.write_text("version: 1\n", encoding="utf-8")
    path.chmod(0o644)
    return path


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_text(path)
    (problem,) = caught.value.problems
    assert problem.file == str(path)
    return problem.message


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o444, 0o755])
def test_a_file_that_only_its_owner_writes_is_read(file: Path, mode: int) -> None:
    file.chmod(mode)

    assert read_text(file) == "version: 1\n"


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666, 0o620, 0o602])
def test_a_file_that_others_may_write_is_refused_with_the_remedy(file: Path, mode: int) -> None:
    file.chmod(mode)

    assert f"`chmod go-w {file}`" in refused(file)


def test_a_missing_file_is_answered_with_what_writes_one(tmp_path: Path) -> None:
    assert "`monitor init` writes one" in refused(tmp_path / "sources.yaml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path) == "not a regular file"


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)

    assert refused(tmp_path / "pipe") == "not a regular file"


def test_a_device_is_refused() -> None:
    assert refused(Path("/dev/zero")) == "not a regular file"


def test_a_link_is_followed_and_its_target_judged(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(file)

    assert read_text(link) == "version: 1\n"
    file.chmod(0o666)
    assert f"`chmod go-w {link}`" in refused(link)


def test_a_dangling_link_is_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to(tmp_path / "nothing")

    assert "no such file" in refused(tmp_path / "link.yaml")


def test_a_name_that_cannot_be_opened_is_a_problem_of_that_file(file: Path) -> None:
    assert "cannot be read" in refused(file / "below")


def test_a_file_is_read_to_its_limit_and_not_beyond(file: Path) -> None:
    file.write_bytes(b"#" * MAX_BYTES)
    assert len(read_text(file)) == MAX_BYTES

    file.write_bytes(b"#" * (MAX_BYTES + 1))
    assert "larger than 1 MiB" in refused(file)


def test_a_file_is_utf_8(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfname: caf\xc3\xa9\n")
    assert read_text(file) == "name: café\n"

    file.write_bytes(b"a: 1\nname: caf\xe9\n")
    with pytest.raises(ConfigError) as caught:
        read_text(file)
    assert caught.value.problems[0].line == 2


@pytest.mark.parametrize("name", ["subscriptions.yaml", "sources.yaml"])
def test_a_new_workspace_starts_with_what_stands_at_the_root(name: str) -> None:
    assert starter(name) == (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STARTER)
def test_every_starter_file_is_in_the_package(name: str) -> None:
    assert starter(name).startswith("# ")


def test_the_starter_is_valid_and_harms_nobody() -> None:
    words = packaged_vocabulary()

    subscriptions = load_subscriptions(starter("subscriptions.yaml"), "subscriptions.yaml", words)
    sources = load_sources(starter("sources.yaml"), "sources.yaml", words)

    assert all(subscription.address.endswith("@example.org") for subscription in subscriptions)
    assert [source.name for source in sources] == [
        "404 Media",
        "VPM News",
        "Virginia Center for Investigative Journalism",
        "Flock Safety",
    ]
    assert all(source.every.total_seconds() >= 3600 for source in sources)


def uncommented(text: str) -> str:
    """The text with its commented-out examples switched on: indented lines that begin with '# ' and hold a key."""
    lines = []
    for line in text.splitlines():
        bare = line.lstrip()
        example = line.startswith(" ") and bare.startswith(("# - ", "#   ", "# agencies:", "# policies:"))
        lines.append(line.replace("# ", "", 1) if example else line)
    return "\n".join(lines)


def test_the_starters_commented_examples_are_valid_too() -> None:
    words = packaged_vocabulary()

    subscriptions = load_subscriptions(uncommented(starter("subscriptions.yaml")), "subscriptions.yaml", words)
    sources = load_sources(uncommented(starter("sources.yaml")), "sources.yaml", words)

    assert subscriptions[-1].secrets == ("env:NEWSROOM_SECRET",)
    assert (sources[-1].agencies, sources[-1].policies) == (("ICE",), ("1777",))


@pytest.mark.parametrize(
    ("name", "keys"), [("subscriptions.yaml", SUBSCRIPTION_KEYS), ("sources.yaml", (*SOURCE_KEYS, "defaults"))]
)
def test_the_starter_shows_every_key(name: str, keys: tuple[str, ...]) -> None:
    text = starter(name)

    assert [key for key in keys if f"{key}:" not in text] == []


def test_the_starters_settings_are_all_comments_and_name_every_setting() -> None:
    text = starter(".env")

    assert load_settings({}, text) == load_settings({}, None)
    assert [spec.variable for spec in SPECS if f"# {spec.variable}=" not in text] == []


def test_the_starters_settings_are_valid_when_switched_on() -> None:
    lines = (line.removeprefix("# ") for line in starter(".env").splitlines() if line.startswith("# MONITOR_"))
    text = "\n".join(line for line in lines if line != "MONITOR_SECRET_KEY=")

    assert load_settings({}, text).base_url == "https://policies.example.org"


def test_the_documentation_names_every_setting_and_its_default() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

    for spec in SPECS:
        row = next(line for line in text.splitlines() if line.startswith(f"| `{spec.variable}` |"))
        assert spec.default in row


def test_the_documentation_names_no_setting_that_does_not_exist() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `MONITOR_")}

    assert rows == {spec.variable for spec in SPECS}


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("## subscriptions.yaml", SUBSCRIPTION_KEYS),
        ("## sources.yaml", SOURCE_KEYS),
        ("## vocabulary.yaml", VOCABULARY_KEYS),
    ],
)
def test_the_documentation_has_a_row_for_every_key_and_for_no_other(heading: str, keys: tuple[str, ...]) -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    section = text.split(heading + "\n")[1].split("\n## ")[0]
    rows = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]

    assert rows == list(keys)


def test_the_documentation_explains_every_key_of_the_status_words() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    section = text.split("`status_words` proposes")[1].split("\n## ")[0]

    assert [key for key in STATUS_KEYS if f"`{key}`" not in section] == []


def test_the_documentation_marks_the_keys_that_defaults_may_hold() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    marked = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `") and "` * |" in line}

    assert marked == set(DEFAULT_KEYS)


def test_the_documentation_names_every_label() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

    assert [label for label in (*WRITTEN_LABELS, *READ_LABELS) if f"`{label}`" not in text] == []
