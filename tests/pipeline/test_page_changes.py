"""An action that comes from a page's change keeps its origin, and mails tell what changed there."""

from __future__ import annotations

import re
from dataclasses import replace

from monitor.model.change import PartKind
from monitor.model.flag import FlagState
from monitor.pipeline import actions, triage
from monitor.pipeline.digest import preview
from monitor.store.changes import StoredChange, changes_behind, entries_with_revisions, get_change, list_revisions
from monitor.store.flags import StoredFlag
from tests.pipeline.newsroom import FEED, NEWS, PAGE, POLICY, START, Newsroom, a_feed, a_page, a_reader, feed, page

BEFORE = "License plate readers: comments are due May 27, 2025."
AFTER = "License plate readers: comments are due June 30, 2025."
PAUSED = "We have paused all federal pilots with ICE."


async def changed_page(newsroom: Newsroom) -> StoredFlag:
    """A tracked policy, a reader of it, and a page that changed once; its open flag."""
    await newsroom.track(POLICY)
    await newsroom.subscribe(a_reader("anna"))
    await newsroom.watch(a_page(policies=("1777",)))
    newsroom.web.serve(PAGE, page(BEFORE))
    await newsroom.poll()
    newsroom.web.serve(PAGE, page(AFTER, PAUSED))
    await newsroom.poll_after(hours=2)
    (flag,) = await newsroom.flags()
    return flag


async def behind(newsroom: Newsroom) -> dict[int, StoredChange]:
    stored = await newsroom.actions()
    return await newsroom.ctx.db.read(lambda tx: changes_behind(tx, {each.id for each in stored}))


async def test_an_action_keeps_the_change_that_it_was_recorded_from(newsroom: Newsroom) -> None:
    flag = await changed_page(newsroom)
    await triage.accept(newsroom.ctx, flag.id, actor="anna")

    ((action, change),) = (await behind(newsroom)).items()

    assert action == (await newsroom.actions())[0].id
    assert [part.op for part in change.parts] == [PartKind.DATE, PartKind.ADDED]
    assert change.summary == "1 paragraph added; comment deadline changed from May 27, 2025 to June 30, 2025"
    assert (change.source_id, change.revision, change.before_at) == (flag.source.id, 2, START)
    assert change.at == flag.seen_at
    assert await newsroom.ctx.db.read(lambda tx: get_change(tx, change.seq)) == change


async def test_an_action_of_another_origin_has_no_change(newsroom: Newsroom) -> None:
    flag = await newsroom.flagged()
    await triage.accept(newsroom.ctx, flag.id, actor="anna")
    await newsroom.record()

    assert await behind(newsroom) == {}
    assert await newsroom.ctx.db.read(lambda tx: changes_behind(tx, ())) == {}


async def test_words_that_came_after_a_decision_are_not_its_change(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    await newsroom.watch(a_feed())
    newsroom.web.serve(FEED, feed())
    await newsroom.poll()
    await newsroom.publish(replace(NEWS, guid="one"))
    (flag,) = await newsroom.flags()
    await triage.accept(newsroom.ctx, flag.id, actor="anna")
    longer = f"{NEWS.text} A judge has now ended all license plate searches for ICE that the police ran, records show."
    await newsroom.publish(replace(NEWS, guid="one", title="A judge ended searches for ICE of Flock", text=longer))

    (again,) = await newsroom.flags(FlagState.OPEN)
    assert (again.id, bool(again.change_parts)) == (flag.id, True)
    assert await behind(newsroom) == {}

    await triage.accept(newsroom.ctx, flag.id, actor="anna")
    assert [change.revision for change in (await behind(newsroom)).values()] == [2]


async def test_an_entrys_words_are_there_in_every_revision(newsroom: Newsroom) -> None:
    flag = await changed_page(newsroom)

    (entry,) = await newsroom.ctx.db.read(lambda tx: entries_with_revisions(tx, flag.source.id))
    revisions = await newsroom.ctx.db.read(lambda tx: list_revisions(tx, flag.source.id, entry.entry_id))

    assert (entry.revisions, [each.number for each in revisions]) == (2, [1, 2])
    assert BEFORE in revisions[0].text
    assert AFTER in revisions[1].text


async def test_a_mail_tells_what_changed_on_the_page_in_both_parts(newsroom: Newsroom) -> None:
    flag = await changed_page(newsroom)
    await triage.accept(newsroom.ctx, flag.id, actor="anna")

    await newsroom.tell()

    (mail,) = newsroom.mails()
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    told = " ".join(text.get_content().split())
    assert (
        "What changed on the page: 1 paragraph added; comment deadline changed from May 27, 2025 to June 30, 2025 "
        "* Date changed: License plate readers: comments are due [-May 27, 2025-]{+June 30, 2025+}. "
        f"* Added: {PAUSED}"
    ) in told
    shown = html.get_content()
    assert re.search(r"\[removed: <del [^>]*>May 27, 2025</del>\]", shown)
    assert re.search(r"\[added: <ins [^>]*>June 30, 2025</ins>\]", shown)
    assert "What changed on the page" in shown


async def test_a_correction_tells_no_redline_again(newsroom: Newsroom) -> None:
    flag = await changed_page(newsroom)
    (action,) = (await triage.accept(newsroom.ctx, flag.id, actor="anna")).actions
    await newsroom.tell()
    await actions.correct(newsroom.ctx, action, actor="anna", title="2025.10.06 Other words")
    await newsroom.tell()

    text = newsroom.mails()[-1].get_body(("plain",))

    assert text is not None
    assert "Other words" in text.get_content()
    assert "What changed on the page" not in text.get_content()


async def test_a_preview_shows_the_redline_too(newsroom: Newsroom) -> None:
    flag = await changed_page(newsroom)
    await triage.accept(newsroom.ctx, flag.id, actor="anna")
    newsroom.clock.advance(hours=1)

    shown = await preview(newsroom.ctx, "anna", since=START)

    assert shown is not None
    assert "Added: " + PAUSED in shown.text
