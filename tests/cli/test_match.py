"""``match``: answers for items of a file, in its order, with nothing stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.match import read_items
from tests.cli.conftest import NEWS, OTHER, POLICY, Monitor, write


def items(path: Path, *found: dict[str, Any]) -> Path:
    return write(path / "items.jsonl", "\n".join(json.dumps(item) for item in found) + "\n\n")


ABOUT: dict[str, Any] = {"id": "n1", "title": NEWS[0], "text": NEWS[1], "date": "2025-10-09", "publisher": "The Outlet"}
NOT: dict[str, Any] = {"id": 2, "title": OTHER[0], "text": OTHER[1], "about": "ignored"}


def test_each_item_has_one_line_in_the_files_order(tracked: Monitor, tmp_path: Path) -> None:
    file = items(tmp_path, NOT, ABOUT)
    ran = tracked("match", file)
    assert ran.stdout == tracked("match", file, "--json").stdout  # a pipe needs no option
    rows = ran.rows
    assert [row["id"] for row in rows] == [2, "n1"]
    assert all(row.keys() == {"id", "relevant", "matches"} for row in rows)
    best = rows[1]["matches"][0]
    assert best.keys() == {"policy", "title", "score", "flag", "reasons"}
    assert best["policy"] == POLICY
    assert best["reasons"][0].keys() == {"kind", "term", "excerpt"}
    assert rows[1]["relevant"] > rows[0]["relevant"]
    assert not any(match["flag"] for match in rows[0]["matches"])


def test_nothing_is_stored(tracked: Monitor, tmp_path: Path) -> None:
    tracked("match", items(tmp_path, ABOUT | {"policy_urls": [POLICY]}), "--learn")
    assert tracked("flags", "list", "--state", "all", "--json").rows == []


def test_decisions_are_learned_after_their_item_was_scored(tracked: Monitor, tmp_path: Path) -> None:
    strange = {"title": "Quokka zeppelin harvest", "text": "The quokka zeppelin harvest went on.", "id": 1}
    decided = strange | {"policy_urls": [POLICY + "/"]}
    file = items(tmp_path, decided, strange | {"id": 2})
    before = tracked("match", file).rows
    after = tracked("match", file, "--learn").rows
    assert after[0] == before[0]
    assert after[1]["matches"] != before[1]["matches"]
    assert after[1]["matches"][0]["policy"] == POLICY


def test_a_decision_for_an_unknown_policy_is_no_rejection(tracked: Monitor, tmp_path: Path) -> None:
    unknown = ABOUT | {"policy_urls": ["https://tracker.example/none"]}
    file = items(tmp_path, unknown, ABOUT)
    ran = tracked("match", file, "--learn")
    assert f"{file}:1: https://tracker.example/none is not tracked" in ran.stderr
    assert ran.rows[0]["matches"] == ran.rows[1]["matches"]


BAD = [
    ("{", "not JSON"),
    ("[1]", "an item is an object"),
    ('{"title": "A"}', "no 'id'"),
    ('{"id": true}', "no 'id'"),
    ('{"id": 1, "title": 2}', "'title' has to be text"),
    ('{"id": 1, "date": "October"}', "'date' 'October' is neither"),
    ('{"id": 1, "policy_urls": "x"}', "'policy_urls' has to be a list"),
    ("[" * 100_000, "nested too deeply"),
]


@pytest.mark.parametrize(("line", "message"), BAD)
def test_a_bad_line_is_named_and_nothing_is_answered(monitor: Monitor, tmp_path: Path, line: str, message: str) -> None:
    file = write(tmp_path / "items.jsonl", '{"id": 1}\n\n' + line)
    ran = monitor("match", file, code=1)
    assert f"{file}:3: " in ran.stderr
    assert message in ran.stderr
    assert ran.stdout == ""


def test_dates_are_read_in_the_forms_that_feeds_have(tmp_path: Path) -> None:
    dates = ["2025-10-09", "2025-10-09T23:30:00-04:00", "Thu, 09 Oct 2025 14:00:00 GMT", "", None]
    file = items(tmp_path, *({"id": n, "date": date} for n, date in enumerate(dates)))
    read = [one.item.published for one in read_items(file)]
    assert [each and each.isoformat() for each in read] == ["2025-10-09", "2025-10-10", "2025-10-09", None, None]


def test_a_missing_file_is_wrong_usage(monitor: Monitor) -> None:
    monitor("match", "none.jsonl", code=2)
