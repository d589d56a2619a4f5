"""When a document is not where it was any more: gone, or led elsewhere for good, poll after poll."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.core.urls import document_key

GONE_STATUSES = frozenset({404, 410})
_POLLS = 3
_SPAN = timedelta(days=1)  # a site that is being rebuilt, or a slip of its editors, is mended sooner


@dataclass(frozen=True, slots=True)
class Lost:
    """What ``polls`` in a row have said since ``since``: ``what`` is "HTTP 404", or the address that they were led to.

    ``told``: it was put before the editors, and is not again while it stays so.
    """

    what: str | None = None
    since: datetime | None = None
    polls: int = 0
    told: bool = False

    def is_certain(self, at: datetime) -> bool:
        """Whether it was said often and for long enough."""
        return self.polls >= _POLLS and self.since is not None and at - self.since >= _SPAN


NOT_LOST = Lost()


@dataclass(frozen=True, slots=True)
class Vanished:
    """What editors are told: ``words`` go on after the document's name. ``status`` is what its address answered.

    ``whole``: the source is one document, whose words are its entry's; else it is a list of many, known by its name.
    """

    url: str
    name: str
    whole: bool
    words: str
    status: int
    policies: tuple[str, ...]


def after_document(before: Lost, own: str, led_to: str | None, at: datetime, *, moved: bool) -> Lost:
    """Return what is known after a document was received: ``led_to`` is where permanent redirects alone led.

    ``moved``: it was asked for at another address than its ``own``, which says nothing of that one.
    """
    if led_to is not None and is_elsewhere(own, led_to):
        return _again(before, led_to, at)
    return before if moved else NOT_LOST


def after_refusal(before: Lost, status: int | None, at: datetime) -> Lost:
    """Return what is known after a failure. Those that may pass neither count nor interrupt."""
    return _again(before, f"HTTP {status}", at) if status in GONE_STATUSES else before


def _again(before: Lost, what: str, at: datetime) -> Lost:
    both_gone = (before.what or "").startswith("HTTP ") and what.startswith("HTTP ")
    if before.what == what or both_gone:
        return replace(before, polls=before.polls + 1)
    return Lost(what, at, 1)


def is_elsewhere(own: str, target: str) -> bool:
    """Tell whether a redirect leads to another document: not where only the scheme, "www." or a last slash differ."""
    return document_key(own) != document_key(target)


def words_of(lost: Lost) -> str:
    """What goes on after the document's name."""
    since = f" since {lost.since:%Y-%m-%d %H:%M}Z" if lost.since else ""
    gone = (lost.what or "").startswith("HTTP ")
    return f"has vanished: {lost.what}{since}" if gone else f"now redirects to {lost.what}{since}"
