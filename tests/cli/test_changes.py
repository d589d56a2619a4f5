"""``changes``, ``flags show`` and ``sources compare``: what changed, word by word, coloured or not."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Monitor, Newsroom, serving, sources_yaml

ANSI = re.compile(r"\x1b\[[0-9;]*m")
COLOURS = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "NO_COLOR": None, "COLUMNS": "120"}
FIRST = "<p>Status</p><p>Proposed</p><p>Comments are due May 27, 2025.</p><p>We help the police.</p>"
SECOND = FIRST.replace("Proposed", "Final").replace("May 27", "June 3") + "<p>Not in immigration cases.</p>"
THIRD = SECOND.replace("<p>We help the police.</p>", "")


@pytest.fixture(scope="module")
def revised(tmp_path_factory: pytest.TempPathFactory, tracked_template: Path) -> Monitor:
    """A page that was seen three times, each time with other words; nothing here writes to the workspace."""
    made = Monitor(Path(shutil.copytree(tracked_template, tmp_path_factory.mktemp("revised") / "workspace")))
    with serving() as room:
        page = f"id: statement, name: A Company, url: {room.url}/statement, kind: page, voice: party, policies: [9001]"
        made.write("sources.yaml", sources_yaml(page))
        for text in (FIRST, SECOND, THIRD):
            room.page(text)
            made("poll", "--all")
    return made


LINES = [
    "  1 paragraph added, 1 changed; comment deadline changed from May 27, 2025 to June 3, 2025",
    "  ! [-Proposed-]{+Final+}",
    "  ! Comments are due [-May 27, 2025-]{+June 3, 2025+}.",
    "  + Not in immigration cases.",
]  # fmt: skip


def test_changes_are_told_line_by_line_with_signs_and_marks(revised: Monitor) -> None:
    shown = revised("changes").stdout.splitlines()

    assert re.fullmatch(r"1  [\d-]+ [\d:]+Z  statement  revised: A statement", shown[0])
    assert shown[1:5] == LINES
    assert shown[6:] == ["  1 paragraph removed", "  - We help the police."]


def test_colours_say_what_signs_and_marks_say(revised: Monitor) -> None:
    coloured = revised("changes", "--show", 1, env=COLOURS).stdout
    plain = revised("changes", "--show", 1, env={**COLOURS, "NO_COLOR": "1"}).stdout

    assert "\x1b[31" in coloured or "\x1b[9;31m" in coloured
    assert "\x1b[32m" in coloured
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", plain)
    assert ANSI.sub("", coloured) == ANSI.sub("", plain)
    assert ANSI.sub("", plain).splitlines()[2:] == LINES[1:]


def test_one_change_is_shown_whole_as_a_unified_text(revised: Monitor) -> None:
    shown = revised("changes", "--show", 1, "--format", "unified").stdout.splitlines()

    assert re.fullmatch(r"--- A statement  [\d-]+ [\d:]+Z", shown[0])
    assert re.fullmatch(r"\+\+\+ A statement  [\d-]+ [\d:]+Z", shown[1])
    assert shown[2] == f"@@ {LINES[0].strip()} @@"
    assert shown[3] == "![-Proposed-]{+Final+}"
    assert shown[-1] == "+Not in immigration cases."


def test_one_change_is_shown_as_an_html_document(revised: Monitor) -> None:
    html = revised("changes", "--show", 1, "--format", "html").stdout

    assert html.startswith("<!doctype html>")
    assert '<span class="unseen">[added: </span><ins>Final</ins><span class="unseen">]</span>' in html


def test_one_change_as_json_is_its_line_of_the_list(revised: Monitor) -> None:
    assert revised("changes", "--show", 2, "--json").json == revised("changes", "--json").rows[1]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("changes --show 99", 1, "no change 99"),
        ("changes --show 1 --since 2d", 2, "leave --since and --source out"),
        ("changes --format html", 2, "give --show SEQ too"),
        ("sources compare nobody", 1, "no source 'nobody'"),
        ("sources compare statement 7", 1, "FROM: there is no revision 7: they go from 1 to 3"),
        ("sources compare statement 1 2001-01-01", 1, "TO: it was first seen at"),
        ("sources compare statement x", 2, "FROM: 'x' is no moment"),
        ("sources compare statement --entry 99", 1, "has no entry 99"),
    ],
)
def test_what_cannot_be_shown_says_why(revised: Monitor, words: str, code: int, message: str) -> None:
    assert message in revised(*words.split(), code=code).stderr


def test_a_flag_shows_the_redline_of_its_pages_change(revised: Monitor) -> None:
    shown = revised("flags", "show", 1).stdout

    assert "What changed on the page" in shown
    for line in LINES:
        assert line in shown.splitlines()


def test_the_last_two_revisions_are_compared_unless_others_are_named(revised: Monitor) -> None:
    last = revised("sources", "compare", "statement", "--json").json

    assert (last["source"], last["from"]["revision"], last["to"]["revision"]) == ("statement", 2, 3)
    assert (last["kinds"], last["summary"]) == (["removed"], "1 paragraph removed")
    assert last["parts"] == [{"op": "removed", "before": "We help the police.", "after": ""}]
    assert "  - We help the police." in revised("sources", "compare", "statement").stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "expected"), [("1", (1, 3)), ("1 2", (1, 2)), ("3 1", (3, 1)), ("1 2099-01-01", (1, 3))]
)
def test_any_two_revisions_are_compared_by_number_or_date(
    revised: Monitor, words: str, expected: tuple[int, int]
) -> None:
    found = revised("sources", "compare", "statement", *words.split(), "--json").json

    assert (found["from"]["revision"], found["to"]["revision"]) == expected


def test_a_page_that_never_changed_has_nothing_to_compare(tracked: Monitor, newsroom: Newsroom) -> None:
    tracked.write("sources.yaml", sources_yaml(f"id: statement, url: {newsroom.url}/statement, kind: page"))
    newsroom.page(FIRST)
    tracked("poll", "--all")

    assert "nothing of statement has changed" in tracked("sources", "compare", "statement", code=1).stderr
