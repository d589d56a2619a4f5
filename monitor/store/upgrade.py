"""Bring a database to the schema of this code, in one transaction, at every start."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, text

from monitor.errors import ConfigError, Problem
from monitor.store.database import Database, Tx

HEAD = "0013"  # the newest file of migrations/versions
_LOCK = 7_355_201_777  # PostgreSQL: two starting workers upgrade one after the other


def upgrade(database: Database) -> bool:
    """Create or migrate the schema; True if anything was done. A database of newer code is refused (exit 78)."""
    return database.write_blocking(_upgrade)


def _upgrade(tx: Tx) -> bool:
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    current = _current(tx)
    if current == HEAD:
        return False
    # Alembic costs 0.36 s to import (measured): only a database that needs it pays.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = tx
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise ConfigError(
            Problem(
                "the database", None, f"its schema is {current}, newer than this program's {HEAD}: upgrade the program"
            )
        )
    command.upgrade(config, "head")
    return True


def _current(tx: Tx) -> str | None:
    if not inspect(tx).has_table("alembic_version"):
        return None
    version: str | None = tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return version
