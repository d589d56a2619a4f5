"""Places: work is claimed until nothing can be, also where what ends meanwhile had kept it from being claimed."""

from __future__ import annotations

import asyncio

from monitor.pipeline.places import until_nothing_is_due


async def test_work_that_waited_for_what_ended_during_the_claim_is_claimed_too() -> None:
    """A claim that finds the host busy returns after the host's work has ended; another host's had ended before."""
    answers = [["first", "other"], [], ["second"], []]
    asked_again = asyncio.Event()
    first_ended = asyncio.Event()

    async def claim(most: int) -> list[str]:
        if len(answers) == 3:
            asked_again.set()
            await first_ended.wait()
            for _ in range(5):  # until the loop has noticed that the work is over
                await asyncio.sleep(0)
        return answers.pop(0) if answers else []

    async def work(name: str) -> str:
        if name == "first":
            await asked_again.wait()
            first_ended.set()
        return name

    assert sorted(await until_nothing_is_due(4, claim, work)) == ["first", "other", "second"]
