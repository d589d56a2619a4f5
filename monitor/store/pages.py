"""Room 4's rows of watched pages: what is believed of them, what is held, what is noise, and what hosts tell."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Text, and_, bindparam, cast, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.core.noise.compare import Residue
from monitor.core.noise.learn import Lesson
from monitor.core.noise.siblings import ENOUGH
from monitor.core.noise.validity import (
    Suppression,
    pattern_from_json,
    pattern_key,
    pattern_to_json,
    with_weight,
)
from monitor.core.read.blocks import text_of
from monitor.errors import NotFound
from monitor.model.page import Block, pack_blocks, unpack_blocks
from monitor.model.source import Source
from monitor.store import page_schema as p
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.prepared import Prepared
from monitor.store.sources import source_from_config

MOST_WATCHED = 8
"""Pages of a host up to which they are counted: that many teach what is noise there."""

Blocks = Sequence[Block]
Words = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A confirmed change: what the page says, what of that is new, and how its control pages changed since theirs."""

    blocks: Blocks
    left: Residue
    title: str
    snapshot_id: int = 0
    published: datetime | None = None
    published_raw: str | None = None
    controls: Mapping[str, Residue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageRecord:
    """What one poll of a page changes. ``blocks``: what is believed of it from now on, None where nothing new is.
    ``held`` None: what was held (``was_held``) is no longer what the page says."""

    host: str
    blocks: Blocks | None = None
    held: Candidate | None = None
    was_held: bool = True
    lessons: Sequence[Lesson] = ()
    controls: Mapping[str, Blocks] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageState:
    """What is known of a page and its host before a poll of it. ``text``: of its blocks, the main text; ``held``: a
    change of it waits; ``watched``: how many pages of the host are, MOST_WATCHED at most."""

    blocks: Blocks | None
    text: str
    held: bool
    suppressions: Sequence[Suppression]
    controls: Mapping[str, Blocks]
    watched: int


@dataclass(frozen=True, slots=True)
class HeldPage:
    """A page with a change that waits to be told."""

    source: Source
    blocks: Blocks
    candidate: Candidate
    held_at: datetime


@dataclass(frozen=True, slots=True)
class HostNote:
    """One change on many pages of a host. ``told``: as a change of one of them; else its frame turned over."""

    host: str
    at: datetime
    come: tuple[str, ...]
    gone: tuple[str, ...]
    words: frozenset[Words]
    pages: tuple[str, ...]
    told: bool


def page_state(tx: Tx, host: str, source_id: str) -> PageState:
    """What room 4 needs of a page that was fetched."""
    packed = _blocks_of().rows(tx, {"of_source": source_id})
    watched = len(_some_watched().rows(tx, {"of_host": host}))
    lone = watched < ENOUGH
    controls = _controls_of().rows(tx, {"of_source": source_id}) if lone else ()
    blocks = unpack_blocks(packed[0][0]) if packed else None
    return PageState(
        blocks=blocks,
        text=text_of(blocks or ()),
        held=bool(packed) and packed[0][1] is not None,
        suppressions=suppressions_of(tx, host),
        controls={url: unpack_blocks(blocks) for url, blocks in controls},
        watched=watched,
    )


@cache
def _blocks_of() -> Prepared:
    wanted = select(p.page.c.blocks, p.page.c.held_at)
    return Prepared(wanted.where(p.page.c.source_id == bindparam("of_source", type_=Text)))


@cache
def _controls_of() -> Prepared:
    of_source = p.control_page.c.source_id == bindparam("of_source", type_=Text)
    return Prepared(select(p.control_page.c.url, p.control_page.c.blocks).where(of_source))


@cache
def _some_watched() -> Prepared:
    """As many as are ever asked for: a host may have thousands."""
    live = (p.page.c.host == bindparam("of_host", type_=Text)) & s.source.c.retired_at.is_(None)
    query = select(s.source.c.id).join(p.page, p.page.c.source_id == s.source.c.id)
    return Prepared(query.where(live).limit(MOST_WATCHED))


@cache
def _suppressions_of() -> Prepared:
    of_host = p.suppression.c.host == bindparam("of_host", type_=Text)
    texts = (cast(p.suppression.c[name], Text) for name in ("pattern", "weights"))
    rest = (p.suppression.c[name] for name in ("first_at", "last_at", "struck_at"))
    query = select(p.suppression.c.id, p.suppression.c.host, *texts, *rest)
    return Prepared(query.where(of_host).order_by(p.suppression.c.id))


def suppressions_of(tx: Tx, host: str) -> Sequence[Suppression]:
    """Every pattern that the host's pages taught, the oldest first; those that editors struck too."""
    return _suppressions(tuple(map(tuple, _suppressions_of().rows(tx, {"of_host": host}))))


@lru_cache(maxsize=64)
def _suppressions(rows: tuple[tuple[Any, ...], ...]) -> Sequence[Suppression]:
    """Of rows as they are stored: the same for all pages of a host until one of them teaches more."""
    return tuple(
        Suppression(id, of, pattern_from_json(json.loads(pattern)), json.loads(weights), first_at, last_at, struck_at)
        for id, of, pattern, weights, first_at, last_at, struck_at in rows
    )


def strike(tx: Tx, suppression_id: int, *, at: datetime | None) -> Suppression:
    """Take a pattern back, so that it hides nothing any more; ``at`` None lets it hold again. Raises NotFound."""
    struck = update(p.suppression).where(p.suppression.c.id == suppression_id).values(struck_at=at)
    host = tx.execute(struck.returning(p.suppression.c.host)).scalar_one_or_none()
    if host is None:
        raise NotFound(f"no suppression {suppression_id}: `monitor sources show ID` lists them with their numbers")
    return next(each for each in suppressions_of(tx, host) if each.id == suppression_id)


def record_page(tx: Tx, source_id: str, at: datetime, record: PageRecord, snapshot_id: int | None) -> None:
    """For T2, which holds the source's claim."""
    held = None
    if record.held is not None and snapshot_id is not None:
        held = _candidate_to_json(record.held, snapshot_id)
    values: dict[str, Any] = {"held": held, "held_at": at if held else None}
    if record.blocks is None and held is None and not record.was_held:
        pass  # as nearly always: nothing was held, and nothing is
    elif record.blocks is not None:
        upsert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
        values |= {"host": record.host, "blocks": pack_blocks(record.blocks), "at": at}
        statement = upsert(p.page).values(source_id=source_id, **values)
        tx.execute(statement.on_conflict_do_update(index_elements=["source_id"], set_=values))
    else:
        tx.execute(update(p.page).where(p.page.c.source_id == source_id).values(**values))
    for url, blocks in record.controls.items():
        _store_control(tx, source_id, url, blocks, at)
    store_lessons(tx, record.host, source_id, record.lessons, at=at)


def _store_control(tx: Tx, source_id: str, url: str, blocks: Blocks, at: datetime) -> None:
    upsert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    values = {"blocks": pack_blocks(blocks), "at": at}
    statement = upsert(p.control_page).values(source_id=source_id, url=url, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["source_id", "url"], set_=values))


def store_lessons(tx: Tx, host: str, page: str, lessons: Iterable[Lesson], *, at: datetime) -> None:
    """Add to what a host's pages have shown. Rows are taken in one order, so that workers do not wait in a ring."""
    upsert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    for key, lesson in sorted({pattern_key(lesson.pattern): lesson for lesson in lessons}.items()):
        new = {"host": host, "key": key, "pattern": pattern_to_json(lesson.pattern), "weights": {}}
        statement = upsert(p.suppression).values(first_at=at, last_at=at, **new)
        tx.execute(statement.on_conflict_do_nothing(index_elements=["host", "key"]))
        here = (p.suppression.c.host == host) & (p.suppression.c.key == key)
        weights = tx.execute(select(p.suppression.c.weights).where(here).with_for_update()).scalar_one()
        values = {"weights": with_weight(weights, page, lesson.weight), "last_at": at}
        tx.execute(update(p.suppression).where(here).values(**values))


def held_hosts(tx: Tx, *, now: datetime, patience: timedelta, only: Collection[str] | None = None) -> list[str]:
    """Hosts with held changes of which no page is due or being polled, or that have waited long enough.

    ``only``: of these sources; others of their hosts are not waited for.
    """
    kept = (
        select(p.page.c.host)
        .join(s.source, s.source.c.id == p.page.c.source_id)
        .where(p.page.c.held_at.is_not(None), s.source.c.retired_at.is_(None))
    )
    busy = (
        select(p.page.c.host)
        .join(s.source, s.source.c.id == p.page.c.source_id)
        .where(s.source.c.retired_at.is_(None), s.source.c.paused_at.is_(None))
        .where(or_(s.source.c.next_poll_at <= now, and_(s.source.c.claim.is_not(None), s.source.c.lease_until >= now)))
    )
    if only is not None:
        kept = kept.where(p.page.c.source_id.in_(only))
        busy = busy.where(s.source.c.id.in_(only))
    waited = p.page.c.held_at <= now - patience
    query = kept.where(or_(p.page.c.host.not_in(busy), waited)).distinct().order_by(p.page.c.host)
    return list(tx.execute(query).scalars())


def held_pages(tx: Tx, host: str) -> list[HeldPage]:
    """The pages of a host that have a change to tell, by source."""
    query = (
        select(s.source.c.config, p.page.c.blocks, p.page.c.held, p.page.c.held_at)
        .join(p.page, p.page.c.source_id == s.source.c.id)
        .where(p.page.c.host == host, p.page.c.held_at.is_not(None), s.source.c.retired_at.is_(None))
        .order_by(s.source.c.id)
    )
    return [
        HeldPage(source_from_config(config), unpack_blocks(blocks), _candidate_from_json(held), held_at)
        for config, blocks, held, held_at in tx.execute(query)
    ]


def looked_at(tx: Tx, host: str, *, since: datetime) -> int:
    """How many pages of a host were polled since."""
    query = select(func.count()).select_from(p.page).join(s.source, s.source.c.id == p.page.c.source_id)
    here = (p.page.c.host == host) & (s.source.c.succeeded_at >= since) & s.source.c.retired_at.is_(None)
    count: int = tx.execute(query.where(here)).scalar_one()
    return count


def settle_page(tx: Tx, source_id: str, held_at: datetime, blocks: Blocks) -> bool:
    """Believe what was held; False where it is no longer that, or another worker did so."""
    here = (p.page.c.source_id == source_id) & (p.page.c.held_at == held_at)
    values = {"blocks": pack_blocks(blocks), "at": held_at, "held": None, "held_at": None}
    return bool(tx.execute(update(p.page).where(here).values(**values)).rowcount)


def make_siblings_due(tx: Tx, host: str, *, now: datetime, before: datetime, most: int) -> int:
    """Let a few pages of a host that were last polled ``before`` be due since then; how many. They tell whose a change
    is."""
    here = (p.page.c.host == host) & (s.source.c.polled_at < before) & s.source.c.retired_at.is_(None)
    free = s.source.c.paused_at.is_(None) & s.source.c.claim.is_(None) & (s.source.c.next_poll_at > now)
    chosen = select(s.source.c.id).join(p.page, p.page.c.source_id == s.source.c.id).where(here, free)
    ids = list(tx.execute(chosen.order_by(s.source.c.next_poll_at, s.source.c.id).limit(most)).scalars())
    if ids:
        tx.execute(update(s.source).where(s.source.c.id.in_(ids)).values(next_poll_at=before))
    return len(ids)


def store_note(tx: Tx, note: HostNote) -> None:
    """Keep what many pages of a host told together."""
    values = {
        "host": note.host,
        "at": note.at,
        "come": list(note.come),
        "gone": list(note.gone),
        "words": [[way, list(masked)] for way, masked in sorted(note.words)],
        "pages": list(note.pages),
        "told": note.told,
    }
    tx.execute(insert(p.host_note).values(**values))


def host_notes(tx: Tx, *, since: datetime, host: str | None = None) -> list[HostNote]:
    """What hosts told since, the latest first."""
    query = select(p.host_note).where(p.host_note.c.at >= since).order_by(p.host_note.c.id.desc())
    if host is not None:
        query = query.where(p.host_note.c.host == host)
    return [
        HostNote(
            host=row["host"],
            at=row["at"],
            come=tuple(row["come"]),
            gone=tuple(row["gone"]),
            words=frozenset((way, tuple(masked)) for way, masked in row["words"]),
            pages=tuple(row["pages"]),
            told=row["told"],
        )
        for row in tx.execute(query).mappings()
    ]


def _candidate_to_json(candidate: Candidate, snapshot_id: int) -> dict[str, Any]:
    published = candidate.published
    return {
        "blocks": pack_blocks(candidate.blocks),
        "left": _residue_to_json(candidate.left),
        "title": candidate.title,
        "snapshot": snapshot_id,
        "published": None if published is None else published.isoformat(),
        "published_raw": candidate.published_raw,
        "controls": {url: _residue_to_json(left) for url, left in candidate.controls.items()},
    }


def _candidate_from_json(data: Mapping[str, Any]) -> Candidate:
    published = data["published"]
    return Candidate(
        blocks=unpack_blocks(data["blocks"]),
        left=_residue_from_json(data["left"]),
        title=data["title"],
        snapshot_id=data["snapshot"],
        published=None if published is None else datetime.fromisoformat(published),
        published_raw=data["published_raw"],
        controls={url: _residue_from_json(left) for url, left in data["controls"].items()},
    )


def _residue_to_json(left: Residue) -> list[list[str]]:
    return [pack_blocks(blocks) for blocks in (left.come, left.gone, left.moved)]


def _residue_from_json(data: Sequence[list[str]]) -> Residue:
    return Residue(*(unpack_blocks(packed) for packed in data))
