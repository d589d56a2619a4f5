"""What sources.yaml may say of an API's answer: items and fields of kind json."""

from __future__ import annotations

import pytest

from monitor.config.sources import load_sources
from monitor.config.vocabulary import packaged_vocabulary
from monitor.errors import ConfigError
from monitor.model.source import Source, SourceKind


def one(lines: str, defaults: str = "{}") -> str:
    """A file with one source: an id, an address, and these lines from line 6 on."""
    entry = "".join(f"    {line}\n" for line in lines.splitlines())
    return f"version: 1\ndefaults: {defaults}\nsources:\n  - id: a\n    url: https://api.example.org/v1\n{entry}"


def read(lines: str, defaults: str = "{}") -> Source:
    (source,) = load_sources(one(lines, defaults), "sources.yaml", packaged_vocabulary())
    return source


def problems_of(lines: str, defaults: str = "{}") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(lines, defaults)
    return [str(problem) for problem in caught.value.problems]


def test_items_and_fields_say_where_an_answer_holds_what() -> None:
    source = read(
        "kind: json\nitems: data.0.articles\nfields:\n  url: links.self\n  title: headline\n  publisher: source.name"
    )

    assert source.kind is SourceKind.JSON
    assert source.items == "data.0.articles"
    assert dict(source.fields) == {"title": "headline", "url": "links.self", "publisher": "source.name"}


def test_the_order_of_fields_makes_no_other_source() -> None:
    first = read("kind: json\nitems: x\nfields: {title: a, id: b}")
    second = read("kind: json\nitems: x\nfields: {id: b, title: a}")

    assert first == second


def test_an_answer_that_is_a_list_has_the_empty_path() -> None:
    assert read('kind: json\nitems: ""\nfields: {title: name}').items == ""


def test_an_element_that_is_a_list_is_walked_by_numbers() -> None:
    assert read("kind: json\nitems: rows\nfields: {title: 0, url: 3}").fields == (("title", "0"), ("url", "3"))


def test_the_kind_may_be_a_default() -> None:
    assert read("items: a\nfields: {title: b}", "{kind: json}").fields == (("title", "b"),)


def test_other_kinds_have_neither() -> None:
    assert (read("kind: feed").items, read("kind: feed").fields) == ("", ())


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("kind: json\nfields: {title: a}", "sources.yaml:4: kind json needs 'items', the dotted path of its list"),
        ("kind: json\nitems:\nfields: {title: a}", "sources.yaml:4: kind json needs 'items'"),
        ("kind: json\nitems: a", "sources.yaml:4: kind json needs 'fields': a block that says where title, text, url,"),
        ("kind: json\nitems: a\nfields: {id: a}", "sources.yaml:8: 'fields' has no 'title': say where"),
        ("kind: json\nitems: a\nfields: {}", "sources.yaml:8: 'fields' has no 'title'"),
        ("kind: json\nitems: a\nfields: [title]", "'fields' has to be a block of 'key: value' lines, not a list"),
        (
            "kind: json\nitems: a\nfields:\n  title: a\n  publishd: b",
            "sources.yaml:10: unknown key 'publishd': did you mean 'published'?",
        ),
        (
            "kind: json\nitems: a\nfields: {title: a, headline: b}",
            "unknown key 'headline': use title, text, url, id, published or publisher",
        ),
        ("kind: json\nitems: a..b\nfields: {title: a}", "sources.yaml:7: 'a..b' is not a path: write keys joined by"),
        ("kind: json\nitems: [a]\nfields: {title: a}", "a path is text of 200 characters at most, such as data.items"),
        ("kind: json\nitems: true\nfields: {title: a}", "a path is text of 200 characters at most"),
        ("kind: json\nitems: a\nfields: {title: ''}", "'' is not a path"),
        (
            "kind: json\nitems: '$.data[0].rows'\nfields: {title: a}",
            "keys and indexes are joined by dots, such as 'data.0.rows'",
        ),
        ("kind: json\nitems: " + "a" * 201 + "\nfields: {title: a}", "200 characters at most"),
        ("kind: feed\nitems: a", "sources.yaml:7: 'items' is for 'kind: json' only"),
        ("fields: {title: a}", "sources.yaml:6: 'fields' is for 'kind: json' only"),
        ("kind: jsn\nitems: a\nfields: {title: a}", "unknown kind 'jsn': did you mean 'json'?"),
    ],
)
def test_what_is_wrong_is_told_once_and_where(lines: str, expected: str) -> None:
    (problem,) = problems_of(lines)

    assert expected in problem


def test_items_and_fields_are_no_defaults() -> None:
    problems = problems_of("", "{items: a, fields: {title: b}}")

    assert [problem.split(": ")[1] for problem in problems] == ["unknown key 'items'", "unknown key 'fields'"]
