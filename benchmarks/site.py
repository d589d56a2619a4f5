"""A site of feeds on loopback, for machines without the shared test site.

``python -m benchmarks.site PORT FEEDS BYTES [SHARE]`` answers on every 127.x.y.z, so that each address is a host of its
own. ``/ctl/set?pass=N`` turns to the next pass, in which SHARE of the feeds (0.1) have a new entry; ``/ctl/truth`` says
which. Session numbers in links and the build date differ in each response, as on real sites.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from email.utils import formatdate

ENTRIES = 40
_SUBJECTS = ("The agency", "The Secretary", "The final rule", "The interim guidance", "The advisory committee")
_VERBS = ("rescinded", "published", "delayed", "withdrew", "clarified", "suspended")
_OBJECTS = ("reporting duties of covered entities", "permits for transmission lines", "fees for applications")


def _seeded(*names: object) -> random.Random:
    return random.Random(":".join(map(str, names)))


def _sentence(chance: random.Random) -> str:
    place = chance.randrange(100, 999)
    return f"{chance.choice(_SUBJECTS)} {chance.choice(_VERBS)} {chance.choice(_OBJECTS)} under docket 2025-{place}."


class Site:
    """What the feeds say in the current pass."""

    def __init__(self, feeds: int, size: int, share: float) -> None:
        self.feeds = feeds
        self.size = size
        self.share = share
        self.number = 1

    def changed(self, feed: int) -> list[int]:
        """The passes, up to now, in which the feed had a new entry."""
        return [n for n in range(2, self.number + 1) if _seeded(feed, n).random() < self.share]

    def document(self, feed: int) -> bytes:
        """The feed as RSS, newest first."""
        names = [f"new{n}" for n in reversed(self.changed(feed))] + [str(n) for n in range(ENTRIES)]
        items = "\n".join(self._item(feed, name) for name in names[:ENTRIES])
        head = f"<title>Feed {feed}</title><lastBuildDate>{formatdate()}</lastBuildDate>"
        return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()

    def _item(self, feed: int, name: str) -> str:
        chance = _seeded(feed, name)
        title, text = _sentence(chance).rstrip("."), ""
        while len(text) < self.size // ENTRIES - 350:
            text += f"<p>{_sentence(chance)}</p>"
        session = random.getrandbits(16)
        return (
            f"<item><title>{title}</title><link>http://127.0.0.1/news/{feed}-{name}?s={session}</link>"
            f'<guid isPermaLink="false">urn:{feed}:{name}</guid><pubDate>{formatdate(1760000000)}</pubDate>'
            f"<description><![CDATA[{text}]]></description></item>"
        )

    def answer(self, path: str, tag: str) -> tuple[str, str, bytes]:
        """Status line, further header lines and body."""
        if path.startswith("/ctl/set?pass="):
            self.number = int(path.rpartition("=")[2])
        if path.startswith("/ctl/"):
            new = [feed for feed in range(self.feeds) if self.number in self.changed(feed)]
            return "200 OK", "", json.dumps({"feeds": {"new": new, "edited": []}}).encode()
        feed = int(path.removeprefix("/feed/").removesuffix(".xml"))
        own = f'"{feed}-{len(self.changed(feed))}"'
        if tag == own:
            return "304 Not Modified", f"ETag: {own}\r\n", b""
        return "200 OK", f"ETag: {own}\r\nContent-Type: application/rss+xml\r\n", self.document(feed)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
        tag = next((value for name, value in fields.items() if name.lower() == "if-none-match"), "")
        status, more, body = self.answer(head[0].split()[1], tag)
        writer.write(
            f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
        )
        await writer.drain()
        writer.close()


async def _main(port: int, feeds: int, size: int, share: float) -> None:
    server = await asyncio.start_server(Site(feeds, size, share).serve, "0.0.0.0", port, backlog=512)
    print(f"ready port={port}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    port, feeds, size = map(int, sys.argv[1:4])
    asyncio.run(_main(port, feeds, size, float(sys.argv[4]) if sys.argv[4:] else 0.1))
