"""Fault 55: SIGTERM at any time ends the service with 0, soon, and what was under way goes on at the next start."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.chaos.service import Service, workspace


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
async def test_stopped_while_a_feed_answers_slowly_the_item_is_not_lost(tmp_path: Path, number: int) -> None:
    async with workspace(tmp_path, hooks=False) as service:
        service.feed.delay = 1.5
        process = await service.running()
        await service.publish()
        await service.until(lambda: asked(service))

        process.send_signal(number)
        process.send_signal(number)  # an impatient operator changes nothing
        assert await service.ended(process) == 0

        service.feed.delay = 0
        process = await service.running()
        await service.until(lambda: flagged(service))
        assert await service.stop(process) == 0
        assert (await service.counts())["entry"] == 1


async def test_stopped_with_mail_waiting_it_is_sent_after_the_next_start(tmp_path: Path) -> None:
    async with workspace(tmp_path) as service:
        process = await service.running()
        await service.record()
        assert await service.stop(process) == 0

        process = await service.running()
        await service.until(lambda: sent(service, 2))
        assert await service.stop(process) == 0
        assert (len(service.mail.mails), len(service.hooks.events)) == (1, 1)


async def test_a_second_service_on_the_same_workspace_ends_with_75(tmp_path: Path) -> None:
    """THREATS P8."""
    async with workspace(tmp_path) as service:
        process = await service.running()

        assert await service.ended(await service.start()) == 75
        assert await service.ended(await service.start("poll")) == 75
        assert "another worker" in service.log()
        assert await service.stop(process) == 0


async def asked(service: Service) -> bool:
    return service.feed.waiting


async def flagged(service: Service) -> bool:
    return bool(await service.open_flags())


async def sent(service: Service, number: int) -> bool:
    states = await service.states()
    return len(states) == number and set(states) == {"sent"}
