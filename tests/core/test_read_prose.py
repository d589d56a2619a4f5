"""Markup to lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.read.prose import TITLE_LIMIT, anchors_of, lines_of, parsed, plain_text, plain_title
from monitor.core.text import clean

MARKUP = [
    ("<p>One</p><p>Two</p>", ["One", "Two"]),
    ("One<br>Two<br/>Three", ["One", "Two", "Three"]),
    ("<p>bo<b>ld</b> and <i>it</i>alic</p>", ["bold and italic"]),
    ("<ul><li>a<li>b</ul>", ["a", "b"]),
    ("<div>a<div>b</div>c</div>", ["a", "b", "c"]),
    ("<p>a\n   b&nbsp;c &amp; d</p>", ["a b c & d"]),
    ("<dl><dt>Status<dd>In effect</dl>", ["Status", "In effect"]),
    ("<table><tr><th>Date<th>Event<tr><td>May 27<td>Announced</table>", ["Date | Event", "May 27 | Announced"]),
    ("<table><tr><td>a<td><td>c</table>", ["a | | c"]),
    ("<table><tr><td><p>a</p><td><b>b</b><br>c</table>", ["a | b c"]),
    ("<table><tr><td><h1>Title</h1><p>a</p><td>side</table>", ["Title", "a", "side"]),
    ("<table><tr><td><table><tr><td>x<td>y</table></table>", ["x | y"]),
    ("<pre>one\n  two</pre>", ["one", "two"]),
    ("a<script>alert(1)</script><style>p{}</style><!-- no --><noscript>no</noscript>b", ["ab"]),
    ("<svg><text>no</text></svg><template>no</template><p>yes", ["yes"]),
    ("<p>\u202eabc\u200b\x07</p>", ["abc"]),
    ("<p></p><p> </p>", []),
]


@pytest.mark.parametrize(("markup", "lines"), MARKUP)
def test_markup_reads_as_lines(markup: str, lines: list[str]) -> None:
    assert lines_of(parsed(markup).root) == lines


def test_text_without_tags_keeps_its_own_lines_and_loses_its_entities() -> None:
    assert plain_text("Order &amp; notice\n\nsecond &lt;line&gt;") == "Order & notice\nsecond <line>"


TITLES = [
    ("AT&T <b>wins</b>", "AT&T wins"),
    ("AT&amp;T", "AT&T"),
    ("Trump&#8217;s order", "Trump’s order"),
    ("5 < 6 and 7 > 4", "5 < 6 and 7 > 4"),
    ("a<script>alert(1)</script>b", "ab"),
    ("How <script> works", "How works"),
    ("two\n lines", "two lines"),
    ("", ""),
]


@pytest.mark.parametrize(("title", "expected"), TITLES)
def test_a_title_is_plain_and_on_one_line(title: str, expected: str) -> None:
    assert plain_title(title) == expected


def test_a_literal_title_keeps_what_looks_like_tags() -> None:
    assert plain_title("How <b> &amp; <i> work", literal=True) == "How <b> & <i> work"


def test_f16_a_title_of_a_megabyte_is_cut_at_512_characters() -> None:
    assert len(plain_title("word " * 200_000)) <= TITLE_LIMIT
    assert len(plain_title("x" * 1_000_000)) <= TITLE_LIMIT


def test_links_come_with_the_words_they_hang_on() -> None:
    markup = '<p><a href="/a">An <b>order</b></a><a name="x">no</a><a href="/b"><img alt="Seal"></a><a href="/c"></a>'

    assert anchors_of(parsed(markup).root) == [("An order", "/a"), ("Seal", "/b"), ("", "/c")]


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "x-element", "table><tr><td", "svg", "ul><li"])
def test_f19_a_hundred_thousand_nested_elements_are_read_all_the_same(tag: str) -> None:
    lines = lines_of(parsed(f"<{tag}>" * 100_000 + "end").root)

    assert lines in ([], ["end"])


@given(st.text(alphabet=st.sampled_from("<>/!-=\"' &;#xabpdivtrtdscript\n\x1f\u202e"), max_size=120))
def test_any_markup_becomes_clean_lines_that_are_not_empty(markup: str) -> None:
    for line in plain_text(markup).split("\n"):
        assert line == clean(line).strip()
        assert "  " not in line
