"""Entries of sources.yaml as text, and a file with more of them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.config.files import starter
from monitor.config.source_lines import Bound, Entry, entry_lines, new_entry, with_entries, with_policies
from monitor.config.sources import load_sources
from monitor.config.vocabulary import packaged_vocabulary
from monitor.errors import ConfigError, UsageError
from monitor.model.source import Record, Seed, Source, SourceKind, Voice

WORDS = packaged_vocabulary()
ENTRY = Entry("the-outlet", "The Outlet", "https://news.example/feed", SourceKind.FEED)
LINES = """  - id: the-outlet
    name: The Outlet
    url: https://news.example/feed
    kind: feed
"""


def read(text: str) -> tuple[Source, ...]:
    return load_sources(text, "sources.yaml", WORDS)


def add(text: str, *entries: Entry) -> str:
    return with_entries(text, entries or (ENTRY,), "sources.yaml", WORDS)


def test_an_entry_is_written_as_people_write_it() -> None:
    assert "\n".join(entry_lines(ENTRY)) + "\n" == LINES


def test_kind_auto_goes_without_saying() -> None:
    assert len(entry_lines(Entry("a", "A name", "https://a.example/"))) == 3


NAMES = [
    "yes",
    "404",
    "A: B",
    "A # B",
    "- a",
    "'quoted'",
    '"',
    "{a}",
    "Über uns",
    "a\\b",
    "~",
    "&a",
    "*a",
    "x:",
    "12:30",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_read_back_as_it_was(name: str) -> None:
    entry = new_entry(name, "https://a.example/", SourceKind.FEED, ())

    (source,) = read(add("version: 1\nsources: []\n", entry))

    assert source.name == name


@pytest.mark.parametrize(
    ("title", "name"),
    [("=?utf-8?q?News?=", "utf-8?q?News?="), ("=\u200b?", "a.example"), ("==??", "= ?"), ("=?", "a.example")],
)
def test_what_mail_programs_take_for_an_encoded_word_is_left_out_of_a_name(title: str, name: str) -> None:
    entry = new_entry(title, "https://a.example/", SourceKind.FEED, ())

    (source,) = read(add("version: 1\nsources: []\n", entry))

    assert source.name == name


@given(st.text(max_size=60))
@example("=?")
def test_no_name_breaks_the_file(name: str) -> None:
    entry = new_entry(name, "https://a.example/x?y=1#z:", SourceKind.AUTO, {"a-example"})

    (source,) = read(add("version: 1\nsources: []\n", entry))

    assert (source.id, source.name, source.url) == (entry.id, entry.name, entry.url)


IDS = [
    ("The Outlet", (), "the-outlet"),
    ("The Outlet", ("the-outlet",), "the-outlet-2"),
    ("The Outlet", ("the-outlet", "the-outlet-2"), "the-outlet-3"),
    ("", (), "news-example"),
    ("Новости", (), "news-example"),
    ("x" * 80, (), "x" * 64),
    ("x" * 80, ("x" * 64,), "x" * 62 + "-2"),
]


@pytest.mark.parametrize(("name", "taken", "id"), IDS)
def test_an_id_is_made_of_the_name_and_is_free(name: str, taken: tuple[str, ...], id: str) -> None:
    assert new_entry(name, "https://www.news.example/feed", SourceKind.AUTO, taken).id == id


def test_a_nameless_source_is_called_by_its_host() -> None:
    assert new_entry(" ", "https://www.news.example/feed", SourceKind.AUTO, ()).name == "news.example"


class TestAFile:
    text = (
        "# Ours.\nversion: 1\ndefaults: {every: 2h}\n\nsources:   # all of them\n  - id: a   # first\n"
        "    url: https://a.example/\n    # kind: page\n\n# end\n"
    )

    def test_keeps_every_line_and_gets_the_entries_at_its_end(self) -> None:
        changed = add(self.text)

        assert changed == self.text.replace("sources:   #", "sources:  #") + "\n" + LINES
        assert [source.id for source in read(changed)] == ["a", "the-outlet"]

    def test_with_keys_after_the_list_keeps_them_where_they_are(self) -> None:
        text = "version: 1\nsources:\n  - id: a\n    url: https://a.example/\n\n# Below.\ndefaults: {every: 2h}\n"

        changed = add(text)

        assert changed.endswith(f"https://a.example/\n\n{LINES}\n# Below.\ndefaults: {{every: 2h}}\n")

    @pytest.mark.parametrize("empty", ["sources: []", "sources:", "sources: [ ]  # none yet", "sources:\n  # none"])
    def test_that_is_empty_gets_its_first(self, empty: str) -> None:
        assert [source.id for source in read(add(f"version: 1\n{empty}\n"))] == ["the-outlet"]

    @pytest.mark.parametrize("indent", ["", "    "])
    def test_keeps_its_indentation(self, indent: str) -> None:
        text = f"version: 1\nsources:\n{indent}- id: a\n{indent}  url: https://a.example/"

        assert f"\n{indent}- id: the-outlet\n{indent}  name" in add(text)

    def test_with_line_ends_of_another_system_is_read(self) -> None:
        assert len(read(add("version: 1\r\nsources:\r\n  - id: a\r\n    url: https://a.example/\r\n"))) == 2

    def test_that_init_writes_takes_more(self) -> None:
        text = starter("sources.yaml")

        assert len(read(add(text, ENTRY, Entry("b", "B", "https://b.example/")))) == len(read(text)) + 2

    def test_with_a_default_kind_gives_it_to_entries_without_one(self) -> None:
        text = "version: 1\ndefaults: {kind: page}\nsources: []\n"

        assert read(add(text, Entry("b", "B", "https://b.example/")))[0].kind is SourceKind.PAGE


REFUSED = [
    "version: 1\nsources: [{id: a, url: 'https://a.example/'}]\n",
    "{version: 1, sources: []}\n",
    'version: 1\n"sources": []\n',
    "version: 1\nsources:\n  - id: the-outlet\n    url: https://a.example/\n",
    "version: 1\nsources:\n  [{id: a, url: 'https://a.example/'}]\n",
]


@pytest.mark.parametrize("text", REFUSED)
def test_a_file_that_lines_cannot_be_added_to_is_left_alone(text: str) -> None:
    with pytest.raises(UsageError, match=r"sources\.yaml"):
        add(text)


def test_an_entry_that_would_be_wrong_is_told() -> None:
    with pytest.raises(UsageError, match="left as it is"):
        add("version: 1\nsources: []\n", Entry("a", "A", "ftp://a.example/"))


def test_a_file_that_is_wrong_already_is_told_as_ever() -> None:
    with pytest.raises(ConfigError, match="has no 'id'"):
        add("version: 1\nsources:\n  - url: https://a.example/\n")


BOUND = Bound(("1777", "title:a-policy"), Voice.COURT, "1h")


REBOUND = [
    # an entry's lines, and what they are afterwards
    ("  - id: a\n    url: https://a.example/", "  - id: a\n    policies: [7, 8]\n    url: https://a.example/"),
    (
        "  - id: a\n    policies: [5] # ours\n    url: https://a.example/",
        "  - id: a\n    policies: [5, 7, 8] # ours\n    url: https://a.example/",
    ),
    (
        "  - id: a\n\n# between\n    url: https://a.example/\n    policies: []",
        "  - id: a\n\n# between\n    url: https://a.example/\n    policies: [7, 8]",
    ),
    ("- id: a\n  url: https://a.example/", "- id: a\n  policies: [7, 8]\n  url: https://a.example/"),
]


class TestBound:
    def test_an_entry_says_whom_it_is_there_for_whatever_the_defaults_are(self) -> None:
        defaults = "{voice: government, record: auto, every: 15m, kind: federal-register}"
        text = f"version: 1\ndefaults: {defaults}\nsources: []\n"

        (source,) = read(add(text, Entry("a", "A", "https://a.example/x.pdf", SourceKind.PDF, BOUND)))

        assert (source.kind, source.voice, source.record) == (SourceKind.PDF, Voice.COURT, Record.REVIEW)
        assert (source.policies, source.seed) == (("1777", "title:a-policy"), Seed.SILENT)
        assert source.every.total_seconds() == 3600

    @pytest.mark.parametrize(("before", "after"), REBOUND)
    def test_a_source_is_bound_to_more_policies_in_its_own_lines(self, before: str, after: str) -> None:
        indent = before[: before.index("-")]
        head = f"version: 1\nsources:\n{indent}- id: z\n{indent}  url: https://z.example/\n{indent}  policies: [1]\n"
        tail = f"\n{indent}- id: b\n{indent}  url: https://b.example/\n{indent}  policies: [2]\n"

        changed = with_policies(head + before + tail, "a", ["7", "8"], "sources.yaml", WORDS)

        assert changed == head + after + tail
        assert [each.policies[-2:] for each in read(changed)] == [("1",), ("7", "8"), ("2",)]

    @pytest.mark.parametrize(
        "written",
        [
            "sources:\n  - id: a\n    url: https://a.example/\n    policies:\n      - 5\n",
            "sources: [{id: a, url: https://a.example/}]\n",
            "sources:\n  - {id: a, url: https://a.example/}\n",
        ],
    )
    def test_what_is_written_otherwise_is_left_to_the_person(self, written: str) -> None:
        with pytest.raises(UsageError, match="add 7 to the policies of 'a' yourself"):
            with_policies(f"version: 1\n{written}", "a", ["7"], "sources.yaml", WORDS)
