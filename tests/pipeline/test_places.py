"""Places: work is claimed until nothing can be, also where what ends meanwhile had kept it from being claimed."""

from __future__ import annotations

import asyncio

from monitor.pipeline.places import until_nothing_is_due


async def test_work_that_waited_for_what_ended_during_the_claim_is_claimed_too() -> None:
    """One host, one at a time: the claim that finds it busy returns after its last work has ended."""
    waiting, ended = ["one", "two", "three"], asyncio.Event()
    ended.set()

    async def claim(most: int) -> list[str]:
        if not ended.is_set():
            await ended.wait()
            for _ in range(5):  # until the loop has noticed that the work is over
                await asyncio.sleep(0)
            return []
        if not waiting:
            return []
        ended.clear()
        return [waiting.pop(0)]

    async def work(name: str) -> str:
        await asyncio.sleep(0)
        ended.set()
        return name

    assert await until_nothing_is_due(4, claim, work) == ["one", "two", "three"]
