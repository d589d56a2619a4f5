"""Room 4's question: which stored entries of a source may the items of a document be?"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Text, any_, bindparam, func, select, union

from monitor.core.entries import Known
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.prepared import Prepared

_SOURCE = bindparam("of_source", type_=Text)


def known_entries(
    tx: Tx, source_id: str, *, keys: Collection[str], links: Collection[str], titles: Collection[str] = ()
) -> list[Known]:
    """The stored entries that a document's items may be: by key, further key, canonical link or title; latest words.

    To find titles takes a look at each entry of the source; all else is found in an index.
    """
    dialect = tx.dialect.name
    by_id: dict[int, Known] = {}
    aliases: Sequence[Any] = ()
    if keys or links:
        asked = {"of_source": source_id, "keys": _many(keys, dialect), "links": _many(links, dialect)}
        by_id = {row[0]: Known(*row) for row in _by_key_or_link(dialect).rows(tx, asked)}
        aliases = _aliases(dialect).rows(tx, {"of_source": source_id, "keys": _many(keys, dialect)}) if by_id else ()
    if titles:
        asked = {"of_source": source_id, "titles": _many(titles, dialect)}
        by_id |= {row[0]: Known(*row) for row in _by_title(dialect).rows(tx, asked)}
    return [*by_id.values(), *(replace(by_id[entry_id], key=key) for entry_id, key in aliases)]


@cache
def _aliases(dialect: str) -> Prepared:
    query = select(s.entry_key.c.entry_id, s.entry_key.c.key)
    return Prepared(query.where(s.entry_key.c.source_id == _SOURCE, _one_of(s.entry_key.c.key, "keys", dialect)))


@cache
def _by_key_or_link(dialect: str) -> Prepared:
    of_source = s.entry.c.source_id == _SOURCE
    further = s.entry_key.c.source_id == _SOURCE, _one_of(s.entry_key.c.key, "keys", dialect)
    found = union(
        select(s.entry.c.id).where(of_source, _one_of(s.entry.c.key, "keys", dialect)),
        select(s.entry.c.id).where(of_source, _one_of(s.entry.c.canonical_url, "links", dialect)),
        select(s.entry_key.c.entry_id).where(*further),
    )
    return Prepared(_latest_words().where(s.entry.c.id.in_(found)))


@cache
def _by_title(dialect: str) -> Prepared:
    return Prepared(
        _latest_words().where(s.entry.c.source_id == _SOURCE, _one_of(s.revision.c.title, "titles", dialect))
    )


def _latest_words() -> Select[Any]:
    each = s.revision.alias()
    latest = select(func.max(each.c.seq)).where(each.c.entry_id == s.entry.c.id).scalar_subquery()
    words = (s.revision.c.url, s.revision.c.title, s.revision.c.text, s.revision.c.fingerprint, s.revision.c.seq)
    return (
        select(s.entry.c.id, s.entry.c.key, *words)
        .select_from(s.entry)
        .join(s.revision, (s.revision.c.entry_id == s.entry.c.id) & (s.revision.c.seq == latest))
    )


def _one_of(column: ColumnElement[Any], name: str, dialect: str) -> ColumnElement[bool]:
    """Whether the column is in a list that is one parameter, as ``_many`` gives it."""
    if dialect == "sqlite":
        return column.in_(select(func.json_each(bindparam(name, type_=Text)).table_valued("value").c.value))
    return column == any_(bindparam(name, type_=ARRAY(Text)))


def _many(values: Collection[str], dialect: str) -> object:
    return json.dumps(list(values)) if dialect == "sqlite" else list(values)


def have_further_keys(tx: Tx, entry_ids: Collection[int]) -> bool:
    """Whether any of these entries is known under several keys."""
    query = select(s.entry_key.c.entry_id).where(s.entry_key.c.entry_id.in_(entry_ids)).limit(1)
    return tx.execute(query).first() is not None
