"""What was taken out of an item's words is kept, spelled out, and costs nothing where nothing was (THREATS F16)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.read import read_document
from monitor.core.read.original import MOST_BYTES, hides, spelled_out
from monitor.core.read.skim import skim
from monitor.model.source import Fetched, Item, Reading, Source, SourceKind
from tests.core.storable import SEPARATORS, UNSEEN
from tests.core.test_hostile_text import json_feed, mapped, page, posts, rss

NOW = datetime(2025, 10, 10, 12, tzinfo=UTC)
URL = "https://news.example/feed"
RIGHT_TO_LEFT = "The order was \u202edetnarg\u202c today"
SHOWN = "The order was detnarg today"
SPELLED = "The order was [U+202E]detnarg[U+202C] today"
FIELDS = (("title", "title"), ("url", "url"), ("text", "text"))


def items(document: str, kind: SourceKind = SourceKind.AUTO, content_type: str = "") -> tuple[Item, ...]:
    source = Source("s", "S", URL, kind, fields=FIELDS, items="items")
    found = read_document(Fetched(URL, 200, document.encode(), {"content-type": content_type}), source, NOW)
    assert isinstance(found, Reading)
    return found.items


DOCUMENTS = [
    (rss(RIGHT_TO_LEFT), SourceKind.FEED),
    (rss("The order was &#8238;detnarg&#x202C; today"), SourceKind.FEED),
    (rss("The order was &amp;#x202E;detnarg&amp;#8236; today"), SourceKind.FEED),
    (json_feed(RIGHT_TO_LEFT), SourceKind.FEED),
    (
        json.dumps({"items": [{"title": RIGHT_TO_LEFT, "text": "Words.", "url": URL}]}, ensure_ascii=False),
        SourceKind.JSON,
    ),
    (mapped(RIGHT_TO_LEFT), SourceKind.JSON),
    (posts(RIGHT_TO_LEFT), SourceKind.WORDPRESS),
    (page(RIGHT_TO_LEFT), SourceKind.PAGE),
    (rss(RIGHT_TO_LEFT), SourceKind.PACER),
]


@pytest.mark.parametrize(("document", "kind"), DOCUMENTS)
def test_F16_the_original_is_kept_with_what_is_not_seen_spelled_out(document: str, kind: SourceKind) -> None:
    (item,) = items(document, kind)

    assert item.title.startswith(SHOWN)
    assert item.original is not None
    assert item.original.startswith(SPELLED)


@pytest.mark.parametrize("character", [*UNSEEN.replace("\ufeff", ""), "\u2028", "\u2029"])
def test_F16_each_character_that_is_taken_out_is_in_the_original(character: str) -> None:
    (item,) = items(rss("A title", f"Some {character}words."))

    assert item.text.split() == ["Some", "words."]
    assert item.original == f"A title\nSome [U+{ord(character):04X}]words."


def test_F16_an_item_in_which_nothing_was_taken_out_has_no_original_beside_one_in_which_something_was() -> None:
    clean = "<item><title>B</title><description>Plain “words” — caf\u00e9\u00a0&amp; more.</description></item>"
    hidden, plain = items(rss("A", "Soft\u00adly").replace("</channel>", f"{clean}</channel>"))

    assert (hidden.original, plain.original) == ("A\nSoft[U+00AD]ly", None)


@pytest.mark.parametrize(
    "text", ["Plain words.", "“Quoted” – 📰 caf\u00e9\u00a0&amp; &#8217; &lt;b&gt;", '{"a": "\\u2019"}']
)
def test_F16_a_document_that_hides_nothing_is_not_read_twice(text: str) -> None:
    assert not hides(text)


def test_F16_a_skim_of_what_is_new_gives_the_same_original() -> None:
    entries = [f"<item><guid>{n}</guid><title>Title {n}</title></item>" for n in range(6)]
    new = f"<item><guid>new</guid><title>{RIGHT_TO_LEFT}</title></item>"
    source = Source("s", "S", URL, SourceKind.FEED)

    def fetched(*parts: str) -> Fetched:
        return Fetched(URL, 200, f"<rss version='2.0'><channel>{''.join(parts)}</channel></rss>".encode())

    first = skim(fetched(*entries), source, NOW, {})
    second = skim(fetched(new, *entries), source, NOW, first.marks)

    assert second.partial
    assert isinstance(second.result, Reading)
    (item,) = second.result.items
    assert item == items(fetched(new, *entries).body.decode(), SourceKind.FEED)[0]
    assert item.original == SPELLED


def test_F16_a_document_too_large_to_be_read_twice_is_read_once() -> None:
    (item,) = items(rss(RIGHT_TO_LEFT, "x" * MOST_BYTES))

    assert (item.title, item.original) == (SHOWN, None)


@given(st.text(alphabet=st.sampled_from([*UNSEEN, *SEPARATORS, *'&#;amp2380xX1Fshyzwnjlr\\u{[" ']), max_size=40))
def test_F16_what_was_spelled_out_hides_nothing(text: str) -> None:
    assert not hides(spelled_out(text))
