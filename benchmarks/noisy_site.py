"""A site whose pages are noisy in every way that real ones are, and whose real changes are known."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

_WORDS = """
    agency appeal asylum audit benefit court docket entry fee filing grant hearing labor notice order parole period
    permit removal review rule status travel visa waiver
"""
WORDS = _WORDS.split()
KINDS = (
    "word", "date", "paragraph", "gone", "item", "heading", "link", "moved", "row", "cell", "value",
)  # fmt: skip
NEWS = 6


def words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(count))


@dataclass
class Article:
    """What one page is about."""

    number: int
    title: str
    deadline: str
    paragraphs: list[str]
    items: list[str]
    facts: list[list[str]]
    rows: list[list[str]]
    links: list[list[str]]

    @classmethod
    def of(cls, number: int, paragraphs: int = 6) -> Article:
        chance = random.Random(f"article {number}")
        return cls(
            number,
            f"Proposed rule: {words(chance, 4)} ({number})",
            f"March {number % 28 + 1}, 2026",
            [f"{words(chance, 30)} {number}-{place}." for place in range(paragraphs)],
            [f"May {place + 1}, 2025: {words(chance, 6)} {number}." for place in range(4)],
            [["Status", "Proposed"], ["Docket", f"USCIS-2025-{number:04d}"], ["Contact", words(chance, 3)]],
            [[f"2025-0{place + 1}-11", words(chance, 4), f"{number * 7 + place}"] for place in range(5)],
            [[f"{words(chance, 3)} {place} (PDF)", f"/files/{number}-{place}.pdf"] for place in range(3)],
        )

    def change(self, kind: str, turn: int) -> None:
        """Make one real edit."""
        match kind:
            case "word":
                self.paragraphs[1] = self.paragraphs[1].replace(" ", f" reinstated{turn} ", 1)
            case "date":
                self.deadline = f"April {turn}, 2027"
            case "paragraph":
                self.paragraphs.insert(2, f"Update {turn}: the {words(random.Random(turn), 20)}.")
            case "gone":
                self.paragraphs.pop(0)
            case "item":
                self.items.append(f"June {turn}, 2026: {words(random.Random(turn), 6)}.")
            case "heading":
                self.title = self.title.replace("Proposed", "Final") if "Proposed" in self.title else f"Vacated {turn}"
            case "link":
                self.links[1][1] = f"/files/corrected-{turn}-{self.number}.pdf"
            case "moved":
                self.paragraphs.append(self.paragraphs.pop(0))
            case "row":
                self.rows.append([f"2026-0{turn % 9 + 1}-01", words(random.Random(turn), 4), f"{turn}"])
            case "cell":
                self.rows[2][2] = f"{turn * 1_000}"
            case "value":
                self.facts[0][1] = f"In effect since turn {turn}"


@dataclass
class NoisySite:
    """Pages that differ at every request, and at every turn. ``notice`` stands on all of them from now on.

    ``size``: bytes that a page is brought to by a script, if it has fewer.
    """

    pages: int
    rate: float = 0.1
    seed: int = 1
    daily: bool = True
    notice: str = ""
    paragraphs: int = 6
    size: int = 0
    turn: int = 1
    requests: int = 0
    _chance: random.Random = field(default_factory=lambda: random.Random(7))

    def changed(self, turn: int) -> dict[int, str]:
        """The pages with a real edit at a turn, and its kind."""
        if turn < 2:
            return {}
        chance = random.Random(f"{self.seed} {turn}")
        chosen = sorted(chance.sample(range(self.pages), round(self.pages * self.rate)))
        return {page: KINDS[(place + turn) % len(KINDS)] for place, page in enumerate(chosen)}

    def page(self, number: int) -> bytes:
        """A page as a server sends it now."""
        self.requests += 1
        article = Article.of(number, self.paragraphs)
        for turn in range(2, self.turn + 1):
            kind = self.changed(turn).get(number)
            if kind is not None:
                article.change(kind, turn)
        markup = self._markup(article)
        padding = "x" * max(0, self.size - len(markup))
        return f"{markup}<script>/* {padding} */</script>".encode()

    def _markup(self, article: Article) -> str:
        now = self._chance
        facts = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in article.facts)
        rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in article.rows)
        links = "".join(
            f"<li><a href='{href}?sid={now.getrandbits(60):015x}'>{text}</a></li>" for text, href in article.links
        )
        paragraphs = "".join(f"<p>{text}</p>" for text in article.paragraphs)
        items = "".join(f"<li>{text}</li>" for text in article.items)
        return f"""<!doctype html><html><head><title>{article.title}</title></head><body>
        {f"<div class=notice><p>{self.notice}</p></div>" if self.notice else ""}
        <header><p class=clock>Refreshed: Monday, March {now.randrange(1, 28)}, 2026 {now.randrange(10, 23)}:30</p>
        <p class=node>node-{now.getrandbits(20):05x} in {now.random():.3f} s</p></header>{self._frame()}
        <table class=layout><tr><td class=content><div id=article><h1>{article.title}</h1>
        <p class=tools>Views: {now.randrange(9999):,}</p>
        <dl>{facts}</dl>{paragraphs}<p>Comments are due on <b>{article.deadline}</b>.</p><ul class=acts>{items}</ul>
        <table class=actions><tr><th>Date</th><th>Act</th><th>No.</th></tr>{rows}</table>
        <ul class=docs>{links}</ul></div></td>
        <td class=side>{self._side()}</td></tr></table></body></html>"""

    def _frame(self) -> str:
        day = self.turn if self.daily else 1
        news = {number: words(random.Random(number), 6) for number in range(day * 2 + NEWS, day * 2, -1)}
        items = "".join(f"<li><a href='/news/{number}'>Item {number}: {text}</a></li>" for number, text in news.items())
        return f"<ul class=news>{items}</ul>"

    def _side(self) -> str:
        now, day = self._chance, random.Random(f"day {self.turn if self.daily else 1}")
        top = [f"<li>Trending {number} <i>{now.randrange(2, 50)} min ago</i></li>" for number in range(5)]
        now.shuffle(top)
        cards = "".join(f"<div class=card><h4>{words(day, 3)}</h4><p>{words(day, 12)}</p></div>" for _ in range(3))
        advert = f"<p class=ad>Sponsored: {words(now, 8)}</p>"
        return f"<ol class=top>{''.join(top)}</ol>{cards}{advert}<p class=rate>Rate of the day: {day.random():.4f}</p>"
