"""The links in the feet of our e-mails: what they show, and that one click ends a subscription for good."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from monitor.core.message import unsubscribe_token
from monitor.errors import NotFound
from monitor.model.delivery import Deferred
from monitor.model.policy import ActionRecord
from monitor.model.subscription import Criteria, Every, Schedule
from monitor.pipeline import actions
from monitor.store.subscriptions import find_subscription, live_subscriptions, sync_subscriptions, unsubscribe
from monitor.web.mail_links import schedule_words
from tests.pipeline.newsroom import KEY, POLICY, Newsroom, Relay, a_hook, a_reader
from tests.web.conftest import at, browsing

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
TOKEN = unsubscribe_token(KEY, "desk")


async def dump(newsroom: Newsroom) -> str:
    """Everything that the (SQLite) database holds."""

    def work(tx: object) -> str:
        return "\n".join(tx.connection.iterdump())  # type: ignore[attr-defined]

    return await newsroom.ctx.db.read(work)


async def record(newsroom: Newsroom, title: str) -> None:
    what = ActionRecord("Subsequent Action", date(2025, 10, 6), title)
    await actions.add(newsroom.ctx, POLICY.url, what, actor="anna")


async def live(newsroom: Newsroom) -> list[str]:
    return [each.id for each in await newsroom.ctx.db.read(live_subscriptions)]


# --- looking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_opening_the_links_changes_nothing(small: Newsroom, visitor: httpx.AsyncClient, method: str) -> None:
    await small.subscribe(a_reader())
    before = await dump(small)

    for path in (f"/u/{TOKEN}", f"/manage/{TOKEN}", f"/u/{TOKEN}?List-Unsubscribe=One-Click"):
        assert (await visitor.request(method, path)).status_code == 200

    assert await dump(small) == before


async def test_the_page_says_what_the_link_is_for(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.subscribe(a_reader())

    page = await visitor.get(f"/u/{TOKEN}")

    assert "This link ends the subscription <b>The desk</b>" in page.text
    assert f'<form method="post" action="/u/{TOKEN}">' in page.text
    assert '<input type="hidden" name="List-Unsubscribe" value="One-Click">' in page.text
    assert "desk@readers.example" not in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_the_manage_page_says_what_is_told_and_when(small: Newsroom, tmp_path: Path) -> None:
    room = at("http://127.0.0.1:8001", small.ctx.db, tmp_path, CONTACT="editor@tracker.example")
    criteria = Criteria(topics=("Interior",), agencies=("ICE",))
    await room.subscribe(a_reader(every=Every.WEEK, criteria=criteria, weekday=3, timezone="America/New_York"))

    async with browsing(room.ctx) as browser:
        page = await browser.get(f"/manage/{TOKEN}")

    assert "You follow the topic Interior and the agency ICE." in page.text
    assert "Every Thursday at 07:00 (America/New_York)." in page.text
    assert f'<form method="post" action="/u/{TOKEN}">' in page.text
    assert "write to editor@tracker.example" in page.text


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule(Every.IMMEDIATE), "as soon as something is recorded"),
        (Schedule(Every.HOUR), "every hour, when something was recorded"),
        (Schedule(Every.DAY, time(18, 30)), "every day at 18:30 (UTC)"),
        (Schedule(Every.WEEK, weekday=6), "every Sunday at 07:00 (UTC)"),
        (Schedule(Every.MONTH, monthday=28), "on day 28 of every month at 07:00 (UTC)"),
    ],
)
def test_a_schedule_is_told_in_words(schedule: Schedule, words: str) -> None:
    assert schedule_words(schedule) == words


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["/u/", "/manage/"])
async def test_every_other_token_has_the_same_answer(small: Newsroom, visitor: httpx.AsyncClient, way: str) -> None:
    await small.subscribe(a_reader())
    forged = [
        TOKEN[:-1],
        TOKEN[:-1] + ("A" if TOKEN[-1] != "A" else "B"),
        TOKEN.upper(),
        TOKEN.partition(".")[0],
        f"{TOKEN}.",
        unsubscribe_token(b"x" * 32, "desk"),
        unsubscribe_token(KEY, "desk", version=2),
        unsubscribe_token(KEY, "nobody"),  # genuine, and for a subscription that never was
        "desk",
        "%F0%9F%92%A9",
        "a" * 5000,
    ]

    answers = [await visitor.get(way + token) for token in forged]
    answers += [await visitor.post(f"/u/{token}", data=ONE_CLICK) for token in forged]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert await live(small) == ["desk"]


async def test_old_mails_keep_their_links_while_keys_rotate(small: Newsroom) -> None:
    await small.subscribe(a_reader())
    rotated = small.with_settings(secret_key=(SecretStr("n" * 32), SecretStr(KEY.decode())))
    ctx = replace(rotated.ctx, key=b"n" * 32)

    async with browsing(ctx) as browser:
        response = await browser.post(f"/u/{TOKEN}")

    assert response.status_code == 200
    assert await live(small) == []


# --- unsubscribing ----------------------------------------------------------------------------------------------------


async def test_the_link_of_a_mail_ends_the_subscription_in_one_click(
    newsroom: Newsroom, reader: httpx.AsyncClient
) -> None:
    await newsroom.track(POLICY)
    await newsroom.subscribe(a_reader(), a_reader("other"))
    await record(newsroom, "2025.10.06 told")
    await newsroom.tell()
    mail = next(each for each in newsroom.mails() if each["To"].startswith("The desk"))
    link = mail["List-Unsubscribe"].strip("<>")

    # RFC 8058: no cookie, no login, from anywhere
    response = await reader.post(link, data=ONE_CLICK, headers={"origin": "https://mail.example"})
    await record(newsroom, "2025.10.07 told to the other alone")
    await newsroom.tell()

    assert response.status_code == 200
    assert "set-cookie" not in response.headers
    assert "Nothing more is sent" in response.text
    assert Counter(each["To"].split()[1] for each in newsroom.mails()) == {"desk": 1, "other": 2}
    assert urlsplit(link).path == f"/u/{TOKEN}"


async def test_the_file_does_not_bring_back_who_unsubscribed(newsroom: Newsroom, reader: httpx.AsyncClient) -> None:
    await newsroom.track(POLICY)
    await newsroom.subscribe(a_reader())

    await reader.post(f"/u/{TOKEN}", data=ONE_CLICK)
    await newsroom.subscribe(a_reader(every=Every.DAY))  # the operator edits the entry
    await newsroom.end("desk")
    await newsroom.subscribe(a_reader())  # and takes it out and in again
    await record(newsroom, "2025.10.06 x")
    told = await newsroom.tell()

    assert (await live(newsroom), told.taken) == ([], 0)


async def test_a_file_that_names_who_unsubscribed_changes_nothing(small: Newsroom) -> None:
    await small.subscribe(a_reader())
    await small.ctx.db.write(lambda tx: unsubscribe(tx, "desk", small.clock()))

    changed = await small.ctx.db.write(lambda tx: sync_subscriptions(tx, [a_reader()], now=small.clock()))

    assert changed == 0


async def test_what_was_composed_and_not_sent_is_held(newsroom: Newsroom, reader: httpx.AsyncClient) -> None:
    relay = Relay()
    relay.refuses_connections = Deferred("not now")
    room = newsroom.with_mail(relay)
    await room.track(POLICY)
    await room.subscribe(a_reader())
    await record(room, "2025.10.06 deferred")
    await room.tell()
    await record(room, "2025.10.07 pending")
    room.clock.advance(minutes=5)
    await room.compose()
    assert sorted(await room.states()) == ["deferred", "pending"]

    await reader.post(f"/u/{TOKEN}", data=ONE_CLICK)
    relay.refuses_connections = None
    room.clock.advance(days=2)
    await room.deliver()

    assert await room.states() == {"held": 2}
    assert relay.accepted == []


@pytest.mark.parametrize(
    "body",
    [
        {"data": ONE_CLICK},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
        {"content": b"{}", "headers": {"content-type": "application/json"}},
    ],
)
async def test_however_the_mail_program_posts_it_counts(
    small: Newsroom, visitor: httpx.AsyncClient, body: dict[str, object]
) -> None:
    await small.subscribe(a_reader())

    response = await visitor.post(f"/u/{TOKEN}", **body)  # type: ignore[arg-type]

    assert (response.status_code, await live(small)) == (200, [])


async def test_unsubscribing_twice_is_as_once(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.subscribe(a_reader())

    first = await visitor.post(f"/u/{TOKEN}", data=ONE_CLICK)
    before = await dump(small)
    small.clock.advance(days=1)
    second = await visitor.post(f"/u/{TOKEN}", data=ONE_CLICK)

    assert (first.status_code, first.text) == (second.status_code, second.text)
    assert await dump(small) == before


async def test_the_pages_of_an_ended_subscription_say_so(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.subscribe(a_reader())
    await visitor.post(f"/u/{TOKEN}", data=ONE_CLICK)

    unsubscribed, managed = [await visitor.get(f"/{way}/{TOKEN}") for way in ("u", "manage")]

    assert "Nothing more is sent" in unsubscribed.text
    assert "Never: it has ended." in managed.text
    assert "<form" not in unsubscribed.text + managed.text


async def test_who_left_the_file_can_still_say_never_again(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.subscribe(a_reader())
    await small.end("desk")

    response = await visitor.post(f"/u/{TOKEN}", data=ONE_CLICK)
    await small.subscribe(a_reader())

    assert (response.status_code, await live(small)) == (200, [])


async def test_nobody_else_is_unsubscribed(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.subscribe(a_reader(), a_reader("desk2"), a_hook())

    await visitor.post(f"/u/{TOKEN}", data=ONE_CLICK)

    assert await live(small) == ["desk2", "hook"]


async def test_a_subscription_that_never_was_cannot_end(small: Newsroom) -> None:
    with pytest.raises(NotFound):
        await small.ctx.db.write(lambda tx: unsubscribe(tx, "nobody", small.clock()))
    assert await small.ctx.db.read(lambda tx: find_subscription(tx, "nobody")) is None
