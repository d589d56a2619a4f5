"""``sources.yaml``: what is polled."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import cssselect
import lxml.etree
import re2

from monitor.config.addresses import mailbox_address, policy_reference, proxy_address, sender, web_address
from monitor.config.credentials import header_pair, reference
from monitor.config.durations import duration
from monitor.config.form import Form, Path
from monitor.config.json_paths import json_keys
from monitor.config.strict_yaml import load
from monitor.config.suggest import quoted, unknown
from monitor.config.vocabulary import agency_finder
from monitor.model.source import UNCERTAIN, ArticleRule, Record, Render, RobotsRule, Seed, Source, SourceKind, Voice
from monitor.model.vocabulary import Vocabulary

KEYS = (
    "id",
    "name",
    "url",
    "kind",
    "voice",
    "record",
    "every",
    "select",
    "drop",
    "ignore",
    "items",
    "fields",
    "agencies",
    "policies",
    "headers",
    "auth",
    "from",
    "proxy",
    "proxy_auth",
    "seed",
    "late_after",
    "max_pages",
    "article",
    "robots",
    "confirm",
    "render",
    "group",
)
DEFAULT_KEYS = (
    "kind",
    "voice",
    "record",
    "every",
    "select",
    "drop",
    "ignore",
    "agencies",
    "late_after",
    "max_pages",
    "article",
    "robots",
    "confirm",
    "render",
)
TOP_KEYS = ("version", "defaults", "groups", "sources")
RENDERED = frozenset({SourceKind.AUTO, SourceKind.PAGE, SourceKind.LISTING})  # what a browser can show
# What a mailbox has no use for: the rules of pages and of the web.
NOT_OF_MAIL = ("select", "drop", "ignore", "headers", "proxy", "proxy_auth", "max_pages", "robots", "confirm", "render")

Rules = dict[str, dict[str, Any]]  # whose they are ("defaults", "group NAME") -> Source fields

_FIELDS = {"from": "senders"}  # keys that Source calls otherwise

LEAST = timedelta(seconds=1)  # a guard against slips: politeness is MONITOR_HOST_MIN_GAP's
MOST = timedelta(days=31)
TRACKER_LATE = timedelta(days=3650)  # what a tracker adds is news by its being added: it enters old actions as well
MAX_EXPRESSION = 1000
MAX_PAGES = 50  # beyond it the Federal Register silently answers with page 1


def load_sources(text: str | bytes, file: str, vocabulary: Vocabulary) -> tuple[Source, ...]:
    """Read the sources, in the file's order. Raises ConfigError with every problem found."""
    form = Form(load(text, file))
    top = form.header(TOP_KEYS)
    if top and not form.states("sources"):
        form.note((), "'sources' is missing: write 'sources: []' where there are none")
    reader = _Reader(form, agency_finder(vocabulary))
    defaults = form.mapping(("defaults",), top.get("defaults", {}), DEFAULT_KEYS, "'defaults'")
    inherited = {"defaults": reader.settings(("defaults",), defaults)}
    inherited |= reader.groups(top.get("groups"))
    sources = [
        reader.source(path, item, inherited)
        for path, item in form.entries(("sources",), top.get("sources"), "'sources'")
    ]
    form.finish()
    return tuple(source for source in sources if source is not None)


class _Reader:
    """Reads one entry after the other and remembers the ids that are taken."""

    def __init__(self, form: Form, agency: Callable[[str], str]) -> None:
        self._form = form
        self._agency = agency
        self._taken: dict[str, int] = {}

    def groups(self, value: object) -> dict[str, dict[str, Any]]:
        """The rules of each group, as "group NAME"."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._form.note(("groups",), "'groups' has to be a block of 'name: {rules}'")
            return {}
        found: dict[str, dict[str, Any]] = {}
        taken: dict[str, int] = {}
        for name, stated in value.items():
            path = ("groups", name)
            identity = self._form.identity(path, name, taken)
            given = self._form.mapping(path, stated, DEFAULT_KEYS, f"the group {quoted(name)}")
            rules = self.settings(path, given)
            if identity is not None:
                found[f"group {identity}"] = rules
        return found

    def _inherited(self, path: Path, given: dict[str, Any], known: Rules) -> Rules:
        """The rules that the source has where it states none of its own, the nearest last."""
        chain = {"defaults": known["defaults"]}
        if "group" not in given:
            return chain
        names = [each.removeprefix("group ") for each in known if each != "defaults"]
        name = str(given["group"]) if isinstance(given["group"], int) else given["group"]
        if isinstance(name, str) and name in names:
            return {**chain, f"group {name}": known[f"group {name}"]}
        missing = "this file has no 'groups'" if not names else ""
        self._form.note((*path, "group"), missing or unknown("group", given["group"], names))
        return chain

    def source(self, path: Path, value: object, known: Rules) -> Source | None:
        """One source; None where it has problems, which are noted. ``known``: the rules of the defaults and groups."""
        form = self._form
        given = form.mapping(path, value, KEYS, "a source")
        if not isinstance(value, dict):
            return None
        for key in ("id", "url"):
            if key not in given:
                form.note(path, f"the source has no '{key}'")
        identity = form.identity((*path, "id"), given["id"], self._taken) if "id" in given else None
        name = form.name((*path, "name"), given["name"]) if "name" in given else None
        policies = form.each((*path, "policies"), given.get("policies"), "'policies'", policy_reference)
        own = self.settings(path, given)
        chain = self._inherited(path, given, known)
        whence = {key: where for where, rules in chain.items() for key in rules}
        settings = {key: chain[where][key] for key, where in whence.items()} | own
        mailed = settings.get("kind") is SourceKind.MAILBOX
        url = form.attempt((*path, "url"), _address(mailed), given["url"]) if "url" in given else None
        self._fitting(path, given, url, mailed)
        if "kind" in own or "kind" not in given:
            settings |= json_keys(form, path, given, is_json=settings.get("kind") is SourceKind.JSON)
        self._certain(path, given, settings)
        self._rendered(path, given, settings)
        if settings.get("kind") is SourceKind.TRACKER:
            settings.setdefault("late_after", TRACKER_LATE)
        if identity is None or url is None:
            return None
        return Source(
            id=identity,
            name=name or (urlsplit(url).hostname or url.rpartition("/")[2]).removeprefix("www."),
            url=url,
            policies=policies,
            line=form.line(path),
            group=next((where.removeprefix("group ") for where in chain if where != "defaults"), ""),
            inherited=tuple((key, where) for key, where in whence.items() if key not in own and key in settings),
            **settings,
        )

    def settings(self, path: Path, given: dict[str, Any]) -> dict[str, Any]:
        """What ``defaults`` and a source may both state: the Source fields of the keys that are given and right."""
        readers: dict[str, Callable[[Path, Any], Any]] = {
            "kind": self._kind,
            "voice": lambda place, value: self._form.choice(
                place, value, "voice", {voice.value: voice for voice in Voice}
            ),
            "record": lambda place, value: self._form.choice(
                place, value, "value of 'record'", {record.value: record for record in Record}
            ),
            "every": lambda place, value: self._form.attempt(place, _every, value),
            "select": lambda place, value: self._form.words(place, value, "'select'", selector),
            "drop": lambda place, value: self._form.words(place, value, "'drop'", selector),
            "ignore": lambda place, value: self._form.words(place, value, "'ignore'", expression),
            "agencies": lambda place, value: self._form.words(place, value, "'agencies'", self._agency),
            "headers": self._headers,
            "auth": lambda place, value: self._form.attempt(place, reference, value),
            "from": lambda place, value: self._form.words(place, value, "'from'", sender),
            "proxy": lambda place, value: self._form.attempt(place, proxy_address, value),
            "proxy_auth": lambda place, value: self._form.attempt(place, _proxy_auth, value),
            "seed": lambda place, value: self._form.choice(
                place, value, "value of 'seed'", {seed.value: seed for seed in Seed}
            ),
            "late_after": lambda place, value: self._form.attempt(place, _late_after, value),
            "max_pages": lambda place, value: self._form.attempt(place, _max_pages, value),
            "article": lambda place, value: self._form.choice(
                place, value, "value of 'article'", {rule.value: rule for rule in ArticleRule}
            ),
            "robots": lambda place, value: self._form.choice(
                place, value, "value of 'robots'", {rule.value: rule for rule in RobotsRule}
            ),
            "confirm": lambda place, value: self._form.attempt(place, _confirm, value),
            "render": lambda place, value: self._form.choice(
                place, value, "value of 'render'", {each.value: each for each in Render}
            ),
        }
        found = {key: read((*path, key), given[key]) for key, read in readers.items() if key in given}
        return {_FIELDS.get(key, key): value for key, value in found.items() if value is not None}

    def _fitting(self, path: Path, given: dict[str, Any], url: str | None, mailed: bool) -> None:
        """Note what would have no effect, and what a mailbox or a proxy needs and does not have."""
        form = self._form
        if not mailed and "from" in given:
            form.note((*path, "from"), "'from' needs 'kind: mailbox': it says whose mail counts")
        if "proxy_auth" in given and "proxy" not in given:
            form.note((*path, "proxy_auth"), "'proxy_auth' needs 'proxy'")
        if not mailed:
            return
        for key in NOT_OF_MAIL:
            if key in given:
                form.note((*path, key), f"{quoted(key)} means nothing for a mailbox: remove it")
        local = url is not None and url.startswith("maildir:")
        if local and "auth" in given:
            form.note((*path, "auth"), "a Maildir needs no 'auth': remove it")
        if url is not None and not local and "auth" not in given:
            form.note(path, "the mailbox has no 'auth': env:NAME or file:PATH, which holds user:password")

    def _rendered(self, path: Path, given: dict[str, Any], settings: dict[str, Any]) -> None:
        """Note what a browser cannot show; where only the defaults ask for one, such a source is fetched without."""
        if settings.get("render") is not Render.BROWSER:
            return
        kind = settings.get("kind", SourceKind.AUTO)
        if kind not in RENDERED:
            del settings["render"]
            if "render" in given and kind is not SourceKind.MAILBOX:
                words = f"'render: browser' is for kinds auto, page and listing, not {kind.value}: remove it"
                self._form.note((*path, "render"), words)
        elif "proxy" in given:
            words = "a source with a 'proxy' of its own cannot be rendered: write 'render: off', or remove 'proxy'"
            self._form.note((*path, "proxy"), words)

    def _kind(self, path: Path, value: object) -> SourceKind | None:
        kinds = {kind.value: kind for kind in SourceKind if kind is not SourceKind.ARTICLE}
        return self._form.choice(path, value, "kind", kinds)

    def _headers(self, path: Path, value: object) -> tuple[tuple[str, str], ...] | None:
        if not isinstance(value, dict) or not value:
            self._form.note(path, "'headers' has to be a block of 'Name: value' lines")
            return None
        pairs = [
            self._form.attempt((*path, name), functools.partial(header_pair, name), each)
            for name, each in value.items()
        ]
        return tuple(pair for pair in pairs if pair is not None)

    def _certain(self, path: Path, given: dict[str, Any], settings: dict[str, Any]) -> None:
        """Note a source that says ``record: auto`` and whose items can never be certain."""
        kind = settings.get("kind", SourceKind.AUTO)
        if settings.get("record") is not Record.AUTO or kind is SourceKind.TRACKER:
            return
        voice = settings.get("voice", Voice.PRESS)
        place = (*path, "record") if "record" in given else path
        if kind in UNCERTAIN:
            self._form.note(place, f"'record: auto' is not for kind {kind.value}: an editor has to look; {_ADVICE}")
        elif voice not in (Voice.COURT, Voice.GOVERNMENT):
            self._form.note(place, f"'record: auto' is not for voice {voice.value}: an editor has to look; {_ADVICE}")


_ADVICE = (
    "only kind tracker, and voice court or government by exact identifiers, can be certain: write 'record: review'"
)


def _address(mailed: bool) -> Callable[[object], str]:
    return mailbox_address if mailed else _web_address


def _web_address(value: object) -> str:
    if isinstance(value, str) and value.strip().startswith(("imap:", "imaps:", "maildir:")):
        raise ValueError(f"{quoted(value)} needs 'kind: mailbox'")
    return web_address(value)


def _proxy_auth(value: object) -> str:
    return reference(value, "proxy_auth")


def _every(value: object) -> timedelta:
    return duration(value, LEAST, MOST)


def _late_after(value: object) -> timedelta:
    return duration(value, timedelta(days=1), timedelta(days=3650))


def _confirm(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("'confirm' has to be true or false")
    return value


def _max_pages(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_PAGES:
        raise ValueError(f"'max_pages' has to be a number from 1 to {MAX_PAGES}")
    return value


def selector(text: str) -> str:
    """A CSS selector, or an XPath after ``xpath:``, whose grammar is right. Raises ValueError."""
    if len(text) > MAX_EXPRESSION:
        raise ValueError(f"a selector may have {MAX_EXPRESSION} characters at most")
    if text.startswith("xpath:"):
        try:
            lxml.etree.XPath(text.removeprefix("xpath:").strip())
        except lxml.etree.XPathError:
            raise ValueError(f"{quoted(text)} is not an XPath") from None
        return text
    try:
        cssselect.parse(text)
    except (cssselect.SelectorError, RecursionError) as error:
        hint = ": an XPath begins with 'xpath:'" if "/" in text else ""
        raise ValueError(f"{quoted(text)} is not a CSS selector ({str(error)[:100]}){hint}") from None
    return text


def expression(text: str) -> str:
    """A regular expression in RE2's grammar, which runs in linear time. Raises ValueError."""
    if len(text) > MAX_EXPRESSION:
        raise ValueError(f"a regular expression may have {MAX_EXPRESSION} characters at most")
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        hint = " (look-around and back-references are not available)" if "(?" in reason or "escape" in reason else ""
        raise ValueError(f"{quoted(text)} is not a regular expression: {reason[:100]}{hint}") from None
    return text
