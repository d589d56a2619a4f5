"""A site of noisy pages on loopback: ``python -m benchmarks.pages_site PORT PAGES RATE``.

No two answers are equal: a clock, a node, tokens in links, views, an advertisement, a shuffled list; with each pass the
news list shifts and the side column is another. RATE of the pages get one real edit a pass; ``/ctl/truth`` says which.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys

_KINDS = ("word", "date", "paragraph", "gone", "item", "title", "link", "cell", "value")
_SOME = """
    agency appeal asylum audit benefit court docket entry fee filing grant hearing labor notice order parole period
    permit removal review rule status travel visa waiver
"""
_WORDS = _SOME.split()
_SIZE = 30_000  # bytes of a page


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(count))


class _Article:
    """What one page is about."""

    def __init__(self, number: int) -> None:
        chance = random.Random(f"article {number}")
        self.title = f"Proposed rule: {_words(chance, 4)} ({number})"
        self.deadline = f"March {number % 28 + 1}, 2026"
        self.paragraphs = [f"{_words(chance, 40)} {number}-{place}." for place in range(14)]
        self.items = [f"May {place + 1}, 2025: {_words(chance, 6)} {number}." for place in range(6)]
        self.facts = {"Status": "Proposed", "Docket": f"USCIS-2025-{number:04d}", "Contact": _words(chance, 3)}
        self.rows = [[f"2025-0{place + 1}-11", _words(chance, 4), f"{number * 7 + place}"] for place in range(8)]
        self.links = [f"/files/{number}-{place}.pdf" for place in range(3)]

    def change(self, kind: str, turn: int) -> None:
        """Make one real edit."""
        chance = random.Random(f"turn {turn}")
        match kind:
            case "word":
                self.paragraphs[1] = self.paragraphs[1].replace(" ", f" reinstated{turn} ", 1)
            case "date":
                self.deadline = f"April {turn}, 2027"
            case "paragraph":
                self.paragraphs.insert(2, f"Update {turn}: the {_words(chance, 20)}.")
            case "gone":
                self.paragraphs.pop(0)
            case "item":
                self.items.append(f"June {turn}, 2026: {_words(chance, 6)}.")
            case "title":
                self.title = self.title.replace("Proposed", f"Vacated in part {turn}, proposed")
            case "link":
                self.links[1] = f"/files/corrected-{turn}.pdf"
            case "cell":
                self.rows[2][2] = f"{turn * 1_000}"
            case "value":
                self.facts["Status"] = f"In effect since turn {turn}"

    def markup(self, now: random.Random) -> str:
        facts = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in self.facts.items())
        rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in self.rows)
        links = "".join(
            f"<li><a href='{href}?sid={now.getrandbits(60):015x}'>File {place} (PDF)</a></li>"
            for place, href in enumerate(self.links)
        )
        paragraphs = "".join(f"<p>{text}</p>" for text in self.paragraphs)
        items = "".join(f"<li>{text}</li>" for text in self.items)
        return (
            f"<h1>{self.title}</h1><p class=tools>Views: {now.randrange(9999):,}</p><dl>{facts}</dl>{paragraphs}"
            f"<p>Comments are due on <b>{self.deadline}</b>.</p><ul class=acts>{items}</ul>"
            f"<table class=actions><tr><th>Date</th><th>Act</th><th>No.</th></tr>{rows}</table>"
            f"<ul class=docs>{links}</ul>"
        )


class Site:
    """What the pages say in the current pass."""

    def __init__(self, pages: int, rate: float) -> None:
        self.pages = pages
        self.rate = rate
        self.number = 1
        self.requests = 0
        self._now = random.Random(7)

    def changed(self, number: int) -> dict[int, str]:
        """The pages with a real edit in a pass, and its kind."""
        if number < 2:
            return {}
        chosen = sorted(random.Random(f"pass {number}").sample(range(self.pages), round(self.pages * self.rate)))
        return {page: _KINDS[(place + number) % len(_KINDS)] for place, page in enumerate(chosen)}

    def page(self, number: int) -> str:
        """A page as the site sends it now."""
        self.requests += 1
        article = _Article(number)
        for turn in range(2, self.number + 1):
            kind = self.changed(turn).get(number)
            if kind is not None:
                article.change(kind, turn)
        now = self._now
        head = f"""<!doctype html><html><head><title>{article.title}</title></head><body>
        <header><p class=clock>Refreshed: Monday, March {now.randrange(1, 28)}, 2026 {now.randrange(10, 23)}:30</p>
        <p class=node>node-{now.getrandbits(20):05x} in {now.random():.3f} s</p></header>{self._news()}
        <table class=layout><tr><td class=content><div id=article>{article.markup(now)}</div></td>
        <td class=side>{self._side()}</td></tr></table><script>/* """
        return head + "x" * max(0, _SIZE - len(head)) + " */</script></body></html>"

    def _news(self) -> str:
        newest = self.number * 2 + 6
        numbers = range(newest, newest - 6, -1)
        items = (f"<li><a href='/news/{n}'>Item {n}: {_words(random.Random(n), 6)}</a></li>" for n in numbers)
        return f"<ul class=news>{''.join(items)}</ul>"

    def _side(self) -> str:
        now, day = self._now, random.Random(f"day {self.number}")
        top = [f"<li>Trending {number} <i>{now.randrange(2, 50)} min ago</i></li>" for number in range(5)]
        now.shuffle(top)
        cards = "".join(f"<div class=card><h4>{_words(day, 3)}</h4><p>{_words(day, 12)}</p></div>" for _ in range(3))
        advert = f"<p class=ad>Sponsored: {_words(now, 8)}</p>"
        return f"<ol class=top>{''.join(top)}</ol>{cards}{advert}<p class=rate>Rate of the day: {day.random():.4f}</p>"

    def answer(self, path: str) -> tuple[str, bytes]:
        """Content type and body."""
        if path.startswith("/ctl/set?pass="):
            self.number = int(path.rpartition("=")[2])
        if path.startswith("/ctl/"):
            found = {"pages": self.changed(self.number), "requests": self.requests}
            return "application/json", json.dumps(found).encode()
        return "text/html; charset=utf-8", self.page(int(path.removeprefix("/page/"))).encode()

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
    server = await asyncio.start_server(Site(pages, rate).serve, "127.0.0.1", port, backlog=512)
    print(f"ready port={port}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
