"""Room 5's question: which story does a new entry tell?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, insert, or_, select

from monitor.core.stories import READ, Told, joins
from monitor.core.urls import canonical_url
from monitor.model.flag import FlagState
from monitor.model.source import Item
from monitor.model.status_words import StatusWords
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.prepared import Prepared

STORY_LOCK = Prepared(select(s.counter.c.value).where(s.counter.c.name == "story").with_for_update())
"""One lock for everything that may found a story, so that two workers cannot found one story twice."""
_SAME_STORY = timedelta(days=7)  # POLLING 11
_DECIDED = timedelta(days=90)  # so long a copy of what was decided for a policy is not put before an editor again
_NAMESAKES = 5  # stories of one link or headline
_MOST_STORIES = 40  # of the policies that the entry is flagged for, the latest: with each of them words are compared
_MOST_TOLD = 8  # outlets of a story that are compared: the first


class Asked(NamedTuple):
    """A new entry, and the names of its story: headline and link, where they can name one."""

    at: datetime
    source: str
    item: Item
    normal_title: str
    canonical_url: str | None


def find_story(tx: Tx, asked: Asked, policies: Collection[int], deeds: StatusWords) -> int | None:
    """The story of the last seven days that the entry tells once more; None where it begins one.

    Found by its link, its headline, or, among the stories flagged for ``policies`` (ids), by its words. What an editor
    has decided for one of these is known for ninety days: a rejected text does not come back unless it brings news.
    """
    since = {"since": asked.at - _SAME_STORY}
    asking = {**since, "policies": list(policies), "decided_since": asked.at - _DECIDED}
    named = [
        row[0]
        for name, mark in (("canonical_url", asked.canonical_url), ("normal_title", asked.normal_title))
        if mark
        for row in _named(name).rows(tx, {**since, "mark": mark})
    ]
    flagged = tx.execute(_FLAGGED, asking).scalars().all() if policies else []
    candidates = list(dict.fromkeys((*named, *flagged)))
    if not candidates:
        return None
    new, told = _telling(tx, asked), _tellings(tx, candidates)
    return next((story for story in candidates if joins(new, told[story], deeds, alike=story in named)), None)


def found_story(tx: Tx, at: datetime, normal_title: str, canonical_url: str | None) -> int:
    """A new story. "" and None join no other outlet's entry to it."""
    values = {"founded_at": at, "normal_title": normal_title, "canonical_url": canonical_url}
    return _FOUNDING.ids(tx, [values])[0]


_FOUNDING = Prepared(insert(s.story).returning(s.story.c.id, sort_by_parameter_order=True))


def _telling(tx: Tx, asked: Asked) -> Told:
    item = asked.item
    publisher = item.publisher or tx.execute(select(s.source.c.name).where(s.source.c.id == asked.source)).scalar_one()
    link = canonical_url(item.url) if item.url else ""
    return Told(item.title, item.text, asked.source, publisher, link, (item.published or asked.at).date())


@cache
def _named(name: str) -> Prepared:
    since = bindparam("since", type_=s.story.c.founded_at.type)
    named = s.story.c[name] == bindparam("mark"), s.story.c.founded_at >= since
    return Prepared(select(s.story.c.id).where(*named).order_by(s.story.c.id).limit(_NAMESAKES))


_FLAGGED = (
    select(s.story.c.id)
    .join(s.flag, s.flag.c.story_id == s.story.c.id)
    .where(
        s.flag.c.policy_id.in_(bindparam("policies", expanding=True)),
        or_(
            s.story.c.founded_at >= bindparam("since", type_=s.story.c.founded_at.type),
            (s.story.c.founded_at >= bindparam("decided_since", type_=s.story.c.founded_at.type))
            & s.flag.c.state.in_((FlagState.ACCEPTED.value, FlagState.REJECTED.value)),
        ),
    )
    .group_by(s.story.c.id)
    .order_by(s.story.c.id.desc())
    .limit(_MOST_STORIES)
)


def _tellings(tx: Tx, stories: Iterable[int]) -> dict[int, Sequence[Told]]:
    """What outlets told of each story, the first ones first."""
    query = (
        select(
            s.story_revision.c.story_id,
            s.revision.c.title,
            func.substr(s.revision.c.text, 1, READ).label("text"),
            s.source.c.id.label("source"),
            func.coalesce(func.nullif(s.revision.c.publisher, ""), s.source.c.name).label("publisher"),
            s.entry.c.canonical_url.label("link"),
            func.coalesce(s.revision.c.published, s.revision.c.at).label("day"),
        )
        .join(s.revision, s.revision.c.id == s.story_revision.c.revision_id)
        .join(s.entry, s.entry.c.id == s.revision.c.entry_id)
        .join(s.source, s.source.c.id == s.entry.c.source_id)
        .where(s.story_revision.c.story_id.in_(list(stories)))
        .order_by(s.revision.c.id)
    )
    told: dict[int, list[Told]] = defaultdict(list)
    for row in tx.execute(query).mappings():
        if len(told[row["story_id"]]) < _MOST_TOLD:
            told[row["story_id"]].append(_told(row))
    return {story: tuple(told[story]) for story in stories}


def _told(row: Any) -> Told:
    return Told(row["title"], row["text"], row["source"], row["publisher"], row["link"] or "", row["day"].date())
