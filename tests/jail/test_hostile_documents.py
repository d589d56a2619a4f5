"""Hostile documents through the real readers in a jail with limits: THREATS F1, F2, F19, D1."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from monitor.jail.jail import Jail
from monitor.model.source import PollError, ReadFailed, Reading, SourceKind
from tests.core.pathological import document
from tests.core.pdfs import bomb, pdf
from tests.core.test_read_pathological import ENDED_BY_THE_JAIL
from tests.jail.conftest import LoopLag, told


@pytest.fixture
async def jail() -> AsyncIterator[Jail]:
    made = Jail(cpu=2, pdf_cpu=3)
    yield made
    await made.aclose()


@pytest.fixture
def canary() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        yield listening


def was_asked(canary: socket.socket) -> bool:
    try:
        canary.accept()
    except BlockingIOError:
        return False
    return True


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
RSS = "<rss version='2.0'><channel><title>{0}</title><item><title>{0}</title></item></channel></rss>"


async def test_F1_entities_are_neither_unfolded_nor_fetched(jail: Jail, canary: socket.socket) -> None:
    port = canary.getsockname()[1]
    payloads = [
        f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]>' + RSS.format("&l11;"),
        f'<!DOCTYPE r [<!ENTITY a "{"x" * 100_000}">]>' + RSS.format("&a;" * 10_000),
        '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + RSS.format("&a;"),
        f'<!DOCTYPE r [<!ENTITY a SYSTEM "http://127.0.0.1:{port}/">]>' + RSS.format("&a;"),
        f'<!DOCTYPE r [<!ENTITY % a SYSTEM "http://127.0.0.1:{port}/"> %a;]>' + RSS.format("x"),
    ]
    for payload in payloads:
        begun = time.process_time()
        found = await told(jail, '<?xml version="1.0"?>' + payload)

        assert isinstance(found, ReadFailed)
        assert found.error is PollError.PARSE_ENTITIES
        assert time.process_time() - begun < 2
    external = await told(jail, f'<!DOCTYPE rss SYSTEM "http://127.0.0.1:{port}/rss.dtd">' + RSS.format("x"))

    assert isinstance(external, Reading)
    assert not was_asked(canary)
    assert len(jail.pids) == 1


@pytest.mark.parametrize("kind", [SourceKind.FEED, SourceKind.PDF])
async def test_F2_a_body_that_is_a_path_or_an_address_is_only_bytes(
    jail: Jail, canary: socket.socket, kind: SourceKind
) -> None:
    for body in ("/etc/hostname", f"http://127.0.0.1:{canary.getsockname()[1]}/x", "file:///etc/hostname"):
        assert isinstance(await told(jail, body, kind), ReadFailed)

    assert not was_asked(canary)


DEEP = 200_000
SOUP = "<table><tr><td><a href=x><b><p><div><select><svg><template>" * 5_000
PAYLOADS = {
    "nested elements": "<html><body>" + "<div>" * DEEP + "x",
    "nested tables": "<html><body>" + "<table><tr><td>" * (DEEP // 10) + "x",
    "tag soup": "<html><body>" + SOUP,
    "attributes without end": "<html><body " + "".join(f"a{n}=1 " for n in range(DEEP)) + ">x",
    "comments that never close": "<html><body>" + "<!--" * DEEP,
    "unclosed tags": "<html>" + "<" * DEEP,
    "a nested feed": "<rss version='2.0'><channel><item>" + "<a>" * DEEP,
    "20,000 items": RSS.format("x").replace("</channel>", "<item><title>y</title></item>" * 20_000 + "</channel>"),
    "nested JSON": "[" * DEEP,
    "references": RSS.format("&#x110000;" * 50_000),
    "blanks": " " * 2_000_000,
}


@pytest.mark.parametrize("body", PAYLOADS.values(), ids=PAYLOADS.keys())
async def test_F19_pathological_markup_ends_in_a_value_and_the_jail_goes_on(jail: Jail, body: str) -> None:
    async with LoopLag() as lag:
        found = await told(jail, body, content_type="text/html")

    assert lag.worst < 0.1
    assert not isinstance(found, ReadFailed) or found.error is not PollError.INTERNAL
    assert isinstance(await told(jail, RSS.format("still here")), Reading)


@pytest.mark.parametrize("name", ["namespaces", "categories", "attributes of one element", "unclosed link"])
async def test_F19_a_feed_that_takes_its_parser_ever_longer_is_read_or_ended_and_the_jail_goes_on(name: str) -> None:
    jail = Jail(cpu=0.4, patience=240)
    body = document(name, 600_000).decode()

    found = await told(jail, body, SourceKind.FEED)
    after = await told(jail, RSS.format("still here"))
    await jail.aclose()

    assert isinstance(after, Reading)
    if name in ENDED_BY_THE_JAIL:
        assert found == ReadFailed(PollError.PARSE_TIMEOUT, "not read within 0.4 s of processor time")
    else:
        assert isinstance(found, Reading) or found.error in (PollError.NOT_A_FEED, PollError.PARSE_TIMEOUT)


async def test_D1_a_pdf_that_unfolds_without_end_is_a_limit(jail: Jail) -> None:
    found = await told(jail, pdf(bomb(300_000_000)), SourceKind.PDF)

    assert isinstance(found, ReadFailed)
    assert found.error is PollError.PDF_LIMIT
    assert isinstance(await told(jail, pdf(["Memorandum"]), SourceKind.PDF), Reading)


async def test_D1_ten_thousand_pages_are_read_to_the_limit(jail: Jail) -> None:
    found = await told(jail, pdf(*([f"Sheet {number}."] for number in range(10_000))), SourceKind.PDF)

    assert isinstance(found, Reading)
    assert found.notes == ("10000 pages, of which the first 500 were read",)


async def test_D1_a_pdf_has_more_time_and_its_own_name_for_the_limit() -> None:
    short = Jail(pdf_cpu=0.2)

    found = await told(short, pdf(bomb(100_000_000)), SourceKind.PDF)
    await short.aclose()

    told_by = {"not read within 0.2 s of processor time", "not read within 0.8 s"}  # the latter on a busy machine
    assert found in {ReadFailed(PollError.PDF_LIMIT, detail) for detail in told_by}
