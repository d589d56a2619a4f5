"""The newsroom on loopback: what it serves follows the clock, and it behaves as real servers do."""

from __future__ import annotations

from calendar import timegm
from datetime import UTC, date, datetime, timedelta

import feedparser
import httpx
import pytest

from monitor.demo.documents import FEED_WINDOW
from monitor.demo.servers import HICCUPS, RETRY_AFTER, Hiccup, Newsroom
from monitor.demo.story import END, START, Story
from tests.demo.conftest import VirtualClock

FEEDS = ["/404-media/feed", "/vpm-news/feed", "/vcij/feed"]
JULY = "Federal license plate reader searches raise surveillance questions"


async def titles(http: httpx.AsyncClient, newsroom: Newsroom, path: str) -> list[str]:
    response = await http.get(newsroom.base_url + path)
    return [entry.title for entry in feedparser.parse(response.content).entries]


@pytest.mark.parametrize("path", FEEDS)
async def test_a_feed_parses_without_complaint(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient, path: str
) -> None:
    clock.now = END
    parsed = feedparser.parse((await http.get(newsroom.base_url + path)).content)
    assert not parsed.bozo
    assert all(entry.id and entry.title and entry.link and entry.summary for entry in parsed.entries)


async def test_rss_and_atom_are_both_spoken(newsroom: Newsroom, http: httpx.AsyncClient) -> None:
    versions = {feedparser.parse((await http.get(newsroom.base_url + path)).content).version for path in FEEDS}
    assert versions == {"rss20", "atom10"}


async def test_the_first_poll_finds_the_source_document(newsroom: Newsroom, http: httpx.AsyncClient) -> None:
    newest = (await titles(http, newsroom, "/404-media/feed"))[0]
    assert newest == "ICE Taps into Nationwide AI-Enabled Camera Network, Data Shows"


async def test_an_article_appears_in_the_second_of_its_publication(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    clock.set("2025-07-16T14:04:59")
    assert JULY not in await titles(http, newsroom, "/vpm-news/feed")
    clock.set("2025-07-16T14:05:00")
    assert (await titles(http, newsroom, "/vpm-news/feed"))[0] == JULY


async def test_a_feed_lists_its_newest_articles_and_forgets_the_older(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient, story: Story
) -> None:
    clock.now = END
    listed = await titles(http, newsroom, "/404-media/feed")
    everything = [article.title for article in story.outlets[0].articles]
    assert listed == everything[::-1][:FEED_WINDOW]
    assert len(everything) > FEED_WINDOW


@pytest.mark.parametrize("path", FEEDS)
async def test_a_feed_states_when_its_articles_were_published(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient, story: Story, path: str
) -> None:
    clock.now = END
    entry = feedparser.parse((await http.get(newsroom.base_url + path)).content).entries[0]
    newest = next(outlet for outlet in story.outlets if path.startswith(f"/{outlet.source}/")).articles[-1]
    assert datetime.fromtimestamp(timegm(entry.published_parsed), UTC) == newest.published


async def test_a_links_target_holds_the_article(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    clock.now = END
    for path in FEEDS:
        entry = feedparser.parse((await http.get(newsroom.base_url + path)).content).entries[0]
        page = await http.get(entry.link)
        assert f"<h1>{entry.title}</h1>" in page.text


async def test_an_article_has_no_page_before_it_is_published(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    address = f"{newsroom.base_url}/vcij/?p=2172"
    clock.set("2025-10-09T12:59:59")
    assert (await http.get(address)).status_code == 404
    clock.set("2025-10-09T13:00:00")
    assert (await http.get(address)).status_code == 200


async def test_the_company_page_becomes_the_statement_on_25_august(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    heading = "<h1>Ensuring Local Compliance - Flock Safety Statement on Immigration Cooperation</h1>"
    clock.set("2025-08-25T11:59:59")
    assert heading not in (await http.get(newsroom.base_url + "/flock-safety")).text
    clock.set("2025-08-25T12:00:00")
    assert heading in (await http.get(newsroom.base_url + "/flock-safety")).text


async def test_the_share_counter_changes_the_bytes_and_nothing_else(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    pages = []
    for moment in ("2025-09-14T12:00:00", "2025-09-15T12:00:00"):
        clock.set(moment)
        pages.append((await http.get(newsroom.base_url + "/flock-safety")).text.splitlines())
    differing = [line for line, other in zip(*pages, strict=True) if line != other]
    assert [line.partition(">")[0] for line in differing] == ["<p", '<div class="share"']


@pytest.mark.parametrize("path", [*FEEDS, "/flock-safety"])
async def test_an_unchanged_document_is_answered_with_304_by_its_etag(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient, path: str
) -> None:
    first = await http.get(newsroom.base_url + path)
    clock.now = START + timedelta(hours=1)
    second = await http.get(newsroom.base_url + path, headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert newsroom.not_modified == 1


@pytest.mark.parametrize("tags", ["W/{etag}", '"other", {etag}'])
async def test_a_weak_or_listed_etag_counts_as_well(newsroom: Newsroom, http: httpx.AsyncClient, tags: str) -> None:
    address = newsroom.base_url + "/vcij/feed"
    etag = (await http.get(address)).headers["ETag"]
    assert (await http.get(address, headers={"If-None-Match": tags.format(etag=etag)})).status_code == 304


async def test_last_modified_alone_is_honoured(newsroom: Newsroom, http: httpx.AsyncClient) -> None:
    address = newsroom.base_url + "/vcij/feed"
    modified = (await http.get(address)).headers["Last-Modified"]
    assert (await http.get(address, headers={"If-Modified-Since": modified})).status_code == 304


async def test_a_wrong_etag_wins_over_a_right_date(newsroom: Newsroom, http: httpx.AsyncClient) -> None:
    address = newsroom.base_url + "/vcij/feed"
    modified = (await http.get(address)).headers["Last-Modified"]
    asked = {"If-Modified-Since": modified, "If-None-Match": '"other"'}
    assert (await http.get(address, headers=asked)).status_code == 200


@pytest.mark.parametrize("since", ["yesterday", "Tue, 27 May 2025 08:00:00 GMT", ""])
async def test_an_older_or_senseless_date_gets_the_document(
    newsroom: Newsroom, http: httpx.AsyncClient, since: str
) -> None:
    response = await http.get(newsroom.base_url + "/vcij/feed", headers={"If-Modified-Since": since})
    assert response.status_code == 200


async def test_an_edit_changes_the_etag(newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient) -> None:
    clock.set("2025-08-01T16:29:59")
    before = await http.get(newsroom.base_url + "/vpm-news/feed")
    clock.set("2025-08-01T16:30:00")
    after = await http.get(newsroom.base_url + "/vpm-news/feed", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert "turns down cameras" in after.text


async def test_one_day_a_feed_is_unavailable_for_an_hour_at_a_time(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    clock.set("2025-06-19T09:00:00")
    response = await http.get(newsroom.base_url + "/vpm-news/feed")
    assert (response.status_code, response.headers["Retry-After"]) == (503, str(RETRY_AFTER))
    clock.set("2025-06-20T00:00:00")
    assert (await http.get(newsroom.base_url + "/vpm-news/feed")).status_code == 200


async def test_another_day_a_feed_breaks_off_in_the_middle(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    clock.set("2025-08-06T09:00:00")
    with pytest.raises(httpx.RemoteProtocolError):
        await http.get(newsroom.base_url + "/404-media/feed")
    assert newsroom.hiccups[Hiccup.CUT] == 1
    clock.set("2025-08-07T00:00:00")
    assert len(await titles(http, newsroom, "/404-media/feed")) > 1


def test_no_hiccup_is_near_a_development_of_the_policy() -> None:
    developments = [date(2025, 7, 16), date(2025, 8, 25), date(2025, 10, 9)]
    assert min(abs(day - on).days for _, day in HICCUPS for on in developments) > 2


async def test_the_servers_date_is_the_virtual_one(newsroom: Newsroom, http: httpx.AsyncClient) -> None:
    response = await http.get(newsroom.base_url + "/vcij/feed")
    assert response.headers["Date"] == "Tue, 27 May 2025 16:00:00 GMT"


@pytest.mark.parametrize("path", ["/", "/robots.txt", "/vcij/?p=1"])
async def test_other_paths_are_not_found(newsroom: Newsroom, http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(newsroom.base_url + path)).status_code == 404


async def test_requests_are_counted_by_path(newsroom: Newsroom, http: httpx.AsyncClient) -> None:
    for _ in range(3):
        await http.get(newsroom.base_url + "/vcij/feed")
    assert newsroom.requests == {"/vcij/feed": 3}


async def test_only_reading_is_allowed(newsroom: Newsroom, http: httpx.AsyncClient) -> None:
    assert (await http.post(newsroom.base_url + "/vcij/feed")).status_code == 405
    head = await http.head(newsroom.base_url + "/vcij/feed")
    assert (head.status_code, head.content) == (200, b"")
