"""The whole story once: from a feed to the people who asked to be told."""

from __future__ import annotations

import json

from monitor.core.signature import verify
from monitor.pipeline import triage
from tests.pipeline.newsroom import FEED, NEWS, POLICY, Newsroom, a_feed, a_hook, a_reader, feed, secrets_of, text_of


async def test_a_story_on_a_feed_becomes_an_action_that_each_subscriber_is_told_once(newsroom: Newsroom) -> None:
    await newsroom.track(POLICY)
    await newsroom.watch(a_feed())
    await newsroom.subscribe(a_reader("desk"), a_hook("hook"))
    newsroom.web.serve(FEED, feed())
    assert (await newsroom.poll()).flags == 0

    assert (await newsroom.publish(NEWS)).flags == 1
    flag = (await newsroom.flags())[0]
    decided = await triage.accept(newsroom.ctx, flag.id, actor="anna")
    early = await newsroom.compose()
    told = await newsroom.tell()
    again = await newsroom.tell()

    (action,) = await newsroom.actions()
    assert (action.id,) == decided.actions
    assert action.record.title == f"2025.10.06 Reported: {NEWS.title} - The Daily News"
    assert (early.digests, told.sent, again.taken) == (0, 2, 0)
    (mail,) = newsroom.mails()
    assert mail["To"] == "The desk <desk@readers.example>"
    assert action.record.title in text_of(mail)
    (post,) = newsroom.receiver.posts
    (secret,) = secrets_of("hook")
    assert verify(secret, post.headers, post.body, newsroom.clock().timestamp())
    body = json.loads(post.body)
    assert body["type"] == "action.recorded"
    assert body["data"]["action"]["title"] == action.record.title
