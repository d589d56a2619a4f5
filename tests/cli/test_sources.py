"""``sources discover``, ``import-opml``, ``export-opml``, and ``test`` for the kinds that need more said."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from monitor.core.opml import read_opml
from monitor.net.browser_process import find_program, what_is_missing
from tests.cli.conftest import NEWS, OTHER, Monitor, Newsroom, sources_yaml
from tests.core.mails import mail

MISSING = what_is_missing(find_program("", os.environ.get("PATH")))
OPML = """<opml version="1.0"><body><outline text="Press">
<outline text="The Outlet" xmlUrl="https://news.example/feed"/>
<outline text="Another: one" xmlUrl="https://other.example/feed"/>
<outline text="The Outlet" xmlUrl="https://news.example/second"/>
<outline text="Broken" xmlUrl="feed.xml"/></outline></body></opml>"""
OWN = "# Ours.\nversion: 1\nsources:\n  - id: a  # first\n    url: https://a.example/\n"


def site(newsroom: Newsroom) -> None:
    """A page that states one feed, links to a broken one, lists documents, and has a sitemap in robots.txt."""
    rows = "".join(f"<li><a href='/memo/{n}'>Memo {n} on parole</a> October {n}, 2025</li>" for n in (9, 8, 7))
    page = (
        "<!doctype html><title>Newsroom</title><link rel=alternate type='application/rss+xml' href='/feed'>"
        f"<body><main><ul>{rows}</ul><a href='/gone.rss'>Old feed</a></main>"
    )
    newsroom.feed(NEWS, OTHER)
    newsroom.documents["/news"] = ("text/html", page.encode())
    newsroom.documents["/robots.txt"] = ("text/plain", f"Sitemap: {newsroom.url}/map.xml\n".encode())
    newsroom.documents["/map.xml"] = ("application/xml", b"<urlset><url><loc>/memo/9</loc></url></urlset>")


class TestDiscover:
    def test_finds_tries_and_gives_ready_entries(self, monitor: Monitor, newsroom: Newsroom) -> None:
        site(newsroom)

        rows = monitor("sources", "discover", f"{newsroom.url}/news", "--json").rows

        told = [(row["kind"], row["url"].removeprefix(newsroom.url), row["items"], row["error"]) for row in rows]
        assert told == [
            ("feed", "/feed", 2, None),
            ("listing", "/news", 3, None),
            ("page", "/news", 1, None),
            ("sitemap", "/map.xml", 1, None),
            ("feed", "/gone.rss", 0, "http_status"),
        ]
        assert rows[0]["title"] == "The Outlet"
        assert rows[0]["yaml"].splitlines() == [
            "  - id: the-outlet",
            "    name: The Outlet",
            f"    url: {newsroom.url}/feed",
            "    kind: feed",
        ]
        assert monitor("sources", "list", "--json").rows == []

    def test_gives_entries_that_can_be_polled(self, monitor: Monitor, newsroom: Newsroom) -> None:
        site(newsroom)
        rows = monitor("sources", "discover", f"{newsroom.url}/news", "--json").rows
        entries = [row["yaml"] for row in rows if row["yaml"]]

        monitor.write("sources.yaml", "version: 1\nsources:\n" + "\n".join(entries) + "\n")

        assert monitor("poll", "--json").json["entries_new"] == 2 + 3 + 1 + 1

    def test_speaks_to_people(self, monitor: Monitor, newsroom: Newsroom) -> None:
        site(newsroom)

        shown = monitor("sources", "discover", f"{newsroom.url}/news").stdout

        for words in (
            "feed: The Outlet",
            "the page states it as its feed",
            "robots.txt names it",
            "http_status: HTTP 404",
        ):
            assert words in shown
        assert "  - id: the-outlet\n    name: The Outlet\n" in shown

    def test_of_a_feed_finds_the_feed(self, monitor: Monitor, newsroom: Newsroom) -> None:
        newsroom.feed(NEWS)

        (row,) = monitor("sources", "discover", f"{newsroom.url}/feed", "--json").rows

        assert (row["kind"], row["why"]) == ("feed", "the address itself: 1 item")

    @pytest.mark.parametrize(("path", "code", "words"), [("/none", 1, "http_status"), ("/a b", 2, "URL: ")])
    def test_says_why_nothing_was_found(
        self, monitor: Monitor, newsroom: Newsroom, path: str, code: int, words: str
    ) -> None:
        assert words in monitor("sources", "discover", newsroom.url + path, code=code).stderr

    def test_f7_does_not_reach_private_addresses_unless_allowed(self, monitor: Monitor, newsroom: Newsroom) -> None:
        monitor.write(".env", "")

        refused = monitor("sources", "discover", f"{newsroom.url}/feed", code=1).stderr

        assert "blocked_address" in refused or "bad_url" in refused


class TestImport:
    def test_prints_entries_and_changes_nothing(self, monitor: Monitor) -> None:
        before = (monitor.folder / "sources.yaml").read_text()

        ran = monitor("sources", "import-opml", monitor.write("feeds.opml", OPML))

        assert ran.stdout.count("- id: ") == 3
        assert '  - id: another-one\n    name: "Another: one"\n    url: https://other.example/feed\n' in ran.stdout
        assert "id: the-outlet-2\n" in ran.stdout
        assert "1 outline left out" in ran.stderr
        assert (monitor.folder / "sources.yaml").read_text() == before

    def test_prints_json(self, monitor: Monitor) -> None:
        rows = monitor("sources", "import-opml", monitor.write("feeds.opml", OPML), "--json").rows

        assert rows[0] == {"id": "the-outlet", "name": "The Outlet", "url": "https://news.example/feed", "kind": "feed"}

    def test_appends_under_the_files_own_mode_and_keeps_its_comments(self, monitor: Monitor) -> None:
        path = monitor.write("sources.yaml", OWN)
        path.chmod(0o600)

        ran = monitor("sources", "import-opml", monitor.write("feeds.opml", OPML), "--append")

        assert "3 sources added to sources.yaml" in ran.stdout
        assert path.read_text().startswith(f"{OWN}\n  - id: the-outlet\n")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        ids = [row["id"] for row in monitor("sources", "list", "--json").rows]
        assert ids == ["a", "another-one", "the-outlet", "the-outlet-2"]

    def test_twice_adds_nothing_the_second_time(self, monitor: Monitor) -> None:
        file = monitor.write("feeds.opml", OPML)
        monitor("sources", "import-opml", file, "--append")
        text = (monitor.folder / "sources.yaml").read_text()

        ran = monitor("sources", "import-opml", file, "--append")

        assert "there is nothing to add" in ran.stdout
        assert (monitor.folder / "sources.yaml").read_text() == text

    def test_never_gives_an_id_that_a_retired_source_had(self, monitor: Monitor) -> None:
        monitor.write("sources.yaml", sources_yaml("id: the-outlet, url: https://before.example/"))
        monitor("sources", "list")
        monitor.write("sources.yaml", sources_yaml())

        rows = monitor("sources", "import-opml", monitor.write("feeds.opml", OPML), "--json").rows

        assert [row["id"] for row in rows] == ["the-outlet-2", "another-one", "the-outlet-3"]

    def test_leaves_a_file_alone_that_it_cannot_add_to(self, monitor: Monitor) -> None:
        text = sources_yaml("id: a, url: https://a.example/")
        path = monitor.write("sources.yaml", text)

        ran = monitor("sources", "import-opml", monitor.write("feeds.opml", OPML), "--append", code=2)

        assert "paste the entries yourself" in ran.stderr
        assert path.read_text() == text
        assert not list(monitor.folder.glob(".sources-*"))

    @pytest.mark.parametrize(
        ("text", "words"),
        [("<rss/>", "not an OPML file"), ('<!DOCTYPE a [<!ENTITY b "c">]><opml/>', "declares entities")],
    )
    def test_f1_refuses_what_is_no_list_in_words(self, monitor: Monitor, text: str, words: str) -> None:
        ran = monitor("sources", "import-opml", monitor.write("feeds.opml", text), code=1)

        assert words in ran.stderr
        assert "feeds.opml" in ran.stderr

    def test_of_a_missing_file_says_so(self, monitor: Monitor) -> None:
        assert "No such file" in monitor("sources", "import-opml", monitor.folder / "none.opml", code=1).stderr


def test_the_sources_are_exported_as_opml(monitor: Monitor) -> None:
    feed, page = "id: a, name: The Outlet, url: https://a.example/feed", "id: b, url: https://b.example/, kind: page"
    monitor.write("sources.yaml", sources_yaml(feed, page))

    outlines = read_opml(monitor("sources", "export-opml").stdout)

    assert [(each.title, each.url, each.kind) for each in outlines] == [
        ("The Outlet", "https://a.example/feed", "feed"),
        ("b.example", "https://b.example/", "auto"),
    ]


class TestTest:
    def test_reads_a_list(self, monitor: Monitor, newsroom: Newsroom) -> None:
        site(newsroom)

        found = monitor("sources", "test", f"{newsroom.url}/news", "--kind", "listing", "--json").json

        assert [item["title"] for item in found["items"]] == [f"Memo {n} on parole" for n in (9, 8, 7)]

    def test_shows_what_an_index_leads_to(self, monitor: Monitor, newsroom: Newsroom) -> None:
        index = b"<sitemapindex><sitemap><loc>/part.xml</loc></sitemap></sitemapindex>"
        newsroom.documents["/index.xml"] = ("application/xml", index)
        words = ("sources", "test", f"{newsroom.url}/index.xml", "--kind", "sitemap")

        assert monitor(*words, "--json").json["next_urls"] == [f"{newsroom.url}/part.xml"]
        assert f"{newsroom.url}/part.xml" in monitor(*words).stdout

    def test_reads_any_api_by_its_paths(self, monitor: Monitor, newsroom: Newsroom) -> None:
        body = json.dumps({"data": [{"headline": "An order", "link": "https://a.example/1"}]})
        newsroom.documents["/api"] = ("application/json", body.encode())
        paths = ("--items", "data", "--field", "title=headline", "--field", "url=link")

        found = monitor("sources", "test", f"{newsroom.url}/api", "--kind", "json", *paths, "--json").json

        assert [(item["title"], item["url"]) for item in found["items"]] == [("An order", "https://a.example/1")]

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--kind", "json", "--items", "data"), "--kind json: say where an item's title stands"),
            (("--field", "titel=x"), "--field: unknown field 'titel': did you mean 'title'?"),
            (("--items", "a..b"), "--items: 'a..b' is not a path"),
            (("--header", "Host: x"), "--header: the header Host is set by the service itself"),
            (("--auth", "secret"), "--auth: 'auth' says where the key is found"),
        ],
    )
    def test_refuses_what_sources_yaml_would(self, monitor: Monitor, words: tuple[str, ...], message: str) -> None:
        assert message in monitor("sources", "test", "https://a.example/", *words, code=2).stderr

    def test_a_key_that_is_not_set_is_told(self, monitor: Monitor, newsroom: Newsroom) -> None:
        words = ("sources", "test", f"{newsroom.url}/feed", "--auth", "env:NO_SUCH_KEY")

        assert "NO_SUCH_KEY is not set" in monitor(*words, code=78).stderr


class TestMailbox:
    """Bulletins that are only mailed, read in the jail as in production."""

    @pytest.fixture
    def inbox(self, monitor: Monitor) -> Path:
        for part in ("tmp", "new", "cur"):
            (monitor.folder / "inbox" / part).mkdir(parents=True)
        (monitor.folder / "inbox" / "new" / "1").write_bytes(mail(1, body="The words."))
        (monitor.folder / "inbox" / "new" / "2").write_bytes(mail(2, sender="Spam <x@evil.example>"))
        return monitor.folder / "inbox"

    def test_shows_what_would_be_read(self, monitor: Monitor, inbox: Path) -> None:
        words = ("sources", "test", "maildir:inbox", "--kind", "mailbox", "--from", "@dhs.gov")

        found = monitor(*words, "--json").json

        assert [(item["key"], item["text"]) for item in found["items"]] == [("1@messages.dhs.gov", "The words.")]
        assert found["notes"] == ["1 messages ignored: their senders are not in 'from'"]
        assert "Policy alert" in monitor(*words).stdout

    def test_is_polled_like_any_source(self, monitor: Monitor, inbox: Path) -> None:
        lines = "version: 1\nsources:\n  - id: uscis\n    url: maildir:inbox\n    kind: mailbox\n"
        monitor.write("sources.yaml", lines)

        assert monitor("check", "--json").json["ok"]
        assert "maildir" not in monitor("sources", "export-opml").stdout
        first, second = (monitor("poll", "--all", "--json").json for _ in range(2))

        assert (first["entries_new"], first["failed"]) == (2, 0)
        assert (second["unchanged"], second["entries_new"]) == (1, 0)

    def test_check_names_a_login_that_is_not_there(self, monitor: Monitor) -> None:
        lines = "version: 1\nsources:\n  - id: uscis\n    url: imaps://mail.example\n    kind: mailbox\n"
        monitor.write("sources.yaml", f"{lines}    auth: file:login.txt\n")
        monitor.write("login.txt", "only-a-name\n")

        (error,) = monitor("check", "--json", code=78).json["errors"]

        assert (error["file"], error["line"]) == ("sources.yaml", 3)
        assert error["message"] == "uscis: what 'auth' refers to has to be user:password"

    def test_a_proxy_is_named_when_it_is_down(self, monitor: Monitor) -> None:
        lines = "version: 1\nsources:\n  - id: far\n    url: http://feed.example/\n    proxy: http://127.0.0.1:1\n"
        monitor.write("sources.yaml", lines)

        assert monitor("poll", "--all", "--json").json["failed"] == 1
        (row,) = monitor("sources", "list", "--json").rows
        assert row["error"] == "proxy_error"
        assert row["detail"].startswith("the proxy http://127.0.0.1:1: ")


PAGE = """<html><head><title>A statement</title></head><body><nav>Home</nav><main>
<p>ICE opened a detention centre in Texas on October 9, 2025, the agency says.</p>
<p>It holds two thousand people and is run by a contractor.</p><p class=share>Share this</p>
<p>Last updated 12:00</p></main><footer>Contact us</footer></body></html>"""


class TestTheRulesOfAPage:
    WORDS = ("--select", "main", "--drop", ".share", "--drop", ".nothing", "--ignore", "^Last updated .*")

    def test_are_told_with_what_each_does(self, monitor: Monitor, newsroom: Newsroom) -> None:
        newsroom.documents["/page"] = ("text/html", PAGE.encode())

        found = monitor("sources", "test", f"{newsroom.url}/page", "--kind", "page", *self.WORDS, "--json").json

        rows = {(row["rule"], row["expression"]): row for row in found["effect"]}
        assert list(rows) == [
            ("select", "main"),
            ("drop", ".share"),
            ("drop", ".nothing"),
            ("ignore", "^Last updated .*"),
        ]
        assert rows["drop", ".share"]["removed"] == ["Share this"]
        assert rows["drop", ".nothing"]["removed"] == rows["drop", ".nothing"]["added"] == []
        assert rows["ignore", "^Last updated .*"]["removed"] == ["Last updated 12:00"]
        assert rows["ignore", "^Last updated .*"]["after"] == rows["drop", ".share"]["after"] - 1
        assert "Share this" not in found["items"][0]["text"]

    def test_are_told_to_people(self, monitor: Monitor, newsroom: Newsroom) -> None:
        newsroom.documents["/page"] = ("text/html", PAGE.encode())

        shown = monitor("sources", "test", f"{newsroom.url}/page", "--kind", "page", *self.WORDS).stdout

        assert "drop .nothing: does nothing here" in shown
        assert "- Last updated 12:00" in shown

    def test_none_are_told_where_there_are_none(self, monitor: Monitor, newsroom: Newsroom) -> None:
        newsroom.documents["/page"] = ("text/html", PAGE.encode())

        assert monitor("sources", "test", f"{newsroom.url}/page", "--kind", "page", "--json").json["effect"] == []


def test_a_source_is_shown_with_whose_rules_it_has(monitor: Monitor) -> None:
    monitor.write(
        "sources.yaml",
        "version: 1\ndefaults: {every: 2h}\ngroups: {dhs: {kind: page, drop: [.share], select: main}}\n"
        "sources:\n  - {id: a, url: https://a.example/, group: dhs, select: article}\n",
    )

    row = monitor("sources", "show", "a", "--json").json
    shown = monitor("sources", "show", "a").stdout

    assert (row["group"], row["select"], row["drop"], row["every"]) == ("dhs", ["article"], [".share"], 7200)
    assert row["inherited"] == {"every": "defaults", "kind": "group dhs", "drop": "group dhs"}
    for words in ("Group", "Drop (group dhs)", "Every (defaults)"):
        assert words in shown


class TestABrowser:
    SOURCES = "version: 1\nsources:\n  - {id: a, url: https://a.example/, kind: page, render: browser}\n"

    def test_that_is_missing_is_told_by_check(self, monitor: Monitor) -> None:
        monitor.write("sources.yaml", self.SOURCES)

        ran = monitor("check", "--json", code=78, env={"MONITOR_BROWSER": "/no/such/chromium"})

        (error,) = ran.json["errors"]
        assert (error["file"], error["line"]) == ("sources.yaml", 3)
        assert "MONITOR_BROWSER names /no/such/chromium" in error["message"]

    def test_that_is_missing_fails_the_poll_in_words(self, monitor: Monitor) -> None:
        monitor.write("sources.yaml", self.SOURCES.replace("https://a.example", "http://127.0.0.1:1"))

        monitor("poll", "--source", "a", code=1, env={"MONITOR_BROWSER": "/no/such/chromium"})

        row = monitor("sources", "show", "a", "--json").json
        assert row["error"] in ("browser_error", "connect_error", "robots_refused")

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--kind", "feed", "--render", "browser"), "kinds auto, page and listing"),
            (("--render", "browser", "--proxy", "http://p.example:8080"), "do not go together"),
        ],
    )
    def test_is_refused_where_it_makes_no_sense(self, monitor: Monitor, words: tuple[str, ...], message: str) -> None:
        assert message in monitor("sources", "test", "https://a.example/", *words, code=2).stderr

    @pytest.mark.browser
    @pytest.mark.skipif(MISSING is not None, reason=f"needs a browser: {MISSING}")
    def test_shows_what_scripts_write(self, monitor: Monitor, newsroom: Newsroom) -> None:
        text = "ICE opened a detention centre in Texas, the agency says."
        script = f"document.querySelector('main').innerHTML = '<p>{text}'"
        html = f"<title>App</title><body><main></main><script>{script}</script>"
        newsroom.documents["/app"] = ("text/html", html.encode())
        words = ("sources", "test", f"{newsroom.url}/app", "--kind", "page", "--select", "main", "--json")

        assert monitor(*words, code=1).json["items"] == []
        assert text in monitor(*words, "--render", "browser").json["items"][0]["text"]
