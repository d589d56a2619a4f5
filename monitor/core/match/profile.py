"""A policy as the matcher knows it, and the names that its title gives it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monitor.core.match.dates import year_fraction
from monitor.core.match.identifiers import Identifier, IdentifierKind, identifiers
from monitor.core.match.reading import Reader, pairs
from monitor.core.text import clean, plain
from monitor.model.policy import PolicyRecord

Key = tuple[str, str]  # an identifier's kind and value

FIELDS = {"title": 2.5, "terms": 2.5, "source": 1.2, "summary": 1.0, "tags": 0.4}
"""The fields of a policy and their weights in BM25; one plausible set, not tuned."""

NUMBERED = frozenset(
    {
        IdentifierKind.DOCKET,
        IdentifierKind.ORDER,
        IdentifierKind.SECTION,
        IdentifierKind.PROCLAMATION,
        IdentifierKind.MATTER,
        IdentifierKind.MEMO,
    }
)
"""Kinds of which a policy has one of its own: an item that cites another of the kind speaks of something else."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One policy's terms by field, identifiers and names."""

    url: str
    title: str
    fields: dict[str, list[str]]
    title_terms: frozenset[str]
    title_pairs: frozenset[tuple[str, str]]
    terms: frozenset[str]
    identifiers: frozenset[Key]
    courts: dict[Key, str]
    headline: frozenset[Key]
    agencies: tuple[str, ...]
    given_terms: tuple[str, ...]
    title_names: tuple[str, ...]
    announced: float | None
    in_field: bool


def profile(policy: PolicyRecord, reader: Reader) -> Profile:
    """Read a policy. A policy without a title is known by its source document and summary."""
    title = clean(policy.title or "")
    source = clean(policy.source_document.title) if policy.source_document else ""
    summary = reader.prose(policy.summary)
    parts = {
        "title": title,
        "terms": ". ".join(policy.terms),
        "source": source,
        "summary": summary,
        "tags": ". ".join((*policy.subjects, *policy.agencies, *policy.types)),
    }
    terms = {field: reader.lexicon.terms(text) for field, text in parts.items()}
    stems = {field: [term.stem for term in found] for field, found in terms.items()}
    cited = (*identifiers("\n".join((title, source, summary))), *_listed(policy.identifiers))
    return Profile(
        url=policy.url,
        title=title or policy.url,
        fields=stems,
        title_terms=frozenset(stems["title"]),
        title_pairs=pairs(terms["title"]) | pairs(terms["source"]),
        terms=frozenset(stem for found in stems.values() for stem in found),
        identifiers=frozenset(one.key for one in cited),
        courts={one.key: one.court for one in cited if one.court},
        headline=frozenset(one.key for one in identifiers(f"{title}\n{source}") if one.kind in NUMBERED),
        agencies=policy.agencies,
        given_terms=policy.terms,
        title_names=tuple(dict.fromkeys(title_names(title))),
        announced=year_fraction(policy.announced) if policy.announced else None,
        in_field=reader.in_field("\n".join((title, source, summary))),
    )


def _listed(stated: Iterable[str]) -> Iterator[Identifier]:
    """Read a record's own list, where a case may stand as a bare number."""
    for text in stated:
        yield from identifiers(text) or identifiers(f"No. {text}")


_QUOTED = re.compile(r'"([^"]{6,120})"')
_RUN = re.compile(r"(?<![.:] )\b[A-Z][a-z][\w']*(?:[ -](?:(?:of|and|the|for|in) )?[A-Z][\w']*){1,5}")


def title_names(title: str) -> Iterator[str]:
    """Yield what a title calls by name: quoted words, and runs of two or more capitalised words inside a sentence.

    A title that capitalises most words names nothing but what it quotes. A run at the very start
    is left out: its first word may have its capital from there.
    """
    flat = plain(title)
    yield from (found.group(1).strip(" .,") for found in _QUOTED.finditer(flat))
    long = re.findall(r"\b[A-Za-z]\w{3,}", flat)
    if sum(word[0].isupper() for word in long) * 2 > len(long):
        return
    for found in _RUN.finditer(flat):
        if found.start() > 0:
            yield found.group()
