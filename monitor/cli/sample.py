"""A digest that holds every kind of line: what `monitor check` renders with an operator's templates."""

from __future__ import annotations

from datetime import date

from monitor.core.digest import Change, DigestLine, PolicyRef
from monitor.core.render import DigestView
from monitor.model.event import EventType
from monitor.model.source import Voice

_POLICY = PolicyRef(
    url="https://tracker.example/policies/sample",
    title="A sample policy",
    tracker_id="1",
    status="In effect",
    topics=("A topic",),
    agencies=("AGENCY",),
    link="https://monitor.example/policies/sample",
)
_BARE = PolicyRef(
    url="title:another-policy", title="Another policy", tracker_id="", status="", topics=(), agencies=(), link=""
)


def sample_view(tracker: str) -> DigestView:
    """What a template may see, with every field filled in one line and empty in another."""
    return DigestView(
        tracker=tracker,
        why="You receive this because you follow everything that is recorded here.",
        period="day:2025-10-09",
        day=date(2025, 10, 9),
        lines=(_recorded(), _corrected(), _retracted(), *_policy_lines()),
        base_url="https://monitor.example",
    )


def _recorded() -> DigestLine:
    return DigestLine(
        type=EventType.ACTION_RECORDED,
        policy=_POLICY,
        title="2025.10.09 Reported: A sample headline - The Outlet",
        date="2025-10-09",
        kind="Subsequent Action",
        summary="What happened, in a sentence.\nAnd a second paragraph & <markup>.",
        document_url="https://outlet.example/story",
        reported=True,
        publisher="The Outlet",
        voice=Voice.PRESS,
        events=("evt_1",),
        reviewed=False,
    )


def _corrected() -> DigestLine:
    return DigestLine(
        type=EventType.ACTION_CORRECTED,
        policy=_POLICY,
        title="2025.10.08 A court's order",
        date="2025-10-08",
        kind="Subsequent Action",
        publisher="A court",
        voice=Voice.COURT,
        changes=(Change("date", "2025-10-07", "2025-10-08"), Change("summary", "", "New words.")),
        events=("evt_2",),
    )


def _retracted() -> DigestLine:
    return DigestLine(
        type=EventType.ACTION_RETRACTED,
        policy=_BARE,
        title="2025.10.01 An action that was none",
        reason="It concerned another policy.",
        events=("evt_3",),
    )


def _policy_lines() -> tuple[DigestLine, ...]:
    return (
        DigestLine(type=EventType.POLICY_CREATED, policy=_BARE, title=_BARE.title, events=("evt_4",)),
        DigestLine(
            type=EventType.POLICY_STATUS_CHANGED,
            policy=_POLICY,
            title=_POLICY.title,
            changes=(Change("status", "", "In effect"),),
            events=("evt_5",),
        ),
    )
