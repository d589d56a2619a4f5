"""The web's own rows: one-time login links and editors' sessions. Of every token only the SHA-256 is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_, select, update

from monitor.store import schema as s
from monitor.store.database import Tx


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session in force. ``csrf`` is the token that its forms carry."""

    token_sha256: str
    csrf: str
    seen_at: datetime


def create_login_link(tx: Tx, token_sha256: str, *, now: datetime, lasts: timedelta) -> None:
    """A link that logs in once, until ``now + lasts``. Links that ran out are forgotten."""
    tx.execute(delete(s.login_link).where(s.login_link.c.expires_at <= now))
    tx.execute(insert(s.login_link).values(token_sha256=token_sha256, created_at=now, expires_at=now + lasts))


def use_login_link(tx: Tx, token_sha256: str, *, now: datetime) -> bool:
    """Use the link up; False where it is unknown, used or run out. Of two at once one is True."""
    link = s.login_link.c
    working = (link.token_sha256 == token_sha256) & link.used_at.is_(None) & (link.expires_at > now)
    return tx.execute(update(s.login_link).where(working).values(used_at=now)).rowcount == 1


def create_session(
    tx: Tx, token_sha256: str, csrf: str, *, now: datetime, lasts: timedelta, idle: timedelta
) -> StoredSession:
    """A session until ``now + lasts``, or until it was not seen for ``idle``. Sessions that ran out are forgotten."""
    own = s.session.c
    tx.execute(delete(s.session).where(or_(own.expires_at <= now, own.seen_at <= now - idle)))
    values = {"token_sha256": token_sha256, "created_at": now, "seen_at": now, "expires_at": now + lasts, "csrf": csrf}
    tx.execute(insert(s.session).values(**values))
    return StoredSession(token_sha256, csrf, now)


def find_session(tx: Tx, token_sha256: str, *, now: datetime, idle: timedelta) -> StoredSession | None:
    """The session of a token, if it is in force."""
    own = s.session.c
    query = select(s.session).where(own.token_sha256 == token_sha256, own.expires_at > now, own.seen_at > now - idle)
    row = tx.execute(query).mappings().first()
    return None if row is None else StoredSession(row["token_sha256"], row["csrf"], row["seen_at"])


def see_session(tx: Tx, token_sha256: str, *, now: datetime) -> None:
    """Note that the session is in use: its idle time starts again."""
    tx.execute(update(s.session).where(s.session.c.token_sha256 == token_sha256).values(seen_at=now))


def end_session(tx: Tx, token_sha256: str) -> None:
    """Log out: the token opens nothing any more. Nothing happens where there is no such session."""
    tx.execute(delete(s.session).where(s.session.c.token_sha256 == token_sha256))
