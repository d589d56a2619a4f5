"""What strict YAML reads, what it refuses, and where it says so."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.strict_yaml import MAX_BYTES, MAX_DEPTH, Document, load
from monitor.errors import ConfigError, Problem


def refused(text: str | bytes) -> Problem:
    with pytest.raises(ConfigError) as caught:
        load(text, "some.yaml")
    (problem,) = caught.value.problems
    assert problem.file == "some.yaml"
    return problem


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("NO", "NO"),
        ("12:30", "12:30"),
        ("07:00", "07:00"),
        ("2025-10-09", "2025-10-09"),
        ("2025-10-09T07:00:00Z", "2025-10-09T07:00:00Z"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("1777", 1777),
        ("-3", -3),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("2.0", 2.0),
        ("1e3", 1000.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("'no'", "no"),
        ('"1777"', "1777"),
        ("State & Local Entities", "State & Local Entities"),
        ("a*b", "a*b"),
        ("|\n  two\n  lines", "two\nlines"),
        (">-\n  one\n  line", "one line"),
    ],
)
def test_a_word_is_read_by_the_core_schema_of_yaml_1_2(word: str, value: object) -> None:
    document = load(f"key: {word}", "some.yaml")

    assert document.value == {"key": value}
    assert isinstance(document.value, dict)
    assert type(document.value["key"]) is type(value)


def test_not_a_number_is_read_as_one() -> None:
    document = load("- .nan", "some.yaml")

    assert isinstance(document.value, list)
    assert math.isnan(document.value[0])


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "\ufeff"])
def test_an_empty_file_is_no_value(text: str) -> None:
    assert load(text, "some.yaml").value is None


def test_a_byte_order_mark_at_the_start_is_ignored() -> None:
    assert load(b"\xef\xbb\xbfa: 1", "some.yaml").value == {"a": 1}
    assert load("\ufeffa: 1", "some.yaml").value == {"a": 1}


def test_windows_line_ends_are_read() -> None:
    document = load("a: 1\r\nb: 2\r\n", "some.yaml")

    assert document.value == {"a": 1, "b": 2}
    assert document.line(["b"]) == 2


NESTED = """\
version: 1
subscribers:

  - id: desk      # line 4
    topics:
      - Interior
      - Detention
  -
    id: other
    topics: [A,
             B]
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ([], 1),
        (["version"], 1),
        (["subscribers"], 2),
        (["subscribers", 0], 4),
        (["subscribers", 0, "id"], 4),
        (["subscribers", 0, "topics"], 5),
        (["subscribers", 0, "topics", 1], 7),
        (["subscribers", 1], 9),
        (["subscribers", 1, "topics", 1], 11),
    ],
)
def test_every_key_and_element_knows_its_line(path: list[str | int], line: int) -> None:
    assert load(NESTED, "some.yaml").line(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [(["subscribers", 0, "email"], 4), (["subscribers", 7, "id"], 2), (["nothing"], 1), (["version", "deeper"], 1)],
)
def test_the_line_of_what_is_not_there_is_that_of_its_nearest_ancestor(path: list[str | int], line: int) -> None:
    assert load(NESTED, "some.yaml").line(path) == line


def test_an_empty_file_has_no_lines() -> None:
    assert load("", "some.yaml").line(["a"]) is None


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: &x 1\nb: 2", 1, "anchor '&x'"),
        ("a: 1\nb: *x", 2, "alias '*x'"),
        ("a: 1\n<<: {b: 2}", 2, "merge key"),
        ("a: 1\nb: !!python/object:os.system x", 2, "tag"),
        ("a: !!int 3", 1, "tag"),
        ("a: ! b", 1, "tag"),
        ("- !secret [1]", 1, "tag"),
        ("%YAML 1.1\n---\na: no", 2, "directives"),
        ("%TAG ! tag:example.org,2025:\n---\na: 1", 2, "directives"),
        ("a: 1\nb: 2\na: 3", 3, "'a' is given twice (first in line 1)"),
        ("a:\n  b: 1\n  c: 2\n  b: 3", 4, "'b' is given twice (first in line 2)"),
        ("{a: 1,\n a: 2}", 2, "given twice"),
        ("a: 1\n1: 2", 2, "key has to be text"),
        ("true: 2", 1, "key has to be text"),
        ("~: 2", 1, "key has to be text"),
        ("? [a]\n: 2", 1, "key has to be text"),
        ("? {a: 1}\n: 2", 1, "key has to be text"),
        ("a: 1\n---\nb: 2", 2, "second document"),
        ("a: 1\n...\n---\nb: 2", 3, "second document"),
        ("a: 1\nb: [1, 2", 2, "not valid YAML"),
        ("a: b: c", 1, "not valid YAML"),
        ("a: 1\n\tb: 2", 2, "indent with spaces"),
        ("a: 'open", 1, "not valid YAML"),
        ("a: 1\n- b", 2, "not valid YAML"),
        ("a: @b", 1, "not valid YAML"),
        ("a: 1\nb: \x00", 2, "U+0000"),
        ("a: 1\nb: \x1b[31m", 2, "U+001B"),
        ("a: \x85", 1, "U+0085"),
        ("a: \ud800", 1, "U+D800"),
        ("a: 1\n\ufeffb: 2", 2, "U+FEFF"),
        (b"a: 1\nb: \xff", 2, "UTF-8"),
        ("a: 1".encode("utf-16"), 1, "UTF-8"),
        ("a: " + "9" * 400, 1, "too long"),
    ],
)
def test_what_could_mislead_is_refused_with_its_line(text: str | bytes, line: int, words: str) -> None:
    problem = refused(text)

    assert problem.line == line
    assert words in problem.message


def test_a_message_is_one_short_line() -> None:
    problem = refused("key: '" + "x" * 100_000)

    assert "\n" not in problem.message
    assert len(problem.message) < 400


def test_nesting_is_allowed_to_its_limit_and_not_beyond() -> None:
    def nested(depth: int) -> str:
        return "[" * depth + "]" * depth

    load(nested(MAX_DEPTH), "some.yaml")
    assert "deeper" in refused(nested(MAX_DEPTH + 1)).message


def test_a_file_is_allowed_to_its_limit_in_bytes_and_not_beyond() -> None:
    text = "# " + "é" * (MAX_BYTES // 2 - 1)

    load(text, "some.yaml")
    assert "larger than 1 MiB" in refused(text + "é").message
    assert "larger than 1 MiB" in refused((text + "é").encode()).message


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)
MERGES = "a0: &a0 {k: v}\n" + "".join(f"a{n + 1}: &a{n + 1} {{<<: [{', '.join([f'*a{n}'] * 9)}]}}\n" for n in range(20))


@pytest.mark.parametrize(
    "hostile",
    ["[" * 20_000, "{" * 20_000, "- " * 20_000, "? " * 20_000, "[a, " * 20_000, "{a: " * 20_000, BOMB, MERGES],
    ids=["lists", "mappings", "dashes", "keys", "flow", "flow-keys", "alias-bomb", "merge-bomb"],
)
@pytest.mark.timeout(20)  # a stock loader dies of recursion, or works until it is stopped
def test_hostile_input_is_refused_without_being_worked_through(hostile: str) -> None:
    refused(hostile)


PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz-", min_size=1), inner, max_size=4),
    max_leaves=12,
)


def flow(value: object) -> str:
    """A value as YAML in flow style, every text quoted with escapes."""
    match value:
        case dict():
            return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(flow(item) for item in value) + "]"
        case str():
            return '"' + "".join(f"\\U{ord(c):08X}" if not c.isalnum() or ord(c) > 126 else c for c in value) + '"'
        case None:
            return "null"
        case _:
            return str(value).lower()


@given(PLAIN)
@settings(max_examples=60, deadline=None)
def test_plain_data_written_out_is_read_back(value: Any) -> None:
    assert load(flow(value), "some.yaml").value == value


@given(st.text(max_size=200) | st.binary(max_size=200) | st.text("[]{}:-?&*!|>'\"% \n\t#ab1", max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_input_gives_plain_data_or_a_config_error(text: str | bytes) -> None:
    try:
        assert isinstance(load(text, "some.yaml"), Document)
    except ConfigError as error:
        (problem,) = error.problems
        location = problem.file
    else:
        location = "some.yaml"

    assert location == "some.yaml"
