"""Sources whose documents a browser shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.model.source import FetchFailed, FetchResult, PollError, Render, Source, SourceKind, Validators
from monitor.pipeline.report import PollReport
from tests.pipeline.newsroom import Newsroom, Screen, page

URL = "https://dhs.example/statements"
SOURCE = Source("dhs", "DHS", URL, kind=SourceKind.PAGE, render=Render.BROWSER)


@pytest.fixture
def screen(newsroom: Newsroom) -> Screen:
    assert isinstance(newsroom.ctx.browser, Screen)
    return newsroom.ctx.browser


async def test_a_page_is_read_as_the_browser_shows_it(newsroom: Newsroom, screen: Screen) -> None:
    await newsroom.watch(SOURCE)
    screen.shown[URL] = page("Written by a script.", "And a second paragraph of it.")
    first = await newsroom.poll()
    screen.shown[URL] = page("Written by a script.", "And a second paragraph of it.", "ICE opens a detention centre.")
    second = await newsroom.poll_after(hours=2)

    assert (first.polled, first.failed, second.changed) == (1, 0, 1)
    assert screen.asked == [(URL, {})] * 5  # seen first, three times; then changed, and confirmed
    assert newsroom.web.asked == []


async def test_its_headers_go_along(newsroom: Newsroom, screen: Screen) -> None:
    newsroom.ctx = replace(newsroom.ctx, credentials=lambda source_id: {"X-Api-Key": "k3y"})
    screen.shown[URL] = page("Text.")
    await newsroom.watch(SOURCE)

    await newsroom.poll()

    assert screen.asked == [(URL, {"X-Api-Key": "k3y"})] * 3


async def test_a_browser_that_is_missing_is_the_source_s_trouble(newsroom: Newsroom) -> None:
    class Missing:
        async def fetch(self, url: str, headers: Any = None) -> FetchResult:
            return FetchFailed(PollError.BROWSER, "no Chromium is installed: apt-get install chromium")

    newsroom.ctx = replace(newsroom.ctx, browser=Missing())
    await newsroom.watch(SOURCE)

    assert await newsroom.poll() == PollReport(polled=1, failed=1)


async def test_a_source_that_is_rendered_from_now_on_starts_over_silently(newsroom: Newsroom, screen: Screen) -> None:
    newsroom.web.serve(URL, page("Without scripts."))
    await newsroom.watch(replace(SOURCE, render=Render.OFF))
    await newsroom.poll()
    newsroom.sources.clear()
    await newsroom.watch(SOURCE)
    screen.shown[URL] = page("With scripts, all of it is different.")

    report = await newsroom.poll_after(hours=2)

    assert (report.polled, report.failed, report.flags) == (1, 0, 0)
    assert newsroom.web.asked == [(URL, Validators())] * 3  # before
