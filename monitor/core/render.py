"""Digest lines into a mail's words: subject, text and HTML, by templates that operators may replace.

Templates are sandboxed (THREATS T1): they see plain data and the filters named here, call nothing of Python's, and an
undefined name is an error. Time is not bounded here: a template that never ends needs a process that can be ended.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from jinja2 import DictLoader, StrictUndefined, TemplateError, Undefined
from jinja2.exceptions import SecurityError
from jinja2.runtime import BlockReference, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.core.digest import DigestLine, by_policy
from monitor.core.message import Mail, marker, nonce_of
from monitor.core.text import clean, shorten
from monitor.errors import Unrenderable
from monitor.model.event import EventType
from monitor.model.subscription import Criteria

TEXT_TEMPLATE = "email/digest.txt.j2"
HTML_TEMPLATE = "email/digest.html.j2"
SUBJECT_LIMIT = 120
_NAME_ROOM = 40  # characters of a policy's title that a subject keeps at least
OUTPUT_LIMIT = 1024 * 1024  # characters, THREATS T1
HTML_LIMIT = 95_000  # bytes; Gmail clips at about 102 KB, and with the end goes the way to unsubscribe
TEXT_WIDTH = 76
_SUMMARY_LIMITS = (2000, 280, 0)  # tried in turn until the HTML fits; then lines are left out
_FILTERS = frozenset(
    {"capitalize", "default", "e", "escape", "first", "int", "items", "join", "last", "length", "list", "lower"}
    | {"round", "sort", "trim", "truncate", "upper"}
)
_CALLABLE = (Macro, BlockReference, LoopContext, Undefined)  # the last raises, and says what is undefined
# what a template's own words can raise when they are compiled and run
_TEMPLATES_OWN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
_NOUNS = {
    EventType.ACTION_RECORDED: ("new action", "new actions"),
    EventType.ACTION_CORRECTED: ("correction", "corrections"),
    EventType.ACTION_RETRACTED: ("retraction", "retractions"),
    EventType.POLICY_CREATED: ("new policy", "new policies"),
    EventType.POLICY_STATUS_CHANGED: ("status change", "status changes"),
}
_LEADS = {
    EventType.ACTION_RECORDED: "",
    EventType.ACTION_CORRECTED: "Corrected: ",
    EventType.ACTION_RETRACTED: "Retracted: ",
    EventType.POLICY_CREATED: "New policy: ",
    EventType.POLICY_STATUS_CHANGED: "Status changed: ",
}


@dataclass(frozen=True, slots=True)
class DigestView:
    """All that the templates of one digest may see; the same for everybody whom the same digest is sent to.

    ``lines`` as :func:`monitor.core.digest.fold` gives them, at least one; ``period`` is the digest's name
    ("day:2025-10-09", "event:..."); ``day`` the date of its cut-off where the subscriber lives; ``why`` the sentence
    of :func:`why`; ``base_url`` the tracker's own address, without a slash at its end.
    """

    tracker: str
    why: str
    period: str
    day: date
    lines: tuple[DigestLine, ...]
    base_url: str
    lang: str = "en"


def why(criteria: Criteria) -> str:
    """The sentence that tells a subscriber why this mail came."""
    if criteria.all_topics and not (criteria.match_all and (criteria.agencies or criteria.policies)):
        return "You receive this because you follow everything that is recorded here."
    topics, agencies, policies = (
        _named(singular, plural, names)
        for singular, plural, names in (
            ("the topic", "the topics", criteria.topics),
            ("the agency", "the agencies", criteria.agencies),
            ("the policy", "the policies", criteria.policies),
        )
    )
    parts = [part for part in (topics, agencies, policies) if part]
    follows = f"what concerns {' and also '.join(parts)}" if criteria.match_all else _listed(parts, "and")
    return f"You receive this because you follow {follows}."


def subject(view: DigestView) -> str:
    """The mail's subject: of a single line its title, else counts, names and the date; at most 120 characters."""
    when = f" ({_short_date(view.day)})"
    first = view.lines[0]
    if len(view.lines) == 1:
        if first.date:
            return shorten(_LEADS[first.type] + first.title, SUBJECT_LIMIT)
        return shorten(_LEADS[first.type] + first.title, SUBJECT_LIMIT - len(when)) + when
    others = len(by_policy(view.lines)) - 1
    more = (f" and {others} more {'policy' if others == 1 else 'policies'}" if others else "") + when
    lead = f"{_counts(view.lines)} on "
    if len(lead + more) > SUBJECT_LIMIT - _NAME_ROOM:
        lead = f"{len(view.lines)} updates on "
    return lead + shorten(first.policy.title, SUBJECT_LIMIT - len(lead + more)) + more


def period_label(period: str, day: date) -> str:
    """What a digest covers, in words: "Day to 9 October 2025"; of a single event the day."""
    kind, _, name = period.partition(":")
    if kind == "hour":
        hour = datetime.strptime(name, "%Y-%m-%dT%H%z")
        return f"Hour to {hour:%H}:00 UTC, {_long_date(hour.date())}"
    return f"{kind.capitalize()} to {_long_date(day)}" if kind in ("day", "week", "month") else _long_date(day)


class Renderer:
    """The e-mail templates, compiled. ``templates`` maps names ("email/digest.txt.j2") to sources.

    ``Unrenderable`` names the template and line that failed; a caller with an operator's templates then renders with
    the packaged ones, so that a digest is still sent once.
    """

    def __init__(self, templates: Mapping[str, str]) -> None:
        self._environment = _Sandbox(
            loader=DictLoader(templates),
            autoescape=lambda name: name is not None and name.removesuffix(".j2").endswith(".html"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def mail(self, view: DigestView) -> Mail:
        """The digest as subject, text and HTML: summaries are shortened, then lines left out, until the HTML fits."""
        if not view.lines:
            raise Unrenderable("nothing is sent for an empty digest")
        nonce = nonce_of(repr(view))
        for shown, limit in _measures(len(view.lines)):
            context = _context(view, _abridged(view.lines[:shown], limit))
            html = self._render(HTML_TEMPLATE, context | _links("html", nonce))
            if len(html.encode("utf-8", "replace")) <= HTML_LIMIT:
                break
        text = self._render(TEXT_TEMPLATE, context | _links("text", nonce))
        return Mail(subject=subject(view), text=text, html=html, nonce=nonce)

    def _render(self, name: str, context: Mapping[str, Any]) -> str:
        pieces: list[str] = []
        size = 0
        try:
            for piece in self._environment.get_template(name).generate(context):
                size += len(piece)
                if size > OUTPUT_LIMIT:
                    raise Unrenderable(f"templates/{name}: writes more than {OUTPUT_LIMIT} characters")
                pieces.append(piece)
        except TemplateError as error:
            raise Unrenderable(_explained(name, error)) from error
        except _TEMPLATES_OWN as error:
            raise Unrenderable(f"templates/{name}: {type(error).__name__}: {error}") from error
        return clean("".join(pieces))


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox without globals, with the filters above alone, and without calls into Python."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.filters |= {"wrap": wrap, "web": web, "host": host}

    def is_safe_callable(self, obj: Any) -> bool:
        return isinstance(getattr(obj, "__self__", obj), _CALLABLE)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Only numbers, and no powers: ``"x" * 10**9`` is how a template eats the memory."""
        if operator == "**" or not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"{operator!r} is for numbers, and powers are not for templates")
        return super().call_binop(context, operator, left, right)


def wrap(text: str, indent: int = 0) -> str:
    """Filter: ``text`` in lines of at most 76 characters, ``indent`` spaces before each; addresses stay whole."""
    margin = " " * max(0, min(indent, TEXT_WIDTH // 2))
    wrapped = (
        textwrap.fill(
            paragraph,
            TEXT_WIDTH,
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for paragraph in text.split("\n")
        if paragraph.strip()
    )
    return "\n".join(wrapped)


def web(url: str) -> str:
    """Filter: ``url`` where it is an http(s) address with a host, else "" (which is false in a template)."""
    return url if host(url) else ""


def host(url: str) -> str:
    """Filter: the host (and port) that ``url`` leads to, as a link's text has to name it; "" where there is none."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not name or any(character.isspace() for character in url):
        return ""
    return name if port is None else f"{name}:{port}"


def _measures(count: int) -> list[tuple[int, int]]:
    """How many lines with how long summaries, the fullest first."""
    halves = [count >> step for step in range(1, count.bit_length())]
    return [(count, limit) for limit in _SUMMARY_LIMITS] + [(shown, 0) for shown in halves]


def _abridged(lines: tuple[DigestLine, ...], limit: int) -> tuple[DigestLine, ...]:
    if not limit:
        return tuple(replace(line, summary="", page_change=None) for line in lines)
    return tuple(
        line if len(line.summary) <= limit else replace(line, summary=shorten(line.summary, limit)) for line in lines
    )


def _context(view: DigestView, shown: tuple[DigestLine, ...]) -> dict[str, Any]:
    return {
        "lang": view.lang,
        "tracker": view.tracker,
        "subject": subject(view),
        "heading": _counts(view.lines),
        "period": period_label(view.period, view.day),
        "preheader": "; ".join(_LEADS[line.type] + line.title for line in shown[:3]),
        "groups": by_policy(shown),
        "left_out": len(view.lines) - len(shown),
        "why": view.why,
        "base_url": view.base_url,
    }


def _links(place: str, nonce: str) -> dict[str, str]:
    return {
        "unsubscribe_url": marker(f"unsubscribe_{place}", nonce),
        "manage_url": marker(f"manage_{place}", nonce),
    }


def _counts(lines: tuple[DigestLine, ...]) -> str:
    """ "2 new actions, 1 correction", in the order of the event types."""
    found = Counter(line.type for line in lines)
    return ", ".join(f"{found[type_]} {nouns[found[type_] > 1]}" for type_, nouns in _NOUNS.items() if found[type_])


def _named(singular: str, plural: str, names: Sequence[str]) -> str:
    return f"{singular if len(names) == 1 else plural} {_listed(names, 'or')}" if names else ""


def _listed(names: Sequence[str], last: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def _short_date(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _long_date(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _explained(name: str, error: TemplateError) -> str:
    where = getattr(error, "name", None) or name
    line = getattr(error, "lineno", None)
    return f"templates/{where}{f':{line}' if line else ''}: {error.message or type(error).__name__}"
