"""The newsroom meets the product's own readers: its configuration loads, its feeds read, its drafts are the seed's."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from monitor.config.sources import load_sources
from monitor.config.subscriptions import load_subscriptions
from monitor.config.vocabulary import packaged_vocabulary
from monitor.core.draft import draft
from monitor.core.read.feed import read_feed
from monitor.core.read.page import read_page
from monitor.demo.servers import Newsroom
from monitor.demo.story import END, OUTLETS, PAGE, POLICY, Story
from monitor.demo.workspace import sources_yaml, subscriptions_yaml
from monitor.model.source import Item, Reading, Source, Voice
from monitor.model.subscription import EndpointKind, Every
from tests.demo.conftest import VirtualClock

BASE = "http://127.0.0.1:4000"
PRESS = [
    (
        "vpm-news",
        "2025-07-16",
        "2025.07.16 Reported: Federal license plate reader searches raise surveillance questions - VPM News",
    ),
    (
        "vcij",
        "2025-10-09",
        "2025.10.09 Reported: Virginia surveillance network tapped thousands of times for immigration cases"
        " - Virginia Center for Investigative Journalism",
    ),
]
PARTY = "2025.08.25 Ensuring Local Compliance - Flock Safety Statement on Immigration Cooperation"


def sources(base: str = BASE) -> dict[str, Source]:
    return {source.id: source for source in load_sources(sources_yaml(base), "sources.yaml", packaged_vocabulary())}


async def items_of(http: httpx.AsyncClient, url: str, now: datetime) -> list[Item]:
    response = await http.get(url)
    reading = read_feed(response.content, url=url, content_type=response.headers["Content-Type"], now=now)
    assert isinstance(reading, Reading)
    assert reading.notes == ()
    return list(reading.items)


async def page_item(http: httpx.AsyncClient, newsroom: Newsroom, clock: VirtualClock) -> Item:
    """The company's page as the product reads it, by the demonstration's own selectors."""
    source = sources(newsroom.base_url)[PAGE]
    response = await http.get(source.url)
    reading = read_page(
        response.content,
        url=source.url,
        content_type=response.headers["Content-Type"],
        select=source.select,
        drop=source.drop,
        ignore=source.ignore,
        now=clock(),
    )
    assert isinstance(reading, Reading)
    return reading.items[0]


def test_the_sources_are_valid_configuration() -> None:
    assert list(sources()) == [*OUTLETS, PAGE]
    assert sources()[PAGE].voice is Voice.PARTY
    assert sources()[PAGE].policies == (str(POLICY),)


def test_the_subscriptions_are_valid_configuration() -> None:
    found = load_subscriptions(subscriptions_yaml(BASE), "subscriptions.yaml", packaged_vocabulary())
    assert [(one.id, one.endpoint, one.schedule.every) for one in found] == [
        ("civil-rights-desk", EndpointKind.EMAIL, Every.DAY),
        ("plate-reader-project", EndpointKind.EMAIL, Every.WEEK),
        ("duty-editor", EndpointKind.EMAIL, Every.IMMEDIATE),
        ("tps-clinic", EndpointKind.EMAIL, Every.DAY),
        ("newsroom", EndpointKind.WEBHOOK, Every.IMMEDIATE),
        ("ice-watch", EndpointKind.WEBHOOK, Every.DAY),
    ]


@pytest.mark.parametrize("source", OUTLETS)
async def test_every_item_of_a_feed_is_read(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient, story: Story, source: str
) -> None:
    clock.now = END
    items = await items_of(http, sources(newsroom.base_url)[source].url, END)
    outlet = next(outlet for outlet in story.outlets if outlet.source == source)
    newest = [(wording.title, article.published) for article in outlet.articles if (wording := article.at(END))]
    assert {(item.title, item.published) for item in items} == set(newest[-len(items) :])


@pytest.mark.parametrize(("source", "day", "title"), PRESS)
async def test_a_press_draft_is_the_seeds_title(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient, source: str, day: str, title: str
) -> None:
    clock.set(f"{day}T20:00:00")
    polled = sources(newsroom.base_url)[source]
    item = (await items_of(http, polled.url, clock()))[0]
    offered = draft(
        headline=item.title,
        text=item.text,
        url=item.url,
        published=item.published,
        first_seen=clock(),
        publisher=polled.name,
        voice=polled.voice,
        vocabulary=packaged_vocabulary(),
    )
    assert (offered.title, offered.date.isoformat()) == (title, day)


async def test_the_statements_draft_is_the_seeds_title(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    clock.now = datetime(2025, 8, 25, 16, 24, tzinfo=UTC)
    item = await page_item(http, newsroom, clock)
    offered = draft(
        headline=item.title,
        text=item.text,
        url=item.url,
        published=item.published,
        first_seen=clock(),
        publisher=sources()[PAGE].name,
        voice=sources()[PAGE].voice,
        vocabulary=packaged_vocabulary(),
    )
    assert (offered.title, offered.reported) == (PARTY, False)


async def test_the_page_reads_the_same_whatever_the_share_counter_says(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    items = []
    for moment in ("2025-08-25T12:00:00", "2025-08-26T12:00:00", "2025-10-20T12:00:00"):
        clock.set(moment)
        items.append(await page_item(http, newsroom, clock))
    assert items[0] == items[1] == items[2]
    assert "Shared" not in items[0].text
    assert "Last updated" not in items[0].text


async def test_the_page_reads_otherwise_before_the_statement(
    newsroom: Newsroom, clock: VirtualClock, http: httpx.AsyncClient
) -> None:
    before = await page_item(http, newsroom, clock)
    clock.now = END
    after = await page_item(http, newsroom, clock)
    assert before.key == after.key
    assert before.title != after.title
    assert before.text != after.text


def test_these_titles_are_in_the_seed(shared_data: Path) -> None:
    seed = (shared_data / "seed.txt").read_text(encoding="utf-8").splitlines()
    lines = {line.strip() for line in seed}
    assert {PARTY, *(title for _, _, title in PRESS)} <= lines
