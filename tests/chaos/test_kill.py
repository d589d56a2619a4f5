"""``kill -9`` of the real service at every crash point, then a restart: nothing is lost, nobody is told twice."""

from __future__ import annotations

import re
import signal
from collections.abc import Awaitable
from pathlib import Path

import pytest

from monitor.store.database import Tx
from monitor.store.subscriptions import live_subscriptions
from tests.chaos.service import Service, workspace

# A chain is one workspace in which the service is killed at each point in turn, and restarted each time. The short
# chains are the edges of the five transactions; the long ones (slow) have every point of the code.
POLL = ("poll.lease", "poll.before_commit", "poll.after_commit")
POLL_ALL = ("poll.lease", "poll.fetched", "poll.parsed", "match.before", "match.after", *POLL[1:])
ARTICLE = ("article.before_commit",)
ARTICLE_ALL = ("article.lease", "article.fetched", "article.parsed", *ARTICLE, "article.after_commit")
PAGE = ("page.before_settle", "page.after_settle")
REMATCH = ("rematch.before", "rematch.after")
DIGEST = ("digest.insert", "digest.after_commit", "mail.rcpt_ok")
DIGEST_ALL = ("digest.select", "digest.render", *DIGEST[:2], "mail.claimed", "mail.connected", "mail.rcpt_ok")
MAIL_IN_DOUBT = ("mail.data_committed", "mail.got_250")
MAIL_NOTED = ("mail.after_sent",)
HOOK = ("hook.got_2xx",)
HOOK_ALL = ("hook.claimed", "hook.sent_request", "hook.got_2xx", "hook.after")
TRIAGE = ("triage.before", "triage.after")
RELOAD = ("config.reload",)
ALL = (*POLL_ALL, *ARTICLE_ALL, *PAGE, *REMATCH, *DIGEST_ALL, *MAIL_IN_DOUBT, *MAIL_NOTED, *HOOK_ALL, *TRIAGE, *RELOAD)
slow = pytest.mark.slow
pytestmark = pytest.mark.timeout(300)  # a chain starts the service up to eight times: only what hangs takes so long
KILLED = -signal.SIGKILL


async def killed_at(service: Service, *points: str) -> None:
    """Start ``monitor run`` once for each point; it dies there."""
    for point in points:
        process = await service.start(crash_at=point)
        assert await service.ended(process) == KILLED, point


async def finished(service: Service, *, deliveries: int) -> None:
    """Let an unharmed service go on until nothing waits, then stop it."""
    process = await service.running()

    async def settled() -> bool:
        states = await service.states()
        return len(states) >= deliveries and not {"pending", "sending", "deferred"} & set(states)

    await service.until(settled)
    assert await service.stop(process) == 0


def test_every_crash_point_of_the_code_is_exercised_here() -> None:
    named = {
        name
        for path in Path("monitor").rglob("*.py")
        for name in re.findall(r"crashpoint\(\s*\"([a-z_.0-9]+)\"", path.read_text())
    }
    told = {"mail.after_sent", "hook.after"}  # named on one line that chooses between the two

    assert named | told == set(ALL)


@pytest.mark.parametrize("points", [POLL, pytest.param(POLL_ALL, marks=slow)])
async def test_killed_while_polling_an_item_becomes_one_entry_and_one_flag(
    tmp_path: Path, points: tuple[str, ...]
) -> None:
    async with workspace(tmp_path, hooks=False) as service:
        await service.publish()

        await killed_at(service, *points)
        process = await service.running()
        await service.until(lambda: _any(service.open_flags()))
        assert await service.stop(process) == 0

        counts = await service.counts()
        assert (counts["entry"], counts["flag"]) == (1, 1)


@pytest.mark.parametrize("points", [ARTICLE, pytest.param(ARTICLE_ALL, marks=slow)])
async def test_killed_while_reading_an_article_it_is_read_once_and_flagged_once(
    tmp_path: Path, points: tuple[str, ...]
) -> None:
    async with workspace(tmp_path, hooks=False) as service:
        await service.publish()

        await killed_at(service, *points)
        process = await service.running()
        await service.until(lambda: service.articles_are_read(1))
        assert await service.stop(process) == 0

        counts = await service.counts()
        assert (counts["entry"], counts["article"], counts["blob"], counts["flag"]) == (
            1,
            1,
            2,
            1,
        )  # the feed's bytes too


async def test_killed_while_telling_a_pages_change_it_is_told_once_and_flagged_once(tmp_path: Path) -> None:
    async with workspace(tmp_path, hooks=False, page=True) as service:
        await service.publish()

        await killed_at(service, *PAGE)
        process = await service.running()
        await service.until(lambda: _all_told(service, changes=2))
        assert await service.stop(process) == 0

        counts = await service.counts()
        assert (counts["change"], counts["flag"]) == (2, 2)  # the feed's item, and the page's change


async def test_killed_while_matching_again_for_a_new_policy_it_is_flagged_once(tmp_path: Path) -> None:
    async with workspace(tmp_path, hooks=False) as service:
        await service.publish()
        await service.seed()
        await service.track_another()

        await killed_at(service, *REMATCH)
        process = await service.running()
        await service.until(service.nothing_to_rematch)
        assert await service.stop(process) == 0

        assert (await service.counts())["flag"] == 2  # one for each policy


@pytest.mark.parametrize("points", [DIGEST, pytest.param(DIGEST_ALL, marks=slow)])
async def test_killed_while_composing_a_digest_is_composed_and_sent_once(
    tmp_path: Path, points: tuple[str, ...]
) -> None:
    async with workspace(tmp_path, hooks=False) as service:
        await service.record()

        await killed_at(service, *points)
        await finished(service, deliveries=1)

        assert (await service.counts())["digest"] == 1
        assert await service.states() == ["sent"]
        assert len(service.mail.mails) == 1


@pytest.mark.parametrize(("point", "received"), [("mail.data_committed", 0), ("mail.got_250", 1)])
async def test_killed_after_the_intent_a_mail_is_in_doubt_and_never_sent_again(
    tmp_path: Path, point: str, received: int
) -> None:
    async with workspace(tmp_path, hooks=False) as service:
        await service.record()

        await killed_at(service, point)
        await finished(service, deliveries=1)

        assert await service.states() == ["in_doubt"]
        assert len(service.mail.mails) == received
        assert "mail_in_doubt" in service.log()


@slow
async def test_killed_after_the_outcome_a_mail_is_not_sent_again(tmp_path: Path) -> None:
    async with workspace(tmp_path, hooks=False) as service:
        await service.record()

        await killed_at(service, *MAIL_NOTED)
        await finished(service, deliveries=1)

        assert await service.states() == ["sent"]
        assert len(service.mail.mails) == 1


@pytest.mark.parametrize("points", [HOOK, pytest.param(HOOK_ALL, marks=slow)])
async def test_killed_around_a_post_a_webhook_comes_again_under_the_same_id(
    tmp_path: Path, points: tuple[str, ...]
) -> None:
    async with workspace(tmp_path, mail=False) as service:
        await service.record()

        await killed_at(service, *points)
        await finished(service, deliveries=1)

        assert await service.states() == ["sent"]
        assert [event.verified for event in service.hooks.events] == [True]
        assert service.hooks.duplicates == 1  # taken, then the worker died before it could note so: hook.got_2xx


async def test_a_decision_killed_before_its_commit_is_undecided_and_after_it_is_told_once(tmp_path: Path) -> None:
    async with workspace(tmp_path) as service:
        await service.publish()
        process = await service.running()
        await service.until(lambda: _any(service.open_flags()))
        [flag] = await service.open_flags()

        for point in TRIAGE:
            assert await service.open_flags() == [flag]
            command = await service.start("flags", "accept", str(flag), crash_at=point)
            assert await service.ended(command) == KILLED
        await service.until(lambda: _all_sent(service, 2))
        assert await service.stop(process) == 0

        counts = await service.counts()
        assert (counts["action"], counts["event"], counts["digest"]) == (1, 1, 2)
        assert (len(service.mail.mails), len(service.hooks.events)) == (1, 1)


@slow
async def test_killed_while_taking_over_new_files_they_are_taken_over_at_the_start(tmp_path: Path) -> None:
    async with workspace(tmp_path, hooks=False) as service:
        process = await service.start(crash_at=RELOAD[0])
        await service.until(lambda: _says(service, "worker_started"))
        path = tmp_path / "subscriptions.yaml"
        path.write_text(
            path.read_text() + "  - {id: late, name: Late, email: late@example.org, topics: all, every: day}\n"
        )
        assert await service.ended(process) == KILLED

        process = await service.running()
        await service.until(lambda: _any(service.ctx.db.read(lambda tx: _late(tx))))
        assert await service.stop(process) == 0


def _late(tx: Tx) -> list[str]:
    return [each.id for each in live_subscriptions(tx) if each.id == "late"]


async def _any(found: Awaitable[object]) -> bool:
    return bool(await found)


async def _all_told(service: Service, *, changes: int) -> bool:
    return (await service.counts())["change"] >= changes


async def _all_sent(service: Service, number: int) -> bool:
    states = await service.states()
    return len(states) == number and set(states) == {"sent"}


async def _says(service: Service, words: str) -> bool:
    return words in service.log()
