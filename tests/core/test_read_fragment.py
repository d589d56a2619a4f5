"""Fragments of HTML that are read without a tree: whatever is read so reads as its tree does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.read.fragment import fragment_lines
from monitor.core.read.prose import lines_of, one_line, parsed, plain_text

WORDS = st.sampled_from(
    ["x", " y ", "z\n", "&amp;", "&rsquo;", "&#8217;", "&#x2019;", "&nbsp;", "", "a & b", "&lt;b&gt;", "&foo;", "1 > 0"]
)
NAMES = "a b em span p h2 div ul ol li blockquote section strong article pre table td"
TAGS = st.sampled_from(NAMES.split())
VOID = st.sampled_from(["<br>", "<br/>", "<IMG src='x' />", "<hr>", "<wbr>", "</p>", "<!-- c -->", "<p>", "</br>"])
ATTRIBUTES = st.sampled_from(["", "", " href=x", " hidden", ' title="a b"', " title='<'"])


def _wrapped(tag: str, attributes: str, inside: str) -> str:
    return f"<{tag}{attributes}>{inside}</{tag}>"


MARKUP = st.recursive(
    WORDS | VOID,
    lambda inside: (
        st.builds(_wrapped, TAGS, ATTRIBUTES, inside)
        | st.builds("<ul><li>{}</li>{}</ul>".format, inside, WORDS)
        | st.lists(inside, max_size=4).map("".join)
    ),
    max_leaves=12,
)

SIMPLE = [
    ("<p>One</p><p>two <b>and</b> three</p>", ["One", "two and three"]),
    ('<p>The <a href="https://a.example/x?a=1">rule</a>.</p>', ["The rule."]),
    ("one<br/>two<BR>three", ["one", "two", "three"]),
    ("<ul><li>a</li>\n<li>b</li></ul>", ["a", "b"]),
    ("<p>AT&amp;T&rsquo;s &#8212; &#x2019;</p>", ["AT&T’s — ’"]),
    ("<div><h2>Head</h2><blockquote>said <img src=x>so</blockquote></div>", ["Head", "said so"]),
]

LEFT_TO_THE_TREE = [
    "<p>unclosed",
    "<b><p>crossed</b></p>",
    "<p>one<div>two</div>three</p>",
    "stray</div>end",
    "<table><tr><td>a</td></tr></table>",
    "<pre>a\n b</pre>",
    "<script>x</script>",
    "<!-- a comment -->words",
    "<li>no list</li>",
    "<ul><li>a<li>b</li></li></ul>",
    "<p/>words</p>",
    "<a href=x>one<a href=y>two</a></a>",
    '<p title="a>b">c</p>',
    "<p>AT&T</p>",
    "<p>&#150;</p>",
    "<p>a < b</p>",
    "<div>" * 60 + "</div>" * 60,
]


@pytest.mark.parametrize(("markup", "expected"), SIMPLE)
def test_a_simple_fragment_is_cut_at_its_tags(markup: str, expected: list[str]) -> None:
    lines = fragment_lines(markup)

    assert lines is not None
    assert [flat for flat in map(one_line, lines) if flat] == expected
    assert plain_text(markup) == "\n".join(lines_of(parsed(markup).root))


@pytest.mark.parametrize("markup", LEFT_TO_THE_TREE)
def test_what_a_parser_may_mend_is_left_to_it(markup: str) -> None:
    assert fragment_lines(markup) is None


@settings(max_examples=300, deadline=None)
@given(MARKUP)
def test_whatever_is_read_without_a_tree_reads_as_the_tree_does(markup: str) -> None:
    lines = fragment_lines(markup)

    if lines is not None:
        assert [flat for flat in map(one_line, lines) if flat] == lines_of(parsed(markup).root)


def test_a_million_blanks_in_a_tag_are_read_in_no_time() -> None:
    assert fragment_lines("<p" + " " * 1_000_000 + "x='") is None
