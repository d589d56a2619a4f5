"""Entries of ``sources.yaml`` as text, and a file with more of them that says everything that it said before."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from monitor.config.form import ENCODED_WORD, clean, slug
from monitor.config.sources import load_sources
from monitor.errors import ConfigError, UsageError
from monitor.model.source import Source, SourceKind, Voice
from monitor.model.vocabulary import Vocabulary

_LONGEST_ID = 64
_LONGEST_NAME = 100
_NO_WORDS = frozenset({"", "~", "null", "true", "false", "yes", "no", "on", "off"})
_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9 .,'()&/-]*[A-Za-z0-9.)]")
_SAFE_URL = re.compile(r"https?://[A-Za-z0-9./?=&_%~+,:;@-]*[A-Za-z0-9/=_-]")
_LIST = re.compile(r"sources[ \t]*:[ \t]*(?:\[[ \t]*\])?[ \t]*(?P<comment>#.*)?\r?")
_ELEMENT = re.compile(r"( *)-(?: |$)")


_POLICIES = re.compile(r"(?P<before>[ ]+policies[ \t]*:[ \t]*\[)(?P<listed>[^\]]*)(?P<after>\][ \t]*(?:#.*)?\r?)")


@dataclass(frozen=True, slots=True)
class Bound:
    """What a source says that is there for ``policies`` (tracker ids or addresses): reviewed, and silent at first.

    ``every`` is a length of time as the file writes it; ``auth`` a reference, or "" where none is needed.
    """

    policies: tuple[str, ...]
    voice: Voice
    every: str
    auth: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a new source says of itself; everything else is the file's defaults."""

    id: str
    name: str
    url: str
    kind: SourceKind = SourceKind.AUTO
    bound: Bound | None = None


def new_entry(name: str, url: str, kind: SourceKind, taken: Collection[str], bound: Bound | None = None) -> Entry:
    """An entry with an id of its name, or of its host, that is not ``taken``. What no name may hold is left out."""
    host = (urlsplit(url).hostname or url).removeprefix("www.")
    shown = clean(clean(name).replace(ENCODED_WORD, " "))[:_LONGEST_NAME].strip() or host
    stem = slug(shown) or slug(host) or "source"
    free = (stem if n == 1 else f"{stem[: _LONGEST_ID - len(str(n)) - 1]}-{n}" for n in range(1, len(taken) + 2))
    return Entry(next(each for each in free if each not in taken), shown, url, kind, bound)


def entry_lines(entry: Entry, indent: str = "  ") -> list[str]:
    """The entry as lines of ``sources.yaml``."""
    stated = [("id", _scalar(entry.id)), ("name", _scalar(entry.name)), ("url", _address(entry.url))]
    if entry.kind is not SourceKind.AUTO:
        stated.append(("kind", entry.kind.value))
    if entry.bound is not None:
        stated += _bound(entry.bound)
    return [f"{indent}{'  ' if n else '- '}{key}: {value}" for n, (key, value) in enumerate(stated)]


def _bound(bound: Bound) -> list[tuple[str, str]]:
    stated = [
        ("voice", bound.voice.value),
        ("record", "review"),  # whatever the file's defaults say: an editor reviewed what is watched, not what it says
        ("policies", f"[{', '.join(map(_reference, bound.policies))}]"),
        ("every", bound.every),
        ("seed", "silent"),
    ]
    return [*stated, ("auth", _scalar(bound.auth))] if bound.auth else stated


def _reference(policy: str) -> str:
    return policy if policy.isdigit() else json.dumps(policy, ensure_ascii=False)


def _scalar(text: str) -> str:
    bare = _SAFE.fullmatch(text) is not None and text.lower() not in _NO_WORDS
    return text if bare else json.dumps(text, ensure_ascii=False)


def _address(url: str) -> str:
    return url if _SAFE_URL.fullmatch(url) else json.dumps(url, ensure_ascii=False)


def with_entries(text: str, entries: Sequence[Entry], file: str, vocabulary: Vocabulary) -> str:
    """The file's text with the entries at the end of its list; comments and layout stay as they are.

    Read again before it is given back: what was there must still say the same, and the new entries what they should.
    Raises ConfigError where the file or an entry is wrong, UsageError where the list is written in a way that lines
    cannot be added to.
    """
    before = load_sources(text, file, vocabulary)
    changed = _inserted(text, entries)
    if changed is None:
        raise UsageError(f"{file}: its sources are not a list of lines that begin with '-': paste the entries yourself")
    after = _read_again(changed, file, vocabulary)
    told = after[len(before) :]
    same_length = len(told) == len(entries)
    as_meant = same_length and all(_says(one, entry) for one, entry in zip(told, entries, strict=True))
    if _unplaced(after[: len(before)]) != _unplaced(before) or not as_meant:
        raise UsageError(
            f"{file} was left as it is: the entries would not be read back as written; paste them yourself"
        )
    return changed


def with_policies(text: str, source_id: str, policies: Sequence[str], file: str, vocabulary: Vocabulary) -> str:
    """The file's text, in which the source is bound to these policies too. Raises as ``with_entries`` does."""
    before = load_sources(text, file, vocabulary)
    source = next(each for each in before if each.id == source_id)
    added = [policy for policy in policies if policy not in source.policies]
    wanted = [replace(each, policies=(*each.policies, *added)) if each is source else each for each in before]
    advice = f"add {', '.join(added)} to the policies of {source_id!r} yourself"
    changed = _rebound(text, source.line, added)
    if changed is None:
        raise UsageError(f"{file}:{source.line}: its 'policies' are not written as [a, b]: {advice}")
    if _unplaced(_read_again(changed, file, vocabulary)) != _unplaced(wanted):
        raise UsageError(f"{file}:{source.line} was left as it is: {advice}")
    return changed


def _read_again(changed: str, file: str, vocabulary: Vocabulary) -> tuple[Source, ...]:
    try:
        return load_sources(changed, file, vocabulary)
    except ConfigError as error:
        raise UsageError(f"{file} was left as it is: with these entries it would be wrong ({error})") from None


def _unplaced(sources: Iterable[Source]) -> list[Source]:
    return [replace(source, line=0) for source in sources]


def _says(source: Source, entry: Entry) -> bool:
    """Whether the source is what the entry means; an entry without a kind takes the file's default."""
    if (source.id, source.name, source.url) != (entry.id, entry.name, entry.url):
        return False
    bound = entry.bound
    if bound is not None and (source.policies, source.voice) != (bound.policies, bound.voice):
        return False
    return entry.kind in (source.kind, SourceKind.AUTO)


def _rebound(text: str, line: int, policies: Sequence[str]) -> str | None:
    """The text with more policies in the entry that begins in a line (from 1); None where they are a block."""
    lines = text.split("\n")
    element = _ELEMENT.match(lines[line - 1])
    if element is None or lines[line - 1][element.end() :].lstrip().startswith("{"):
        return None
    inner = " " * len(element[0])
    more = ", ".join(map(_reference, policies))
    own = [line - 1]
    for n in range(line, len(lines)):
        if lines[n].strip() and not lines[n].startswith((inner, "#")):
            break
        own.append(n)
    for n in own:
        found = _POLICIES.fullmatch(lines[n])
        if found is not None:
            listed = found["listed"].strip().rstrip(",")
            lines[n] = f"{found['before']}{f'{listed}, ' if listed else ''}{more}{found['after']}"
            return "\n".join(lines)
        if lines[n].lstrip(" -").startswith("policies"):
            return None
    return "\n".join([*lines[:line], f"{inner}policies: [{more}]", *lines[line:]])


def _inserted(text: str, entries: Iterable[Entry]) -> str | None:
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if _LIST.fullmatch(line)), None)
    if start is None:
        return None
    head = _LIST.fullmatch(lines[start])
    comment = f"  {head['comment']}" if head is not None and head["comment"] else ""
    lines[start] = f"sources:{comment}"
    end = next((n for n in range(start + 1, len(lines)) if _begins_key(lines[n])), len(lines))
    own = [n for n in range(start, end) if lines[n].strip() and (end == len(lines) or not lines[n].startswith("#"))]
    indents = (_ELEMENT.match(line) for line in lines[start + 1 : end])
    indent = next((found[1] for found in indents if found is not None), "  ")
    added = [line for entry in entries for line in ("", *entry_lines(entry, indent))]
    at = own[-1] + 1
    return "\n".join([*lines[:at], *added, *lines[at:]]) + ("" if lines[at:] else "\n")


def _begins_key(line: str) -> bool:
    return bool(line.strip()) and not line[0].isspace() and line[0] not in "#-"
