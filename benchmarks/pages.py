"""Passes over pages of one host of which every answer differs and few really changed, and the same by others."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select

from benchmarks.measure import Figure, Meter, largest
from benchmarks.page_peers import Watcher, floor, urlwatch, webchanges
from benchmarks.workspace import Clock, FeedSite, opened_workspace, own_page_site, page_site
from monitor.model.source import Source, SourceKind
from monitor.pipeline.poll import poll_all_due
from monitor.store import schema
from monitor.store.database import Tx
from monitor.store.sources import sync_sources

_RATE = 0.02  # of the pages are really changed in a pass
_DAY = timedelta(days=1, hours=1)
_SETTINGS = {"MONITOR_HOST_MIN_GAP": "0s", "MONITOR_HOST_CONCURRENCY": "8"}

Sites = Callable[[int, float], AbstractContextManager[FeedSite]]


@dataclass(frozen=True, slots=True)
class _Template:
    """A site, and the selector of its pages' article."""

    name: str
    site: Sites
    selector: str
    is_target: bool = False


_SHARED = _Template("shared site", page_site, "#article", is_target=True)
_OWN = _Template("tables, news, side column", own_page_site, "#article")


async def pages(folder: Path, count: int, passes: int) -> list[Figure]:
    """What a page costs in each pass, with no rule and with a selector, and how right what was told is."""
    found: list[Figure] = []
    for number, template in enumerate((_SHARED, _OWN)):
        try:
            for select_ in ((), (template.selector,)):
                place = folder / f"{number}{len(select_)}"
                place.mkdir()
                found += await _passes(place, template, select_, count, passes)
        except FileNotFoundError:
            found.append(Figure(f"{template.name}: left out: not there", 0.0))
            continue
        with template.site(count, _RATE) as site:
            found += await _others(folder / str(number), template, site, count)
    return found


async def _passes(folder: Path, template: _Template, rules: tuple[str, ...], count: int, passes: int) -> list[Figure]:
    clock, found = Clock(), []
    with template.site(count, _RATE) as site:
        meter = Meter(site)
        async with opened_workspace(folder, clock, (), _SETTINGS) as ctx:
            sources = [
                Source(f"p{page}", f"Page {page}", _url(site, page), SourceKind.PAGE, select=rules)
                for page in range(count)
            ]
            await ctx.db.write(lambda tx: sync_sources(tx, sources, now=clock(), chance=lambda: 0.5))
            for number in range(1, passes + 1):
                site.turn(number)
                clock.ahead += _DAY
                asked = site.ask("/ctl/stats")["requests"]
                before = await ctx.db.read(_told)
                each = await meter.each(count, lambda: poll_all_due(ctx))
                told = (await ctx.db.read(_told))[len(before) :]
                requests = (site.ask("/ctl/stats")["requests"] - asked) / count
                notes = f"{_judged(site, told)}, {requests:.2f} requests a page, {largest(meter):.0f} MB"
                work = f"{template.name}, {rules[0] if rules else 'no rules'}, pass {number}"
                found.append(Figure(work, each, None, f"{notes}{_target(template, rules, number)}"))
    return found


def _target(template: _Template, rules: Collection[str], number: int) -> str:
    if not template.is_target or number < 2 or (number < 3 and not rules):
        return ""
    return " (<= 2.5 ms, <= 120 MB)" if rules else " (<= 4.5 ms, <= 1.1 requests, <= 150 MB)"


def _url(site: FeedSite, page: int) -> str:
    return f"http://127.0.0.1:{site.port}/page/{page}"


def _told(tx: Tx) -> list[int]:
    query = select(schema.change.c.source_id).where(schema.change.c.kind == "revised").order_by(schema.change.c.seq)
    return [int(source_id[1:]) for source_id in tx.execute(query).scalars()]


def _judged(site: FeedSite, told: Collection[int]) -> str:
    truth = {int(page) for page in site.ask("/ctl/truth")["pages"]}
    right, false = len(truth & set(told)), len(set(told) - truth)
    twice = len(told) - len(set(told))
    return f"right {right} of {len(truth)}, false {false}" + (f", twice {twice}" if twice else "")


async def _others(folder: Path, template: _Template, site: FeedSite, count: int) -> list[Figure]:
    urls = [_url(site, page) for page in range(count)]
    found = []
    for name, work in (("floor", floor), ("urlwatch", urlwatch), ("webchanges", webchanges)):
        for selector in (None, template.selector):
            if name == "floor" and selector is None:
                continue
            place = folder / f"{name}{selector is None}"
            place.mkdir(parents=True)
            watcher = work(place, urls, selector)
            title = f"{template.name}, {selector or 'no rules'}, pass 2: {name}"
            if watcher is None:
                found.append(Figure(title, 0.0, None, f"left out: not installed (pip install {name})"))
                continue
            site.turn(1)
            await watcher()
            site.turn(2)
            told: list[int] = []
            each = await Meter(site).each(count, partial(_tell, watcher, told))
            found.append(Figure(title, each, None, _judged(site, told)))
    return found


async def _tell(watcher: Watcher, told: list[int]) -> None:
    told += await watcher()
