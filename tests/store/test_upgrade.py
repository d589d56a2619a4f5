"""The schema: what the migrations build is what the code declares, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from monitor.errors import ConfigError, DatabaseDamaged
from monitor.store.database import Database, Tx, check_integrity
from monitor.store.schema import metadata
from monitor.store.upgrade import HEAD, upgrade


def _differences(tx: Tx) -> list[object]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    return list(compare_metadata(MigrationContext.configure(tx, opts={"compare_type": True}), metadata))


def test_the_migrations_build_the_declared_schema(db: Database) -> None:
    assert db.write_blocking(_differences) == []


def test_the_head_that_the_code_expects_is_the_newest_migration() -> None:
    files = sorted(Path("monitor/store/migrations/versions").glob("[0-9]*.py"))

    assert files[-1].name.split("_")[0] == HEAD


def test_upgrading_twice_does_nothing(db: Database) -> None:
    assert upgrade(db) is False


def test_a_database_of_newer_code_is_refused(db: Database) -> None:
    db.write_blocking(lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = '9999'")))

    with pytest.raises(ConfigError, match="newer than this program"):
        upgrade(db)


def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, sqlite_template: Path) -> None:
    damaged = tmp_path / "monitor.db"
    content = bytearray(sqlite_template.read_bytes())
    content[8192:16384] = b"\xff" * 8192
    damaged.write_bytes(content)

    with pytest.raises(DatabaseDamaged, match="restore a backup"):
        check_integrity(damaged)
    assert damaged.read_bytes() == bytes(content)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    garbage = tmp_path / "monitor.db"
    garbage.write_bytes(b"not a database at all" * 400)

    with pytest.raises(DatabaseDamaged):
        check_integrity(garbage)
