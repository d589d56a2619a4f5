"""The demonstration's workspace: complete files, with the loopback addresses filled in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitor.core.signature import secret_problem
from monitor.demo.story import OUTLETS, PAGE, POLICY, Story, data_text
from monitor.demo.workspace import (
    ICE_WATCH,
    ICE_WATCH_HOOK,
    NEWSROOM_HOOK,
    NEWSROOM_SECRET,
    lay_out,
    sources_yaml,
    subscriptions_yaml,
)

FEEDS = "http://127.0.0.1:4001"
HOOKS = "http://127.0.0.1:4002"


def subscribers() -> list[dict[str, Any]]:
    document = YAML(typ="safe").load(subscriptions_yaml(HOOKS))
    rows: list[dict[str, Any]] = document["subscribers"]
    return rows


def sources() -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in YAML(typ="safe").load(sources_yaml(FEEDS))["sources"]}


def test_every_outlet_and_the_page_is_a_source(story: Story) -> None:
    named = {outlet.source: outlet.name for outlet in story.outlets} | {story.page.source: story.page.name}
    assert {source: row["name"] for source, row in sources().items()} == named


def test_feeds_are_press_and_the_company_is_a_party() -> None:
    kinds = {source: (row["kind"], row["voice"]) for source, row in sources().items()}
    assert kinds == dict.fromkeys(OUTLETS, ("feed", "press")) | {PAGE: ("page", "party")}


def test_addresses_are_those_that_the_newsroom_serves(story: Story) -> None:
    expected = {source: f"{FEEDS}/{source}/feed" for source in OUTLETS} | {PAGE: FEEDS + story.page.path}
    assert {source: row["url"] for source, row in sources().items()} == expected


def test_no_placeholder_is_left() -> None:
    assert "{" not in sources_yaml(FEEDS)
    assert "{" not in subscriptions_yaml(HOOKS)


@pytest.mark.parametrize(
    ("channel", "every"), [("email", "day"), ("email", "week"), ("email", "immediate"), ("webhook", "immediate")]
)
def test_somebody_is_told_by(channel: str, every: str) -> None:
    assert [row for row in subscribers() if channel in row and row["every"] == every]


@pytest.mark.parametrize("criterion", ["topics", "agencies", "policies"])
def test_somebody_asks_by(criterion: str) -> None:
    assert [row for row in subscribers() if criterion in row]


def test_one_daily_subscriber_wants_nothing_of_the_tracked_policy() -> None:
    page = data_text("policy_page.txt")
    row = next(row for row in subscribers() if row["id"] == "tps-clinic")
    assert (row["every"], row["topics"]) == ("day", ["TPS"])
    assert not any(topic in page for topic in row["topics"])
    assert not {"agencies", "policies"} & row.keys()


def test_the_weekly_subscriber_follows_the_policy_by_its_number() -> None:
    row = next(row for row in subscribers() if row["every"] == "week")
    assert (row["policies"], row["on"]) == ([POLICY], "monday")


def test_the_webhooks_are_those_that_the_receiver_expects() -> None:
    hooks = {row["id"]: row for row in subscribers() if "webhook" in row}
    assert hooks["newsroom"]["webhook"] == HOOKS + NEWSROOM_HOOK
    assert hooks["newsroom"]["secret"] == NEWSROOM_SECRET
    assert hooks[ICE_WATCH]["webhook"] == HOOKS + ICE_WATCH_HOOK
    assert "secret" not in hooks[ICE_WATCH]


def test_the_newsrooms_secret_can_sign() -> None:
    assert secret_problem(NEWSROOM_SECRET) is None


def test_laying_out_writes_the_configuration_and_the_policies(tmp_path: Path) -> None:
    page, records = lay_out(tmp_path, feeds=FEEDS, hooks=HOOKS)
    assert (tmp_path / "sources.yaml").read_text(encoding="utf-8") == sources_yaml(FEEDS)
    assert (tmp_path / "subscriptions.yaml").read_text(encoding="utf-8") == subscriptions_yaml(HOOKS)
    assert "[ID #1777]" in page.read_text(encoding="utf-8")
    assert all(json.loads(line)["title"] for line in records.read_text(encoding="utf-8").splitlines())
