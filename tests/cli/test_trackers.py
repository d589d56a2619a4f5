"""Another tracker's page from the command line: followed over HTTP, read in the jail, recorded automatically or not."""

from __future__ import annotations

import pytest

from tests.cli.conftest import PAGE, POLICY, Monitor, Newsroom, sources_yaml

NEW = """  4. Subsequent Trump and Court Action

    October 1, 2025

    2025.10.01 Senators demand an end to the searches

    Two senators wrote a letter.

    View Document
"""


def publish(newsroom: Newsroom, text: str) -> None:
    newsroom.documents["/page"] = ("text/plain; charset=utf-8", text.encode())


@pytest.mark.parametrize("record", ["review", "auto"])
def test_a_new_action_of_a_tracker_is_a_flag_or_recorded(tracked: Monitor, newsroom: Newsroom, record: str) -> None:
    source = f"id: other, name: Other tracker, url: {newsroom.url}/page, kind: tracker, record: {record}"
    tracked.write("sources.yaml", sources_yaml(source))
    publish(newsroom, PAGE)
    assert tracked("poll", "--all", "--json").json["flags"] == 0
    publish(newsroom, PAGE.replace("\nCurrent Status", f"{NEW}\nCurrent Status"))

    report = tracked("poll", "--all", "--json").json

    assert (report["entries_new"], report["flags"]) == (1, 1)
    (flag,) = tracked("flags", "list", "--state", "all", "--json").rows
    assert (flag["policy"], flag["state"]) == (POLICY, "open" if record == "review" else "accepted")
    assert flag["draft"] == {
        "title": "2025.10.01 Senators demand an end to the searches",
        "date": "2025-10-01",
        "summary": "Two senators wrote a letter.",
    }
    if record == "review":
        tracked("flags", "accept", flag["id"])
    action = tracked("actions", "list", "--json").rows[-1]
    assert (action["title"], action["date"]) == (flag["draft"]["title"], "2025-10-01")
    assert action["reviewed"] is (record == "review")


def test_a_trackers_page_is_tried_by_its_kind(tracked: Monitor, newsroom: Newsroom) -> None:
    publish(newsroom, PAGE)

    found = tracked("sources", "test", f"{newsroom.url}/page", "--kind", "tracker", "--json").json

    assert (found["kind"], [item["draft"] for item in found["items"]]) == (
        "tracker",
        ["2025.07.16 Reported: Searches of the Lynxcam cameras raise questions - The Outlet"],
    )
