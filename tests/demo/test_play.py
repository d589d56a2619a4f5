"""The whole performance: the timeline is the tracker's own, and everybody is told exactly what they asked for, once."""

from __future__ import annotations

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
KIND = "Subsequent Trump and Court Action"


def titles_told(result: dict[str, Any], subscriber: str) -> list[str]:
    return [title for mail in result["mails"] if mail["subscriber"] == subscriber for title in mail["actions"]]


@pytest.mark.timeout(180)
async def test_the_performance(subtests: pytest.Subtests, tmp_path: Path) -> None:
    """One test with parts, since the performance takes half a minute and its result serves them all."""
    said: list[str] = []
    result = await run(tmp_path / "demo", speed=None, workers=2, say=said.append)

    with subtests.test("the timeline holds exactly the three subsequent actions"):
        assert [(action["date"], action["title"]) for action in result["actions"]] == ACTIONS
        assert {action["kind"] for action in result["actions"]} == {KIND}

    for subscriber in ("duty-editor", "civil-rights-desk", "plate-reader-project"):
        with subtests.test("each mail subscriber of the policy is told each action once", subscriber=subscriber):
            assert titles_told(result, subscriber) == TITLES

    with subtests.test("who follows another topic hears of that alone"):
        [told] = titles_told(result, "tps-clinic")
        assert "protected status" in told

    with subtests.test("no message came twice"):
        assert set(Counter(mail["message_id"] for mail in result["mails"]).values()) == {1}
        assert set(Counter(hook["id"] for hook in result["webhooks"]).values()) == {1}

    with subtests.test("every webhook verified, and the immediate one heard of every action"):
        recorded = [flag for flag in result["flags"] if flag["state"] == "accepted"]
        immediate = [hook["type"] for hook in result["webhooks"] if hook["endpoint"] == "/newsroom"]
        assert all(hook["verified"] for hook in result["webhooks"])
        assert immediate == ["action.recorded"] * len(recorded)

    with subtests.test("the webhook that asks for a daily digest gets digests"):
        daily = [hook["type"] for hook in result["webhooks"] if hook["endpoint"] == "/ice-watch"]
        assert daily == ["digest"] * 3

    with subtests.test("the editor had to reject more than was recorded"):
        states = Counter(flag["state"] for flag in result["flags"])
        assert set(states) == {"accepted", "rejected"}
        assert states["rejected"] > states["accepted"]

    with subtests.test("the story names the editor as scripted and shows the hiccups"):
        for words in ("demo editor (scripted) accepts", "poll failed", "did not take a message"):
            assert any(words in line for line in said)


def test_the_expectation_is_the_trackers_own_page_to_the_character(shared_data: Path) -> None:
    page = read_page((shared_data / "seed.txt").read_text(encoding="utf-8"), packaged_vocabulary())

    assert [(str(action.date), action.title) for action in page.actions] == ACTIONS
    assert {action.kind for action in page.actions} == {KIND}
