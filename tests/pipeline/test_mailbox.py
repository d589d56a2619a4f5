"""Bulletins that are only mailed, through the real pipeline: each an entry once, whatever becomes of the mailbox."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.typing import EventDict

from monitor.core.health import Colour, health
from monitor.model.source import Seed, Source, SourceKind
from monitor.net.batch import Limits
from monitor.net.client import Fetcher
from monitor.net.guard import Guard
from monitor.net.mailbox import Documents, Mailboxes
from monitor.pipeline.report import PollReport
from monitor.store.changes import list_changes
from monitor.store.sources import host_key, list_sources, vitals_of
from tests.core.mails import mail
from tests.pipeline.newsroom import NEWS, POLICY, START, Newsroom

INBOX = Source("uscis", "USCIS", "maildir:inbox", SourceKind.MAILBOX, senders=("@dhs.gov",))
DATE = "Mon, 06 Oct 2025 08:59:00 +0000"


def bulletin(number: int, subject: str = "", **more: Any) -> bytes:
    return mail(number, subject=subject or f"Bulletin {number}", date=DATE, **more)


class Mailed:
    """A newsroom with a Maildir that the test delivers to."""

    def __init__(self, room: Newsroom, folder: Path) -> None:
        self.room = room
        self.inbox = folder / "inbox"
        for part in ("tmp", "new", "cur"):
            (self.inbox / part).mkdir(parents=True)

    def deliver(self, name: str, data: bytes) -> Path:
        path = self.inbox / "new" / name
        path.write_bytes(data)
        moment = self.room.clock().timestamp()
        os.utime(path, (moment, moment))
        return path

    async def poll(self, **by: float) -> PollReport:
        return await self.room.poll_after(**(by or {"hours": 2}))

    async def row(self) -> dict[str, Any]:
        (row,) = await self.room.ctx.db.read(list_sources)
        return row


@pytest.fixture
async def mailed(newsroom: Newsroom, tmp_path: Path) -> AsyncIterator[Mailed]:
    mailboxes = Mailboxes(tmp_path, Guard(), limits=Limits(messages=2))
    web = Fetcher(Guard(), "test", clock=newsroom.clock)
    room = replace(newsroom, ctx=replace(newsroom.ctx, fetcher=Documents(web, mailboxes)))
    await room.track(POLICY)
    yield Mailed(room, tmp_path)
    mailboxes.close()
    await web.aclose()


async def test_a_bulletin_is_an_entry_once_and_raises_its_flag(mailed: Mailed) -> None:
    await mailed.room.watch(INBOX)
    assert (await mailed.poll()).polled == 1  # an empty mailbox is a baseline too

    mailed.deliver("1", bulletin(1, NEWS.title, body=NEWS.text))
    first, second = await mailed.poll(), await mailed.poll()
    mailed.deliver("2", bulletin(1, NEWS.title, body=NEWS.text))  # the same Message-ID, delivered again
    third = await mailed.poll()

    assert (first.entries_new, first.flags) == (1, 1)
    assert (second.unchanged, second.entries_new) == (1, 0)
    assert (third.unchanged, third.entries_new, third.entries_revised) == (1, 0, 0)
    assert len(await mailed.room.flags()) == 1


async def test_what_is_there_is_read_silently_in_as_many_polls_as_it_takes(mailed: Mailed) -> None:
    for number in range(1, 6):
        mailed.deliver(str(number), bulletin(number, NEWS.title if number == 5 else "", body=NEWS.text))
    await mailed.room.watch(INBOX)

    first, second = await mailed.room.poll(), await mailed.room.poll()

    assert (first.polled, first.entries_new) == (3, 5)  # what is left is due at once
    assert second.polled == 0
    assert await mailed.room.flags() == []
    mailed.deliver("6", bulletin(6, "Police searches for ICE by Flock Safety, another", body=NEWS.text))
    assert (await mailed.poll()).flags == 1


async def test_a_back_list_is_flagged_where_that_is_asked_for(mailed: Mailed) -> None:
    mailed.deliver("1", bulletin(1, NEWS.title, body=NEWS.text))
    await mailed.room.watch(replace(INBOX, seed=Seed.FLAG))

    assert (await mailed.room.poll()).flags == 1


async def test_nothing_is_skipped_when_more_comes_than_one_poll_takes(mailed: Mailed) -> None:
    await mailed.room.watch(INBOX)
    await mailed.poll()
    for number in range(1, 6):
        mailed.deliver(str(number), bulletin(number))

    await mailed.poll(days=3)  # after an outage there is no fetch of the whole either
    while (await mailed.room.poll()).polled:
        pass

    assert (await mailed.row())["entries"] == 5


async def test_mail_of_others_is_no_entry_and_no_trouble(mailed: Mailed, logged: list[EventDict]) -> None:
    await mailed.room.watch(INBOX)
    mailed.deliver("1", bulletin(1))
    await mailed.poll()
    mailed.deliver("2", bulletin(2, NEWS.title, body=NEWS.text, sender="Spam <spam@evil.example>"))

    report = await mailed.poll()

    assert (report.failed, report.entries_new, report.flags) == (0, 0, 0)
    assert [each["note"] for each in logged if each["event"] == "poll_note"] == [
        "1 messages ignored: their senders are not in 'from'"
    ]
    assert "possible_gap" not in {each["event"] for each in logged}
    assert health(vitals_of(await mailed.row()), mailed.room.clock()).colour is Colour.GREEN


async def test_a_message_cannot_ask_the_poller_to_wait(mailed: Mailed) -> None:
    mailed.deliver("1", bulletin(1, body="<ttl>1440</ttl><skipDays><day>Monday</day></skipDays>"))
    await mailed.room.watch(replace(INBOX, every=timedelta(hours=1)))

    await mailed.room.poll()

    assert (await mailed.row())["next_poll_at"] <= START + timedelta(hours=1.2)


async def test_a_mailbox_that_is_gone_is_told_and_loses_nothing(mailed: Mailed) -> None:
    await mailed.room.watch(INBOX)
    mailed.deliver("1", bulletin(1))
    await mailed.poll()
    mailed.inbox.rename(mailed.inbox.with_name("away"))
    assert (await mailed.poll()).failed == 1
    row = await mailed.row()
    assert (row["poll_error"], row["poll_detail"]) == ("no_mailbox", "maildir:inbox: No such file or directory")

    mailed.inbox.with_name("away").rename(mailed.inbox)
    mailed.deliver("2", bulletin(2))
    report = await mailed.poll(days=1)

    assert report.entries_new == 1
    changes = await mailed.room.ctx.db.read(list_changes)
    assert [each["title"] for each in changes] == ["Bulletin 2"]


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("maildir:state/inbox", "maildir:state/inbox"),
        ("imaps://mail.example.org/INBOX", "mail.example.org:993"),
        ("imap://mail.example.org:1143", "mail.example.org:1143"),
        ("imap://mail.example.org", "mail.example.org:143"),
        ("https://a.example/", "a.example:443"),
    ],
)
def test_every_mailbox_has_a_host_to_be_polite_to(url: str, key: str) -> None:
    assert host_key(url) == key
