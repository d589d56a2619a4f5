"""Kind auto knows an API's JSON where its shape leaves no doubt; and no JSON makes any reader raise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.text import clean
from monitor.model.source import PollError, ReadFailed, Reading, SourceKind
from tests.core.answers import URL, failure, read, result, sample
from tests.core.test_read_courtlistener import CASE
from tests.core.test_read_courtlistener import answer as courtlistener
from tests.core.test_read_federal_register import RULE, WITHDRAWN
from tests.core.test_read_federal_register import answer as federal_register
from tests.core.test_read_govinfo import API as GOVINFO
from tests.core.test_read_govinfo import PACKAGE
from tests.core.test_read_govinfo import listed as govinfo
from tests.core.test_read_json_feed import ORDER
from tests.core.test_read_json_feed import feed as json_feed
from tests.core.test_read_justice import RELEASE
from tests.core.test_read_justice import answer as justice
from tests.core.test_read_regulations import answer as regulations
from tests.core.test_read_regulations import row as regulation
from tests.core.test_read_wordpress import POST

RECOGNISED = [
    (json_feed(ORDER), SourceKind.FEED),
    (json_feed(), SourceKind.FEED),
    (federal_register(RULE), SourceKind.FEDERAL_REGISTER),
    (federal_register(WITHDRAWN), SourceKind.FEDERAL_REGISTER),
    ([POST], SourceKind.WORDPRESS),
    (courtlistener(CASE), SourceKind.COURTLISTENER),
    (regulations(regulation()), SourceKind.REGULATIONS),
    (govinfo(PACKAGE), SourceKind.GOVINFO),
    (
        govinfo({"granuleId": "G", "granuleLink": f"{GOVINFO}/packages/P/granules/G"}, name="granules"),
        SourceKind.GOVINFO,
    ),
    (PACKAGE, SourceKind.GOVINFO),
    (
        {"packageId": "P", "title": "Volume 1", "download": {"modsLink": f"{GOVINFO}/packages/P/mods"}},
        SourceKind.GOVINFO,
    ),
    (justice(RELEASE), SourceKind.JUSTICE),
]


@pytest.mark.parametrize(("answer", "kind"), RECOGNISED)
def test_auto_recognises_an_api_by_its_shape(answer: object, kind: SourceKind) -> None:
    found = read("auto", answer)

    assert found.kind is kind
    assert found == read(kind.value, answer)


DOUBTFUL: list[object] = [
    {"a": 1},
    [],
    [1],
    {"results": []},
    {"results": [{"id": 1, "title": "x"}]},
    {"results": [{"document_number": "1", "html_url": "https://x.example/"}]},
    [{"id": 1, "title": "x", "link": "https://x.example/"}],
    {"data": [{"id": "1", "attributes": {"title": "x"}}]},
    {"packages": [{"packageId": "P", "title": "x"}]},
    {"packageId": "P", "title": "x", "packageLink": "https://packages.example/packages/P"},
    {"metadata": {"resultset": {"count": "1"}}, "results": [{"uuid": "u", "title": "x", "url": "https://x.example/"}]},
    {"results": [{"uuid": "u", "title": "x", "url": "https://www.justice.gov/x"}]},
]


@pytest.mark.parametrize("answer", DOUBTFUL)
def test_auto_guesses_nothing_and_says_what_helps(answer: object) -> None:
    failed = failure("auto", answer)

    assert failed.error is PollError.NOT_A_FEED
    assert failed.detail.endswith("; kind json reads any API, by its items and fields")


def test_auto_tells_what_an_error_answer_says() -> None:
    assert 'this is JSON that says "No such list"' in failure("auto", {"message": "No such list"}).detail


def test_auto_tells_that_json_is_cut_off() -> None:
    failed = failure("auto", b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id"')

    assert failed.error is PollError.NOT_A_FEED
    assert "its JSON is broken or cut off" in failed.detail


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("jsonfeed_1_1.json", SourceKind.FEED),
        ("jsonfeed_example_1_0.json", SourceKind.FEED),
        ("federalregister_documents_page1.json", SourceKind.FEDERAL_REGISTER),
        ("federalregister_public_inspection_current.RECON.json", SourceKind.FEDERAL_REGISTER),
        ("courtlistener_search_v4.json", SourceKind.COURTLISTENER),
        ("wordpress_rest_posts.json", SourceKind.WORDPRESS),
        ("regulations_gov_v4_documents.json", SourceKind.REGULATIONS),
        ("govinfo_collections_uscourts.json", SourceKind.GOVINFO),
        ("govinfo_granule_fr_document.json", SourceKind.GOVINFO),
        ("govinfo_package_fr_summary.json", SourceKind.GOVINFO),
        ("justice_press_releases_api.RECON.json", SourceKind.JUSTICE),
    ],
)
def test_auto_recognises_the_samples(shared_data: Path, name: str, kind: SourceKind) -> None:
    assert sample(shared_data, "auto", name).kind is kind


APIS = ("feed", "auto", "federal-register", "courtlistener", "wordpress", "justice", "regulations", "govinfo", "json")
MAPPED = {"title": "title", "url": "url", "id": "id", "text": "body", "published": "date"}
GOOD: list[object] = [
    json_feed(ORDER),
    federal_register(RULE, WITHDRAWN),
    courtlistener(CASE),
    [POST],
    {"metadata": {"resultset": {"count": "9", "pagesize": "1"}}, "results": [RELEASE]},
    regulations(regulation(), more=True),
    {"packages": [PACKAGE], "nextPage": "?page=2"},
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "\ud800", "\x00", "<p>a", "1738777030", "2026-01-01", "http://[", "//", "9" * 400])
    | st.text(max_size=6)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "rendered"]), inner),
    max_leaves=4,
)


def changed(value: object, draw: st.DataObject) -> object:
    """The value with some of its parts, at any depth, put in place of others."""
    if draw.draw(st.integers(0, 9)) == 0:
        return draw.draw(VALUES)
    if isinstance(value, dict):
        return {key: changed(each, draw) for key, each in value.items()}
    return [changed(each, draw) for each in value] if isinstance(value, list) else value


@settings(max_examples=60)
@given(st.sampled_from(GOOD), st.data())
def test_f1_an_answer_with_any_part_put_wrong_is_a_value_and_its_items_are_clean(
    good: object, draw: st.DataObject
) -> None:
    body = json.dumps(changed(good, draw)).encode()

    for kind in APIS:
        found = result(kind, body, fields=MAPPED, items="results")
        assert isinstance(found, Reading | ReadFailed)
        for item in found.items if isinstance(found, Reading) else ():
            assert item.title
            assert item.title == clean(item.title)
            assert item.text == clean(item.text)
            assert item.url is None or item.url.startswith(("http://", "https://"))
            assert 0 < len(item.key) <= 512
            assert item.published is None or item.published.tzinfo is not None


@settings(max_examples=60)
@given(st.sampled_from(APIS), st.binary(max_size=80), st.sampled_from([b"", b"{", b"[", b'{"results":[']))
def test_f1_any_bytes_are_a_value(kind: str, body: bytes, start: bytes) -> None:
    assert isinstance(result(kind, start + body, URL, fields=MAPPED, items="results"), Reading | ReadFailed)
