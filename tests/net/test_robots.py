"""robots.txt for pages (RFC 9309): what a site forbids, and what its silence means."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.source import Fetched, FetchFailed, FetchResult, PollError, Proxy, SourceKind
from monitor.net.client import Fetcher
from monitor.net.robots import OBEYING, Robots
from tests.net.conftest import NOW, Serve
from tests.net.peers import answer

NAME = "PolicyMonitor/1.0 (+https://tracker.example/contact)"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def robots(fetcher: Fetcher, clock: Clock) -> Robots:
    return Robots(fetcher, NAME, clock)


class Site:
    """Answers robots.txt with one result after the other, the last one staying."""

    def __init__(self, *answers: FetchResult) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def fetch(self, url: str, *, proxy: Proxy | None = None) -> FetchResult:
        self.asked.append(url)
        await asyncio.sleep(0)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def file(text: str | bytes) -> Fetched:
    body = text if isinstance(text, bytes) else text.encode()
    return Fetched("https://site.example/robots.txt", 200, body, {"content-type": "text/plain"})


async def allows(text: str | bytes, url: str = "https://site.example/news/today") -> bool:
    return await Robots(Site(file(text)), NAME, lambda: NOW).refusal(url) is None


RULES = [
    ("", True),
    ("User-agent: *\nDisallow: /", False),
    ("User-agent: *\nDisallow:", True),
    ("User-agent: *\nDisallow: /news/", False),
    ("User-agent: *\nDisallow: /news/\nAllow: /news/today", True),
    ("User-agent: *\nDisallow: /old/", True),
    ("User-agent: *\nDisallow: /*/today$", False),
    ("User-agent: *\nDisallow: /*/to$", True),
    ("User-agent: OtherBot\nDisallow: /", True),
    ("User-agent: policymonitor\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
    ("User-agent: PolicyMonitor\nAllow: /\n\nUser-agent: *\nDisallow: /", True),
    ("\ufeffUser-agent: *\r\nDisallow: /\r\n", False),
    ("<!doctype html><title>Home</title><p>No such file, but here is our home page", True),
    (b"\xff\xfe\x00\x01\x02", True),
    (b"#" * 600_000 + b"\nUser-agent: *\nDisallow: /", True),  # behind the first 500 KiB
]


@pytest.mark.parametrize(("text", "allowed"), RULES)
async def test_a_page_is_asked_for_only_where_the_rules_allow_it(text: str | bytes, allowed: bool) -> None:
    assert await allows(text) is allowed


async def test_what_is_forbidden_is_told_in_words(serve: Serve, robots: Robots) -> None:
    peer = await serve(answer(200, b"User-agent: *\nDisallow: /private"))

    refused = await robots.refusal(peer.url("/private/1"))

    assert refused == FetchFailed(PollError.ROBOTS, f"{peer.url('')}/robots.txt forbids it to PolicyMonitor")
    assert await robots.refusal(peer.url("/public")) is None
    assert peer.hits == 1
    assert peer.requests[0].startswith(b"GET /robots.txt HTTP/1.1\r\n")


async def test_a_redirect_of_the_file_is_followed(serve: Serve, robots: Robots) -> None:
    peer = await serve(
        [answer(301, b"", "Location: /elsewhere/robots.txt"), answer(200, b"User-agent: *\nDisallow: /")]
    )

    assert await robots.refusal(peer.url("/page")) is not None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_site_without_the_file_allows_everything(serve: Serve, robots: Robots, status: int) -> None:
    peer = await serve(answer(status))

    assert await robots.refusal(peer.url("/page")) is None
    assert await robots.refusal(peer.url("/other")) is None
    assert peer.hits == 1


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_file_that_is_refused_for_now_forbids_everything_for_an_hour(
    serve: Serve, robots: Robots, clock: Clock, status: int
) -> None:
    peer = await serve([answer(status), answer(200, b"")])

    refused = await robots.refusal(peer.url("/page"))
    clock.now += timedelta(minutes=59)
    still = await robots.refusal(peer.url("/page"))
    clock.now += timedelta(minutes=1)

    assert refused is not None
    assert refused == still
    assert (refused.error, refused.status, refused.retry_after) == (PollError.ROBOTS, status, timedelta(hours=1))
    assert await robots.refusal(peer.url("/page")) is None
    assert peer.hits == 2


async def test_a_longer_retry_after_is_heard(serve: Serve, robots: Robots) -> None:
    peer = await serve(answer(503, b"", "Retry-After: 7200"))

    refused = await robots.refusal(peer.url("/page"))

    assert refused is not None
    assert refused.retry_after == timedelta(hours=2)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-agent: *\nCrawl-delay: 10", 10),
        ("User-agent: *\nCrawl-delay: 2.5", 2.5),
        ("User-agent: *\nCrawl-delay: 86400", 60),
        ("User-agent: *\nCrawl-delay: 0", None),
        ("User-agent: *\nCrawl-delay: -5", None),
        ("User-agent: *\nCrawl-delay: soon", None),
        ("User-agent: OtherBot\nCrawl-delay: 10", None),
        ("User-agent: PolicyMonitor\nCrawl-delay: 7\n\nUser-agent: *\nCrawl-delay: 10", 7),
        ("", None),
    ],
)
async def test_a_crawl_delay_is_told_once_the_file_is_there_and_is_a_minute_at_most(
    text: str, seconds: float | None
) -> None:
    robots = Robots(Site(file(text)), NAME, lambda: NOW)
    before = robots.crawl_delay("https://site.example/feed")

    await robots.refusal("https://site.example/page")

    assert before is None
    delay = None if seconds is None else timedelta(seconds=seconds)
    assert robots.crawl_delay("https://site.example/feed") == delay
    assert robots.crawl_delay("https://other.example/feed") is None
    assert robots.crawl_delay("mailto:someone") is None


async def test_a_host_that_does_not_answer_is_told_as_that_and_asked_again() -> None:
    site = Site(FetchFailed(PollError.CONNECT, "connection refused"), file(""))
    robots = Robots(site, NAME, lambda: NOW)

    first = await robots.refusal("https://site.example/page")

    assert first == FetchFailed(PollError.CONNECT, "robots.txt: connection refused")
    assert await robots.refusal("https://site.example/page") is None


@pytest.mark.parametrize("error", [FetchFailed(PollError.HTTP_STATUS, "HTTP 503", 503), FetchFailed(PollError.DNS, "")])
async def test_an_older_copy_holds_while_the_file_cannot_be_had(clock: Clock, error: FetchFailed) -> None:
    site = Site(file("User-agent: *\nDisallow: /a"), error)
    robots = Robots(site, NAME, clock)
    await robots.refusal("https://site.example/a")

    clock.now += timedelta(hours=25)

    assert await robots.refusal("https://site.example/b") is None
    assert await robots.refusal("https://site.example/a") is not None


async def test_a_file_is_kept_for_24_hours(clock: Clock) -> None:
    site = Site(file("User-agent: *\nDisallow: /"), file(""))
    robots = Robots(site, NAME, clock)

    assert await robots.refusal("https://site.example/a") is not None
    clock.now += timedelta(hours=23, minutes=59)
    assert await robots.refusal("https://site.example/a") is not None
    clock.now += timedelta(minutes=1)
    assert await robots.refusal("https://site.example/a") is None


async def test_many_pages_of_one_host_ask_once_and_other_origins_for_themselves() -> None:
    site = Site(file(""))
    robots = Robots(site, NAME, lambda: NOW)

    urls = [f"https://site.example/{n}" for n in range(20)]
    await asyncio.gather(*map(robots.refusal, [*urls, "http://site.example/", "https://site.example:8443/"]))

    assert sorted(site.asked) == [
        "http://site.example/robots.txt",
        "https://site.example/robots.txt",
        "https://site.example:8443/robots.txt",
    ]


async def test_one_who_gives_up_waiting_does_not_take_the_file_from_the_others() -> None:
    site = Site(file("User-agent: *\nDisallow: /"))
    robots = Robots(site, NAME, lambda: NOW)
    first = asyncio.create_task(robots.refusal("https://site.example/1"))
    second = asyncio.create_task(robots.refusal("https://site.example/2"))
    await asyncio.sleep(0)

    first.cancel()

    assert await second is not None


@pytest.mark.parametrize("url", ["mailto:a@b.example", "https://", "https://[", "nonsense"])
async def test_what_is_no_web_address_is_left_to_the_fetch_to_refuse(url: str) -> None:
    site = Site(file("User-agent: *\nDisallow: /"))

    assert await Robots(site, NAME, lambda: NOW).refusal(url) is None
    assert site.asked == []


def test_pages_are_asked_about_and_feeds_and_apis_are_not() -> None:
    assert {SourceKind.PAGE, SourceKind.PDF, SourceKind.LISTING, SourceKind.TRACKER} == OBEYING


@given(st.text("aA*$/:-\n #%é\t0.", max_size=200), st.binary(max_size=200))
def test_no_file_raises(lines: str, rest: bytes) -> None:
    head = b"User-agent: *\nDisallow: "

    async def story() -> None:
        await allows(
            head + lines.encode() + b"\nCrawl-delay: " + rest + b"\nVisit-time: " + rest + b"\nRequest-rate: " + rest
        )

    asyncio.run(story())
