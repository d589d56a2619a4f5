"""What a batch of events comes to for a reader: which ones are wanted, and one line for each thing that is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType
from typing import Any

from monitor.core.redline_html import mail_html
from monitor.core.redline_text import excerpt, told_line
from monitor.core.text import clean, shorten
from monitor.model.change import Part
from monitor.model.event import Event, EventType
from monitor.model.source import Voice
from monitor.model.subscription import Criteria

_VOICES = tuple(Voice)
_FIELDS = {"document_url": "document link", "current_status": "status"}  # the others are words already
_PARTS = 3  # of a page's change that a mail shows
_PART_ROOM = 400  # characters
_SENTENCE = 300  # characters
_POLICY_EVENTS = frozenset({EventType.POLICY_CREATED, EventType.POLICY_STATUS_CHANGED})


@dataclass(frozen=True, slots=True)
class Change:
    """What a correction changed: the field in words, and its value before and after as text ("" is none)."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """The policy a line is about. ``link`` is its page at the tracker; two refs of one ``url`` are one policy."""

    url: str
    title: str
    tracker_id: str
    status: str
    topics: tuple[str, ...]
    agencies: tuple[str, ...]
    link: str


@dataclass(frozen=True, slots=True)
class PageChange:
    """What changed on the page that an action was recorded from: a sentence, and the first paragraphs of its redline.

    ``html`` is safe markup; ``lines`` say the same in text ("Changed: It is [-proposed-]{+final+}."); ``more`` counts
    the changes that are left out.
    """

    summary: str
    html: str
    lines: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One thing to tell. ``type`` says what became of it; all text is clean, on one line but for ``summary``.

    ``date`` is ISO 8601 or "" (policy lines); ``publisher`` is the source's name or ""; ``changes`` are of corrections
    and status changes, ``reason`` of retractions; ``events`` are the ids of the events that came to this line;
    ``reviewed`` is False where the action was recorded automatically and no editor has looked at it; ``page_change`` is
    of recorded actions that come from one.
    """

    type: EventType
    policy: PolicyRef
    title: str
    date: str = ""
    kind: str = ""
    summary: str = ""
    document_url: str = ""
    reported: bool = False
    publisher: str = ""
    voice: Voice | None = None
    changes: tuple[Change, ...] = ()
    reason: str = ""
    events: tuple[str, ...] = ()
    reviewed: bool = True
    page_change: PageChange | None = None


def page_change(summary: str, parts: Sequence[Part]) -> PageChange:
    """A page's change as a mail tells it: short, whatever its size."""
    shown, more = excerpt(parts, most=_PARTS, room=_PART_ROOM)
    return PageChange(shorten(summary, _SENTENCE), mail_html(shown), tuple(map(told_line, shown)), more)


def wants(criteria: Criteria, event: Event) -> bool:
    """Whether a subscription with ``criteria`` is told of ``event``. Criteria that name nothing want nothing."""
    if criteria.events and event.type not in criteria.events:
        return False
    tests: list[bool] = []
    if criteria.all_topics or criteria.topics:
        tests.append(criteria.all_topics or not set(criteria.topics).isdisjoint(event.topics))
    if criteria.agencies:
        tests.append(not set(criteria.agencies).isdisjoint(event.agencies))
    if criteria.policies:
        tests.append(not set(criteria.policies).isdisjoint(event.policy_keys))
    return bool(tests) and (all(tests) if criteria.match_all else any(tests))


def fold(
    events: Iterable[Event], page_changes: Mapping[int, PageChange] = MappingProxyType({})
) -> tuple[DigestLine, ...]:
    """One line for each action and policy that differs from what its reader last saw, with the latest data.

    Recorded and corrected in one batch is recorded; recorded and retracted is nothing; corrections of what was told
    before are merged (old of the first, new of the last), and nothing where they cancel out (THREATS fault 54). By
    policy, the one with the most authoritative voice first, then by title; in a policy its own news, then by date.
    ``page_changes`` are what recorded actions come from, by the action's id.
    """
    histories: dict[tuple[str, str], list[Event]] = {}
    policies: dict[str, PolicyRef] = {}
    for event in sorted(events, key=lambda event: event.seq):
        histories.setdefault(_subject(event), []).append(event)
        policy = _policy(event.data)
        policies[policy.url] = policy  # the latest knows best what the policy is called and where it stands
    lines = [(_line(history), page_changes.get(history[0].action_id or 0)) for history in histories.values()]
    return _ordered(
        [
            replace(
                line,
                policy=policies[line.policy.url],
                page_change=change if line.type is EventType.ACTION_RECORDED else None,
            )
            for line, change in lines
            if line is not None
        ]
    )


def by_policy(lines: Sequence[DigestLine]) -> tuple[tuple[PolicyRef, tuple[DigestLine, ...]], ...]:
    """Folded lines in groups, one a policy, in their order."""
    return tuple((policy, tuple(group)) for policy, group in groupby(lines, key=lambda line: line.policy))


def _subject(event: Event) -> tuple[str, str]:
    if event.type in _POLICY_EVENTS:
        return "policy", str(event.data["policy"]["url"])
    return "action", str(event.action_id if event.action_id is not None else event.data["action"]["id"])


def _line(history: Sequence[Event]) -> DigestLine | None:
    return _policy_line(history) if history[0].type in _POLICY_EVENTS else _action_line(history)


def _policy_line(history: Sequence[Event]) -> DigestLine | None:
    last = history[-1]
    if any(event.type is EventType.POLICY_CREATED for event in history):
        return _made(EventType.POLICY_CREATED, last, history)
    changes = _merged(history)
    return _made(EventType.POLICY_STATUS_CHANGED, last, history, changes=changes) if changes else None


def _action_line(history: Sequence[Event]) -> DigestLine | None:
    types = [event.type for event in history]
    last = history[-1]
    told_before = types[0] is not EventType.ACTION_RECORDED
    if types[-1] is EventType.ACTION_RETRACTED:
        reason = _text(last.data.get("reason"))
        return _made(EventType.ACTION_RETRACTED, last, history, reason=reason) if told_before else None
    if EventType.ACTION_RECORDED in types:
        return _made(EventType.ACTION_RECORDED, last, history)
    changes = _merged(history)
    return _made(EventType.ACTION_CORRECTED, last, history, changes=changes) if changes else None


def _merged(history: Sequence[Event]) -> tuple[Change, ...]:
    """The changes of all events as one: a field that came back to its first value did not change."""
    values: dict[str, tuple[Any, Any]] = {}
    for event in history:
        for name, (old, new) in event.data.get("changes", {}).items():
            values[name] = (values[name][0] if name in values else old, new)
    return tuple(
        Change(_FIELDS.get(name, name), _text(old), _text(new)) for name, (old, new) in values.items() if old != new
    )


def _made(
    type_: EventType,
    event: Event,
    history: Sequence[Event],
    changes: tuple[Change, ...] = (),
    reason: str = "",
) -> DigestLine:
    action: Mapping[str, Any] = event.data.get("action") or {}
    source: Mapping[str, Any] = event.data.get("source") or {}
    policy = _policy(event.data)
    return DigestLine(
        type=type_,
        policy=policy,
        title=_text(action.get("title")) or policy.title,
        date=_text(action.get("date")),
        kind=_text(action.get("kind")),
        summary=clean(str(action.get("summary") or "")).strip(),
        document_url=_text(action.get("document_url")),
        reported=bool(action.get("reported")),
        publisher=_text(source.get("name")),
        voice=Voice(source["voice"]) if source.get("voice") else None,
        changes=changes,
        reason=reason,
        events=tuple(event.id for event in history),
        reviewed=bool(action.get("reviewed", True)),
    )


def _policy(data: Mapping[str, Any]) -> PolicyRef:
    policy: Mapping[str, Any] = data["policy"]
    return PolicyRef(
        url=str(policy["url"]),
        title=_text(policy["title"]),
        tracker_id=_text(policy.get("tracker_id")),
        status=_text(policy.get("current_status")),
        topics=tuple(map(_text, policy.get("topics") or ())),
        agencies=tuple(map(_text, policy.get("agencies") or ())),
        link=_text((data.get("links") or {}).get("policy")),
    )


def _text(value: object) -> str:
    """A value as readers see it, on one line: lists by comma, a dated kind as "kind date", none as ""."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return " ".join(filter(None, map(_text, value.values())))
        case list() | tuple():
            return ", ".join(filter(None, map(_text, value)))
        case _:
            return " ".join(clean(str(value)).split())


def _rank(line: DigestLine) -> int:
    """The voice's place; a policy's own news speaks with the tracker's voice; an action without a source comes last."""
    if line.type in _POLICY_EVENTS:
        return 0
    return _VOICES.index(line.voice) if line.voice else len(_VOICES)


def _ordered(lines: Sequence[DigestLine]) -> tuple[DigestLine, ...]:
    best: dict[str, int] = {}
    for line in lines:
        best[line.policy.url] = min(_rank(line), best.get(line.policy.url, len(_VOICES)))

    def place(line: DigestLine) -> tuple[int, str, str, str, int, str, str]:
        policy = line.policy
        return best[policy.url], policy.title.casefold(), policy.url, line.date, _rank(line), line.title, line.events[0]

    return tuple(sorted(lines, key=place))
