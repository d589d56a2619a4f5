"""``vocabulary.yaml``: one tracker's words. Packaged is the immigration tracker's; a workspace may have its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from monitor.config.form import Form, Path
from monitor.config.status_words import read_status_words
from monitor.config.strict_yaml import load
from monitor.config.suggest import listed, quoted, unknown
from monitor.config.zones import timezone
from monitor.model.vocabulary import Agency, PageLabels, TitlePatterns, Vocabulary

KEYS = (
    "version",
    "tracker",
    "timezone",
    "topics",
    "agencies",
    "types",
    "action_kinds",
    "default_kind",
    "current_statuses",
    "status_tags",
    "versions",
    "version_label",
    "titles",
    "labels",
    "field_terms",
    "synonyms",
    "standing_notes",
    "status_words",
)
AGENCY_KEYS = ("name", "aliases")
TITLE_KEYS = ("government", "court", "party", "press")
WRITTEN_LABELS = (  # a tracker page cannot be written without these
    "announced",
    "effective",
    "current_status",
    "original_status",
    "status_tags",
    "types",
    "subjects",
    "agencies",
    "related",
    "view_document",
)
READ_LABELS = ("most_recent", "other_blocks", "article_links", "boilerplate")

_PLACEHOLDER = re.compile(r"\{[^{}]*\}?|\}")
_PLACEHOLDERS = ("{date}", "{headline}", "{publisher}")


def load_vocabulary(text: str | bytes, file: str) -> Vocabulary:
    """Read a vocabulary. ``file`` is the name in messages. Raises ConfigError with every problem found."""
    form = Form(load(text, file))
    top = form.header(KEYS)
    words = _Words(form, top)
    statuses, tags = words.many("current_statuses"), words.many("status_tags")
    vocabulary = Vocabulary(
        tracker=words.one("tracker", required=True),
        topics=words.many("topics", required=True),
        agencies=_agencies(form, top.get("agencies")),
        types=words.many("types"),
        action_kinds=words.many("action_kinds", required=True),
        default_kind=words.one("default_kind", required=True),
        current_statuses=statuses,
        status_tags=tags,
        versions=words.many("versions"),
        version_label=words.one("version_label"),
        labels=_labels(form, top.get("labels", {})),
        titles=_titles(form, top.get("titles", {})),
        field_terms=words.many("field_terms"),
        synonyms=_synonyms(form, top.get("synonyms")),
        standing_notes=words.many("standing_notes"),
        status_words=read_status_words(form, top.get("status_words"), statuses, tags),
        timezone=(form.attempt(("timezone",), timezone, top["timezone"]) if "timezone" in top else None) or "UTC",
    )
    if vocabulary.default_kind and vocabulary.default_kind not in vocabulary.action_kinds:
        form.note(("default_kind",), unknown("action kind", vocabulary.default_kind, vocabulary.action_kinds))
    form.finish()
    return vocabulary


@lru_cache(maxsize=1)
def packaged_vocabulary() -> Vocabulary:
    """The immigration tracker's vocabulary, as shipped."""
    return load_vocabulary(
        resources.files("monitor.config").joinpath("vocabulary.yaml").read_bytes(), "vocabulary.yaml"
    )


def topic_finder(vocabulary: Vocabulary) -> Callable[[str], str]:
    """A function from a topic as a person writes it to the tracker's name; ValueError with a suggestion otherwise."""
    return _finder("topic", {topic: topic for topic in vocabulary.topics})


def agency_finder(vocabulary: Vocabulary) -> Callable[[str], str]:
    """A function from an agency's name or alias to the tracker's name; ValueError with a suggestion otherwise."""
    aliases = {alias: agency.name for agency in vocabulary.agencies for alias in agency.aliases}
    return _finder("agency", aliases | {name: name for name in vocabulary.agency_names})


def _finder(what: str, names: Mapping[str, str]) -> Callable[[str], str]:
    folded = {fold(written): name for written, name in names.items()}

    def find(word: str) -> str:
        name = folded.get(fold(word))
        if name is None:
            raise ValueError(unknown(what, word, names))
        return name

    return find


def fold(word: str) -> str:
    """A name without its case and extra blanks, for comparing."""
    return " ".join(word.split()).casefold()


class _Words:
    """The keys that hold one text or a list of texts."""

    def __init__(self, form: Form, top: Mapping[str, Any]) -> None:
        self._form = form
        self._top = top

    def one(self, key: str, *, required: bool = False) -> str:
        if key not in self._top:
            if required:
                self._form.note((), f"'{key}' is missing")
            return ""
        return self._form.text((key,), self._top[key], f"'{key}'") or ""

    def many(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        return _many(self._form, (key,), self._top.get(key), required=required)


def _many(form: Form, path: Path, value: object, *, required: bool = False) -> tuple[str, ...]:
    """A list of texts, each once whatever its case."""
    key = str(path[-1])
    taken: set[str] = set()

    def check(word: str) -> str:
        if fold(word) in taken:
            raise ValueError(f"{quoted(word)} stands twice in '{key}'")
        taken.add(fold(word))
        return word

    words = form.words(path, value, f"'{key}'", check)
    if required and not taken:
        form.note(path, f"'{key}' is missing or empty: name at least one")
    return words


def _agencies(form: Form, value: object) -> tuple[Agency, ...]:
    owners: dict[str, str] = {}
    entries = form.entries(("agencies",), value, "'agencies'")
    found = [_agency(form, path, item, owners) for path, item in entries]
    agencies = [agency for agency in found if agency is not None]
    if not agencies:
        form.note(("agencies",), "'agencies' is missing or empty: name at least one")
    return tuple(agencies)


def _agency(form: Form, path: Path, value: object, owners: dict[str, str]) -> Agency | None:
    """An agency; ``owners`` knows which agency every name and alias belongs to, folded."""
    if isinstance(value, str):
        value = {"name": value}
    given = form.mapping(path, value, AGENCY_KEYS, "an agency")
    name = form.text((*path, "name"), given.get("name"), "'name'")
    if name is None:
        return None

    def own(word: str) -> str:
        owner = owners.setdefault(fold(word), name)
        if owner != name:
            raise ValueError(f"{quoted(word)} already belongs to the agency {quoted(owner)}")
        return word

    if fold(name) in owners:
        form.note((*path, "name"), f"{quoted(name)} already belongs to the agency {quoted(owners[fold(name)])}")
    owners.setdefault(fold(name), name)
    return Agency(name, form.words((*path, "aliases"), given.get("aliases"), "'aliases'", own))


def _labels(form: Form, value: object) -> PageLabels:
    given = form.mapping(("labels",), value, (*WRITTEN_LABELS, *READ_LABELS), "'labels'")
    labels = {key: _many(form, ("labels", key), given.get(key), required=True) for key in WRITTEN_LABELS}
    labels |= {key: _many(form, ("labels", key), given.get(key)) for key in READ_LABELS}
    return PageLabels(**labels)


def _titles(form: Form, value: object) -> TitlePatterns:
    given = form.mapping(("titles",), value, TITLE_KEYS, "'titles'")
    patterns = {key: form.attempt(("titles", key), _pattern, item) for key, item in given.items()}
    return TitlePatterns(**{key: pattern for key, pattern in patterns.items() if pattern is not None})


def _pattern(value: object) -> str:
    if not isinstance(value, str) or "{headline}" not in value:
        raise ValueError("a title pattern has to be text that holds {headline}")
    strange = [found for found in _PLACEHOLDER.findall(value) if found not in _PLACEHOLDERS]
    if strange:
        raise ValueError(f"unknown placeholder {quoted(strange[0])}: use {listed(_PLACEHOLDERS)}")
    return value


def _synonyms(form: Form, value: object) -> tuple[tuple[str, ...], ...]:
    rows: Iterable[tuple[Path, Any]] = form.entries(("synonyms",), value, "'synonyms'")
    return tuple(row for path, item in rows if (row := form.words(path, item, "a row of 'synonyms'", str)))
