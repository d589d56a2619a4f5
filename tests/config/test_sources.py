"""What sources.yaml may say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.config.sources import load_sources
from monitor.config.vocabulary import packaged_vocabulary
from monitor.errors import ConfigError
from monitor.model.source import Record, Render, Source, SourceKind, Voice

CONTRACT = """\
version: 1
defaults: {every: 15m}
sources:
  - id: 404-media
    name: 404 Media
    url: https://www.404media.co/rss/
    kind: feed
    voice: press
    record: review
    agencies: []
    policies: []
  - id: flock-statements
    name: Flock Safety
    url: https://www.flocksafety.com/blog/statement
    kind: page
    voice: party
    select: "main article"
    drop: [".share", "time"]
    ignore: ["^Last updated .*"]
    every: 1h
"""


def read(text: str) -> tuple[Source, ...]:
    return load_sources(text, "sources.yaml", packaged_vocabulary())


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


def one(lines: str, defaults: str = "{}") -> str:
    """A file with one source: an id, an address, and these lines from line 6 on."""
    entry = "".join(f"    {line}\n" for line in lines.splitlines())
    return f"version: 1\ndefaults: {defaults}\nsources:\n  - id: a\n    url: https://www.example.org/feed\n{entry}"


def test_the_contracts_example_is_read() -> None:
    media, flock = read(CONTRACT)

    assert media == Source(
        id="404-media",
        name="404 Media",
        url="https://www.404media.co/rss/",
        kind=SourceKind.FEED,
        voice=Voice.PRESS,
        every=timedelta(minutes=15),
        line=4,
    )
    assert flock == Source(
        id="flock-statements",
        name="Flock Safety",
        url="https://www.flocksafety.com/blog/statement",
        kind=SourceKind.PAGE,
        voice=Voice.PARTY,
        every=timedelta(hours=1),
        select=("main article",),
        drop=(".share", "time"),
        ignore=("^Last updated .*",),
        line=12,
    )


def test_an_id_and_an_address_are_enough() -> None:
    (source,) = read(one(""))

    assert source == Source(id="a", name="example.org", url="https://www.example.org/feed", line=4)
    assert source.kind is SourceKind.AUTO
    assert source.voice is Voice.PRESS
    assert source.every == timedelta(hours=1)


@pytest.mark.parametrize(
    "text", ["version: 1\nsources: []", "version: 1\nsources:\n", "version: 1\nsources:\n  # none\n"]
)
def test_there_may_be_no_sources(text: str) -> None:
    assert read(text) == ()


def test_defaults_are_inherited_and_overridden() -> None:
    defaults = "{every: 2h, kind: page, voice: court, select: main, drop: [nav], ignore: '^x$', agencies: [ice]}"

    (inherits,) = read(one("", defaults))
    (overrides,) = read(one("every: 90s\nkind: feed\ndrop: []\nagencies: [CBP, Border Patrol]", defaults))

    assert inherits.every == timedelta(hours=2)
    assert (inherits.kind, inherits.voice) == (SourceKind.PAGE, Voice.COURT)
    assert (inherits.select, inherits.drop, inherits.ignore) == (("main",), ("nav",), ("^x$",))
    assert inherits.agencies == ("ICE",)
    assert overrides.every == timedelta(seconds=90)
    assert (overrides.kind, overrides.voice) == (SourceKind.FEED, Voice.COURT)
    assert overrides.drop == ()
    assert overrides.agencies == ("CBP",)


GROUPED = """version: 1
defaults: {every: 2h, select: main, drop: [nav], agencies: [ICE]}
groups:
  dhs: {kind: page, select: article, agencies: [CBP], render: browser}
  courts: {kind: pacer, voice: court}
  "4": {every: 3h}
sources:
  - {id: a, url: https://a.example/, group: dhs}
  - {id: b, url: https://b.example/, group: dhs, select: [h1, p], drop: [], render: off}
  - {id: c, url: https://c.example/}
  - {id: d, url: https://d.example/, group: courts}
  - {id: e, url: https://e.example/, group: 4}
"""


def test_rules_are_inherited_from_the_defaults_then_the_group() -> None:
    a, b, c, d, e = read(GROUPED)

    assert (a.kind, a.every, a.select) == (SourceKind.PAGE, timedelta(hours=2), ("article",))
    assert (a.drop, a.agencies) == (("nav",), ("CBP",))
    assert (b.select, b.drop, b.agencies) == (("h1", "p"), (), ("CBP",))  # a list replaces, it adds nothing
    assert (c.kind, c.select, c.agencies) == (SourceKind.AUTO, ("main",), ("ICE",))
    assert (a.render, b.render, c.render, d.render) == (Render.BROWSER, Render.OFF, Render.OFF, Render.OFF)
    assert (d.kind, d.voice, d.select) == (SourceKind.PACER, Voice.COURT, ("main",))
    assert e.every == timedelta(hours=3)


def test_a_source_knows_whose_rules_it_has() -> None:
    a, b, c, *_ = read(GROUPED)
    from_both = {"every": "defaults", "agencies": "group dhs", "kind": "group dhs"}

    assert (a.group, b.group, c.group) == ("dhs", "dhs", "")
    assert dict(a.inherited) == {**from_both, "select": "group dhs", "drop": "defaults", "render": "group dhs"}
    assert dict(b.inherited) == from_both
    assert set(dict(c.inherited).values()) == {"defaults"}


def test_a_browser_that_only_the_defaults_ask_for_is_for_pages_alone() -> None:
    feed, page = read(
        "version: 1\ndefaults: {render: browser}\nsources:\n"
        "  - {id: a, url: 'https://a.example/', kind: feed}\n  - {id: b, url: 'https://a.example/', kind: page}\n"
    )

    assert (feed.render, page.render) == (Render.OFF, Render.BROWSER)
    assert "render" not in dict(feed.inherited)


@pytest.mark.parametrize(
    ("groups", "line", "words"),
    [
        ("{dhs-pages: {}}", "group: dhs-page", "sources.yaml:4: unknown group 'dhs-page': did you mean 'dhs-pages'?"),
        ("{dhs: {}}", "group: [dhs]", "sources.yaml:4: unknown group"),
        ("{}", "group: dhs", "sources.yaml:4: this file has no 'groups'"),
        ("[dhs]", "", "sources.yaml:2: 'groups' has to be a block"),
        ("{dhs: page}", "", "sources.yaml:2: the group 'dhs' has to be a block"),
        ("{dhs: {selct: main}}", "", "sources.yaml:2: unknown key 'selct': did you mean 'select'?"),
        ("{dhs: {url: 'https://a.example/'}}", "", "sources.yaml:2: unknown key 'url'"),
        ("{dhs: {group: dhs}}", "", "sources.yaml:2: unknown key 'group'"),
        ("{The DHS: {}}", "", "did you mean 'the-dhs'?"),
        ("{dhs: {select: '['}}", "", "sources.yaml:2: '[' is not a CSS selector"),
        ("{}", "render: chrome", "unknown value of 'render' 'chrome': use off or browser"),
        ("{}", "render: browser, kind: feed", "'render: browser' is for kinds auto, page and listing, not feed"),
        ("{}", "render: browser, proxy: 'http://p.example:8080'", "cannot be rendered"),
        ("{a: {render: browser}}", "group: a, proxy: 'http://p.example:8080'", "write 'render: off'"),
    ],
)
def test_what_a_group_or_a_browser_cannot_be_is_told(groups: str, line: str, words: str) -> None:
    text = f"version: 1\ngroups: {groups}\nsources:\n  - {{id: a, url: 'https://a.example/', {line}}}\n"

    with pytest.raises(ConfigError) as error:
        read(text)

    assert words in str(error.value)


@pytest.mark.parametrize(
    ("written", "seconds"), [("90s", 90), ("15m", 900), ("1h", 3600), ("2d", 172800), ("1.5h", 5400), ("1s", 1)]
)
def test_a_length_of_time_is_read(written: str, seconds: int) -> None:
    assert read(one(f"every: {written}"))[0].every == timedelta(seconds=seconds)


def test_policies_are_ids_and_addresses() -> None:
    (source,) = read(one("policies: [1777, 'title:flock', https://example.org/p, 1777]"))

    assert source.policies == ("1777", "title:flock", "https://example.org/p")


@pytest.mark.parametrize("lines", ["kind: tracker", "voice: court", "voice: government\nkind: federal-register"])
def test_what_can_be_certain_may_be_recorded_automatically(lines: str) -> None:
    (source,) = read(one(f"record: auto\n{lines}"))

    assert source.record is Record.AUTO


def test_a_source_is_for_review_unless_it_says_otherwise() -> None:
    assert read(one("kind: tracker"))[0].record is Record.REVIEW


def test_what_a_tracker_adds_late_is_news_unless_the_file_says_otherwise() -> None:
    assert read(one("kind: tracker"))[0].late_after == timedelta(days=3650)
    assert read(one("kind: tracker\nlate_after: 5d"))[0].late_after == timedelta(days=5)


@pytest.mark.parametrize("select", ["main", "a[href^='/news']", "#id > .x:not(.y)", "xpath://div[@id='a']/p", "h1, h2"])
def test_a_selector_is_css_or_xpath(select: str) -> None:
    assert read(one(f'select: "{select}"'))[0].select == (select,)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("urll: x", "sources.yaml:6: unknown key 'urll': did you mean 'url'?"),
        ("kind: mailbox", "is not a mailbox: it begins with imaps://, imap:// or maildir:"),
        ("from: ['@dhs.gov']", "'from' needs 'kind: mailbox'"),
        ("proxy: https://proxy.example:3128", "is not a proxy: write http://host:port"),
        ("proxy: http://proxy.example", "is not a proxy: write http://host:port"),
        ("proxy: http://u:p@proxy.example:3128", "user name or password"),
        ("proxy_auth: env:X", "'proxy_auth' needs 'proxy'"),
        ("headers: {Proxy-Authorization: x}", "the header Proxy-Authorization is set by the service itself"),
        ("kind: fed", "unknown kind 'fed': did you mean 'feed'?"),
        ("kind: 7", "unknown kind '7'"),
        ("voice: pres", "unknown voice 'pres': did you mean 'press'?"),
        ("record: auto", "sources.yaml:6: 'record: auto' is not for voice press: an editor has to look"),
        ("record: auto\nvoice: party", "'record: auto' is not for voice party: an editor has to look"),
        ("record: auto\nvoice: court\nkind: page", "'record: auto' is not for kind page: an editor has to look"),
        ("record: auto\nvoice: government\nkind: sitemap", "'record: auto' is not for kind sitemap"),
        ("record: auto\nvoice: government\nkind: listing", "'record: auto' is not for kind listing"),
        ("record: reviw", "unknown value of 'record' 'reviw': did you mean 'review'?"),
        ("every: 15", "'15' is not a length of time: write 90s, 15m, 1h or 2d"),
        ("every: 15 minutes", "'15 minutes' is not a length of time"),
        ("every: -1h", "'-1h' is not a length of time"),
        ("every: yes", "'yes' is not a length of time"),
        ("every: true", "'True' is not a length of time"),
        ("every: 0s", "'0s' is out of range: 1s to 31d"),
        ("every: 32d", "'32d' is out of range: 1s to 31d"),
        ("every: 999999999d", "out of range"),
        ("agencies: [ICEE]", "unknown agency 'ICEE': did you mean 'ICE'?"),
        ("agencies:\n  - ICE\n  - Interior", "sources.yaml:8: unknown agency 'Interior'"),
        ("agencies: [5]", "an element of 'agencies' has to be text, not the number 5: put it in quotes"),
        ("policies: [none]", "'none' is not a policy: write its tracker id (1777) or its address (https://...)"),
        ("policies:\n  - #1777", "sources.yaml:7: an element of 'policies' is empty (a '#' begins a comment)"),
        ("select: 'main >> p'", "'main >> p' is not a CSS selector"),
        ("select: //main", "is not a CSS selector (Expected selector, got <DELIM '/' at 0>): an XPath begins with"),
        ("drop: ['xpath://p[']", "'xpath://p[' is not an XPath"),
        ("drop: {a: b}", "'drop' has to be a list, not a block of keys"),
        ("ignore: '(a'", "'(a' is not a regular expression: missing ): (a"),
        ("ignore: '(?=a)b'", "look-around and back-references are not available"),
        (r"ignore: '(a)\1'", "look-around and back-references are not available"),
        ("ignore: '" + "a" * 1001 + "'", "1000 characters at most"),
        ("name: ' '", "'name' is empty"),
        ("name: 404", "'name' has to be text, not the number 404: put it in quotes"),
        ('name: "a\\r\\nBcc: x"', "'name' has to be one line without control characters"),
        ("name: '=?utf-8?q?x?='", "'name' holds '=?'"),
        ('name: "\\u200b\\u202e"', "'name' holds invisible characters only"),
    ],
)
def test_a_wrong_value_is_told_with_a_suggestion(lines: str, expected: str) -> None:
    problems = problems_of(one(lines))

    assert len(problems) == 1
    assert expected in problems[0]
    assert problems[0].startswith("sources.yaml:")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "sources.yaml: the file is empty: it begins with 'version: 1'"),
        ("sources: []", "'version' missing: write 'version: 1'"),
        ("version: '1'\nsources: []", "sources.yaml:1: 'version' '1' is not known here"),
        ("version: 1", "'sources' is missing: write 'sources: []' where there are none"),
        ("version: 1\nsource: []\nsources: []", "sources.yaml:2: unknown key 'source': did you mean 'sources'?"),
        ("- a\n- b", "the file has to be a block of 'key: value' lines, not a list"),
        ("version: 1\nsources: none", "sources.yaml:2: 'sources' has to be a list, not text"),
        ("version: 1\nsources:\n  - text", "a source has to be a block of 'key: value' lines, not text"),
        ("version: 1\nsources:\n  - {}", "sources.yaml:3: the source has no 'id'"),
        ("version: 1\nsources:\n  - id: a", "sources.yaml:3: the source has no 'url'"),
        ("version: 1\nsources: []\ndefaults: {id: x}", "sources.yaml:3: unknown key 'id'"),
        ("version: 1\nsources: []\ndefaults: {kind: trackr}", "unknown kind 'trackr': did you mean 'tracker'?"),
        ("version: 1\nsources: &a []", "the anchor '&a' is not allowed"),
        ("version: 1\nversion: 1\nsources: []", "sources.yaml:2: the key 'version' is given twice"),
    ],
)
def test_a_file_of_the_wrong_shape_is_told(text: str, expected: str) -> None:
    assert any(expected in problem for problem in problems_of(text))


@pytest.mark.parametrize(
    ("identity", "suggestion"),
    [("404 Media", "404-media"), ("A", "a"), ("a_b", "a-b"), ("-a", "a"), ("a.b", "a-b"), ("ä", None), ("''", None)],
)
def test_an_id_is_lower_case_letters_digits_and_dashes(identity: str, suggestion: str | None) -> None:
    (problem,) = problems_of(f"version: 1\nsources:\n  - id: {identity}\n    url: https://example.org/")

    assert "may hold a-z, 0-9 and '-' only" in problem
    assert (suggestion is None) == ("did you mean" not in problem)
    assert suggestion is None or f"did you mean '{suggestion}'?" in problem


def test_an_id_of_digits_needs_no_quotes() -> None:
    assert read("version: 1\nsources:\n  - id: 404\n    url: https://example.org/")[0].id == "404"


def test_an_id_is_used_once() -> None:
    (problem,) = problems_of(one("") + "  - id: a\n    url: https://example.com/\n")

    assert problem == "sources.yaml:6: the id 'a' is taken in line 4: ids are unique and never reused"


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    problems = problems_of(one("voice: pres\nevery: 5\nurll: x") + "  - id: a\n    url: ftp://x/\n")

    assert [problem.split(":")[1] for problem in problems] == ["6", "7", "8", "9", "10"]


def test_a_name_is_composed_and_its_invisible_characters_go() -> None:
    (source,) = read(one('name: "Cafe\\u0301  \\u202eNews\\u200b"'))

    assert source.name == "Caf\u00e9 News"


def mailbox_of(url: str, *lines: str) -> str:
    return "version: 1\nsources:\n" + "\n    ".join(["  - id: bulletins", f"url: {url}", "kind: mailbox", *lines, ""])


@pytest.mark.parametrize(
    ("url", "lines"),
    [
        ("imaps://mail.example.org/INBOX", ("auth: env:LOGIN", "from: [USCIS@messages.dhs.gov, '@DHS.gov']")),
        ("imap://mail.example.org:1143", ("auth: file:login.txt",)),
        ("maildir:state/inbox", ()),
    ],
)
def test_a_mailbox_is_an_imap_folder_or_a_maildir(url: str, lines: tuple[str, ...]) -> None:
    (source,) = read(mailbox_of(url, *lines))

    assert (source.url, source.kind) == (url, SourceKind.MAILBOX)
    assert source.senders in ((), ("uscis@messages.dhs.gov", "@dhs.gov"))


@pytest.mark.parametrize(
    ("url", "line", "expected"),
    [
        ("imaps://mail.example.org", "", "the mailbox has no 'auth'"),
        ("imaps://u:p@mail.example.org", "auth: env:X", "state them by 'auth: env:NAME'"),
        ("imaps://mail.example.org/a?b", "auth: env:X", "ends with its folder"),
        ("'maildir:'", "", "a Maildir needs its folder"),
        ("maildir:inbox", "auth: env:X", "a Maildir needs no 'auth'"),
        ("maildir:inbox", "select: main", "'select' means nothing for a mailbox"),
        ("maildir:inbox", "headers: {X-A: b}", "'headers' means nothing for a mailbox"),
        ("maildir:inbox", "from: [dhs.gov]", "'dhs.gov' is not a mail address"),
    ],
)
def test_what_a_mailbox_cannot_be_is_told(url: str, line: str, expected: str) -> None:
    problems = problems_of(mailbox_of(url, *filter(None, [line])))

    assert len(problems) == 1
    assert expected in problems[0]


def test_the_address_of_a_mailbox_asks_for_its_kind() -> None:
    assert "needs 'kind: mailbox'" in problems_of("version: 1\nsources:\n  - id: a\n    url: maildir:inbox\n")[0]
