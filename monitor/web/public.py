"""The public pages: what editors recorded, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from monitor.core.redline_html import page_html
from monitor.core.redline_text import excerpt
from monitor.core.render import web
from monitor.model.policy import PolicyRecord
from monitor.model.source import Voice
from monitor.model.vocabulary import Vocabulary
from monitor.store.actions import ActionState
from monitor.store.changes import StoredChange, changes_behind
from monitor.store.database import Tx
from monitor.store.policies import StoredAction, StoredPolicy, find_policy, list_actions, list_policies, policy_by_id
from monitor.store.public import Timeline, latest_actions, policy_by_slug, timelines, voices
from monitor.web.listing import (
    Choice,
    Filters,
    Page,
    choices,
    matching,
    page_of,
    query,
    read_filters,
    read_page,
    slugged,
    statuses,
)
from monitor.web.site import site_of

_LATEST = 8
_NEWEST = 5
_PARTS = 20  # of a page's change
_PART_ROOM = 1_500  # characters
_BADGES = {
    Voice.GOVERNMENT: "Government",
    Voice.COURT: "Court",
    Voice.PARTY: "Party statement",
    Voice.PRESS: "Reported",
}


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """One policy in a list."""

    slug: str
    title: str
    record: PolicyRecord
    statuses: tuple[str, ...]
    timeline: Timeline | None


@dataclass(frozen=True, slots=True)
class ShownChange:
    """What changed on the page that an action was recorded from; ``html`` is a redline, safe to show."""

    summary: str
    source: str
    before_at: datetime | None
    at: datetime
    html: str
    more: int


@dataclass(frozen=True, slots=True)
class ActionLine:
    """One action of a timeline, or of the front page. ``badge`` says whose words it is, where that is known."""

    id: int
    record: Any
    badge: str
    corrected: bool
    recorded_at: Any
    policy: PolicyLine | None = None
    change: ShownChange | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """An associated policy: of ours, elsewhere (an address), or only named."""

    title: str
    slug: str = ""
    url: str = ""


def _title(record: PolicyRecord) -> str:
    return record.title or record.url


def _policy_line(policy: StoredPolicy, timeline: Timeline | None = None) -> PolicyLine:
    return PolicyLine(policy.slug, _title(policy.record), policy.record, statuses(policy.record), timeline)


def _shown_change(change: StoredChange) -> ShownChange:
    shown, more = excerpt(change.parts, most=_PARTS, room=_PART_ROOM)
    return ShownChange(change.summary, change.source_name, change.before_at, change.at, page_html(shown), more)


def _action_line(
    action: StoredAction,
    voice: Voice | None,
    policy: StoredPolicy | None = None,
    change: StoredChange | None = None,
) -> ActionLine:
    reported = action.record.reported or voice is Voice.PRESS
    badge = _BADGES[Voice.PRESS] if reported else _BADGES[voice] if voice is not None else ""
    corrected = action.state == ActionState.CORRECTED
    shown = None if policy is None else _policy_line(policy)
    changed = None if change is None else _shown_change(change)
    return ActionLine(action.id, action.record, badge, corrected, action.recorded_at, shown, changed)


async def front(request: Request) -> Response:
    """``/``: what was recorded last, the newest policies, and the topics."""

    def load(tx: Tx) -> tuple[list[ActionLine], list[StoredPolicy]]:
        latest = [_action_line(each, None, policy_by_id(tx, each.policy_id)) for each in latest_actions(tx, _LATEST)]
        return latest, list_policies(tx)

    site = site_of(request)
    latest, policies = await site.ctx.db.read(load)
    return site.pages.page(
        "web/front.html.j2",
        latest=latest,
        newest=[_policy_line(policy) for policy in policies[:_NEWEST]],
        total=len(policies),
        topics=_topics(policies, site.ctx.vocabulary),
        agencies=_agencies(policies, site.ctx.vocabulary),
    )


def _topics(policies: Sequence[StoredPolicy], vocabulary: Vocabulary) -> list[Choice]:
    return choices(vocabulary.topics, (name for policy in policies for name in policy.record.subjects))


def _agencies(policies: Sequence[StoredPolicy], vocabulary: Vocabulary) -> list[Choice]:
    return choices(vocabulary.agency_names, (name for policy in policies for name in policy.record.agencies))


def _offers(policies: Sequence[StoredPolicy], vocabulary: Vocabulary) -> dict[str, list[Choice]]:
    known_statuses = tuple(dict.fromkeys((*vocabulary.current_statuses, *vocabulary.status_tags)))
    versions = (policy.record.trump_version for policy in policies if policy.record.trump_version)
    return {
        "topic": _topics(policies, vocabulary),
        "agency": _agencies(policies, vocabulary),
        "type": choices(vocabulary.types, (name for policy in policies for name in policy.record.types)),
        "status": choices(known_statuses, (name for policy in policies for name in statuses(policy.record))),
        "version": choices(vocabulary.versions, versions),
    }


async def policies(request: Request) -> Response:
    """``/policies``: every policy that the query's filters leave, the newest first."""
    filters = read_filters(request.query_params)
    return await _listed(request, filters, heading="Policies", offers=True)


async def topic(request: Request) -> Response:
    """``/topics/{slug}``: the policies of one topic."""
    return await _named(request, "Topic", "topic")


async def agency(request: Request) -> Response:
    """``/agencies/{slug}``: the policies that concern one agency."""
    return await _named(request, "Agency", "agency")


async def _named(request: Request, kind: str, parameter: str) -> Response:
    slug = request.path_params["slug"]
    vocabulary = site_of(request).ctx.vocabulary
    known = vocabulary.topics if parameter == "topic" else vocabulary.agency_names
    heading = next((name for name in known if slugged(name) == slug), "")
    return await _listed(request, Filters(**{parameter: slug}), heading=heading, kind=kind)


async def _listed(
    request: Request, filters: Filters, *, heading: str, kind: str = "", offers: bool = False
) -> Response:
    """A list. Without a heading the name is one that only policies use; NotFound where none does."""

    def load(tx: Tx) -> tuple[list[StoredPolicy], dict[int, Timeline]]:
        return list_policies(tx), timelines(tx)

    number = read_page(request.query_params)
    site = site_of(request)
    everything, lengths = await site.ctx.db.read(load)
    found = matching(everything, filters)
    heading = heading or _spelled(found, filters)
    if not heading:
        raise HTTPException(404)
    page = page_of(found, number)
    shown = [_policy_line(policy, lengths.get(policy.id)) for policy in page.items]
    return site.pages.page(
        "web/policies.html.j2",
        heading=heading,
        kind=kind,
        page=Page(shown, page.number, page.last, page.total),
        filters=filters,
        offers=_offers(everything, site.ctx.vocabulary) if offers else None,
        address=site.root + quote(site.below(request)),
        earlier=query(filters if offers else Filters(), number - 1),
        later=query(filters if offers else Filters(), number + 1),
    )


def _spelled(found: Sequence[StoredPolicy], filters: Filters) -> str:
    wanted = filters.topic or filters.agency
    names = (name for policy in found for name in (*policy.record.subjects, *policy.record.agencies))
    return next((name for name in names if slugged(name) == wanted), "")


async def policy(request: Request) -> Response:
    """``/policies/{slug}``: one policy with its timeline, the newest action last, as trackers have it."""
    slug = request.path_params["slug"]

    def load(tx: Tx) -> tuple[StoredPolicy, list[ActionLine], list[Related]]:
        found = policy_by_slug(tx, slug)
        if found is None:
            raise HTTPException(404)
        spoken = voices(tx, found.id)
        stored = list_actions(tx, policy_id=found.id)
        changes = changes_behind(tx, {each.id for each in stored if each.flag_id is not None})
        actions = [_action_line(each, spoken.get(each.id), change=changes.get(each.id)) for each in stored]
        return found, actions, [_related(tx, name) for name in found.record.related]

    site = site_of(request)
    found, actions, related = await site.ctx.db.read(load)
    return site.pages.page(
        "web/policy.html.j2",
        policy=_policy_line(found, _timeline(actions)),
        updated_at=found.updated_at,
        actions=actions,
        related=related,
    )


def _timeline(actions: Sequence[ActionLine]) -> Timeline:
    days: list[date] = [each.record.date for each in actions if each.record.date is not None]
    return Timeline(len(actions), max(days, default=None))


def _related(tx: Tx, name: str) -> Related:
    known = find_policy(tx, name)
    return Related(name, url=web(name)) if known is None else Related(_title(known.record), slug=known.slug)
