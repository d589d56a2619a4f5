"""The subsequent action that accepting a flag would record, in the tracker's own style."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from monitor.core.excerpts import document_in, event_day, told_in
from monitor.core.read.dates import day_at_midnight
from monitor.core.text import clean, fold, shorten
from monitor.model.flag import Draft
from monitor.model.source import StatedAction, Voice
from monitor.model.vocabulary import TitlePatterns, Vocabulary

HEADLINE_LIMIT = 400  # leaves room for date and publisher within the 512 characters of a title
SUMMARY_LIMIT = 900
_SUMMARY_SENTENCES = 2
_PLACEHOLDER = re.compile(r"\{(date|headline|publisher)\}")
_SEPARATOR = re.compile(r"\s+(?:[-–—|·:]|--)\s+\Z")
_ATTRIBUTED = re.compile(r"according to\b", re.IGNORECASE)
# the words that lose their capital inside a sentence whatever follows them: no name begins with "Nearly"
_LOWERED = re.compile(
    r"(?:a|after|all|although|an|any|as|at|because|before|between|both|by|during|each|for|from|he|her|his|how|if|in|"
    r"it|its|many|more|most|nearly|no|on|several|she|since|some|that|the|their|there|these|they|this|those|through|"
    r"to|under|until|what|when|where|while|who|with|without) ",
    re.IGNORECASE,
)
_DATED = re.compile(r"\A(?:19|20)\d\d\.\d\d\.\d\d(?: ?[-–:_] ?| )(?=\S)")  # what the pattern says itself
_COLLECTIVE = re.compile(r" (?:for|of) ")


def draft(
    *,
    headline: str,
    text: str,
    url: str | None,
    published: datetime | None,
    first_seen: datetime,
    publisher: str,
    voice: Voice,
    vocabulary: Vocabulary,
    zone: str = "UTC",
    published_raw: str | None = None,
    policy_title: str = "",
    as_dated: bool = False,
) -> Draft:
    """What an editor is offered: title by the voice's pattern, date, two-sentence summary, link and kind.

    The date is the event's where the press or a party states it in its first two sentences ("on Tuesday"), unless
    ``as_dated``; else the publication's in ``zone``, else that of ``first_seen``. A publication at midnight to the
    second, in UTC or by the clock of ``published_raw`` (the document's own words), is of the day that it names. The
    summary is the text's own sentences: the lead, and the one that says most of the policy of ``policy_title``; the
    press is named as their source. The link is that of an order, rule or notice that the text links to, else ``url``.
    ``reported`` is True for the press alone.
    """
    day = published_on(published, published_raw, first_seen, zone)
    if voice in (Voice.PRESS, Voice.PARTY) and not as_dated:
        day = event_day(text, day) or day
    return Draft(
        title=_title(headline, f"{day:%Y.%m.%d}", _line(publisher), _pattern(vocabulary.titles, voice)),
        date=day,
        summary=_summary(
            told_in(text, policy_title, vocabulary.status_words, vocabulary.standing_notes, _SUMMARY_SENTENCES),
            _line(publisher) if voice is Voice.PRESS else "",
        ),
        document_url=document_in(text, vocabulary.status_words) or url,
        kind=vocabulary.default_kind,
        reported=voice is Voice.PRESS,
    )


def stated_draft(title: str, text: str, stated: StatedAction, seen_on: date, on: date | None = None) -> Draft:
    """What another tracker records, as it states it: to the letter, under its kind and with its document.

    ``on`` is an editor's own date, which also replaces the one in the title; ``seen_on`` stands in for a missing date.
    """
    day = on or stated.date or seen_on
    prefix = f"{stated.date:%Y.%m.%d}" if stated.date else ""
    if on is not None and prefix and title.startswith(prefix):
        title = f"{on:%Y.%m.%d}{title[len(prefix) :]}"
    return Draft(title, day, text, stated.document_url, stated.kind, stated.reported)


def published_on(published: datetime | None, raw: str | None, first_seen: datetime, zone: str) -> date:
    """The day of a publication in ``zone``, else that on which it was first seen."""
    return _day_of(published, raw, zone) if published else first_seen.astimezone(ZoneInfo(zone)).date()


def _day_of(published: datetime, raw: str | None, zone: str) -> date:
    """Sites that keep no time of day state midnight. Taken as a moment, that is the day before in New York; a text that
    truly appeared at that very second is one in 86,400."""
    if published.time() == time.min:
        return published.date()
    return day_at_midnight(raw or "") or published.astimezone(ZoneInfo(zone)).date()


def _pattern(titles: TitlePatterns, voice: Voice) -> str:
    match voice:
        case Voice.GOVERNMENT:
            return titles.government
        case Voice.COURT:
            return titles.court
        case Voice.PARTY:
            return titles.party
        case Voice.PRESS:
            return titles.press


def _title(headline: str, day: str, publisher: str, pattern: str) -> str:
    bare = _without_lead(_DATED.sub("", _without_publisher(_line(headline), publisher)) or headline, pattern)
    # substituted in one pass: a headline that says "{publisher}" stays as it is
    parts = {"date": day, "headline": shorten(bare, HEADLINE_LIMIT), "publisher": publisher}
    if not publisher:
        pattern = _SEPARATOR.sub("", pattern.replace("{publisher}", " "))
    return _line(_PLACEHOLDER.sub(lambda found: parts[found.group(1)], pattern))


def _without_publisher(headline: str, publisher: str) -> str:
    """Take one " - Publisher" or " | Publisher" off the end; any other dash belongs to the headline."""
    name = fold(publisher)
    if not name or not fold(headline).endswith(name):
        return headline
    head = headline[: len(headline) - len(name)]
    return _SEPARATOR.sub("", head) if _SEPARATOR.search(head) and head.strip(" -–—|·:") else headline


def _without_lead(headline: str, pattern: str) -> str:
    """Take off what the pattern itself puts before a headline ("Reported:"), so that it is not said twice."""
    lead = pattern.partition("{headline}")[0].replace("{date}", "").strip()
    rest = headline[len(lead) :].strip()
    return rest if lead and rest and fold(headline).startswith(fold(lead)) else headline


def _summary(found: list[str], attribute_to: str) -> str:
    if not found:
        return ""
    if attribute_to and not _ATTRIBUTED.match(found[0]):
        found[0] = f"According to {_in_sentence(attribute_to)}, {_lowered(found[0])}"
    return shorten(" ".join(found), SUMMARY_LIMIT)


def _in_sentence(publisher: str) -> str:
    """The Center for X, but VPM News: a name built round "for" or "of" takes an article."""
    return f"the {publisher}" if _COLLECTIVE.search(publisher) and not fold(publisher).startswith("the ") else publisher


def _lowered(sentence: str) -> str:
    loses = _LOWERED.match(sentence) and not sentence[1].isupper()
    return sentence[0].lower() + sentence[1:] if loses else sentence


def _line(text: str) -> str:
    return " ".join(clean(text).split())
