"""``items`` and ``fields`` of a source of kind json: where an API's answer holds what."""

from __future__ import annotations

from typing import Any

from monitor.config.form import Form, Path
from monitor.config.suggest import listed, quoted

FIELDS = ("title", "text", "url", "id", "published", "publisher")

_LONGEST = 200  # characters of a path


def json_keys(form: Form, path: Path, given: dict[str, Any], *, is_json: bool) -> dict[str, Any]:
    """The Source fields that ``items`` and ``fields`` make; what is wrong with them is noted.

    Kind json needs both, and no other kind takes either.
    """
    stated = [key for key in ("items", "fields") if key in given]
    if not is_json:
        for key in stated:
            form.note((*path, key), f"'{key}' is for 'kind: json' only: remove it, or state that kind")
        return {}
    if "items" not in given:
        form.note(path, "kind json needs 'items', the dotted path of its list (\"\" where the answer is the list)")
    if "fields" not in given:
        form.note(path, f"kind json needs 'fields': a block that says where {listed(FIELDS)} stand ('title' at least)")
    items = form.attempt((*path, "items"), _list_path, given.get("items", ""))
    fields = _fields(form, (*path, "fields"), given["fields"]) if "fields" in given else ()
    return {"items": items or "", "fields": fields}


def _fields(form: Form, path: Path, value: object) -> tuple[tuple[str, str], ...]:
    stated = form.mapping(path, value, FIELDS, "'fields'")
    if isinstance(value, dict) and "title" not in stated:
        form.note(path, "'fields' has no 'title': say where an item's title stands, such as 'title: headline'")
    pairs = [(name, form.attempt((*path, name), dotted_path, stated[name])) for name in FIELDS if name in stated]
    return tuple((name, found) for name, found in pairs if found)


def _list_path(value: object) -> str:
    return "" if value == "" else dotted_path(value)


def dotted_path(value: object) -> str:
    """Keys, and indexes of lists, joined by dots: ``data.0.title``. Raises ValueError."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ValueError(f"a path is text of {_LONGEST} characters at most, such as data.items")
    if "[" in text or text.startswith("$"):
        plain = text.removeprefix("$").replace("[", ".").replace("]", "").replace("'", "").strip(".")
        raise ValueError(f"{quoted(text)} is not a path: keys and indexes are joined by dots, such as {quoted(plain)}")
    if not all(step.strip() and step.isprintable() for step in text.split(".")):
        raise ValueError(f"{quoted(text)} is not a path: write keys joined by dots, such as data.items")
    return text
