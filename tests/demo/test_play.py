"""The whole performance: the timeline is the tracker's own, and everybody is told exactly what they asked for, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from monitor.config.vocabulary import packaged_vocabulary
from monitor.core.tracker import read_page
from monitor.demo.play import run

ACTIONS = [
    (
        "2025-07-16",
        "2025.07.16 Reported: Federal license plate reader searches raise surveillance questions - VPM News",
    ),
    (
        "2025-08-25",
        "2025.08.25 Ensuring Local Compliance - Flock Safety Statement on Immigration Cooperation",
    ),
    (
        "2025-10-09",
        "2025.10.09 Reported: Virginia surveillance network tapped thousands of times for immigration cases"
        " - Virginia Center for Investigative Journalism",
    ),
]
TITLES = [title for _, title in ACTIONS]


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    return asyncio.run(run(folder, speed=None, workers=2, say=said.append))


pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(180)]


def test_the_timeline_holds_exactly_the_three_subsequent_actions(result: dict[str, Any]) -> None:
    assert [(action["date"], action["title"]) for action in result["actions"]] == ACTIONS
    assert {action["kind"] for action in result["actions"]} == {"Subsequent Trump and Court Action"}


def test_the_timeline_is_the_trackers_own_page_to_the_character(result: dict[str, Any], shared_data: Path) -> None:
    page = read_page((shared_data / "seed.txt").read_text(), packaged_vocabulary())

    told = [(str(action.date), action.title, action.kind) for action in page.actions]
    assert [(action["date"], action["title"], action["kind"]) for action in result["actions"]] == told


@pytest.mark.parametrize("subscriber", ["duty-editor", "civil-rights-desk", "plate-reader-project"])
def test_each_mail_subscriber_of_the_policy_is_told_each_action_once(result: dict[str, Any], subscriber: str) -> None:
    told = [title for mail in result["mails"] if mail["subscriber"] == subscriber for title in mail["actions"]]

    assert told == TITLES


def test_who_follows_another_topic_hears_of_that_alone(result: dict[str, Any]) -> None:
    told = [title for mail in result["mails"] if mail["subscriber"] == "tps-clinic" for title in mail["actions"]]

    assert len(told) == 1
    assert "protected status" in told[0]


def test_no_message_came_twice(result: dict[str, Any]) -> None:
    mails = Counter(mail["message_id"] for mail in result["mails"])
    webhooks = Counter(hook["id"] for hook in result["webhooks"])

    assert set(mails.values()) == {1}
    assert set(webhooks.values()) == {1}


def test_every_webhook_verified_and_the_immediate_one_heard_of_every_action(result: dict[str, Any]) -> None:
    newsroom = [hook for hook in result["webhooks"] if hook["endpoint"] == "/newsroom"]
    recorded = [flag for flag in result["flags"] if flag["state"] == "accepted"]

    assert all(hook["verified"] for hook in result["webhooks"])
    assert [hook["type"] for hook in newsroom] == ["action.recorded"] * len(recorded)


def test_the_webhook_that_asks_for_a_daily_digest_gets_digests(result: dict[str, Any]) -> None:
    daily = [hook["type"] for hook in result["webhooks"] if hook["endpoint"] == "/ice-watch"]

    assert daily == ["digest"] * 3


def test_the_editor_had_to_reject_more_than_was_recorded(result: dict[str, Any]) -> None:
    states = Counter(flag["state"] for flag in result["flags"])

    assert set(states) == {"accepted", "rejected"}
    assert states["rejected"] > states["accepted"]


def test_the_story_names_the_editor_as_scripted_and_shows_the_hiccups(result: dict[str, Any], said: list[str]) -> None:
    assert any("demo editor (scripted) accepts" in line for line in said)
    assert any("poll failed" in line for line in said)
    assert any("did not take a message" in line for line in said)
