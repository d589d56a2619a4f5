"""``/triage``: what waits for an editor, and what fails. Read-only: decisions are made at the command line for now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from monitor.model.delivery import DeliveryState
from monitor.model.flag import Draft, FlagState, StatusProposal
from monitor.model.vocabulary import Vocabulary
from monitor.pipeline.triage import draft_of, proposal_of
from monitor.store.database import Tx
from monitor.store.deliveries import list_deliveries
from monitor.store.flags import StoredFlag, list_flags, outlets
from monitor.store.policies import policy_by_id
from monitor.store.sessions import StoredSession
from monitor.store.sources import list_sources
from monitor.web.pages import FOR_ONE
from monitor.web.site import site_of

SHOWN = 100
_STUCK = (DeliveryState.IN_DOUBT, DeliveryState.FAILED)


@dataclass(frozen=True, slots=True)
class FlagCard:
    """One open flag as an editor sees it."""

    flag: StoredFlag
    policy_slug: str
    outlets: tuple[str, ...]
    draft: Draft
    proposal: StatusProposal | None


@dataclass(frozen=True, slots=True)
class Desk:
    """The whole page: the best ``flags`` of ``waiting`` open ones, the sources that fail, the deliveries that stick."""

    flags: tuple[FlagCard, ...]
    waiting: int
    sources: tuple[dict[str, Any], ...]
    failing: tuple[dict[str, Any], ...]
    stuck: tuple[dict[str, Any], ...]


def load_desk(tx: Tx, vocabulary: Vocabulary, now: datetime) -> Desk:
    """What the database says of the work that is to be done."""
    flags = list_flags(tx, now=now, states=(FlagState.OPEN,))
    shown = flags[:SHOWN]
    told = outlets(tx, {flag.story_id for flag in shown})
    slugs = {policy_id: policy_by_id(tx, policy_id).slug for policy_id in {flag.policy_id for flag in shown}}
    cards = (
        FlagCard(
            flag,
            slugs[flag.policy_id],
            tuple(told.get(flag.story_id, ())),
            draft_of(flag, vocabulary),
            proposal_of(flag, vocabulary),
        )
        for flag in shown
    )
    sources = tuple(list_sources(tx))
    failing = tuple(source for source in sources if source["poll_error"])
    stuck = tuple(delivery for state in _STUCK for delivery in list_deliveries(tx, state=state.value))
    return Desk(tuple(cards), len(flags), sources, failing, stuck)


async def triage(request: Request, session: StoredSession) -> Response:
    """The open flags, best first, each with the command that decides on it; beside them what needs a hand."""
    site = site_of(request)
    now = site.ctx.clock()
    desk = await site.ctx.db.read(lambda tx: load_desk(tx, site.ctx.vocabulary, now))
    return site.pages.page("web/triage.html.j2", headers=FOR_ONE, desk=desk, session=session)
