"""GovDelivery's account feeds: bulletins as RSS, some of them without a guid."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from monitor.core.read import read_document
from monitor.model.source import Fetched, Reading, Source, SourceKind

URL = "https://content.govdelivery.com/accounts/USDHSCBP/bulletins.rss"
NOW = datetime(2026, 8, 14, tzinfo=UTC)


def read(body: bytes) -> Reading:
    found = read_document(Fetched(URL, 200, body), Source("s", "S", URL, SourceKind.FEED), NOW)
    assert isinstance(found, Reading)
    return found


def bulletins(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>Updates</title>{"".join(items)}</channel></rss>'.encode()


def bulletin(number: str, guid: bool) -> str:
    link = f"https://content.govdelivery.com/accounts/X/bulletins/{number}"
    stated = f"<guid>{link}</guid>" if guid else ""
    return (
        f"<item><title>Media Releases Update</title><link>{link}</link>{stated}<description>Words</description></item>"
    )


def test_a_bulletin_without_a_guid_is_known_by_its_link() -> None:
    items = read(bulletins(bulletin("4a", guid=True), bulletin("4b", guid=False))).items

    assert [item.key.rpartition("/")[2] for item in items] == ["4a", "4b"]


def test_a_bulletin_that_gets_a_guid_later_keeps_its_key() -> None:
    before, after = (read(bulletins(bulletin("4a", guid=stated))).items[0] for stated in (False, True))

    assert before.key == after.key


def test_digests_under_one_title_stay_apart() -> None:
    assert len(read(bulletins(*(bulletin(number, guid=False) for number in ("4a", "4b", "4c")))).items) == 3


def test_the_shared_feed(shared_data: Path) -> None:
    reading = read((shared_data / "samples" / "govdelivery_account_feed.RECON.xml").read_bytes())

    base = "https://content.govdelivery.com/accounts/USDHSCBP/bulletins"
    assert reading.title == "CBP Recent Updates"
    assert [(item.key, item.title, item.text, item.published) for item in reading.items] == [
        (
            f"{base}/421d2a7",
            "CSMS # 69326983 - Guidance: Section 301 Forced Labor",
            "301-FL effective 24 July 2026.",
            datetime(2026, 7, 23, 17, tzinfo=UTC),
        ),
        (
            f"{base}/4240ccc",
            "U.S. Customs and Border Protection Media Releases Update",
            "digest bulletin: several releases in one item, no guid",
            datetime(2026, 8, 13, 19, 22, 47, tzinfo=UTC),
        ),
    ]
