"""Mails as agencies send them, for the tests of their reader and of the ways to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from monitor.core.read import read_document
from monitor.core.read.bundle import Message, pack
from monitor.model.source import Fetched, Item, Reading, Source, SourceKind

NOW = datetime(2025, 10, 9, 12, tzinfo=UTC)
BULLETIN = "https://content.govdelivery.com/accounts/USDHSCIS/bulletins/3f2a1b"


def mail(
    number: int = 1,
    *fields: str,
    subject: str = "Policy alert",
    body: str = "The policy manual changes.",
    sender: str = "USCIS <uscis@messages.dhs.gov>",
    date: str = "Thu, 09 Oct 2025 10:00:00 +0000",
    message_id: str | None = None,
) -> bytes:
    """One mail of plain text; ``fields`` go before the others."""
    known = f"Message-ID: <{number}@messages.dhs.gov>" if message_id is None else message_id
    head = [*fields, f"From: {sender}", f"Subject: {subject}", f"Date: {date}", *filter(None, [known])]
    return "\n".join([*head, "", body, ""]).encode("utf-8", "surrogateescape")


def bundle(*mails: bytes, arrived: datetime = NOW) -> bytes:
    return pack(Message(each, arrived) for each in mails)


def read(*mails: bytes, arrived: datetime = NOW, now: datetime = NOW, senders: Iterable[str] = ()) -> Reading:
    source = Source("uscis", "USCIS", "maildir:inbox", SourceKind.MAILBOX, senders=tuple(senders))
    found = read_document(Fetched(source.url, 200, bundle(*mails, arrived=arrived)), source, now)
    assert isinstance(found, Reading), found
    return found


def one(data: bytes, *, arrived: datetime = NOW) -> Item:
    (item,) = read(data, arrived=arrived).items
    return item
