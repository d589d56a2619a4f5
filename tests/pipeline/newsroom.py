"""A small newsroom: the real pipeline on a real database, with scripted peers in the place of the network."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

from monitor.build import templates_of
from monitor.config.settings import load_settings
from monitor.config.vocabulary import packaged_vocabulary
from monitor.core.read import read_document
from monitor.core.read.skim import Skimmed, skim
from monitor.core.render import Renderer
from monitor.core.signature import derive_secret
from monitor.model.delivery import Deferred, Outcome, Refused, Sent
from monitor.model.event import Event, EventType
from monitor.model.flag import FlagState
from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.model.source import (
    Fetched,
    FetchFailed,
    FetchResult,
    Proxy,
    ReadResult,
    Source,
    SourceKind,
    Validators,
    Voice,
)
from monitor.model.subscription import Criteria, EndpointKind, Every, Schedule, Subscription
from monitor.net.mail import MaildirRoute
from monitor.net.maildir import Maildir
from monitor.pipeline import actions
from monitor.pipeline.context import Context, MailRoute
from monitor.pipeline.deliver import DeliverReport, deliver_due
from monitor.pipeline.digest import ComposeReport, compose_due
from monitor.pipeline.hosts import settle_hosts
from monitor.pipeline.matching import Matching
from monitor.pipeline.poll import poll_due
from monitor.pipeline.rematching import rematch_due
from monitor.pipeline.report import PollReport
from monitor.store.database import Database, Tx
from monitor.store.deliveries import list_deliveries
from monitor.store.events import list_events
from monitor.store.flags import StoredFlag, list_flags
from monitor.store.policies import StoredAction, create_policy, list_actions
from monitor.store.sources import sync_sources
from monitor.store.subscriptions import sync_subscriptions

START = datetime(2025, 10, 6, 9, 0, tzinfo=UTC)  # a Monday
HOLD = timedelta(seconds=120)
KEY = b"k" * 32
FEED = "https://news.example/feed.xml"
PAGE = "https://company.example/statement"

VOCABULARY = packaged_vocabulary()
PACKAGED = Renderer(templates_of(None))

POLICY = PolicyRecord(
    url="https://tracker.example/policies/plate-readers",
    title="ICE searches license plate reader networks through local police",
    tracker_id=1777,
    announced=date(2025, 5, 27),
    summary="Local police run searches of the Flock Safety license plate reader network for ICE.",
    subjects=("Interior",),
    agencies=("ICE",),
    terms=("Flock Safety",),
    current_status="In effect",
)
OTHER = PolicyRecord(
    url="https://tracker.example/policies/detention-standards",
    title="Detention standards for local jails are waived",
    tracker_id=1801,
    subjects=("Detention",),
    agencies=("ICE",),
)


class Clock:
    """Virtual time: moves only when told to."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Story:
    """One item of a scripted feed."""

    title: str
    text: str = "Something happened."
    guid: str = ""
    link: str | None = ""  # None: the item has none; "": one made from the title
    published: datetime | None = START

    def as_rss(self) -> str:
        link = f"https://news.example/{self.title.lower().replace(' ', '-')}" if self.link == "" else self.link
        parts = [f"<title>{escape(self.title)}</title>", f"<description>{escape(self.text)}</description>"]
        if link is not None:
            parts.append(f"<link>{escape(link)}</link>")
        if self.guid or link:
            parts.append(f'<guid isPermaLink="false">{escape(self.guid or link or "")}</guid>')
        if self.published is not None:
            parts.append(f"<pubDate>{format_datetime(self.published)}</pubDate>")
        return f"<item>{''.join(parts)}</item>"


def feed(*stories: Story) -> bytes:
    """An RSS document of these items."""
    items = "".join(story.as_rss() for story in stories)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def page(*paragraphs: str) -> bytes:
    """A web page whose main article has these paragraphs."""
    body = "".join(f"<p>{escape(each)}</p>" for each in paragraphs)
    title = "Flock Safety statement on federal searches"
    return f"<html><head><title>{title}</title></head><body><main><h1>{title}</h1>{body}</main></body></html>".encode()


class Web:
    """The network of room 2: addresses answer what the test put there."""

    def __init__(self) -> None:
        self.answers: dict[str, FetchResult | Exception] = {}
        self.asked: list[tuple[str, Validators]] = []

    async def fetch(
        self,
        url: str,
        *,
        validators: Validators = Validators(),  # noqa: B008
        headers: Mapping[str, str] = MappingProxyType({}),
        proxy: Proxy | None = None,
    ) -> FetchResult:
        self.asked.append((url, validators))
        await asyncio.sleep(0)
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def serve(self, url: str, body: bytes, *, etag: str | None = None, headers: dict[str, str] | None = None) -> None:
        self.answers[url] = Fetched(url, 200, body, headers or {}, Validators(etag))


class Screen:
    """A browser: shows at each address what the test put there."""

    def __init__(self, **shown: bytes) -> None:
        self.shown: dict[str, bytes] = shown
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def fetch(self, url: str, headers: Mapping[str, str] = MappingProxyType({})) -> FetchResult:
        self.asked.append((url, dict(headers)))
        return Fetched(url, 200, self.shown[url])


class Welcoming:
    """Sites without rules for programs."""

    async def refusal(self, url: str, proxy: Proxy | None = None) -> FetchFailed | None:
        return None

    def crawl_delay(self, url: str, proxy: Proxy | None = None) -> timedelta | None:
        return None


class InProcess:
    """The reader without its jail."""

    async def read(self, fetched: Fetched, source: Source, now: datetime) -> ReadResult:
        return read_document(fetched, source, now, VOCABULARY)

    async def skim(
        self, fetched: Fetched, source: Source, now: datetime, known: Mapping[str, str], *, whole: bool = False
    ) -> Skimmed:
        return skim(fetched, source, now, known, whole=whole, vocabulary=VOCABULARY)


@dataclass(frozen=True)
class Post:
    """One webhook request as its receiver saw it."""

    url: str
    body: bytes
    headers: dict[str, str]

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


class Receiver:
    """The network of webhooks: answers ``outcomes`` in turn, then takes everything."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.outcomes: list[Outcome] = []

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        self.posts.append(Post(url, body, headers))
        await asyncio.sleep(0)
        return self.outcomes.pop(0) if self.outcomes else Sent("204")


class Relay:
    """A mail server that answers what the test says; ``accepted`` is what it has taken for good."""

    decides = False

    def __init__(self) -> None:
        self.refuses_connections: Deferred | None = None
        self.at_rcpt: dict[str, Deferred | Refused] = {}
        self.at_dot: list[Outcome] = []
        self.seen: list[bytes] = []
        self.accepted: list[bytes] = []

    async def open(self) -> Relay | Deferred:
        return self.refuses_connections or self

    async def envelope(self, sender: str, recipient: str) -> Deferred | Refused | None:
        return self.at_rcpt.get(recipient)

    async def data(self, name: str, message: bytes) -> Outcome:
        self.seen.append(message)
        outcome = self.at_dot.pop(0) if self.at_dot else Sent("250 OK")
        if isinstance(outcome, Sent):
            self.accepted.append(message)
        return outcome

    async def close(self) -> None:
        return None


class Killed(BaseException):
    """The process ends here, as at SIGKILL: nothing after this point happens."""


@dataclass
class Newsroom:
    """The pipeline and its scripted peers. Every method is what a person, or the worker's alarm, does."""

    ctx: Context
    clock: Clock
    web: Web
    receiver: Receiver
    outbox: Path
    dies_at: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)

    # --- what is configured ------------------------------------------------------------------------------------------

    async def track(self, *records: PolicyRecord) -> None:
        def work(tx: Tx) -> None:
            for record in records:
                slug = record.url.rpartition("/")[2]
                create_policy(tx, record, slug=slug, at=self.clock(), actor="test")

        await self.ctx.db.write(work)

    async def watch(self, *sources: Source) -> None:
        self.sources += sources
        await self.ctx.db.write(lambda tx: sync_sources(tx, self.sources, now=self.clock()))

    async def subscribe(self, *subscriptions: Subscription) -> None:
        kept = [each for each in self.subscriptions if each.id not in {new.id for new in subscriptions}]
        self.subscriptions = [*kept, *subscriptions]
        await self.ctx.db.write(lambda tx: sync_subscriptions(tx, self.subscriptions, now=self.clock()))

    async def end(self, subscription_id: str) -> None:
        self.subscriptions = [each for each in self.subscriptions if each.id != subscription_id]
        await self.ctx.db.write(lambda tx: sync_subscriptions(tx, self.subscriptions, now=self.clock()))

    # --- what happens ------------------------------------------------------------------------------------------------

    async def poll(self, limit: int = 50) -> PollReport:
        return await poll_due(self.ctx, limit) + await settle_hosts(self.ctx)

    async def poll_after(self, **by: float) -> PollReport:
        self.clock.advance(**by)
        return await self.poll()

    async def publish(self, *stories: Story, url: str = FEED) -> PollReport:
        """Put these items on the feed and poll it when it is due."""
        self.web.serve(url, feed(*stories))
        return await self.poll_after(hours=2)

    async def rematch(self, batch: int = 200) -> int:
        """Match what is stored for new policies and names; the flags raised."""
        return await rematch_due(self.ctx, batch=batch)

    async def compose(self, limit: int = 100) -> ComposeReport:
        return await compose_due(self.ctx, limit)

    async def deliver(self, limit: int = 100) -> DeliverReport:
        return await deliver_due(self.ctx, limit)

    async def tell(self) -> DeliverReport:
        """Wait out the hold, compose and deliver."""
        self.clock.advance(seconds=HOLD.total_seconds())
        await self.compose()
        return await self.deliver()

    async def flagged(self, *records: PolicyRecord, source: Source | None = None) -> StoredFlag:
        """The shortest way to an open flag: a tracked policy, a feed, its baseline, and one story."""
        await self.track(*(records or (POLICY,)))
        await self.watch(source or a_feed())
        self.web.serve(FEED, feed())
        await self.poll()
        await self.publish(NEWS)
        return (await self.flags())[0]

    async def record(self, title: str = "2025.10.06 Searches end", policy: str = "1777") -> int:
        """Add an action by hand; its id."""
        action = ActionRecord("Subsequent", date(2025, 10, 6), title, "They ended.", "https://docs.example/1")
        return await actions.add(self.ctx, policy, action, actor="anna")

    # --- what is there -----------------------------------------------------------------------------------------------

    async def flags(self, *states: FlagState) -> list[StoredFlag]:
        return await self.ctx.db.read(lambda tx: list_flags(tx, now=self.clock(), states=states))

    async def actions(self, *, standing: bool = True) -> list[StoredAction]:
        return await self.ctx.db.read(lambda tx: list_actions(tx, standing=standing))

    async def events(self) -> list[Event]:
        return await self.ctx.db.read(list_events)

    async def event_types(self) -> list[EventType]:
        return [event.type for event in await self.events()]

    async def deliveries(self) -> list[dict[str, Any]]:
        return list(reversed(await self.ctx.db.read(list_deliveries)))

    async def states(self) -> Counter[str]:
        return Counter(each["state"] for each in await self.deliveries())

    def mails(self) -> list[EmailMessage]:
        return [parsed(path.read_bytes()) for path in sorted((self.outbox / "new").glob("*"))]

    # --- other workers -----------------------------------------------------------------------------------------------

    def colleague(self, db: Database) -> Newsroom:
        """A second worker of the same newsroom, with its own connection to the database."""
        ctx = replace(self.ctx, db=db, matching=Matching(db, self.ctx.vocabulary))
        return replace(self, ctx=ctx)

    def with_mail(self, route: MailRoute) -> Newsroom:
        return replace(self, ctx=replace(self.ctx, mail=route))

    def with_settings(self, **changes: Any) -> Newsroom:
        return replace(self, ctx=replace(self.ctx, settings=replace(self.ctx.settings, **changes)))


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(mail: EmailMessage) -> str:
    """A mail's plain text on one line."""
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())


NEWS = Story(
    "Police ran license plate searches for ICE through Flock Safety network",
    "Officers used the Flock Safety license plate reader network for ICE, records show. The company said it will look.",
)


def a_feed(id: str = "news", url: str = FEED, *, name: str = "The Daily News", **more: Any) -> Source:
    return Source(id, name, url, SourceKind.FEED, **more)


def a_page(id: str = "company", url: str = PAGE, **more: Any) -> Source:
    return Source(id, "Flock Safety", url, SourceKind.PAGE, voice=Voice.PARTY, select=("main",), **more)


EVERYTHING = Criteria(all_topics=True)


def a_reader(
    id: str = "desk", *, every: Every = Every.IMMEDIATE, criteria: Criteria = EVERYTHING, **schedule: Any
) -> Subscription:
    """A subscriber by e-mail."""
    when = Schedule(every, **{"at": time(7, 0), **schedule})
    return Subscription(id, f"The {id}", EndpointKind.EMAIL, f"{id}@readers.example", criteria, when)


def a_hook(id: str = "hook", *, every: Every = Every.IMMEDIATE, criteria: Criteria = EVERYTHING) -> Subscription:
    """A subscriber by webhook."""
    url = f"https://{id}.example/hooks"
    return Subscription(id, f"The {id}", EndpointKind.WEBHOOK, url, criteria, Schedule(every))


def secrets_of(subscription_id: str) -> Sequence[str]:
    return (derive_secret(KEY, subscription_id),)


def a_newsroom(db: Database, outbox: Path, *, settings: Iterable[tuple[str, str]] = ()) -> Newsroom:
    """An empty newsroom on a migrated database."""
    clock, web, receiver, dies_at = Clock(), Web(), Receiver(), list[str]()
    numbers = count(1)
    environ = {
        "MONITOR_HOLD": f"{HOLD.total_seconds():.0f}s",
        "MONITOR_HOST_MIN_GAP": "0s",
        "MONITOR_MAIL_FROM": "Tracker <tracker@tracker.example>",
        "MONITOR_BASE_URL": "https://tracker.example",
        **dict(settings),
    }

    def crashpoint(name: str) -> None:
        if name in dies_at:
            dies_at.remove(name)
            raise Killed(name)

    ctx = Context(
        settings=load_settings(environ, None),
        db=db,
        vocabulary=VOCABULARY,
        renderer=PACKAGED,
        packaged_renderer=PACKAGED,
        matching=Matching(db, VOCABULARY),
        fetcher=web,
        browser=Screen(),
        robots=Welcoming(),
        reader=InProcess(),
        webhooks=receiver,
        mail=MaildirRoute(Maildir(outbox)),
        key=KEY,
        secrets=secrets_of,
        credentials=lambda source_id: {},
        proxies=lambda source_id: None,
        clock=clock,
        chance=lambda: 0.5,
        new_id=lambda prefix: f"{prefix}_{next(numbers):06d}",
        crashpoint=crashpoint,
    )
    return Newsroom(ctx, clock, web, receiver, outbox, dies_at)
