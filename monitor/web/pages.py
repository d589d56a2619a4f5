"""The pages' templates: Jinja2 with everything escaped, undefined names refused, operators' versions in a sandbox."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import DictLoader, StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from starlette.responses import HTMLResponse

from monitor.core.render import host, web
from monitor.errors import ConfigError, Problem
from monitor.model.vocabulary import Vocabulary
from monitor.web.listing import slugged

STATIC = Path(__file__).parent / "static"
STYLE = "monitor.css"
FOR_READERS = {"cache-control": "no-cache"}
FOR_ONE = {"cache-control": "no-store"}  # a page that only one person may see


class Pages:
    """The compiled templates "web/...". ConfigError names the file and line of one that cannot be compiled."""

    def __init__(self, templates: Mapping[str, str], *, vocabulary: Vocabulary, root: str) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=DictLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.clear()
        zone = ZoneInfo(vocabulary.timezone)
        own = {"web": web, "host": host, "slug": slugged, "day": day, "path": _path, "paragraphs": paragraphs}
        self._environment.filters |= {**own, "moment": lambda at: moment(at, zone)}
        self._environment.globals |= {
            "tracker": vocabulary.tracker,
            "labels": vocabulary.labels,
            "version_label": vocabulary.version_label,
            "root": root,
            "style": f"{root}/static/{STYLE}?v={_mark(STATIC / STYLE)}",
            "icon": f"{root}/static/icon.svg",
            "session": None,
        }
        self._compile(name for name in templates if name.startswith("web/"))

    def _compile(self, names: Any) -> None:
        for name in names:
            try:
                self._environment.get_template(name)
            except TemplateSyntaxError as error:
                raise ConfigError(
                    Problem(f"templates/{error.name or name}", error.lineno, str(error.message))
                ) from None

    def page(
        self, name: str, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
    ) -> HTMLResponse:
        """A whole page; ``values`` are plain data. Without ``headers`` it is for every reader alike."""
        content = self._environment.get_template(name).render(values)
        return HTMLResponse(content, status, {**FOR_READERS, **(headers or {})})


def day(on: date) -> str:
    """Filter: "July 16, 2025"."""
    return f"{on:%B} {on.day}, {on.year}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Filter: "July 16, 2025, 14:05 EDT", in the tracker's own zone."""
    local = at.astimezone(zone)
    return f"{day(local)}, {local:%H:%M %Z}"


def paragraphs(text: str) -> list[str]:
    """Filter: the text's lines that hold anything."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def _path(name: str) -> str:
    """Filter: ``name`` as one segment of an address."""
    return quote(name, safe="")


def _mark(file: Path) -> str:
    """A few digits that change with the file, so that browsers may keep it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:8]
