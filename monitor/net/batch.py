"""What one poll takes from a mailbox, at most and in fact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.core.read.bundle import Message


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one poll: how many messages, how many bytes of them all, and of each; what is over waits for the next.

    4 MiB of hostile HTML take the reader 3 s, and it has 5.
    """

    messages: int = 200
    total: int = 4 * 2**20
    message: int = 512 * 1024

    def within(self, sizes: Iterable[int]) -> int:
        """How many of the first messages, of these sizes, one poll may take; one at least, so that it goes on."""
        taken = left = 0
        for size in sizes:
            left += min(size, self.message)
            if taken and (left > self.total or taken == self.messages):
                break
            taken += 1
        return taken


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that were read, the validator that stands for them, and whether there are further ones."""

    messages: tuple[Message, ...]
    validator: str
    more: bool
