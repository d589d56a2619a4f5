"""A site of noisy pages on loopback: ``python -m benchmarks.pages_site PORT PAGES RATE``.

No two answers are equal: a clock, a node, tokens in links, views, an advertisement, a shuffled list; with each pass the
news list shifts and the side column is another. RATE of the pages get one real edit a pass; ``/ctl/truth`` says which.
"""

from __future__ import annotations

import asyncio
import json
import sys

from benchmarks.noisy_site import NoisySite

_SIZE = 30_000  # bytes of a page
_PARAGRAPHS = 14


class Server:
    """Answers for the site."""

    def __init__(self, pages: int, rate: float) -> None:
        self._site = NoisySite(pages, rate, paragraphs=_PARAGRAPHS, size=_SIZE)

    def answer(self, path: str) -> tuple[str, bytes]:
        """Content type and body."""
        if path.startswith("/ctl/set?pass="):
            self._site.turn = int(path.rpartition("=")[2])
        if path.startswith("/ctl/"):
            found = {"pages": self._site.changed(self._site.turn), "requests": self._site.requests}
            return "application/json", json.dumps(found).encode()
        return "text/html; charset=utf-8", self._site.page(int(path.removeprefix("/page/")))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests until the other side closes."""
        try:
            while True:
                line = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n", 1)[0].decode("latin-1")
                path = line.split()[1]
                status = "200 OK" if path.startswith(("/page/", "/ctl/")) else "404 Not Found"
                kind, body = self.answer(path) if status == "200 OK" else ("text/plain", b"none")
                head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


async def _main(port: int, pages: int, rate: float) -> None:
    server = await asyncio.start_server(Server(pages, rate).serve, "127.0.0.1", port, backlog=512)
    print(f"ready port={port}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
