"""A peer's own words, made safe to store and to show."""

from __future__ import annotations


def excerpt(said: bytes | str, limit: int = 200) -> str:
    """The first ``limit`` printable characters of ``said`` on one line; what is not printable becomes one space."""
    # Four bytes are the longest UTF-8 character: no need to decode a long answer whole.
    text = said[: limit * 4].decode("utf-8", "replace") if isinstance(said, bytes) else said[: limit * 4]
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:limit].strip()
