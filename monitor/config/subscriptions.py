"""``subscriptions.yaml``: who is told what, when, and how."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import time
from typing import Any

from monitor.config.addresses import mail_address, policy_reference, webhook_address
from monitor.config.form import Form, Path
from monitor.config.strict_yaml import load
from monitor.config.suggest import listed, quoted, unknown
from monitor.config.vocabulary import agency_finder, fold, topic_finder
from monitor.config.zones import timezone
from monitor.model.event import EventType
from monitor.model.subscription import Criteria, EndpointKind, Every, Schedule, Subscription
from monitor.model.vocabulary import Vocabulary

KEYS = (
    "id",
    "name",
    "email",
    "webhook",
    "contact",
    "secret",
    "events",
    "topics",
    "agencies",
    "policies",
    "match",
    "every",
    "at",
    "on",
    "timezone",
)
TOP_KEYS = ("version", "subscribers")
LATER_KEYS = ("notify",)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MAX_SECRETS = 5

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_VARIABLE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]{0,200}")
_FILE = re.compile(r"file:[^\x00-\x1f]{1,1000}")
_SECRET_BYTES = range(24, 65)  # Standard Webhooks 1.0: 24 to 64 bytes


def load_subscriptions(text: str | bytes, file: str, vocabulary: Vocabulary) -> tuple[Subscription, ...]:
    """Read the subscriptions, in the file's order. Raises ConfigError with every problem found."""
    form = Form(load(text, file))
    top = form.header(TOP_KEYS)
    if top and not form.states("subscribers"):
        form.note((), "'subscribers' is missing: write 'subscribers: []' where there are none")
    reader = _Reader(form, topic_finder(vocabulary), agency_finder(vocabulary))
    entries = form.entries(("subscribers",), top.get("subscribers"), "'subscribers'")
    subscriptions = [reader.subscription(path, item) for path, item in entries]
    form.finish()
    return tuple(subscription for subscription in subscriptions if subscription is not None)


class _Reader:
    """Reads one entry after the other and remembers the ids that are taken."""

    def __init__(self, form: Form, topic: Callable[[str], str], agency: Callable[[str], str]) -> None:
        self._form = form
        self._topic = topic
        self._agency = agency
        self._taken: dict[str, int] = {}

    def subscription(self, path: Path, value: object) -> Subscription | None:
        """One subscription; None where it has problems, which are noted."""
        form = self._form
        given = form.mapping(path, value, (*KEYS, *LATER_KEYS), "a subscriber")
        if not isinstance(value, dict):
            return None
        if "id" not in given:
            form.note(path, "the subscriber has no 'id'")
        identity = form.identity((*path, "id"), given["id"], self._taken) if "id" in given else None
        name = form.name((*path, "name"), given["name"]) if "name" in given else None
        endpoint = self._endpoint(path, given)
        contact = form.attempt((*path, "contact"), mail_address, given["contact"]) if "contact" in given else None
        secrets = form.words((*path, "secret"), given.get("secret"), "'secret'", secret)
        if len(secrets) > MAX_SECRETS:
            form.note((*path, "secret"), f"more than {MAX_SECRETS} secrets: every one of them signs every request")
        criteria, schedule = self._criteria(path, given), self._schedule(path, given)
        if identity is None or endpoint is None:
            return None
        kind, address = endpoint
        return Subscription(
            identity, name or identity, kind, address, criteria, schedule, contact, secrets, form.line(path)
        )

    def _endpoint(self, path: Path, given: dict[str, Any]) -> tuple[EndpointKind, str] | None:
        form = self._form
        if "notify" in given:
            form.note((*path, "notify"), "'notify' is not available in this version: use 'email' or 'webhook'")
            return None
        if ("email" in given) == ("webhook" in given):
            both = "has both 'email' and 'webhook': make two subscribers of it" if "email" in given else None
            form.note(path, f"the subscriber {both or 'needs an email address or a webhook'}")
            return None
        if "webhook" in given:
            url = form.attempt((*path, "webhook"), webhook_address, given["webhook"])
            return None if url is None else (EndpointKind.WEBHOOK, url)
        for key in ("secret", "contact"):
            if key in given:
                form.note((*path, key), f"'{key}' belongs to a webhook: remove it")
        address = form.attempt((*path, "email"), mail_address, given["email"])
        return None if address is None else (EndpointKind.EMAIL, address)

    def _criteria(self, path: Path, given: dict[str, Any]) -> Criteria:
        form = self._form
        if not {"topics", "agencies", "policies"} & given.keys():
            form.note(
                path, "the subscriber asks for nothing: give 'topics' (or 'topics: all'), 'agencies' or 'policies'"
            )
        topics = given.get("topics")
        all_topics = isinstance(topics, str) and fold(topics) == "all"
        criteria = Criteria(
            topics=() if all_topics else form.words((*path, "topics"), topics, "'topics'", self._one_topic),
            all_topics=all_topics,
            agencies=form.words((*path, "agencies"), given.get("agencies"), "'agencies'", self._agency),
            policies=form.each((*path, "policies"), given.get("policies"), "'policies'", policy_reference),
            match_all=self._match_all((*path, "match"), given.get("match", "any")),
            events=form.words((*path, "events"), given.get("events"), "'events'", _event),
        )
        for key in ("topics", "agencies", "policies", "events"):
            if given.get(key) == []:
                form.note((*path, key), f"'{key}' is an empty list: name something or remove the line")
        return criteria

    def _one_topic(self, word: str) -> str:
        if fold(word) == "all":
            raise ValueError("'all' stands alone, not in a list: write 'topics: all'")
        return self._topic(word)

    def _match_all(self, path: Path, value: object) -> bool:
        return self._form.choice(path, value, "value of 'match'", {"any": False, "all": True}) or False

    def _schedule(self, path: Path, given: dict[str, Any]) -> Schedule:
        form = self._form
        if "every" not in given:
            form.note(path, f"the subscriber has no 'every': {listed([every.value for every in Every])}")
        every = self._every((*path, "every"), given["every"]) if "every" in given else None
        at = form.attempt((*path, "at"), wall_time, given["at"]) if "at" in given else None
        zone = form.attempt((*path, "timezone"), timezone, given["timezone"]) if "timezone" in given else None
        weekday, monthday = self._on((*path, "on"), given.get("on"), every)
        if at is not None and every in {Every.IMMEDIATE, Every.HOUR}:
            form.note((*path, "at"), f"'at' has no meaning with 'every: {every.value}': remove it")
        schedule = Schedule(every or Every.DAY, weekday=weekday, monthday=monthday, timezone=zone or "UTC")
        return schedule if at is None else Schedule(schedule.every, at, weekday, monthday, schedule.timezone)

    def _every(self, path: Path, value: object) -> Every | None:
        spellings = {"daily": "day", "hourly": "hour", "weekly": "week", "monthly": "month", "immediately": "immediate"}
        meant = spellings.get(value) if isinstance(value, str) else None
        if meant is not None:
            self._form.note(path, f"unknown value of 'every' {quoted(value)}: did you mean {quoted(meant)}?")
            return None
        return self._form.choice(path, value, "value of 'every'", {every.value: every for every in Every})

    def _on(self, path: Path, value: object, every: Every | None) -> tuple[int, int]:
        """The weekday and the day of the month; the defaults where 'on' is absent or wrong."""
        if value is None or every is None:
            return 0, 1
        form = self._form
        if every is Every.WEEK:
            return form.attempt(path, weekday_number, value) or 0, 1
        if every is Every.MONTH:
            return 0, form.attempt(path, month_day, value) or 1
        form.note(path, f"'on' has no meaning with 'every: {every.value}': remove it, or use week or month")
        return 0, 1


def _event(name: str) -> EventType:
    try:
        return EventType(name)
    except ValueError:
        raise ValueError(unknown("event", name, [kind.value for kind in EventType])) from None


def wall_time(value: object) -> time:
    """``"07:00"``; ValueError otherwise."""
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{quoted(value)} is not a time of day: write it as "07:00", in quotes, 00:00 to 23:59')
    return time(int(match[1]), int(match[2]))


def weekday_number(value: object) -> int:
    """0 for ``monday``; ValueError otherwise."""
    if isinstance(value, str) and value.casefold() in WEEKDAYS:
        return WEEKDAYS.index(value.casefold())
    raise ValueError(unknown("weekday", value, WEEKDAYS))


def month_day(value: object) -> int:
    """1 to 28, the days that every month has; ValueError otherwise."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 28:
        return value
    raise ValueError(f"{quoted(value)} is not a day that every month has: write a number from 1 to 28")


def secret(value: str) -> str:
    """A webhook's secret or where it is found. Messages never show the value."""
    if value.startswith("env:"):
        if not _VARIABLE.fullmatch(value):
            raise ValueError("'env:' has to be followed by the name of an environment variable")
        return value
    if value.startswith("file:"):
        if not _FILE.fullmatch(value):
            raise ValueError("'file:' has to be followed by the path of a file")
        return value
    return literal_secret(value)


def literal_secret(value: str) -> str:
    """A ``whsec_`` secret of 24 to 64 bytes. Raises ValueError."""
    if not value.startswith("whsec_"):
        raise ValueError("a secret is 'whsec_' and base64, or a reference: env:NAME or file:PATH")
    try:
        size = len(base64.b64decode(value.removeprefix("whsec_"), validate=True))
    except binascii.Error:
        raise ValueError("the secret is not base64 after 'whsec_'") from None
    if size not in _SECRET_BYTES:
        raise ValueError(f"the secret holds {size} bytes: 24 to 64 are allowed")
    return value
