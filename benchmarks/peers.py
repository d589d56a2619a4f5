"""The same feeds polled by others: a plain loop of httpx and feedparser, and lemon24/reader where it is installed.

``pip install reader`` beside the project is enough; it is no dependency of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser
import httpx

from benchmarks.measure import Figure, Meter
from benchmarks.workspace import FeedSite

_AT_ONCE = 8


async def peers(folder: Path, site: FeedSite, feeds: Sequence[int], changed: int) -> list[Figure]:
    """What one source costs the peers in the pass that follows. The site stands at pass 1 before, at pass 2 after."""
    urls = [site.url(feed) for feed in feeds]
    work = f"{len(feeds):,} sources, {changed / len(feeds):.0%} changed: each, "
    found = [Figure(work + "plain httpx and feedparser", await _plain(site, urls, changed))]
    if find_spec("reader") is None:
        return [*found, Figure(work + "lemon24/reader", 0.0, None, "left out: not installed (pip install reader)")]
    return [*found, Figure(work + "lemon24/reader", await _reader(folder, site, urls))]


async def _plain(site: FeedSite, urls: Sequence[str], changed: int) -> float:
    site.turn(1)
    etags: dict[str, str] = {}
    parsed = 0

    async def poll(client: httpx.AsyncClient, url: str, *, parse: bool) -> None:
        nonlocal parsed
        answer = await client.get(url, headers={"if-none-match": etags.get(url, "")})
        if answer.status_code == httpx.codes.OK:
            etags[url] = answer.headers["etag"]
            if parse:
                parsed += bool(feedparser.parse(BytesIO(answer.content)).entries)

    async def all_of_them(client: httpx.AsyncClient, *, parse: bool) -> None:
        for start in range(0, len(urls), _AT_ONCE):
            await asyncio.gather(*(poll(client, url, parse=parse) for url in urls[start : start + _AT_ONCE]))

    async with httpx.AsyncClient(trust_env=False) as client:
        await all_of_them(client, parse=False)
        site.turn(2)
        each = await Meter(site).each(len(urls), lambda: all_of_them(client, parse=True))
    assert parsed == changed, f"{parsed} feeds were parsed where {changed} changed"
    return each


async def _reader(folder: Path, site: FeedSite, urls: Sequence[str]) -> float:
    from reader import make_reader  # type: ignore[import-not-found]  # installed only by who wants it

    site.turn(1)
    with make_reader(str(folder / "reader.sqlite")) as reader:
        for url in urls:
            reader.add_feed(url)
        reader.update_feeds(scheduled=False, workers=_AT_ONCE)
        site.turn(2)

        async def again() -> Any:
            reader.update_feeds(scheduled=False, workers=_AT_ONCE)

        return await Meter(site).each(len(urls), again)
