"""Events as decisions record them, for the tests of the rooms that tell them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.model.event import Event, EventType

START = datetime(2025, 10, 9, 6, 0, tzinfo=UTC)
TEMPLATES = {
    f"email/{path.name}": path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parents[2] / "templates" / "email").iterdir())
}


def event(
    seq: int,
    type_: EventType,
    *,
    action: int | None = None,
    title: str = "2025.10.09 Agency ends the programme",
    date: str = "2025-10-09",
    summary: str = "The agency ends the programme.",
    document_url: str | None = "https://news.example/story",
    policy: int = 1777,
    policy_title: str = "Camera searches",
    status: str = "In effect",
    voice: str | None = "press",
    topics: tuple[str, ...] = ("Interior",),
    agencies: tuple[str, ...] = ("ICE",),
    **more: Any,
) -> Event:
    """An event number ``seq``; ``more`` goes into its data ("changes", "reason")."""
    data: dict[str, Any] = {
        "policy": {
            "url": f"https://tracker.example/{policy}",
            "slug": f"policy-{policy}",
            "title": policy_title,
            "tracker_id": str(policy),
            "topics": list(topics),
            "agencies": list(agencies),
            "current_status": status,
        },
        "source": {"id": "outlet", "name": "The Outlet", "voice": voice} if voice else None,
        "links": {"policy": f"https://policies.example.org/policies/policy-{policy}", "document": document_url},
        **more,
    }
    if action is not None:
        data["action"] = {
            "id": action,
            "date": date,
            "title": title,
            "kind": "Subsequent Action",
            "summary": summary,
            "document_url": document_url,
            "reported": voice == "press",
            "dates": [{"kind": "Subsequent Action", "on": date}],
            "agencies": list(agencies),
            "places": [],
            "recorded_at": START.isoformat(),
        }
    at = START + timedelta(minutes=seq)
    return Event(
        seq=seq,
        id=f"evt_{seq}",
        type=type_,
        at=at,
        available_at=at + timedelta(minutes=2),
        action_id=action,
        policy_keys=(str(policy), f"https://tracker.example/{policy}"),
        topics=topics,
        agencies=agencies,
        data=data,
    )
