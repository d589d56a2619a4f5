"""The words of one tracker: topics, agencies, kinds, statuses, title patterns, page labels.

All of it comes from ``vocabulary.yaml``; no other module knows a topic or an agency by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.model.status_words import StatusWords


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency by its tracker name, with every other way that text names it."""

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TitlePatterns:
    """How a subsequent action is titled, by the voice of its source.

    Placeholders: ``{date}`` (YYYY.MM.DD), ``{headline}``, ``{publisher}``.
    """

    government: str = "{date} {headline}"
    court: str = "{date} {headline}"
    party: str = "{date} {headline}"
    press: str = "{date} Reported: {headline} - {publisher}"


@dataclass(frozen=True, slots=True)
class PageLabels:
    """The headings of a tracker page. Of each tuple the first is written, all are read."""

    announced: tuple[str, ...]
    effective: tuple[str, ...]
    current_status: tuple[str, ...]
    most_recent: tuple[str, ...]
    original_status: tuple[str, ...]
    status_tags: tuple[str, ...]
    types: tuple[str, ...]
    subjects: tuple[str, ...]
    agencies: tuple[str, ...]
    related: tuple[str, ...]
    other_blocks: tuple[str, ...]
    view_document: tuple[str, ...]
    article_links: tuple[str, ...]
    boilerplate: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One tracker's vocabulary. Names are unique; order is the order of the file.

    ``action_kinds`` are timeline headings as pages print them (an action keeps the heading it was read under);
    ``default_kind`` is what a newly recorded action gets. ``versions`` are the badges of a page ("2.0");
    ``version_label`` is the text before a version in an id line ("Trump 2.0 [ID #1777]").
    ``timezone`` (IANA) is where a title's date is read off a moment. ``field_terms`` say that a text concerns the
    tracked field at all; each of ``synonyms`` is a set of phrases that mean the same; ``standing_notes`` are sentences
    that a tracker repeats inside summaries; ``status_words`` are what courts and agencies do to a policy.
    """

    tracker: str
    topics: tuple[str, ...]
    agencies: tuple[Agency, ...]
    types: tuple[str, ...]
    action_kinds: tuple[str, ...]
    default_kind: str
    current_statuses: tuple[str, ...]
    status_tags: tuple[str, ...]
    versions: tuple[str, ...]
    version_label: str
    labels: PageLabels
    titles: TitlePatterns = field(default_factory=TitlePatterns)
    timezone: str = "UTC"
    field_terms: tuple[str, ...] = ()
    synonyms: tuple[tuple[str, ...], ...] = ()
    standing_notes: tuple[str, ...] = ()
    status_words: StatusWords = field(default_factory=StatusWords)

    @property
    def agency_names(self) -> tuple[str, ...]:
        """The tracker's own names of its agencies, in the file's order."""
        return tuple(agency.name for agency in self.agencies)
