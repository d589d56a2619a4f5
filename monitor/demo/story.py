"""The recorded newsroom's story: what three outlets and one company published from 27 May to 31 October 2025.

The data lies beside this module in ``data/*.yaml``, one file an outlet. The three developments of policy 1777 and its
source document keep the publishers' headlines and dates; all prose, and every other item, is this demonstration's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator
from ruamel.yaml import YAML

from monitor.model.flag import RejectReason

START = datetime(2025, 5, 27, 16, 0, tzinfo=UTC)  # after the source document, so that the first poll already holds it
END = datetime(2025, 10, 31, 22, 0, tzinfo=UTC)
POLICY = 1777
OUTLETS = ("404-media", "vpm-news", "vcij")
PAGE = "flock-safety"
Day = date  # a field named date hides the type from pydantic


class Record(BaseModel):
    """A row of a data file: complete, without unknown keys, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Accept(Record):
    """The scripted editor records the item for ``policy`` (a tracker id). None keeps what the draft says."""

    policy: int
    summary: str
    title: str | None = None
    date: Day | None = None


class Reject(Record):
    """Why the scripted editor turns the item down, should it be flagged."""

    reason: RejectReason
    note: str


class Scripted(Record):
    """What an editor makes of an item: at most one of the two. Neither: the item should interest nobody."""

    accept: Accept | None = None
    reject: Reject | None = None

    @model_validator(mode="after")
    def _one_verdict(self) -> Scripted:
        if self.accept and self.reject:
            raise ValueError("an item is accepted or rejected, not both")
        return self


@dataclass(frozen=True, slots=True)
class Wording:
    """What an item says at one moment. ``updated`` is when these words appeared."""

    title: str
    paragraphs: tuple[str, ...]
    updated: datetime


class Edit(Record):
    """A later state of an article; what it does not name stays."""

    at: AwareDatetime
    title: str | None = None
    body: str | None = None


class Article(Scripted):
    """One article of an outlet. ``path`` is its address below the outlet's, query included."""

    source: str
    path: str
    published: AwareDatetime
    title: str
    body: str
    edits: tuple[Edit, ...] = ()

    def at(self, now: datetime) -> Wording | None:
        """The words that a reader finds at ``now``; None before the article is published."""
        if now < self.published:
            return None
        title, body, updated = self.title, self.body, self.published
        for edit in self.edits:
            if edit.at <= now:
                title, body, updated = edit.title or title, edit.body or body, edit.at
        return Wording(title, _paragraphs(body), updated)

    @property
    def titles(self) -> tuple[str, ...]:
        """Every headline that the article ever has."""
        return (self.title, *(edit.title for edit in self.edits if edit.title))


class Outlet(Record):
    """A publisher with a feed. ``articles`` are in order of publication."""

    source: str
    name: str
    format: Literal["rss", "atom"]
    articles: tuple[Article, ...]


class PageVersion(Scripted):
    """A state of the watched page, from ``at`` on."""

    at: AwareDatetime
    title: str
    body: str


class Shares(Record):
    """The page's share counter, from ``at`` on."""

    at: AwareDatetime
    count: int


class Page(Record):
    """A page that changes. ``path`` is below the server's root."""

    source: str
    name: str
    path: str
    versions: tuple[PageVersion, ...]
    shares: tuple[Shares, ...]

    def at(self, now: datetime) -> tuple[Wording, Shares]:
        """What the page says at ``now``, and the share counter beside it."""
        version = [version for version in self.versions if version.at <= now][-1]
        counter = [shares for shares in self.shares if shares.at <= now][-1]
        return Wording(version.title, _paragraphs(version.body), version.at), counter


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that happens in the recorded newsroom."""

    outlets: tuple[Outlet, ...]
    page: Page

    @property
    def articles(self) -> tuple[Article, ...]:
        """The articles of all outlets, in order of publication."""
        every = [article for outlet in self.outlets for article in outlet.articles]
        return tuple(sorted(every, key=lambda article: article.published))

    def scripts(self) -> Iterator[tuple[str, tuple[str, ...], Scripted]]:
        """Every item that an editor may see: its source's id, its headlines, and the verdict."""
        for article in self.articles:
            yield article.source, article.titles, article
        for version in self.page.versions:
            yield self.page.source, (version.title,), version


def data_text(name: str) -> str:
    """A data file of the demonstration, by its name."""
    return (files("monitor.demo") / "data" / name).read_text(encoding="utf-8")


@cache
def load_story() -> Story:
    """The story, read and checked once a process."""
    return Story(tuple(_outlet(source) for source in OUTLETS), Page.model_validate(_yaml(f"{PAGE}.yaml")))


def _outlet(source: str) -> Outlet:
    document = _yaml(f"{source}.yaml")
    for article in document["articles"]:
        article["source"] = document["source"]
    return Outlet.model_validate(document)


def _yaml(name: str) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(data_text(name))
    return document


def _paragraphs(body: str) -> tuple[str, ...]:
    return tuple(line for line in body.split("\n") if line)
