"""Keys of APIs: named in the file, found elsewhere, sent as each API takes them, shown by no message."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.credentials import header_pair, reference, resolve_headers
from monitor.config.sources import load_sources
from monitor.config.vocabulary import packaged_vocabulary
from monitor.errors import ConfigError
from monitor.model.source import Source, SourceKind

KEY = "k3y-0f-the-agency"


def source(kind: SourceKind = SourceKind.FEED, auth: str = "env:KEY", **more: object) -> Source:
    return Source(id="api", name="API", url="https://api.example/v4", kind=kind, auth=auth, line=7, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (SourceKind.COURTLISTENER, {"Authorization": f"Token {KEY}"}),
        (SourceKind.REGULATIONS, {"X-Api-Key": KEY}),
        (SourceKind.GOVINFO, {"X-Api-Key": KEY}),
        (SourceKind.FEED, {"Authorization": f"Bearer {KEY}"}),
    ],
)
def test_each_api_gets_its_key_as_it_takes_it(kind: SourceKind, expected: dict[str, str], tmp_path: Path) -> None:
    assert resolve_headers(source(kind), {"KEY": KEY}, tmp_path) == expected


def test_a_key_is_read_from_a_file_of_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    (tmp_path / "key").chmod(0o600)

    assert resolve_headers(source(auth="file:key"), {}, tmp_path) == {"Authorization": f"Bearer {KEY}"}


def test_headers_are_sent_as_written_and_references_as_found(tmp_path: Path) -> None:
    own = source(auth="", headers=(("X-Client", "policy monitor"), ("X-Key", "env:KEY")))

    assert resolve_headers(own, {"KEY": KEY}, tmp_path) == {"X-Client": "policy monitor", "X-Key": KEY}


@pytest.mark.parametrize(
    ("auth", "environ", "says"),
    [
        ("env:KEY", {}, "the environment variable KEY is not set or empty"),
        ("env:KEY", {"KEY": "  "}, "the environment variable KEY is not set or empty"),
        ("env:KEY", {"KEY": "a\r\nX-Evil: 1"}, "more than one line of printable ASCII"),
        ("file:nowhere", {}, "there is no such file"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told_with_its_line(
    auth: str, environ: dict[str, str], says: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        resolve_headers(source(auth=auth), environ, tmp_path)

    assert str(caught.value).startswith("sources.yaml:7: api: ")
    assert "Evil" not in str(caught.value)


@pytest.mark.parametrize("value", ["secret-in-the-file", "env:", "env:A-B", "file:", 7, None, "https://x"])
def test_a_key_itself_is_refused_and_not_repeated(value: object) -> None:
    with pytest.raises(ValueError, match="never the key itself") as caught:
        reference(value)

    assert "secret-in-the-file" not in str(caught.value)


@pytest.mark.parametrize("name", ["Host", "cookie", "Content-Length", "a b", "", "x:y", "X-É"])
def test_a_header_that_is_ours_or_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="header"):
        header_pair(name, "value")


@pytest.mark.parametrize("value", ["", " padded", "two\nlines", "ümlaut", "x" * 3000, 5, None])
def test_a_header_value_that_could_not_be_sent_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        header_pair("X-Own", value)


def test_the_file_states_them_and_its_problems_have_lines() -> None:
    text = """version: 1
sources:
  - id: api
    url: https://api.example/v4
    auth: env:KEY
    headers: {X-Client: monitor}
    seed: flag
    late_after: 90d
    max_pages: 3
    article: never
    robots: obey
"""
    [found] = load_sources(text, "sources.yaml", packaged_vocabulary())
    assert (found.auth, found.headers, found.seed, found.max_pages) == (
        "env:KEY",
        (("X-Client", "monitor"),),
        "flag",
        3,
    )
    assert (found.late_after.days, found.article, found.robots) == (90, "never", "obey")

    wrong = text.replace("env:KEY", "hunter2").replace("flag", "flagg").replace("max_pages: 3", "max_pages: 99")
    wrong = (
        wrong.replace("never", "sometimes").replace("obey", "no")
        + "  - {id: b, url: https://api.example/v5, kind: article}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_sources(wrong, "sources.yaml", packaged_vocabulary())
    assert [problem.line for problem in caught.value.problems] == [5, 7, 9, 10, 11, 12]
    assert "hunter2" not in str(caught.value)
