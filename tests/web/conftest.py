"""Fixtures of the web's tests: a newsroom on each of the two databases, a reader's browser, and an editor's."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs
from structlog.typing import EventDict

from monitor.build import templates_of
from monitor.pipeline.context import Context
from monitor.store.database import Database
from monitor.web.app import create_app
from monitor.web.login import login_link
from tests.pipeline.newsroom import Newsroom, a_newsroom

BASE = "http://127.0.0.1:8000"
TEMPLATES = templates_of(None)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    """What is logged during a test."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def newsroom(db: Database, tmp_path: Path) -> Newsroom:
    """An empty newsroom at loopback, on each of the two databases."""
    return at(BASE, db, tmp_path)


@pytest.fixture
def small(sqlite_template: Path, tmp_path: Path) -> Iterator[Newsroom]:
    """The same on SQLite alone, for what no database takes part in."""
    shutil.copy(sqlite_template, tmp_path / "small.db")
    database = Database(f"sqlite:///{tmp_path / 'small.db'}")
    yield at(BASE, database, tmp_path)
    database.close()


def at(base_url: str, db: Database, folder: Path, **settings: str) -> Newsroom:
    """A newsroom whose pages are at ``base_url``."""
    more = [(f"MONITOR_{name}", value) for name, value in settings.items()]
    return a_newsroom(db, folder / "outbox", settings=[("MONITOR_BASE_URL", base_url), *more])


_APPS: dict[str, FastAPI] = {}


def app_of(ctx: Context) -> FastAPI:
    """The application of a context. Those at one address share their compiled templates, which cost 0.1 s."""
    address = ctx.settings.base_url
    if address not in _APPS:
        _APPS[address] = create_app(ctx, templates=TEMPLATES)
    app = _APPS[address]
    app.state.site = replace(app.state.site, ctx=ctx)
    return app


def browsing(ctx: Context, app: FastAPI | None = None) -> httpx.AsyncClient:
    """A browser that talks to the application without a socket between them."""
    transport = httpx.ASGITransport(app or app_of(ctx))
    return httpx.AsyncClient(transport=transport, base_url=ctx.settings.base_url)


async def log_in(ctx: Context, browser: httpx.AsyncClient) -> httpx.Response:
    """Use a fresh login link up, as its button does."""
    link = await login_link(ctx)
    return await browser.post("/login", data={"token": link.partition("token=")[2]})


@pytest.fixture
async def reader(newsroom: Newsroom) -> AsyncIterator[httpx.AsyncClient]:
    async with browsing(newsroom.ctx) as browser:
        yield browser


@pytest.fixture
async def editor(newsroom: Newsroom) -> AsyncIterator[httpx.AsyncClient]:
    async with browsing(newsroom.ctx) as browser:
        await log_in(newsroom.ctx, browser)
        yield browser


@pytest.fixture
async def visitor(small: Newsroom) -> AsyncIterator[httpx.AsyncClient]:
    """A reader of the small newsroom."""
    async with browsing(small.ctx) as browser:
        yield browser
