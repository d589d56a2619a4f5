"""What a difference costs, against difflib's on the same texts, which tells neither moves nor words.

Texts are made from a seed: the shape of a long rule, and the shapes that drive such programs into the ground.
"""

from __future__ import annotations

import difflib
import random
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Figure
from monitor.core.diff import diff
from monitor.core.redline import redline

Texts = tuple[list[str], list[str]]
_LINES = 5_000


def prose(lines: int, seed: int, words: int = 25) -> list[str]:
    """Paragraphs of words from a vocabulary of 400."""
    chance = random.Random(seed)
    return [" ".join(f"word{chance.randrange(400)}" for _ in range(words)) for _ in range(lines)]


def edited(before: list[str], share: float, seed: int) -> list[str]:
    """The same text with that share of its lines reworded, extended, removed, or followed by a new one, in turn."""
    chance = random.Random(seed)
    after: list[str] = []
    for place, line in enumerate(before):
        if chance.random() >= share:
            after.append(line)
            continue
        kind = place % 4
        if kind == 0:
            words = line.split()
            words[3:6] = ["amended"]
            after.append(" ".join(words))
        elif kind == 1:
            after.append(f"{line} from May {place % 28 + 1}, 2025")
        elif kind == 2:
            after += [line, *prose(1, seed + place)]
    return after


def _shuffled() -> Texts:
    lines = prose(10_000, 3)
    return lines, random.Random(4).sample(lines, len(lines))


def _anchored() -> Texts:
    lines = [f"anchor {n}" if n % 51 == 0 else f"old{n}" for n in range(9_900)]
    return lines, [line.replace("old", "new") for line in lines]


HOSTILE: dict[str, Callable[[], Texts]] = {
    "10,000 lines shuffled": _shuffled,
    "10,000 lines, all equal, some fewer": lambda: (["the same line"] * 10_000, ["the same line"] * 9_000),
    "10,000 lines, all others": lambda: (prose(10_000, 3), prose(10_000, 5)),
    "one line of 5 MB": lambda: (prose(1, 6, 680_000), prose(1, 7, 680_000)),
    "a word a line, in blocks of 50": _anchored,
    "a wall of half dates": lambda: (["1 1 may 1 " * 50_000], ["1 1 may 2 " * 50_000]),
}
"""Texts without mercy, by what they are."""


async def differences(folder: Path) -> list[Figure]:
    """5,000 lines of which a fifth changed, then what is hostile; ``folder`` is not used."""
    before = prose(_LINES, 1)
    after = edited(before, 0.2, 2)
    lines = _cpu_ms(lambda: list(difflib.unified_diff(before, after)))
    one, two = "\n".join(before), "\n".join(after)
    parts = diff(one, two).parts
    name = f"{_LINES:,} lines, a fifth changed"
    return [
        Figure(f"difflib's lines: {name}", lines),
        Figure("paragraphs, moves, dates, links", _cpu_ms(lambda: diff(one, two)), lines, "<= 1 s"),
        Figure(f"the words of its {len(parts):,} parts", _cpu_ms(lambda: redline(parts)), lines),
        *(_hostile(what, texts(), lines) for what, texts in HOSTILE.items()),
    ]


def _hostile(what: str, texts: Texts, against: float) -> Figure:
    one, two = ("\n".join(text) for text in texts)
    return Figure(f"hostile, with its words: {what}", _cpu_ms(lambda: redline(diff(one, two).parts)), against)


def _cpu_ms(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000
