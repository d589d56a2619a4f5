"""``sources derive``, ``proposals``, ``accept``, ``dismiss`` and ``policies import --derive``."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from monitor.build import Reloading, configure, opened
from monitor.store.sources import list_sources
from tests.cli.conftest import Monitor, Newsroom

DOCKET = "https://www.courtlistener.com/docket/7/kiakombua-v-wolf/"
FEED = "https://www.courtlistener.com/docket/7/feed/"
MEMO = "https://www.uscis.gov/memo.pdf"
RULES = "https://www.regulations.gov/docket/USCIS-2025-0001"
OWN = "# Ours.\nversion: 1\ndefaults: {every: 15m}\nsources:\n  - id: a  # first\n    url: https://a.example/\n"


def policy(number: int, *documents: str, **more: Any) -> dict[str, Any]:
    actions = [
        {"kind": "Subsequent Trump and Court Action", "date": "2025-10-09", "title": f"Step {n}", "document_url": url}
        for n, url in enumerate(documents)
    ]
    url = f"https://tracker.example/policies/{number}"
    return {"tracker_id": number, "url": url, "title": f"Policy {number}", "actions": actions, **more}


def tracking(monitor: Monitor, *policies: dict[str, Any], words: tuple[str, ...] = ()) -> Any:
    records = "".join(f"{json.dumps(each)}\n" for each in policies)
    return monitor("policies", "import", monitor.write("records.jsonl", records), *words, "--json").json


@pytest.fixture
def cited(monitor: Monitor) -> Monitor:
    """Two policies that cite: a docket and a memo both, the first one a rulemaking too."""
    monitor.write("sources.yaml", OWN)
    tracking(monitor, policy(1, DOCKET, MEMO, RULES), policy(2, MEMO, DOCKET))
    return monitor


def text(monitor: Monitor) -> str:
    return (monitor.folder / "sources.yaml").read_text()


def states(monitor: Monitor, *words: str) -> list[tuple[int, str]]:
    rows = monitor("sources", "proposals", "--state", "all", *words, "--json").rows
    return [(row["id"], row["state"]) for row in rows]


def test_what_a_policy_cites_is_proposed_and_nothing_is_polled_yet(cited: Monitor) -> None:
    rows = cited("sources", "derive", "1", "--json").rows

    assert [(row["id"], row["kind"], row["url"], row["voice"]) for row in rows[:2]] == [
        (1, "feed", FEED, "court"),
        (2, "pdf", MEMO, "government"),
    ]
    assert rows[0]["why"] == [{"what": DOCKET, "where": 'the action "Step 0"'}]
    assert (rows[0]["policy"], rows[0]["tracker_id"]) == ("https://tracker.example/policies/1", 1)
    assert text(cited) == OWN


def test_a_policy_is_named_by_id_or_address_and_derived_once(cited: Monitor) -> None:
    for name in ("1", "https://tracker.example/policies/1"):
        ran = cited("sources", "derive", name)

    assert "0 new proposals, 3 open" in ran.stdout
    assert len(states(cited)) == 3
    assert "no policy 'nobody'" in cited("sources", "derive", "nobody", code=1).stderr


def test_an_import_derives_what_it_took_in(monitor: Monitor) -> None:
    record = policy(1, MEMO, "https://web.archive.org/web/1/https://a.example/")

    first = tracking(monitor, record, words=("--derive",))
    again = tracking(monitor, record, words=("--derive",))

    assert (first["created"], first["proposed"], again["proposed"]) == (1, 1, 0)
    assert "proposed" not in tracking(monitor, record)


def test_what_cannot_be_watched_is_told(monitor: Monitor) -> None:
    tracking(monitor, policy(1, "https://web.archive.org/web/1/https://a.example/"))

    ran = monitor("sources", "derive", "1")

    assert "not proposed: https://web.archive.org/" in ran.stderr
    assert "an archived copy does not change" in ran.stderr
    assert "Nothing is proposed" in ran.stdout


def test_an_accepted_proposal_is_an_ordinary_source_bound_to_its_policy(cited: Monitor) -> None:
    cited("sources", "derive", "1")

    ran = cited("sources", "accept", "1", "2")

    assert text(cited) == OWN + (
        '\n  - id: docket-step-0\n    name: "Docket: Step 0"\n'
        f"    url: {FEED}\n    kind: feed\n    voice: court\n    record: review\n"
        "    policies: [1]\n    every: 1h\n    seed: silent\n"
        '\n  - id: uscis-gov-step-1\n    name: "uscis.gov: Step 1"\n'
        f"    url: {MEMO}\n    kind: pdf\n    voice: government\n    record: review\n"
        "    policies: [1]\n    every: 6h\n    seed: silent\n"
    )
    assert f"proposal 1 is source docket-step-0: {FEED}" in ran.stdout
    assert cited("check", "--json").json["ok"] is True
    shown = cited("sources", "show", "docket-step-0", "--json").json
    assert (shown["policies"], shown["state"], shown["voice"]) == (["1"], "new", "court")
    assert states(cited) == [(1, "accepted"), (2, "accepted"), (3, "open")]
    assert "proposal 1 is accepted already" in cited("sources", "accept", "1", code=1).stderr


def test_what_two_policies_cite_is_one_source_for_both(cited: Monitor) -> None:
    cited("sources", "derive", "1", "2")
    cited("sources", "accept", "1", "5")  # the docket, for the one and for the other
    cited("sources", "accept", "2")
    cited("sources", "accept", "4")  # the memo, which is watched for the first policy by now

    assert text(cited).count(FEED) == text(cited).count(MEMO) == 1
    assert text(cited).count("policies: [1, 2]") == 2
    assert text(cited).startswith(OWN)


def test_a_source_for_another_policy_alone_is_proposed_for_this_one(cited: Monitor) -> None:
    cited("sources", "derive", "1")
    cited("sources", "accept", "1", "2")

    rows = cited("sources", "derive", "2", "--json").rows
    assert [row["url"] for row in rows] == [MEMO, FEED]
    cited("sources", "accept", "--all", "--policy", "2")
    assert cited("sources", "derive", "2", "--json").rows == []
    assert cited("sources", "show", "docket-step-0", "--json").json["policies"] == ["1", "2"]


def test_what_is_polled_already_is_not_proposed(monitor: Monitor) -> None:
    monitor.write("sources.yaml", f"{OWN}  - id: memo\n    url: {MEMO}#page=2\n    kind: pdf\n")
    tracking(monitor, policy(1, DOCKET, MEMO))

    assert [row["url"] for row in monitor("sources", "derive", "1", "--json").rows] == [FEED]


def test_a_dismissed_proposal_does_not_come_back(cited: Monitor) -> None:
    cited("sources", "derive", "1")
    assert "1 proposal dismissed" in cited("sources", "dismiss", "2").stdout

    rows = cited("sources", "derive", "1", "--json").rows

    assert [row["id"] for row in rows] == [1, 3]
    assert states(cited, "--policy", "1")[1] == (2, "dismissed")
    cited("sources", "dismiss", "--all", "--policy", "1")
    assert cited("sources", "proposals", "--json").rows == []
    assert text(cited) == OWN


def test_a_watch_that_needs_a_key_waits_for_one(cited: Monitor) -> None:
    cited("sources", "derive", "1")
    all_ = ("sources", "accept", "--all", "--policy", "1")

    assert "asks for a key of api.data.gov" in cited("sources", "accept", "3", code=2).stderr
    assert text(cited) == OWN
    assert "proposal 3 still waits" in cited(*all_).stderr
    assert states(cited)[2] == (3, "open")
    for auth in ("env:DATA_GOV_KEY", "secret"):
        assert "--auth: " in cited(*all_, "--auth", auth, code=2).stderr
    with (cited.folder / ".env").open("a") as file:
        file.write("DATA_GOV_KEY=k\n")
    cited(*all_, "--auth", "env:DATA_GOV_KEY")

    assert states(cited)[2] == (3, "accepted")
    assert 'auth: "env:DATA_GOV_KEY"\n' in text(cited)


def test_the_key_of_a_source_of_the_same_site_is_taken(monitor: Monitor) -> None:
    other = "  - id: other\n    url: https://api.regulations.gov/v4/dockets\n    kind: regulations\n    auth: env:KEY\n"
    monitor.write("sources.yaml", OWN + other)
    with (monitor.folder / ".env").open("a") as file:
        file.write("KEY=k\n")
    tracking(monitor, policy(1, RULES))
    monitor("sources", "derive", "1")

    monitor("sources", "accept", "1")

    assert text(monitor).endswith('    auth: "env:KEY"\n')


UNWRITABLE = [
    # the file's text, its mode, the exit code, what is said
    (OWN, 0o444, 73, "is read-only and was left as it is: chmod u+w"),
    ("version: 1\nsources: [{id: a, url: https://a.example/}]\n", 0o644, 2, "paste the entries yourself"),
]


@pytest.mark.parametrize(("before", "mode", "code", "said"), UNWRITABLE)
def test_nothing_is_lost_where_the_file_cannot_be_written(
    cited: Monitor, before: str, mode: int, code: int, said: str
) -> None:
    cited("sources", "derive", "1")
    cited.write("sources.yaml", before).chmod(mode)

    ran = cited("sources", "accept", "1", code=code)

    assert said in ran.stderr
    assert text(cited) == before
    assert states(cited)[0] == (1, "open")
    assert list(cited.folder.glob(".sources-*")) == []


def test_a_crash_after_the_file_was_written_is_mended_by_accepting_again(cited: Monitor) -> None:
    cited("sources", "derive", "1")
    database = cited.folder / "state" / "monitor.db"
    before = database.read_bytes()
    cited("sources", "accept", "1")
    written = text(cited)
    database.write_bytes(before)

    cited("sources", "accept", "1")

    assert text(cited) == written
    assert states(cited)[0] == (1, "accepted")


def test_words_that_do_not_fit_together_are_refused(cited: Monitor) -> None:
    for words in (("accept",), ("accept", "--all"), ("accept", "1", "--all", "--policy", "1"), ("dismiss",)):
        cited("sources", *words, code=2)
    cited("sources", "accept", "1", "--policy", "1", code=2)

    assert "no proposal 99" in cited("sources", "dismiss", "99", code=1).stderr


def test_lists_speak_to_people(cited: Monitor) -> None:
    cited("sources", "derive", "1")

    shown = cited("sources", "proposals").stdout

    for words in ("Docket: Step 0", "uscis.gov: Step 1", "Cited as"):
        assert words in shown
    assert "No proposals" in cited("sources", "proposals", "--state", "dismissed").stdout


def test_a_running_service_takes_an_accepted_source_up(cited: Monitor) -> None:
    cited("sources", "derive", "1")

    async def running() -> list[str]:
        configuration = configure(cited.folder, {})
        async with opened(configuration, environ={}) as ctx:
            reload = Reloading(ctx, configuration)
            await asyncio.to_thread(accept_elsewhere, cited.folder)
            assert await reload() is True
            return [row["id"] for row in await ctx.db.read(list_sources)]

    assert asyncio.run(running()) == ["a", "docket-step-0"]


def accept_elsewhere(folder: Path) -> None:
    Monitor(folder)("sources", "accept", "1")


def test_over_the_wire_a_cited_document_that_is_edited_is_flagged_for_its_policy(
    monitor: Monitor, newsroom: Newsroom
) -> None:
    monitor.write("sources.yaml", "version: 1\nsources: []\n")
    newsroom.page("<p>Officers shall ask before they search a house or a car.</p>")
    tracking(monitor, policy(1, f"{newsroom.url}/statement"), words=("--derive",))
    monitor("sources", "accept", "--all", "--policy", "1")
    assert monitor("poll", "--json").json["flags"] == 0

    newsroom.page("<p>Officers may search a house or a car.</p>")
    first = monitor("poll", "--all", "--json").json["flags"]

    assert first == 1
    assert monitor("flags", "list", "--json").rows[0]["policy"] == "https://tracker.example/policies/1"
