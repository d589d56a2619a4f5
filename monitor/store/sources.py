"""The sources of ``sources.yaml`` in the database: their configuration, and how each is doing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import RowMapping, delete, func, insert, select, update

from monitor.core.habits import NO_HABITS
from monitor.core.health import Vitals
from monitor.errors import NotFound
from monitor.model.source import (
    NO_WAIT,
    ArticleRule,
    PollError,
    Record,
    Render,
    RobotsRule,
    Seed,
    Source,
    SourceKind,
    Voice,
    Wait,
)
from monitor.store import page_schema as p
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.habits import habits_from_row, habits_to_row

_PORTS = {"http": 80, "https": 443, "imap": 143, "imaps": 993}
_SHUFFLED = timedelta(minutes=1)
_KNOWN_BY_ADDRESS = frozenset({SourceKind.PAGE.value, SourceKind.PDF.value})  # their one entry's key is the address


def source_to_config(source: Source) -> dict[str, Any]:
    """A source as the JSON that its row keeps."""
    return {
        "id": source.id,
        "name": source.name,
        "url": source.url,
        "kind": source.kind.value,
        "voice": source.voice.value,
        "record": source.record.value,
        "every": source.every.total_seconds(),
        "select": list(source.select),
        "drop": list(source.drop),
        "ignore": list(source.ignore),
        "agencies": list(source.agencies),
        "policies": list(source.policies),
        "items": source.items,
        "fields": [list(pair) for pair in source.fields],
        "headers": [list(pair) for pair in source.headers],
        "auth": source.auth,
        "senders": list(source.senders),
        "proxy": source.proxy,
        "proxy_auth": source.proxy_auth,
        "seed": source.seed.value,
        "late_after": source.late_after.total_seconds(),
        "max_pages": source.max_pages,
        "article": source.article.value,
        "robots": source.robots.value,
        "confirm": source.confirm,
        "render": source.render.value,
    }


_DEFAULTS = source_to_config(Source("", "", ""))


def _complete(config: dict[str, Any]) -> dict[str, Any]:
    """What a row keeps, with the defaults of keys that did not exist when it was written."""
    return _DEFAULTS | config


def source_from_config(config: dict[str, Any]) -> Source:
    """The inverse of ``source_to_config``, of rows that an older version wrote too."""
    config = _complete(config)
    return Source(
        id=config["id"],
        name=config["name"],
        url=config["url"],
        kind=SourceKind(config["kind"]),
        voice=Voice(config["voice"]),
        record=Record(config["record"]),
        every=timedelta(seconds=config["every"]),
        select=tuple(config["select"]),
        drop=tuple(config["drop"]),
        ignore=tuple(config["ignore"]),
        agencies=tuple(config["agencies"]),
        policies=tuple(config["policies"]),
        items=config["items"],
        fields=tuple((name, path) for name, path in config["fields"]),
        headers=tuple((name, value) for name, value in config["headers"]),
        auth=config["auth"],
        senders=tuple(config["senders"]),
        proxy=config["proxy"],
        proxy_auth=config["proxy_auth"],
        seed=Seed(config["seed"]),
        late_after=timedelta(seconds=config["late_after"]),
        max_pages=config["max_pages"],
        article=ArticleRule(config["article"]),
        robots=RobotsRule(config["robots"]),
        confirm=config["confirm"],
        render=Render(config["render"]),
    )


def wait_to_json(wait: Wait) -> dict[str, Any]:
    """What a document asks for, as its source's row keeps it."""
    return {
        "least": None if wait.least is None else wait.least.total_seconds(),
        "skip_hours": sorted(wait.skip_hours),
        "skip_days": sorted(wait.skip_days),
    }


def wait_from_json(data: dict[str, Any] | None) -> Wait:
    """The inverse of ``wait_to_json``; a source that never said anything asks for nothing."""
    if data is None:
        return NO_WAIT
    least = None if data["least"] is None else timedelta(seconds=data["least"])
    return Wait(least, frozenset(data["skip_hours"]), frozenset(data["skip_days"]))


def host_key(url: str) -> str:
    """``host:port`` of an address: what politeness is counted by. A Maildir is a host of its own."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme, 80)}" if parts.hostname else url


def sync_sources(tx: Tx, sources: Sequence[Source], *, now: datetime, chance: Callable[[], float] = lambda: 0.0) -> int:
    """Make the rows say what ``sources.yaml`` says; the number of rows changed.

    A source that left the file is retired (its history stays); one that returns is taken up again. A changed
    address or rule starts over silently: the next poll is a baseline again, unless the address is the one that it was
    found to have moved to. New sources are due at once, in an order that ``chance`` (0..1) shuffles.
    """
    names = ("id", "config", "retired_at", "moved_url", "read_as", "pause_reason")
    known = {row["id"]: row for row in tx.execute(select(*(s.source.c[name] for name in names))).mappings()}
    changed = 0
    for source in sources:
        config = source_to_config(source)
        row = known.pop(source.id, None)
        if row is None:
            due = now - _SHUFFLED * chance()
            tx.execute(insert(s.source).values(id=source.id, next_poll_at=due, **_named(source, config)))
        elif _complete(row["config"]) != config or row["retired_at"] is not None:
            values = {**_named(source, config), "retired_at": None, "next_poll_at": now}
            values |= _started_over(row, _complete(row["config"]), config)
            if "seeded_at" in values:
                for table in (s.policy_page, p.page, p.control_page):
                    tx.execute(delete(table).where(table.c.source_id == source.id))
            tx.execute(update(s.source).where(s.source.c.id == source.id).values(**values))
        else:
            continue
        changed += 1
    for gone in (id for id, row in known.items() if row["retired_at"] is None):
        tx.execute(update(s.source).where(s.source.c.id == gone).values(retired_at=now))
        changed += 1
    return changed


def _started_over(row: RowMapping, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What a changed entry of the file sets back. An address that the source moved to is followed without a break."""
    values: dict[str, Any] = {}
    if before["url"] != after["url"]:
        values |= {"moved_url": None, "moving_to": None, "moving_since": None, "moving_polls": 0}
        values |= {"gone_since": None, "gone_polls": 0}
        values |= {"lost_as": None, "lost_since": None, "lost_polls": 0, "lost_told": False}
        if row["pause_reason"] is not None:  # it was paused for what the old address answered
            values |= {"paused_at": None, "pause_reason": None}
    elif row["moved_url"] is not None:
        values["host"] = host_key(row["moved_url"])
    followed = after["url"] == row["moved_url"] and not {after["kind"], row["read_as"]} & _KNOWN_BY_ADDRESS
    if _reads_differently({**before, "url": after["url"]} if followed else before, after):
        values |= dict.fromkeys(("etag", "last_modified", "body_sha256", "full_at", "seeded_at"))
        values |= dict.fromkeys(("items", "items_most", "shrunk_at", "truncated_at", "notes"))
        values |= habits_to_row(NO_HABITS) if before["url"] != after["url"] else {"read_as": None}
        values |= {"claim": None, "lease_until": None}  # a poll under way read it by the old rules: it is late
    return values


def _named(source: Source, config: dict[str, Any]) -> dict[str, Any]:
    return {"name": source.name, "url": source.url, "host": host_key(source.url), "config": config}


def _reads_differently(before: dict[str, Any], after: dict[str, Any]) -> bool:
    keys = ("url", "kind", "select", "drop", "ignore", "items", "fields", "render")
    return any(before[key] != after[key] for key in keys)


def list_sources(tx: Tx, *, retired: bool = False) -> list[dict[str, Any]]:
    """Every source with its health, by id; ``entries`` counts what it has told so far."""
    counts = select(s.entry.c.source_id, func.count().label("entries")).group_by(s.entry.c.source_id).subquery()
    query = (
        select(s.source, func.coalesce(counts.c.entries, 0).label("entries"))
        .outerjoin(counts, counts.c.source_id == s.source.c.id)
        .order_by(s.source.c.id)
    )
    if not retired:
        query = query.where(s.source.c.retired_at.is_(None))
    return [dict(row) for row in tx.execute(query).mappings()]


def source_ids(tx: Tx) -> list[str]:
    """Every source that there ever was, retired ones too, by id."""
    return list(tx.execute(select(s.source.c.id).order_by(s.source.c.id)).scalars())


def vitals_of(row: dict[str, Any]) -> Vitals:
    """A source's row of ``list_sources`` as what its health is judged by."""
    return Vitals(
        paused=row["paused_at"] is not None,
        seeded_at=row["seeded_at"],
        succeeded_at=row["succeeded_at"],
        changed_at=row["changed_at"],
        failures=row["failures"],
        error=PollError(row["poll_error"]) if row["poll_error"] else None,
        detail=row["poll_detail"] or "",
        entries=row["entries"],
        items=row["items"],
        gap_at=row["gap_at"],
        most=row["items_most"],
        shrunk_at=row["shrunk_at"],
        truncated_at=row["truncated_at"],
        notes=tuple(row["notes"] or ()),
        pause_reason=row["pause_reason"],
        pace=habits_from_row(row).pace,
        moved_url=row["moved_url"],
    )


def get_source(tx: Tx, source_id: str) -> dict[str, Any]:
    """One source's row with its health; NotFound names the near misses' listing."""
    for row in list_sources(tx, retired=True):
        if row["id"] == source_id:
            return row
    raise NotFound(f"no source {source_id!r}: `monitor sources list` shows them")


def set_paused(tx: Tx, source_id: str, *, paused_at: datetime | None, now: datetime) -> None:
    """Pause a source, or (None) take it up again at once."""
    get_source(tx, source_id)
    values: dict[str, Any] = {"paused_at": paused_at, "pause_reason": None}
    if paused_at is None:
        values |= {"next_poll_at": now, "gone_since": None, "gone_polls": 0}
    tx.execute(update(s.source).where(s.source.c.id == source_id).values(**values))
