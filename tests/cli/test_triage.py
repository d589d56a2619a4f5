"""``flags`` and ``actions``: an editor's decisions from the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.cli.output import Marked, prose
from monitor.store.actions import action_history
from monitor.store.flags import list_flags
from tests.cli.conftest import NEWS, POLICY, Monitor, Newsroom, sources_yaml, write


def states(monitor: Monitor) -> list[str]:
    return [flag.state.value for flag in monitor.stored(lambda tx: list_flags(tx, now=datetime.now(UTC)))]


def action_states(monitor: Monitor, action_id: int) -> list[str]:
    return [each["state"] for each in monitor.stored(lambda tx: action_history(tx, action_id))]


def test_open_flags_are_listed_as_the_contract_has_it(flagged: Monitor) -> None:
    (row,) = flagged("flags", "list", "--policy", "9001", "--json").rows
    assert row.keys() == {
        "id", "state", "version", "policy", "score", "reasons", "story", "draft", "status_proposed",
        "status_proposed_by",
    }  # fmt: skip
    assert (row["id"], row["state"], row["version"], row["policy"]) == (1, "open", 1, POLICY)
    assert row["story"].keys() == {"id", "title", "url", "publisher", "outlets", "published", "first_seen"}
    assert (row["story"]["title"], row["story"]["outlets"]) == (NEWS[0], ["The Outlet"])
    assert row["draft"].keys() == {"title", "date", "summary"}
    assert f"Reported: {NEWS[0]} - The Outlet" in row["draft"]["title"]
    assert row["status_proposed"] is None
    assert {reason["kind"] for reason in row["reasons"]} >= {"bound"}


def test_F16_a_flag_shows_its_storys_original_where_characters_were_taken_out(
    tracked: Monitor, newsroom: Newsroom
) -> None:
    tracked.write("sources.yaml", sources_yaml(f"id: outlet, name: O, url: {newsroom.url}/feed, policies: [9001]"))
    newsroom.feed()
    tracked("poll")
    newsroom.feed(("Lynxcam \u202esearches\u202c for ICE", "Police searched cameras\u200b."))
    tracked("poll", "--all")

    assert tracked("flags", "show", 1, "--json").json["original"] == (
        "Lynxcam [U+202E]searches[U+202C] for ICE\nPolice searched cameras[U+200B]."
    )
    told = tracked("flags", "show", 1).stdout
    assert "Lynxcam searches for ICE" in told
    assert "Lynxcam [U+202E]searches[U+202C] for ICE" in told
    assert "\u202e" not in told


def test_a_flag_shows_the_status_that_its_words_propose_and_accepting_may_take_it(
    tracked: Monitor, newsroom: Newsroom
) -> None:
    tracked.write("sources.yaml", sources_yaml(f"id: outlet, name: O, url: {newsroom.url}/feed, policies: [9001]"))
    newsroom.feed()
    tracked("poll")
    newsroom.feed(("Judge blocks the Lynxcam camera policy", "A federal judge blocked ICE searches on Monday."))
    tracked("poll", "--all")

    (row,) = tracked("flags", "list", "--json").rows
    assert (row["status_proposed"], row["status_proposed_by"]) == (
        "Not in effect",
        "Judge blocks the Lynxcam camera policy",
    )
    assert "--status proposed" in tracked("flags", "show", 1).stdout
    tracked("flags", "accept", 1, "--status", "proposed")
    assert tracked("policies", "show", 9001, "--json").json["current_status"] == "Not in effect"


def test_flags_are_filtered_by_state_and_policy(flagged: Monitor) -> None:
    assert "license-plate" in flagged("flags", "list", "--state", "all").stdout
    assert flagged("flags", "list", "--state", "accepted").stdout == "No accepted flags.\n"
    assert "no policy" in flagged("flags", "list", "--policy", "4711", code=1).stderr


def test_a_flag_is_shown_with_its_reasons_and_what_it_would_record(flagged: Monitor) -> None:
    found = flagged("flags", "show", 1, "--json").json
    assert (found["text"], found["source"], found["decisions"]) == (NEWS[1], "outlet", [])
    assert found["draft"]["kind"] == "Subsequent Trump and Court Action"
    shown = flagged("flags", "show", 1).stdout
    assert "Accepting it records" in shown
    assert "bound" in shown


def test_accepting_records_the_draft(flagged: Monitor) -> None:
    draft = flagged("flags", "list", "--json").rows[0]["draft"]
    decided = flagged("flags", "accept", 1, "--version", 1, "--json").json
    assert decided == {"flag": 1, "state": "accepted", "version": 2, "actions": [2]}
    action = flagged("actions", "list", "--json").rows[-1]
    assert action.keys() == {
        "id", "policy", "date", "title", "kind", "summary", "document_url", "recorded_at", "flag", "reviewed",
    }  # fmt: skip
    assert (action["title"], action["flag"], action["policy"]) == (draft["title"], 1, POLICY)
    assert ": accept" in flagged("flags", "show", 1).stdout


def test_accepting_takes_the_editors_words_to_the_letter(flagged: Monitor, tmp_path: Path) -> None:
    other = '{"url": "title:other", "title": "Another policy", "subjects": ["Interior"]}'
    flagged("policies", "import", write(tmp_path / "other.json", other))
    words = ("--policy", "title:other", "--policy", "9001", "--title", "2025.10.08 My – own", "--date", "2025-10-08")
    decided = flagged("flags", "accept", 1, *words, "--summary", "", "--json").json
    made = [row for row in flagged("actions", "list", "--json").rows if row["id"] in decided["actions"]]
    assert {row["policy"] for row in made} == {"title:other", POLICY}
    assert {(row["title"], row["date"], row["summary"]) for row in made} == {("2025.10.08 My – own", "2025-10-08", "")}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("accept 1 --version 7", 1, "is at version 1, not 7"),
        ("accept 1 --status Nonsense", 2, "unknown status 'Nonsense'"),
        ("accept 1 --date today", 2, "--date: 'today' is not a day"),
        ("accept x", 2, "valid integer"),
        ("reject 1 --reason boring", 2, "not-significant"),
        ("snooze 1", 2, "--until"),
        ("snooze 1 --until 2020-01-01", 2, "past"),
        ("undo 1", 1, "no decision to undo"),
    ],
)
def test_a_decision_that_cannot_be_says_why(flagged: Monitor, words: str, code: int, message: str) -> None:
    assert message in flagged("flags", *words.split(), code=code).stderr


def test_a_rejected_flag_is_off_the_list_until_it_is_undone(flagged: Monitor) -> None:
    flagged("flags", "reject", 1, "--reason", "already-recorded", "--note", "seen")
    assert "rejected already" in flagged("flags", "accept", 1, code=1).stderr
    assert states(flagged) == ["rejected"]
    flagged("flags", "undo", 1)
    assert states(flagged) == ["open"]


def test_a_flag_is_put_aside_until_later(flagged: Monitor) -> None:
    flagged("flags", "snooze", 1, "--for", "3d")
    assert states(flagged) == ["snoozed"]
    flagged("flags", "accept", 1)
    assert states(flagged) == ["accepted"]


def test_undo_within_the_hold_withdraws_and_later_retracts(flagged: Monitor) -> None:
    flagged("flags", "accept", 1, env={"MONITOR_HOLD": "1h"})
    flagged("flags", "undo", 1)
    assert action_states(flagged, 2) == ["recorded", "withdrawn"]
    flagged("flags", "accept", 1)
    flagged("flags", "undo", 1)
    assert action_states(flagged, 2) == ["recorded", "withdrawn", "recorded", "retracted"]


def test_an_accepted_flag_says_when_subscribers_are_told(flagged: Monitor) -> None:
    said = flagged("flags", "accept", 1, env={"MONITOR_HOLD": "90s"}).stdout
    assert "recorded as action 2" in said
    assert "told in 90s" in said


def test_an_action_is_added_corrected_and_retracted(tracked: Monitor) -> None:
    title = "2025.10.09 Court enjoins the “searches”"
    words = ("--policy", "9001", "--date", "2025-10-09", "--title", title, "--document", "https://example.org/order")
    assert tracked("actions", "add", *words, "--json").json == {"action": 2, "state": "recorded"}
    action = tracked("actions", "show", 2, "--json").json
    assert (action["title"], action["kind"], action["flag"]) == (title, "Subsequent Trump and Court Action", None)
    assert "the same date and title" in tracked("actions", "add", *words, code=1).stderr

    tracked("actions", "correct", 2, "--date", "2025-10-08", "--reported")
    (row,) = (row for row in tracked("actions", "list", "--policy", "9001", "--json").rows if row["id"] == 2)
    assert row["date"] == "2025-10-08"
    assert tracked("actions", "retract", 2, "--reason", "Another case.", "--json").json["state"] == "retracted"
    assert action_states(tracked, 2) == ["recorded", "corrected", "retracted"]
    assert "(Another case.)" in tracked("actions", "show", 2).stdout


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["correct", "1"], 2, "nothing to correct"),
        (["correct", "1", "--kind", "Subsequent"], 2, "--kind: unknown kind of action"),
        (["correct", "1", "--document", "ftp://example.org"], 2, "--document: "),
        (["retract", "1"], 2, "--reason"),
        (["add", "--policy", "9001", "--title", "x", "--date", "1 May"], 2, "--date: '1 May' is not a day"),
        (["add", "--policy", "4711", "--title", "x", "--date", "2025-05-01"], 1, "no policy '4711'"),
    ],
)
def test_an_action_that_cannot_be_changed_says_why(tracked: Monitor, words: list[str], code: int, message: str) -> None:
    assert message in tracked("actions", *words, code=code).stderr


def test_actions_are_a_table_for_people(tracked: Monitor) -> None:
    assert "2025-07-16" in tracked("actions", "list").stdout


def test_an_action_that_was_recorded_automatically_is_confirmed(tracked: Monitor, tmp_path: Path) -> None:
    unreviewed = (
        f'{{"url": "{POLICY}", "actions": [{{"date": "2025-09-01", "title": "Automatic", "reviewed": false}}]}}'
    )
    tracked("policies", "import", write(tmp_path / "more.json", unreviewed))
    assert [row["reviewed"] for row in tracked("actions", "list", "--json").rows] == [True, False]
    assert "no, automatic" in tracked("actions", "list").stdout
    assert [row["id"] for row in tracked("actions", "list", "--unreviewed", "--json").rows] == [2]
    assert "`monitor actions confirm 2`" in tracked("actions", "show", 2).stdout
    assert '"reviewed": false' in tracked("policies", "export", "--format", "json").stdout

    assert tracked("actions", "confirm", 2, "--json").json == {"action": 2, "state": "confirmed"}

    assert [row["reviewed"] for row in tracked("actions", "list", "--json").rows] == [True, True]
    assert [each["reviewed"] for each in tracked("actions", "show", 2, "--json").json["history"]] == [False, True]
    assert "reviewed already" in tracked("actions", "confirm", 2, code=1).stderr


def test_on_a_terminal_the_words_that_flagged_a_story_are_underlined(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")

    prose(Marked("Police searched cameras.", [(7, 15)]))

    assert "Police \x1b[1;4msearched\x1b[0m cameras." in capsys.readouterr().out
