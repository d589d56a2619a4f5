"""The main text of the page behind a link: what it is, what stands around it, and what is no article."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.core.read import read_document
from monitor.model.source import Fetched, PollError, ReadFailed, Reading, Source, SourceKind
from tests.core.pdfs import pdf

NOW = datetime(2025, 10, 6, 9, tzinfo=UTC)
SOURCE = Source("news", "News", "https://news.example/feed", SourceKind.ARTICLE, select=("#not-for-articles",))
URL = "https://news.example/a"
TEXT = [
    "The agency said on Tuesday that it would end the program by the end of the year, and that offices were told so.",
    "Two officials, who asked not to be named, said that the decision had been made weeks ago, against advice.",
    "A spokesman did not answer questions about what would become of the applications that are under review now.",
]
ELSE = "Ten years later, what became of the people who were promised help by the mayor, and of those who were not."
PARAGRAPHS = "".join(f"<p>{line}</p>" for line in TEXT)
MENU = "<ul>" + "".join(f"<li><a href='/{n}'>Section number {n}</a></li>" for n in range(15)) + "</ul>"


def read(markup: str | bytes, kind: str = "text/html; charset=utf-8") -> list[str] | ReadFailed:
    body = markup if isinstance(markup, bytes) else markup.encode()
    result = read_document(Fetched(URL, 200, body, {"content-type": kind}), SOURCE, NOW)
    if isinstance(result, ReadFailed):
        return result
    assert isinstance(result, Reading)
    assert result.kind is SourceKind.ARTICLE
    return result.items[0].text.split("\n")


@pytest.mark.parametrize(
    "page",
    [
        f"<header>{MENU}</header><main><article><h1>End</h1>{PARAGRAPHS}</article></main><aside><p>{ELSE}</p></aside>",
        f"<div class=top>{MENU}</div><div><div class=story>{PARAGRAPHS}</div></div><p class=promo>{ELSE}</p>",
        f"<div id=x1>{MENU}</div><div id=x2><div id=x3>{PARAGRAPHS}</div><div id=x4><p>{ELSE}</p></div></div>",
        f"<table><tr><td>{MENU}</td><td>{PARAGRAPHS}</td></tr><tr><td><p>{ELSE}</p></td></tr></table>",
        f"<div class=menu>{MENU}</div><div class=text>{'<br><br>'.join(TEXT)}</div><div class=more>{ELSE}</div>",
        f"{MENU}<div itemprop=articleBody>{PARAGRAPHS}</div><div>{f'<p>{ELSE}</p>' * 9}</div>",
        "<div class=page>" + "".join(f"<div class='part'><p>{line}</p></div>" for line in TEXT) + f"</div>{MENU}",
        f"<article>{PARAGRAPHS}<div class='newsletter-signup'><p>{ELSE}</p></div></article>{MENU}",
        f"<div>{PARAGRAPHS}<ul class='share-tools'><li><a href=/s>Share it with all your friends</a></li></ul></div>",
        f"<div>{PARAGRAPHS}</div><div id=comments>{f'<div class=comment><p>{ELSE}</p></div>' * 2}</div>",
    ],
)
def test_the_main_text_is_found_without_what_stands_around_it(page: str) -> None:
    found = read(f"<html><head><title>End of a program - News</title></head><body>{page}</body></html>")

    assert isinstance(found, list)
    assert [line for line in found if line != "End"] == TEXT


def test_lists_and_quotes_between_the_paragraphs_belong_to_it() -> None:
    parts = f"<p>{TEXT[0]}</p><blockquote>{TEXT[1]}</blockquote><ul><li>{ELSE}</li></ul><p>{TEXT[2]}</p>"

    assert read(f"<div>{parts}</div><div>{MENU}</div>") == [TEXT[0], TEXT[1], ELSE, TEXT[2]]


def test_a_page_that_scripts_fill_in_may_state_its_text_as_data() -> None:
    data = {"@graph": [{"@type": "WebSite"}, {"@type": "NewsArticle", "articleBody": "\n".join(TEXT)}]}

    assert read(f"<script type='application/ld+json'>{json.dumps(data)}</script><div id=app></div>") == TEXT


@pytest.mark.parametrize(
    "data", ["{", "[[[", "7", '{"articleBody": 7}', '{"@graph": {"articleBody": "x"}}', "[" * 9_999]
)
def test_data_that_is_none_is_passed_over(data: str) -> None:
    page = f"<script type='application/ld+json'>{data}</script><div>{PARAGRAPHS}</div>"

    assert read(page) == TEXT


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (f"<p>{TEXT[0]}</p><div>Subscribe to continue reading.</div>", "ubscribe to continue reading"),
        (
            f"<p>{TEXT[0]}</p><div>Log in to keep reading</div>{f'<div><h3><a href=/x>{ELSE}</a></h3></div>' * 30}",
            "login",
        ),
        (
            f"<script type='application/ld+json'>{json.dumps({'isAccessibleForFree': False})}</script>"
            f"<p>{TEXT[0]}</p>{f'<div><h3><a href=/x>{ELSE}</a></h3></div>' * 30}",
            "paywall",
        ),
        (
            f"<script type='application/ld+json'>{json.dumps([{'isAccessibleForFree': 'False'}])}</script>"
            f"<p>{TEXT[0]}</p>{f'<div><h3><a href=/x>{ELSE}</a></h3></div>' * 30}",
            "paywall",
        ),
    ],
)
def test_a_wall_in_the_articles_place_is_said(page: str, says: str) -> None:
    found = read(f"<html><title>News</title><body>{page}</body></html>")

    assert isinstance(found, ReadFailed)
    assert (found.error, says in found.detail) == (PollError.BLOCK_PAGE, True)


def test_a_text_that_is_there_in_full_is_no_wall_whatever_its_page_states() -> None:
    data = f"<script type='application/ld+json'>{json.dumps({'isAccessibleForFree': False})}</script>"
    page = f"{data}<div>{PARAGRAPHS * 9}</div><p>Subscribe to continue reading</p>"

    assert isinstance(read(page), list)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html><body><div id=app></div></body></html>", "text/html"),
        (f"<html><body>{MENU * 5}</body></html>".encode(), "text/html"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "image/png"),
        (b"", "text/html"),
        (b"\0" * 500, "application/octet-stream"),
    ],
)
def test_a_page_without_running_text_is_no_article(body: bytes, kind: str) -> None:
    found = read(body, kind)

    assert isinstance(found, ReadFailed)
    assert found.error is PollError.NOT_A_PAGE


def test_plain_text_is_an_article_too() -> None:
    assert read("\n\n".join(TEXT), "text/plain") == TEXT


def test_a_linked_pdf_is_read_as_one() -> None:
    found = read(pdf(TEXT), "application/pdf")

    assert isinstance(found, list)
    assert TEXT[0].split()[0] in found[0]


@pytest.mark.parametrize("piece", ["<div>", "<ul><li>x", "<div class=share>"])
def test_F19_deep_nesting_and_floods_of_elements_end(piece: str) -> None:
    for count in (900, 20_000):
        assert read(piece * count + TEXT[0]) is not None


def test_pages_of_the_corpus_are_read(shared_data: Path) -> None:
    for path in sorted((shared_data / "feeds" / "notfeed").iterdir()):
        read(path.read_bytes(), "text/html")
    found = read((shared_data / "feeds" / "notfeed" / "NetNewsWire__coco.html").read_bytes())

    assert isinstance(found, list)
    assert found[0].startswith("Well, that\u2019s more like it.")
    assert found[-1].endswith("and together give thanks.")
