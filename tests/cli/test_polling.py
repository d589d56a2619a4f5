"""``poll``, ``changes`` and ``sources``, against a newsroom on loopback."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from benchmarks.workspace import own_site
from monitor.store import schema as s
from tests.cli.conftest import NEWS, OTHER, Monitor, Newsroom, sources_yaml

COUNTS = ("polled", "unchanged", "changed", "failed", "entries_new", "entries_revised", "flags")


def watch(monitor: Monitor, room: Newsroom, *more: str) -> None:
    """Poll the newsroom's feed, bound to the tracked policy, and its page."""
    feed = f"id: outlet, name: The Outlet, url: {room.url}/feed, policies: [9001]"
    page = f"id: statement, name: A Company, url: {room.url}/statement, kind: page, voice: party"
    monitor.write("sources.yaml", sources_yaml(feed, page, *more))


def counts(report: dict[str, int]) -> tuple[int, ...]:
    return tuple(report[name] for name in COUNTS)


def test_a_story_goes_from_feed_and_page_to_flags_and_changes(tracked: Monitor, newsroom: Newsroom) -> None:
    watch(tracked, newsroom)
    newsroom.feed(OTHER)
    newsroom.page("<p>We help the police.</p>")
    first = tracked("poll", "--json").json
    assert set(first) == {*COUNTS, "seconds"}
    assert counts(first) == (2, 0, 2, 0, 2, 0, 0)  # the baseline is silent
    assert tracked("changes", "--json").rows == []
    assert counts(tracked("poll", "--json").json) == (0, 0, 0, 0, 0, 0, 0)  # nothing is due

    newsroom.feed(NEWS, OTHER)
    newsroom.page("<p>We help the police.</p><p>Not in immigration cases.</p>")
    again = tracked("poll", "--all", "--json").json
    assert counts(again)[:6] == (2, 0, 2, 0, 1, 1)
    assert again["flags"] >= 1

    seen = {row["source"]: row for row in tracked("changes", "--json").rows}
    assert seen["outlet"].keys() == {
        "source", "entry", "kind", "title", "url", "seq", "at", "summary", "kinds", "parts",
    }  # fmt: skip
    assert (seen["outlet"]["kind"], seen["outlet"]["title"]) == ("new", NEWS[0])
    assert (seen["statement"]["kind"], seen["statement"]["kinds"]) == ("revised", ["added"])
    assert seen["statement"]["parts"] == [{"op": "added", "before": "", "after": "Not in immigration cases."}]
    assert seen["statement"]["at"].endswith("Z")

    assert [row["source"] for row in tracked("changes", "--source", "statement", "--json").rows] == ["statement"]
    assert tracked("changes", "--since", "2099-01-01", "--json").rows == []
    assert NEWS[0].split()[0] in tracked("changes", "--since", "1h").stdout


def test_what_did_not_change_is_counted_as_such(tracked: Monitor, newsroom: Newsroom) -> None:
    watch(tracked, newsroom)
    newsroom.feed(OTHER)
    newsroom.page("<p>Text.</p>")
    tracked("poll")
    assert counts(tracked("poll", "--all", "--json").json) == (2, 2, 0, 0, 0, 0, 0)


def test_a_named_source_that_fails_is_exit_1(tracked: Monitor, newsroom: Newsroom) -> None:
    watch(tracked, newsroom)
    newsroom.feed(OTHER)
    assert tracked("poll", "--source", "statement", "--json", code=1).json["failed"] == 1
    assert tracked("poll", "--source", "outlet", "--json").json["polled"] == 1
    assert "1 failed" in tracked("poll", "--all").stdout  # counted; the pass itself did its work
    row = next(row for row in tracked("sources", "list", "--json").rows if row["id"] == "statement")
    assert (row["state"], row["error"], row["failures"]) == ("failing", "http_status", 2)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("--source nobody", 1, "no source 'nobody'"),
        ("--source outlet --all", 2, "not both"),
    ],
)
def test_poll_refuses_what_cannot_be(flagged: Monitor, words: str, code: int, message: str) -> None:
    assert message in flagged("poll", *words.split(), code=code).stderr


def test_changes_of_an_unknown_source_are_an_error(flagged: Monitor) -> None:
    assert "no source 'nobody'" in flagged("changes", "--source", "nobody", code=1).stderr


def test_a_paused_source_is_not_polled_until_it_is_resumed(flagged: Monitor, newsroom: Newsroom) -> None:
    newsroom.feed(OTHER)
    flagged.write("sources.yaml", sources_yaml(f"id: outlet, url: {newsroom.url}/feed"))
    flagged("sources", "pause", "outlet")
    assert flagged("poll", "--all", "--json").json["polled"] == 0
    assert "`monitor sources resume outlet`" in flagged("poll", "--source", "outlet", code=1).stderr
    assert flagged("sources", "show", "outlet", "--json").json["state"] == "paused"
    flagged("sources", "resume", "outlet")
    assert flagged("poll", "--json").json["polled"] == 1


def test_sources_are_listed_with_their_health(flagged: Monitor) -> None:
    row = flagged("sources", "list", "--json").rows[0]
    assert (row["id"], row["kind"], row["voice"], row["state"], row["entries"]) == ("outlet", "auto", "press", "ok", 2)
    assert row["every"] == 3600
    assert (row["colour"], row["reason"], row["interval"] <= 3600, row["moved_url"]) == ("green", "", True, None)
    assert row["succeeded_at"] == row["polled_at"]
    shown = flagged("sources", "show", "outlet", "--json").json
    assert {name: shown[name] for name in row} == row
    assert shown["read_as"] == "feed"
    assert "The Outlet" in flagged("sources", "list").stdout


def test_one_source_is_shown_with_its_rules(flagged: Monitor) -> None:
    assert flagged("sources", "show", "outlet", "--json").json["policies"] == ["9001"]
    assert "60 min" in flagged("sources", "show", "outlet").stdout


def test_a_source_that_moved_is_told_with_the_line_to_change(flagged: Monitor) -> None:
    moved = "https://moved.example/feed"
    flagged.stored(lambda tx: tx.execute(update(s.source).values(moved_url=moved)))
    lines = (flagged.folder / "sources.yaml").read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "outlet" in text)
    reason = f"moved to {moved}: change the url in sources.yaml line {line}"

    assert flagged("status", "--json").json["health"] == [{"id": "outlet", "colour": "yellow", "reason": reason}]
    assert flagged("sources", "list", "--json").rows[0]["reason"] == reason
    assert moved in flagged("sources", "show", "outlet").stdout


def test_an_address_is_tried_and_nothing_is_stored(monitor: Monitor, newsroom: Newsroom) -> None:
    newsroom.feed(NEWS, OTHER)
    found = monitor("sources", "test", f"{newsroom.url}/feed", "--json").json
    assert (found["kind"], found["status"], found["error"]) == ("feed", 200, None)
    assert [item["title"] for item in found["items"]] == [NEWS[0], OTHER[0]]
    assert found["items"][0]["text"] == NEWS[1]
    assert NEWS[0] in monitor("sources", "test", f"{newsroom.url}/feed").stdout
    assert monitor("sources", "list", "--json").rows == []


def test_a_trial_shows_what_the_selectors_leave(monitor: Monitor, newsroom: Newsroom) -> None:
    newsroom.page("<div id=a>One<p class=share>Share</p><p>Last updated 1 May</p></div><div>Two</div>")
    words = ("--kind", "page", "--select", "#a", "--drop", ".share", "--ignore", "Last updated .*")
    found = monitor("sources", "test", f"{newsroom.url}/statement", *words, "--voice", "party", "--json").json
    assert [item["text"] for item in found["items"]] == ["One"]
    assert "Reported" not in found["items"][0]["draft"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["/none"], 1, "http_status"),
        (["/statement", "--select", "#none"], 1, "selector_empty"),
        (["/statement", "--select", "main["], 2, "--select: 'main['"),
        (["/statement", "--ignore", "("], 2, "--ignore: '('"),
        (["/statement", "--kind", "rss"], 2, "auto"),
    ],
)
def test_a_trial_that_fails_says_why(
    monitor: Monitor, newsroom: Newsroom, words: list[str], code: int, message: str
) -> None:
    newsroom.page("<p>Text.</p>")
    ran = monitor("sources", "test", newsroom.url + words[0], *words[1:], code=code)
    assert message in ran.stdout + ran.stderr


def test_a_private_address_is_not_reached_unless_allowed(monitor: Monitor, newsroom: Newsroom) -> None:
    monitor.write(".env", "")
    found = monitor("sources", "test", f"{newsroom.url}/feed", "--json", code=1).json
    assert found["error"] in ("blocked_address", "bad_url")


def test_a_poll_of_all_sources_counts_what_a_site_of_feeds_changed(tracked: Monitor) -> None:
    feeds = range(8)
    with own_site(len(feeds), 14_000, share=0.4) as site:
        tracked.write("sources.yaml", sources_yaml(*(f"id: f{n}, name: Feed {n}, url: {site.url(n)}" for n in feeds)))
        first = tracked("poll", "--json").json
        site.turn(2)
        new, _ = site.truth()
        again = tracked("poll", "--all", "--json").json

    assert counts(first) == (8, 0, 8, 0, 320, 0, 0)
    assert counts(again)[:6] == (8, 8 - len(new), len(new), 0, len(new), 0)
    assert 0 < len(new) < 8
