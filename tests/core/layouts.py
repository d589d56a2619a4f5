"""Prints a policy record in each layout that trackers have used, for tests: the inverse of what the reader does.

Written from the layouts' rules: which label, what is glued to what, where a title stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from html import escape
from itertools import groupby

from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.model.vocabulary import Vocabulary

SHORT = ("Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
LONG = [date(2000, month, 1).strftime("%B") for month in range(1, 13)]


def long_date(day: date) -> str:
    return f"{LONG[day.month - 1]} {day.day}, {day.year}"


def short_date(day: date) -> str:
    return f"{SHORT[day.month - 1]} {day.day}, {day.year}"


def id_line(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    version = f"{vocabulary.version_label} {record.trump_version} ".lstrip() if record.trump_version else ""
    return f"{version}[ID #{record.tracker_id}]"


def _indented(paragraphs: Sequence[str], indent: int, last: str = "") -> str:
    """Paragraphs with blank lines between; ``last`` directly above what follows."""
    pad = " " * indent
    return "".join(f"{pad}{text}\n\n" for text in paragraphs) + (f"{pad}{last}\n" if last else "")


def _margin(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    labels = vocabulary.labels
    status = f"{labels.current_status[0]}\n\n{record.current_status}\n\n" if record.current_status is not None else ""
    lines = [
        f"{label[0]}: {' '.join(tags)}\n"
        for label, tags in (
            (labels.status_tags, record.status_tags),
            (labels.types, record.types),
            (labels.subjects, record.subjects),
            (labels.agencies, record.agencies),
        )
        if tags
    ]
    related = "".join(f"  • {entry}\n" for entry in record.related)
    footer = f"\n{labels.boilerplate[-1]} somebody@example.org\n"
    return f"\n{status}{labels.original_status[0]}\n\n{''.join(lines)}\n{labels.related[0]}\n\n{related}{footer}"


def _head(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    badge = f"{record.trump_version}\n\n" if record.trump_version else ""
    return f"URL: {record.url}/\n{vocabulary.labels.boilerplate[0]}\n\n{badge}{record.title}\n\n"


def _announcement(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    assert record.announced is not None
    document = record.source_document.title if record.source_document else ""
    return _indented(
        [long_date(record.announced), *record.summary.split("\n"), id_line(record, vocabulary)], 4, document
    )


def _action_parts(action: ActionRecord) -> list[str]:
    day = [long_date(action.date)] if action.date else []
    return [part for part in (*day, action.title, *action.summary.split("\n")) if part]


def single(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    """S: one numbered item an action."""
    labels = vocabulary.labels
    items = [f"{labels.announced[0]}\n\n" + _announcement(record, vocabulary)]
    if record.effective:
        items.append(f"{labels.effective[0]}\n\n    {long_date(record.effective)}\n")
    items += [
        f"{action.kind}\n\n" + _indented(_action_parts(action), 4, labels.view_document[0]) for action in record.actions
    ]
    numbered = "".join(f"  {number}. {item}" for number, item in enumerate(items, start=1))
    return _head(record, vocabulary) + numbered + _margin(record, vocabulary)


def bulleted(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    """B: actions of one kind as bullets of one numbered item; an empty item where the effective date is missing."""
    labels = vocabulary.labels
    items = [f"{labels.announced[0]}\n\n" + _announcement(record, vocabulary)]
    items.append(f"{labels.effective[0]}\n\n    {long_date(record.effective)}\n" if record.effective else " \n")
    for kind, group in groupby(record.actions, key=lambda action: action.kind):
        bullets = ""
        for action in group:
            first, *rest = _action_parts(action)
            bullets += f"    • {first}\n\n" + _indented(rest, 6, labels.view_document[0])
        items.append(f"{kind}\n\n{bullets}")
    numbered = "".join(f"  {number}. {item}" for number, item in enumerate(items, start=1))
    return _head(record, vocabulary) + numbered + _margin(record, vocabulary)


def old(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    """O: older labels and short dates; an action's title stands last; tags directly below the items."""
    labels = vocabulary.labels
    assert record.announced is not None
    head = [short_date(record.announced), *record.summary.split("\n"), id_line(record, vocabulary)]
    items = [f"{labels.announced[-1]}\n\n" + _indented(head, 4, labels.view_document[-1])]
    if record.effective:
        items.append(f"{labels.effective[-1]}\n\n    {short_date(record.effective)}\n")
    for action in record.actions:
        day = [short_date(action.date)] if action.date else []
        prose = [*day, *(text for text in action.summary.split("\n") if text)]
        items.append(f"{action.kind}\n\n" + _indented(prose, 4, action.title))
    numbered = "".join(f"  {number}. {item}" for number, item in enumerate(items, start=1))
    tags = "".join(
        f"{label[-1]}: {' '.join(values)}\n"
        for label, values in (
            (labels.status_tags, record.status_tags),
            (labels.types, record.types),
            (labels.subjects, record.subjects),
            (labels.agencies, record.agencies),
        )
        if values
    )
    return _head(record, vocabulary) + numbered + tags + f"\n{labels.other_blocks[0]}\n\n"


def _flat_announcement(record: PolicyRecord, vocabulary: Vocabulary, label: str) -> list[str]:
    assert record.announced is not None
    document = record.source_document.title if record.source_document else ""
    body = [*record.summary.split("\n"), id_line(record, vocabulary), document]
    return [label, long_date(record.announced) + body[0], *(text for text in body[1:] if text)]


def _glue(lines: list[str], text: str) -> None:
    """What the flat layout does at a block's end: the next heading follows without a break."""
    lines[-1] += text


def flat(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    """F: no numbers and no indentation; headings, dates and titles glued to what stands before them."""
    labels = vocabulary.labels
    lines = ["-", *_flat_announcement(record, vocabulary, labels.announced[0])]
    if record.effective:
        _glue(lines, labels.effective[0])
        lines.append(long_date(record.effective))
    for kind, group in groupby(record.actions, key=lambda action: action.kind):
        actions = list(group)
        _flat_group(lines, kind, actions, vocabulary) if len(actions) > 1 else _flat_single(
            lines, kind, actions[0], vocabulary
        )
    _glue(lines, _flat_blocks(record, vocabulary))
    return f"URL: {record.url}\n" + "\n".join(lines) + "\n"


def _flat_single(lines: list[str], kind: str, action: ActionRecord, vocabulary: Vocabulary) -> None:
    _glue(lines, kind)
    day = long_date(action.date) if action.date else ""
    first, *rest = _action_parts(action)[1 if day else 0 :]
    lines += [day + first, *rest, vocabulary.labels.view_document[0]]


def _flat_group(lines: list[str], kind: str, actions: list[ActionRecord], vocabulary: Vocabulary) -> None:
    _glue(lines, kind)
    lines.append("-")
    for action in actions:
        lines += [*_action_parts(action), f"{vocabulary.labels.view_document[0]} -"]
    lines[-1] = lines[-1].removesuffix(" -") + "\n"


def _flat_blocks(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    labels = vocabulary.labels
    status = f"{labels.current_status[0]}\n{record.current_status}" if record.current_status is not None else ""
    tags = "".join(
        f"{label[0]}: {' '.join(values)}"
        for label, values in (
            (labels.status_tags, record.status_tags),
            (labels.types, record.types),
            (labels.subjects, record.subjects),
            (labels.agencies, record.agencies),
        )
        if values
    )
    related = "".join(f"\n- {entry}" for entry in record.related)
    return f"{status}{labels.original_status[0]}\n{tags}{labels.related[0]}{related}\n\n{labels.other_blocks[0]}\n-"


def flat_without_mark(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    """F2: as F, without the leading mark."""
    return flat(record, vocabulary).replace("\n-\n", "\n", 1)


def flat_unmarked(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    """F3: as F, without any mark between grouped actions."""
    return flat(record, vocabulary).replace("\n-\n", "\n").replace(" -\n", "\n")


def flat_old(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    """FO: older labels in flat text; items end in " -"."""
    labels = vocabulary.labels
    assert record.announced is not None
    items = [
        f"{labels.announced[-1]}\n{long_date(record.announced)}{record.summary}\n{id_line(record, vocabulary)}\n"
        f"{labels.view_document[-1]}"
    ]
    if record.effective:
        items.append(f"{labels.effective[-1]}\n{long_date(record.effective)}")
    for action in record.actions:
        day = long_date(action.date) if action.date else ""
        items.append("\n".join(part for part in (action.kind, day + action.summary, action.title) if part))
    return f"URL: {record.url}/\n-\n" + " -\n".join(items) + "\n" + _flat_old_tags(record, vocabulary)


def _flat_old_tags(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    labels = vocabulary.labels
    rows = (
        (labels.status_tags, record.status_tags),
        (labels.types, record.types),
        (labels.subjects, record.subjects),
        (labels.agencies, record.agencies),
    )
    return "".join(f"{label[-1]}: {' '.join(values)}" for label, values in rows if values) + "\n"


LAYOUTS: dict[str, Callable[[PolicyRecord, Vocabulary], str]] = {
    "S": single,
    "B": bulleted,
    "O": old,
    "F": flat,
    "F2": flat_without_mark,
    "F3": flat_unmarked,
    "FO": flat_old,
}


def as_html(record: PolicyRecord, vocabulary: Vocabulary) -> str:
    """The newest layout as a web page: an ordered list of items, each with its heading, paragraphs and link."""
    labels = vocabulary.labels
    assert record.announced is not None
    items = [(labels.announced[0], [long_date(record.announced), record.summary, id_line(record, vocabulary)], "", "")]
    items += [
        (action.kind, _action_parts(action), action.document_url or "", labels.view_document[0])
        for action in record.actions
    ]
    listed = "".join(
        f"<li><h3>{escape(heading)}</h3>{''.join(f'<p>{escape(each)}</p>' for each in paragraphs)}"
        + (f'<p><a href="{escape(url)}">{label}</a></p>' if url else "")
        + "</li>"
        for heading, paragraphs, url, label in items
    )
    head = f'<title>{escape(record.title or "")}</title><link rel="canonical" href="{escape(record.url)}/">'
    return (
        f"<!doctype html><html><head>{head}</head><body><nav><a href='/policies/a-menu'>Menu</a></nav>"
        f"<main><h1>{escape(record.title or '')}</h1><ol>{listed}</ol></main></body></html>"
    )
