"""The matcher on a real tracker's records: floors well under what it reaches, so that only a real loss fails."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from monitor.config.vocabulary import packaged_vocabulary
from monitor.core.match import Matcher, MatchItem
from monitor.model.policy import PolicyRecord, SourceDocument

Row = dict[str, Any]
Figures = dict[str, float]


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> Callable[[str], list[Row]]:
    def read(name: str) -> list[Row]:
        lines = (shared_data / "iptp" / name).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    return read


@pytest.fixture(scope="module")
def fresh(rows: Callable[[str], list[Row]]) -> Callable[[], Matcher]:
    policies = [_policy(row) for row in rows("policies.jsonl")]
    return lambda: Matcher.build(policies, packaged_vocabulary())


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _policy(row: Row) -> PolicyRecord:
    source = row["source_document"]
    return PolicyRecord(
        url=row["url"],
        title=row["title"],
        announced=_day(row["announced"]),
        summary=row["summary"] or "",
        source_document=SourceDocument(source) if source else None,
        types=tuple(row["types"]),
        subjects=tuple(row["subjects"]),
        agencies=tuple(row["agencies"]),
    )


def _item(row: Row) -> MatchItem:
    return MatchItem(
        title=row["title"] or "",
        text=row["text"] or "",
        url=row.get("url") or "",
        published=_day(row.get("date")),
        publisher=row.get("publisher") or "",
    )


def _play(matcher: Matcher, stream: list[Row], known: set[str]) -> Figures:
    """Match each item before its label is learned, in a shuffled order, as an office would meet them."""
    shuffled = list(stream)
    random.Random("1").shuffle(shuffled)
    first = labelled = flags = right = quiet = 0
    for row in shuffled:
        owners = {url.rstrip("/") for url in row["policy_urls"]}
        matches = matcher.match(_item(row)).matches
        flagged = [match.policy.rstrip("/") in owners for match in matches if match.flag]
        labelled += bool(owners)
        first += bool(matches) and matches[0].policy.rstrip("/") in owners
        flags += len(flagged)
        right += sum(flagged)
        quiet += not owners and not flagged
        matcher.learn(_item(row), [url for url in row["policy_urls"] if url in known])
    return {
        "recall": first / labelled,
        "precision": right / flags,
        "quiet": quiet / max(1, len(stream) - labelled),
    }


def test_news_is_put_before_the_right_editor(fresh: Callable[[], Matcher], rows: Callable[[str], list[Row]]) -> None:
    figures = _play(fresh(), rows("news.jsonl"), {row["url"] for row in rows("policies.jsonl")})

    assert figures["recall"] >= 0.80
    assert figures["precision"] >= 0.78
    assert figures["quiet"] >= 0.93


def test_procedural_actions_are_mostly_found(fresh: Callable[[], Matcher], rows: Callable[[str], list[Row]]) -> None:
    figures = _play(fresh(), rows("actions.jsonl"), {row["url"] for row in rows("policies.jsonl")})

    assert figures["recall"] >= 0.47
    assert figures["precision"] >= 0.65


def test_the_seeds_three_actions_are_flagged_for_it_before_anything_is_learned(
    fresh: Callable[[], Matcher], rows: Callable[[str], list[Row]]
) -> None:
    seed = rows("policies.jsonl")[0]["url"]

    for row in rows("actions.jsonl")[:3]:
        best = fresh().match(_item(row)).matches[0]
        assert (best.policy, best.flag) == (seed, True)
