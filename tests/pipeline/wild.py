"""A newsroom whose peers are real: servers on loopback, the guarded client, and the readers in their jail."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from sqlalchemy import func, select

from monitor.jail.jail import Jail
from monitor.net.client import Fetcher
from monitor.net.guard import Guard
from monitor.store import schema as s
from monitor.store.database import Tx
from monitor.store.sources import get_source
from tests.net.peers import Peer, answer, fields_of, read_request
from tests.pipeline.newsroom import Newsroom


class Site:
    """A server on loopback: ``answers`` holds its raw answer to each path; ``asked`` every request's path and fields.

    Several answers to one path are given one after the other, the last one for ever.
    """

    def __init__(self) -> None:
        self.answers: dict[str, bytes | list[bytes]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.peer = Peer(self._talk)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        path = request.split(b" ")[1].decode()
        self.asked.append((path, fields_of(request)))
        said = self.answers.get(path, answer(404))
        if isinstance(said, list):
            said = said.pop(0) if len(said) > 1 else said[0]
        writer.write(said)
        await writer.drain()

    def url(self, path: str = "/feed") -> str:
        return self.peer.url(path)

    def serve(self, body: bytes, *fields: str, path: str = "/feed", status: int = 200, **more: Any) -> None:
        self.answers[path] = answer(status, body, *fields, **more)


@asynccontextmanager
async def open_site() -> AsyncIterator[Site]:
    site = Site()
    await site.peer.start()
    try:
        yield site
    finally:
        await site.peer.stop()


@asynccontextmanager
async def in_the_wild(newsroom: Newsroom) -> AsyncIterator[Newsroom]:
    """The newsroom with the real client, which may reach 127.0.0.1 alone, and the real jail."""
    guard = Guard([ip_network("127.0.0.1/32")])
    no_trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # plain http only: loading the authorities takes 60 ms
    fetcher = Fetcher(guard, "Policy-Monitor/test", clock=newsroom.clock, tls=no_trust, total_timeout=5)
    jail = Jail()
    try:
        yield replace(newsroom, ctx=replace(newsroom.ctx, fetcher=fetcher, reader=jail))
    finally:
        await fetcher.aclose()
        await jail.aclose()


async def source_row(newsroom: Newsroom, id: str = "news") -> dict[str, Any]:
    return await newsroom.ctx.db.read(lambda tx: get_source(tx, id))


async def revisions(newsroom: Newsroom) -> list[dict[str, Any]]:
    """Every stored revision in the order of storing, with its entry's key."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        query = select(s.revision, s.entry.c.key, s.entry.c.first_seen).join(s.entry).order_by(s.revision.c.id)
        return [dict(row) for row in tx.execute(query).mappings()]

    return await newsroom.ctx.db.read(work)


async def number_of_entries(newsroom: Newsroom) -> int:
    def work(tx: Tx) -> int:
        return int(tx.execute(select(func.count()).select_from(s.entry)).scalar_one())

    return await newsroom.ctx.db.read(work)
