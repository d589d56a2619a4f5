"""The articles behind teasers, as an editor at the command line sees them."""

from __future__ import annotations

import pytest

from tests.cli.conftest import NEWS, OTHER, Monitor, Newsroom, sources_yaml

TEASER = ("How immigration agents look for people", "A new report.")
BODY = "".join(f"<p>{NEWS[1]} It is the {n}th such report.</p>" for n in range(4, 8))


@pytest.fixture
def watching(tracked: Monitor, newsroom: Newsroom) -> Monitor:
    """A feed with its baseline."""
    tracked.write("sources.yaml", sources_yaml(f"id: outlet, name: The Outlet, url: {newsroom.url}/feed"))
    newsroom.feed(OTHER)
    tracked("poll")
    newsroom.feed(TEASER, OTHER)
    return tracked


def serve(room: Newsroom, body: str) -> None:
    page = f"<html><head><title>News</title></head><body><article>{body}</article></body></html>"
    room.documents[f"/{len(TEASER[1])}"] = ("text/html", page.encode())


def test_a_poll_reads_the_articles_that_it_wanted_and_counts_their_flags(watching: Monitor, newsroom: Newsroom) -> None:
    serve(newsroom, BODY)

    report = watching("poll", "--all", "--json").json

    assert (report["changed"], report["entries_new"], report["flags"]) == (1, 1, 1)
    found = watching("flags", "show", 1, "--json").json
    url = f"{newsroom.url}/{len(TEASER[1])}"
    assert found["article"] == {"state": "read", "url": url, "words": len(found["text"].split()), "detail": None}
    assert NEWS[1] in found["text"]
    assert "read, " in watching("flags", "show", 1).stdout
    assert watching("status", "--json").json["articles"] == {
        "wanted": 0, "read": 1, "walled": 0, "refused": 0, "failed": 0,
    }  # fmt: skip


def test_behind_a_wall_the_editor_sees_the_teaser_and_why(watching: Monitor, newsroom: Newsroom) -> None:
    feed = f"id: outlet, name: The Outlet, url: {newsroom.url}/feed, policies: [9001]"
    watching.write("sources.yaml", sources_yaml(feed))
    serve(newsroom, "<p>Agents</p><p>Subscribe to continue reading</p>")

    watching("poll", "--all")

    found = watching("flags", "show", 1, "--json").json
    assert (found["text"], found["article"]["state"], found["article"]["words"]) == (TEASER[1], "walled", None)
    assert "walled (in the place of the document stands a login wall" in " ".join(
        watching("flags", "show", 1).stdout.split()
    )
    assert "1 walled" in watching("status").stdout


def test_a_flag_without_an_article_says_nothing_of_one(watching: Monitor, newsroom: Newsroom) -> None:
    feed = f"id: outlet, name: The Outlet, url: {newsroom.url}/feed, policies: [9001], article: never"
    watching.write("sources.yaml", sources_yaml(feed))

    watching("poll", "--all")

    assert watching("flags", "show", 1, "--json").json["article"] is None
    assert "Article" not in watching("flags", "show", 1).stdout
