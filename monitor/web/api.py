"""The public JSON API: ``{items, next_cursor, has_more}``, pages by key, so that nothing is skipped between two."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from monitor.core.tracker import record_to_mapping
from monitor.model.policy import PolicyRecord
from monitor.store.database import Tx
from monitor.store.policies import StoredAction, StoredPolicy, get_policy, list_policies
from monitor.store.public import actions_after
from monitor.store.records import action_to_json
from monitor.web.listing import Filters, matching
from monitor.web.site import site_of

PAGE_SIZE = 100
Cursor = Annotated[int, Query(ge=0, le=2**53, description="next_cursor of the page before; 0 is the beginning")]
Name = Annotated[str, Query(max_length=200, description="a name, or its slug")]
router = APIRouter(prefix="/api/v1")


class Listing(BaseModel):
    """One page. ``next_cursor`` is null on the last one."""

    items: list[dict[str, Any]]
    next_cursor: int | None
    has_more: bool


@router.get("/policies")
async def policies(request: Request, cursor: Cursor = 0, topic: Name = "", agency: Name = "") -> Listing:
    """Tracked policies in the order in which they were entered, with the fields of `policies export`."""
    site = site_of(request)
    everything = await site.ctx.db.read(list_policies)
    found = matching(everything, Filters(topic=topic, agency=agency))
    rest = sorted((each for each in found if each.id > cursor), key=lambda each: each.id)
    return _page([(each.id, _policy(each, site.ctx.settings.base_url)) for each in rest[: PAGE_SIZE + 1]])


@router.get("/actions")
async def actions(
    request: Request, cursor: Cursor = 0, topic: Name = "", agency: Name = "", policy: Name = ""
) -> Listing:
    """Subsequent actions that stand, in the order in which they were recorded."""
    filters = Filters(topic=topic, agency=agency)

    def load(tx: Tx) -> list[tuple[StoredAction, StoredPolicy]]:
        only = get_policy(tx, policy).id if policy else None
        named = {each.id: each for each in matching(list_policies(tx), filters) if only in (None, each.id)}
        return _some_after(tx, cursor, named)

    site = site_of(request)
    found = await site.ctx.db.read(load)
    return _page([(each.id, _action(each, of, site.ctx.settings.base_url)) for each, of in found])


def _some_after(tx: Tx, cursor: int, named: dict[int, StoredPolicy]) -> list[tuple[StoredAction, StoredPolicy]]:
    found: list[tuple[StoredAction, StoredPolicy]] = []
    while len(found) <= PAGE_SIZE and (batch := actions_after(tx, cursor, PAGE_SIZE + 1)):
        found += [(each, named[each.policy_id]) for each in batch if each.policy_id in named]
        cursor = batch[-1].id
    return found[: PAGE_SIZE + 1]


def _page(keyed: list[tuple[int, dict[str, Any]]]) -> Listing:
    """A page of what was found, of which one more than fits was asked for."""
    shown = keyed[:PAGE_SIZE]
    more = len(keyed) > PAGE_SIZE
    return Listing(items=[item for _, item in shown], next_cursor=shown[-1][0] if more else None, has_more=more)


def _policy(policy: StoredPolicy, base_url: str) -> dict[str, Any]:
    stamp = policy.updated_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    own = {"id": policy.id, "slug": policy.slug, "link": f"{base_url}/policies/{policy.slug}", "updated_at": stamp}
    return {**record_to_mapping(policy.record), **own}


def _action(action: StoredAction, policy: StoredPolicy, base_url: str) -> dict[str, Any]:
    record: PolicyRecord = policy.record
    stamp = action.recorded_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "id": action.id,
        "policy": {"url": record.url, "slug": policy.slug, "title": record.title, "tracker_id": record.tracker_id},
        **action_to_json(action.record),
        "state": action.state,
        "recorded_at": stamp,
        "link": f"{base_url}/policies/{policy.slug}#action-{action.id}",
    }
