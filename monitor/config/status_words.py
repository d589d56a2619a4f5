"""``status_words`` of ``vocabulary.yaml``: which words propose which status."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from monitor.config.form import Form
from monitor.config.suggest import unknown
from monitor.model.status_words import STATUS_NAMES, WORD_LISTS, StatusWords

KEYS = (*STATUS_NAMES, *WORD_LISTS)
_PATH = ("status_words",)


def read_status_words(form: Form, value: object, current: Collection[str], tags: Collection[str]) -> StatusWords:
    """The block ``status_words``; no words at all where it is missing.

    A status is one of ``current``; ``contested`` may also be one of ``tags``, as an appeal that is heard changes
    nothing by itself.
    """
    given = form.mapping(_PATH, {} if value is None else value, KEYS, "'status_words'")
    read: dict[str, Any] = {
        name: _status(form, name, given[name], (*current, *(tags if name == "contested" else ())))
        for name in STATUS_NAMES
        if name in given
    }
    read |= {name: form.words((*_PATH, name), given.get(name), f"'{name}'", _folded) for name in WORD_LISTS}
    return StatusWords(**read)


def _status(form: Form, name: str, value: Any, known: Collection[str]) -> str | None:
    text = form.text((*_PATH, name), value, f"'{name}'")
    if text is not None and text not in known:
        form.note((*_PATH, name), unknown("status", text, known))
        return None
    return text


def _folded(word: str) -> str:
    return " ".join(word.split()).lower()
