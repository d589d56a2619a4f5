"""Sources in their rows: what an older version wrote reads as what it meant."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from monitor.model.source import Record, Source
from monitor.store import schema as s
from monitor.store.database import Database
from monitor.store.sources import source_from_config, source_to_config, sync_sources
from tests.store.rows import NOW

SOURCE = Source("court", "The court", "https://court.example/feed")


@pytest.mark.parametrize("key", ["record", "article"])
def test_a_row_without_a_later_key_has_its_default_and_is_not_rewritten(db: Database, key: str) -> None:
    older = {name: value for name, value in source_to_config(SOURCE).items() if name != key}
    db.write_blocking(lambda tx: sync_sources(tx, [SOURCE], now=NOW))
    db.write_blocking(lambda tx: tx.execute(update(s.source).values(config=older)))

    changed = db.write_blocking(lambda tx: sync_sources(tx, [SOURCE], now=NOW))

    stored = db.write_blocking(lambda tx: tx.execute(select(s.source.c.config)).scalar_one())
    assert (changed, stored, source_from_config(stored)) == (0, older, SOURCE)


def test_a_source_that_records_automatically_does_so_in_its_row(db: Database) -> None:
    auto = replace(SOURCE, record=Record.AUTO)
    db.write_blocking(lambda tx: sync_sources(tx, [SOURCE], now=NOW))

    changed = db.write_blocking(lambda tx: sync_sources(tx, [auto], now=NOW))

    stored = db.write_blocking(lambda tx: tx.execute(select(s.source.c.config)).scalar_one())
    assert (changed, source_from_config(stored)) == (1, auto)
