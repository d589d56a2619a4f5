"""Which of a text's own sentences tell what happened, when it happened, and which document it links to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from urllib.parse import urlsplit

from monitor.core.event_dates import dated
from monitor.core.match.identifiers import identifiers
from monitor.core.text import clean, fold, sentences
from monitor.core.text import words as stems
from monitor.core.verbs import forms, read, word_set
from monitor.model.status_words import StatusWords

_CONSIDERED = 12  # sentences: the rest of an article explains
_RECENT = timedelta(days=14)
"""How long before its publication an event may lie: a text that names an older day looks back."""
_DATELINE = re.compile(r"\A[A-Z][A-Z .,'/]{2,40}(?:, [A-Z][a-z]+\.?)?(?: \([A-Za-z ]{2,20}\))? ?(?:—|–|--| - ) ?(?=\S)")
_NO_NEWS = re.compile(
    r"\A(?:by [A-Z][a-z]+ [A-Z]|sign up|subscribe|read (?:more|the full|the)|listen|watch|photo|image|advertisement "
    r"|share|click|©|copyright|credit|updated?\b.{0,30}\Z|published\b.{0,30}\Z|this (?:story|article) (?:was|is|has)"
    r"|editor's note|download|related:|follow us|all rights)",
    re.IGNORECASE,
)
_ENDED = re.compile(r"[.!?…:;][\"'”’)\]]*\Z")
_LEANS = re.compile(
    r"\A[\"'“‘]?(?:but|and|so|that|this|these|those|he|she|it|they|his|her|its|their|also|still|yet)\b", re.I
)
_FUTURE = word_set(
    "will would could may might should next scheduled set expected plans plan planned due to if until by"
)
_LOOKS_BACK = word_set("had which who whom since before until earlier previously")
_ADDRESS = re.compile(r"https?://[^\s<>\"”)\]]+")
_NEAR_A_LINK = 90  # characters before an address that say what it leads to
_DOCKETS = ("federalregister.gov", "govinfo.gov", "courtlistener.com", "uscourts.gov", "regulations.gov")
_PAPERS = ("document", "complaint", "filing", "letter", "text", "docket")


def told_in(text: str, policy_title: str, words: StatusWords, notes: Sequence[str], most: int) -> list[str]:
    """Up to ``most`` of the text's sentences, in its order, to the letter: the lead, and what says most of the policy.

    Bylines, datelines, invitations and a tracker's standing ``notes`` are no sentences.
    """
    whole = [sentence for line in sentences(clean(text)) if (sentence := _DATELINE.sub("", line))]
    news = [sentence for sentence in whole if not _is_no_news(sentence, notes)] or whole
    considered = news[:_CONSIDERED]
    chosen = [0] if considered else []
    title = frozenset(stems(policy_title))
    while len(chosen) < min(most, len(considered)):
        rest = [at for at in range(len(considered)) if at not in chosen]
        chosen.append(max(rest, key=lambda at: (_worth(considered[at], at, at - 1 in chosen, title, words), -at)))
    return [considered[at] for at in sorted(chosen)]


def _is_no_news(sentence: str, notes: Sequence[str]) -> bool:
    label = len(sentence.split()) < 5 and not _ENDED.search(sentence)
    return label or bool(_NO_NEWS.match(sentence)) or fold(sentence).startswith(tuple(map(fold, notes)))


def _worth(sentence: str, at: int, follows: bool, title: frozenset[str], words: StatusWords) -> float:
    """How much a sentence says of the policy; one that leans on a sentence which is left out says less."""
    named = len(title & set(stems(sentence)))
    deeds = _deeds(words).search(fold(sentence)) is not None
    leans = _LEANS.match(sentence) is not None and not follows
    return min(named, 3) * 0.6 + deeds * 1.0 + bool(identifiers(sentence)) * 0.8 - leans * 1.5 - at * 0.25


@cache
def _deeds(words: StatusWords) -> re.Pattern[str]:
    verbs = (*words.strike, *words.rescind, *words.restore, *words.keep, *words.start, *words.lapse)
    found = {form + _apart(verb) for verb in verbs for form in forms(verb)}
    found |= {re.escape(noun) for noun in words.injunctions}
    return re.compile(rf"\b(?:{'|'.join(sorted(found))})\b" if found else r"(?!)")


def _apart(verb: str) -> str:
    """A verb's particle, near behind it ("set the rule aside"); nothing for a verb of one word."""
    particle = verb.partition(" ")[2]
    return rf"\b.{{0,40}}\b{re.escape(particle)}" if particle else ""


def event_day(text: str, published: date) -> date | None:
    """The day of what a text tells, where one of its first two sentences states it; None where neither does.

    A day that lies ahead, in a quotation, in a name ("the October 3 notice"), or more than two weeks back is not it.
    """
    for sentence in sentences(clean(text))[:2]:
        tokens = read(sentence)
        for found in dated(sentence, published):
            if not found.of_deed or found.year_only or not timedelta(0) <= published - found.day <= _RECENT:
                continue
            before = [token for token in tokens if token.start < found.start]
            at_day = next((token for token in tokens if token.start >= found.start), None)
            near = {token.word for token in before[-8:]}
            if near & (_FUTURE | _LOOKS_BACK) or (at_day is not None and at_day.quoted):
                continue
            return found.day
    return None


def document_in(text: str, words: StatusWords) -> str | None:
    """The address of a PDF, docket or register's page in the text, which the words before it call an order, rule ..."""
    named = (*words.documents, *words.rulings, *words.injunctions, *_PAPERS)
    papers = re.compile(rf"\b(?:{'|'.join(re.escape(fold(each)) for each in named)})s?\b")
    for found in _ADDRESS.finditer(text):
        url = found.group().rstrip(".,;:!?'")
        line = text[: found.start()].rpartition("\n")[2][-_NEAR_A_LINK:]
        if _is_document(url) and papers.search(fold(line)):
            return url
    return None


def _is_document(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.path.lower().endswith(".pdf") or any(host == each or host.endswith(f".{each}") for each in _DOCKETS)
