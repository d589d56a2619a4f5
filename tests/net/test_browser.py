"""What a browser shows of a page, and what a page cannot make it do. With the real Chromium, on loopback."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network
from typing import Any

import pytest
import pytest_asyncio

from monitor.model.source import Fetched, FetchFailed, PollError
from monitor.net.browser import Browser
from monitor.net.browser_page import Bounds
from monitor.net.browser_process import find_program, what_is_missing
from monitor.net.browser_proxy import Allowance
from monitor.net.guard import Guard
from tests.net.conftest import NOW, Serve
from tests.net.peers import Peer, Talk, answer, fields_of, read_request

PROGRAM = find_program(os.environ.get("MONITOR_BROWSER", ""), os.environ.get("PATH"))
MISSING = what_is_missing(PROGRAM)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(MISSING is not None, reason=f"needs a browser: {MISSING}"),
    pytest.mark.asyncio(loop_scope="module"),  # one browser for most of these tests: it takes a second to start
]

SITE = (ip_network("127.0.0.1/32"),)  # all that may be reached: other addresses of loopback are "internal" here
HTML = "Content-Type: text/html; charset=utf-8"

New = Callable[..., Browser]


def page(script: str = "", body: str = "", *fields: str) -> bytes:
    html = f"<!doctype html><title>Page</title><body>{body}<script>{script}</script></body>"
    return answer(200, html.encode(), HTML, *fields)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def new_browser() -> AsyncIterator[New]:
    """Makes browsers with bounds of their own."""
    made: list[Browser] = []

    def make(**changes: Any) -> Browser:
        settings = {
            "guard": Guard(SITE),
            "user_agent": "Policy-Monitor/test",
            "program": PROGRAM,
            "clock": lambda: NOW,
            "new_password": lambda: secrets.token_urlsafe(24),
            "bounds": Bounds(total=20, settle=2),
            **changes,
        }
        made.append(Browser(**settings))
        return made[-1]

    yield make
    for browser in made:
        await browser.aclose()


@pytest.fixture(scope="module")
def browser(new_browser: New) -> Browser:
    return new_browser()


@pytest_asyncio.fixture(loop_scope="module")
async def serve() -> AsyncIterator[Serve]:
    """As the room's own, in these tests' loop."""
    peers: list[Peer] = []

    async def start(talk: Talk | bytes | list[bytes]) -> Peer:
        peers.append(Peer(talk))
        await peers[-1].start()
        return peers[-1]

    yield start
    for peer in peers:
        await peer.stop()


class Internal:
    """A server on another address of loopback, TCP and UDP, that nothing may reach."""

    def __init__(self) -> None:
        self.hits = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._udp: socket.socket | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._hit, "127.0.0.2", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._udp = socket.socket(type=socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.2", self.port))
        self._udp.setblocking(False)

    def _hit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits += 1
        writer.close()

    @property
    def packets(self) -> int:
        count = 0
        assert self._udp is not None
        while True:
            try:
                self._udp.recv(2048)
            except BlockingIOError:
                return count
            count += 1

    async def stop(self) -> None:
        assert self._server is not None
        assert self._udp is not None
        self._server.close()
        self._udp.close()


@pytest_asyncio.fixture(loop_scope="module")
async def internal() -> AsyncIterator[Internal]:
    server = Internal()
    await server.start()
    yield server
    await server.stop()


async def test_what_a_script_writes_is_read(browser: Browser, serve: Serve) -> None:
    late = "setTimeout(() => fetch('/more').then(r => r.text()).then(t => { document.body.append(t) }), 100)"
    site = await serve(
        [page(f"document.body.append('by script '); {late}", "<p>still</p>", "X-Of: page"), answer(200, b"loaded")]
    )

    shown = await browser.fetch(site.url("/a?b=1"))

    assert isinstance(shown, Fetched)
    assert (shown.url, shown.status) == (site.url("/a?b=1"), 200)
    assert shown.body.startswith(b"<!DOCTYPE html>\n<html>")
    assert b"by script loaded" in shown.body
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert shown.headers["x-of"] == "page"
    assert "Policy-Monitor/test" in fields_of(site.requests[0])["user-agent"]


ATTEMPTS = {
    "fetch": "fetch('http://{there}/').catch(() => 0)",
    "metadata": "fetch('http://169.254.169.254/latest/').catch(() => 0)",
    "script": "add('script', {src: 'http://{there}/s.js'})",
    "preconnect": "add('link', {rel: 'preconnect', href: 'http://{there}/'})",
    "prefetch": "add('link', {rel: 'prefetch', href: 'http://{there}/'})",
    "stylesheet": "add('link', {rel: 'stylesheet', href: 'https://{there}/'})",
    "image": "add('img', {src: 'http://{there}/i.png'})",
    "iframe": "add('iframe', {src: 'http://{there}/'})",
    "redirect": "add('iframe', {src: '/moved'})",
    "fetched redirect": "fetch('/moved', {mode: 'no-cors'}).catch(() => 0)",
    "WebSocket": "new WebSocket('ws://{there}/')",
    "secure WebSocket": "new WebSocket('wss://{there}/')",
    "EventSource": "new EventSource('http://{there}/')",
    "beacon": "navigator.sendBeacon('http://{there}/', 'x')",
    "popup": "window.open('http://{there}/')",
    "worker": "new Worker(URL.createObjectURL(new Blob([`fetch('http://{there}/')`])))",
    "form": "add('form', {method: 'post', target: '_blank', action: 'http://{there}/'}).submit()",
    "object": "add('object', {data: 'http://{there}/', type: 'text/html'})",
    "WebTransport": "new WebTransport('https://{there}/')",
    "WebRTC": "const rtc = new RTCPeerConnection({iceServers: [{urls: 'stun:{there}'}]});"
    "rtc.createDataChannel('x'); rtc.createOffer().then(o => rtc.setLocalDescription(o))",
    "WebRTC of a frame": "const Rtc = add('iframe', {}).contentWindow.RTCPeerConnection;"
    "const rtc2 = new Rtc({iceServers: [{urls: 'turn:{there}?transport=tcp', username: 'u', credential: 'p'}]});"
    "rtc2.createDataChannel('x'); rtc2.createOffer().then(o => rtc2.setLocalDescription(o))",
}
ADD = "const add = (name, more) => document.body.appendChild(Object.assign(document.createElement(name), more));"


async def attempted(browser: Browser, serve: Serve, there: str, *attempts: str) -> None:
    """A page makes the attempts, and is read nonetheless."""
    tries = "".join(f"try {{ {each.replace('{there}', there)} }} catch {{}}\n" for each in attempts)
    html = page(ADD + tries + "document.body.append('tried them')", "<p>text</p>")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await read_request(reader)
        moved = answer(302, b"", f"Location: http://{there}/")
        writer.write(moved if asked.startswith(b"GET /moved") else html)
        await writer.drain()

    site = await serve(talk)
    shown = await browser.fetch(site.url())
    assert isinstance(shown, Fetched), shown
    assert b"tried them" in shown.body


async def test_F7_a_page_reaches_no_address_that_is_not_allowed(
    browser: Browser, serve: Serve, internal: Internal
) -> None:
    await attempted(browser, serve, f"127.0.0.2:{internal.port}", *ATTEMPTS.values())

    assert (internal.hits, internal.packets) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_F7_each_single_way_out_is_closed(
    browser: Browser, serve: Serve, internal: Internal, attempt: str
) -> None:
    await attempted(browser, serve, f"127.0.0.2:{internal.port}", ATTEMPTS[attempt])

    assert (internal.hits, internal.packets) == (0, 0)


@pytest.mark.slow
async def test_those_ways_lead_out_where_the_address_is_allowed(
    new_browser: New, serve: Serve, internal: Internal
) -> None:
    """The harness catches what it looks for."""
    browser = new_browser(guard=Guard([ip_network("127.0.0.0/8")]))

    await attempted(browser, serve, f"127.0.0.2:{internal.port}", ATTEMPTS["fetch"], ATTEMPTS["WebSocket"])

    assert internal.hits >= 2


@pytest.mark.slow
@pytest.mark.parametrize("way", ["itself", "redirect", "script", "closed port"])
async def test_F7_a_document_that_leads_to_a_denied_address_is_a_failure(
    browser: Browser, serve: Serve, internal: Internal, way: str
) -> None:
    there = f"http://127.0.0.2:{internal.port}/"
    answers = {"redirect": answer(302, b"", f"Location: {there}"), "script": page(f"location = '{there}'")}
    site = await serve(answers.get(way, b""))
    url = {"itself": there, "closed port": f"http://127.0.0.1:{closed_port()}/"}.get(way, site.url())

    failed = await browser.fetch(url)

    assert isinstance(failed, FetchFailed), failed
    errors = {"closed port": PollError.CONNECT, "itself": PollError.BAD_URL}
    assert failed.error is errors.get(way, PollError.BLOCKED_ADDRESS)
    assert internal.hits == 0


def closed_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


async def test_F10_a_source_s_headers_go_to_its_own_origin_alone(browser: Browser, serve: Serve) -> None:
    other = await serve(page())
    away = f"fetch('{other.url('/data')}').catch(() => 0); fetch('/moved', {{mode: 'no-cors'}}); fetch('/own')"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await read_request(reader))
        moved = answer(302, b"", f"Location: {other.url('/moved')}")
        writer.write(moved if asked[-1].startswith(b"GET /moved") else page(away))
        await writer.drain()

    asked: list[bytes] = []
    site = await serve(talk)
    shown = await browser.fetch(site.url(), {"X-Api-Key": "k3y"})

    assert isinstance(shown, Fetched)
    assert {request.split(b" ")[1] for request in asked} == {b"/", b"/moved", b"/own"}
    assert all(fields_of(request)["x-api-key"] == "k3y" for request in asked)
    assert {request.split(b" ")[1] for request in other.requests} == {b"/data", b"/moved"}
    assert not any(b"k3y" in request for request in other.requests)


@pytest.mark.slow
async def test_F10_a_document_that_moves_away_leaves_the_headers_behind(browser: Browser, serve: Serve) -> None:
    other = await serve(page(body="elsewhere"))
    site = await serve(answer(302, b"", f"Location: {other.url('/there')}"))

    shown = await browser.fetch(site.url(), {"X-Api-Key": "k3y"})

    assert isinstance(shown, Fetched)
    assert shown.url == other.url("/there")
    assert b"elsewhere" in shown.body
    assert fields_of(site.requests[0])["x-api-key"] == "k3y"
    assert not any(b"k3y" in request for request in other.requests)


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    asked = await read_request(reader)
    if b"GET / " in asked:
        writer.write(page("", "<script src=/never.js></script>"))
        await writer.drain()
    else:
        await asyncio.sleep(60)


@pytest.mark.slow
@pytest.mark.parametrize("never", ["loads", "rests"])
async def test_F5_a_page_that_never_finishes_ends_at_the_deadline(new_browser: New, serve: Serve, never: str) -> None:
    browser = new_browser(bounds=Bounds(total=10, settle=1))
    site = await serve(drip if never == "loads" else page("for (;;) {}"))

    failed = await browser.fetch(site.url())
    after = await browser.fetch((await serve(page(body="still here"))).url())

    assert failed == FetchFailed(PollError.TIMEOUT, "not finished within 10 s")
    assert isinstance(after, Fetched), after


@pytest.mark.slow
async def test_a_page_that_never_falls_silent_is_taken_as_it_stands(new_browser: New, serve: Serve) -> None:
    browser = new_browser(bounds=Bounds(total=20, settle=0.5))
    site = await serve(page("setInterval(() => fetch('/again').catch(() => 0), 50)", "<p>text</p>"))

    shown = await browser.fetch(site.url())

    assert isinstance(shown, Fetched)
    assert b"<p>text</p>" in shown.body


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "bounds", "allowance"),
    [
        ("document.body.append('x'.repeat(300000))", {"html": 200_000}, {}),
        ("fetch('/again').then(r => r.text()); document.body.append('x')", {}, {"bytes": 50_000}),
        ("(async () => { for (let n = 0; n < 40; n++) await fetch('/' + n) })()", {}, {"connections": 8}),
    ],
)
async def test_F3_a_page_that_is_too_large_is_refused(
    new_browser: New, serve: Serve, script: str, bounds: dict[str, int], allowance: dict[str, int]
) -> None:
    browser = new_browser(bounds=Bounds(total=20, settle=2, **bounds), allowance=Allowance(**allowance))
    site = await serve([page(script, "y" * 30_000), page("", "z" * 30_000)])

    failed = await browser.fetch(site.url())

    assert isinstance(failed, FetchFailed), failed
    assert failed.error is PollError.TOO_LARGE


@pytest.mark.slow
async def test_a_page_that_wants_all_memory_gets_none(browser: Browser, serve: Serve) -> None:
    hungry = "const a = []; for (let n = 0; n < 1000; n++) a.push(new Uint8Array(1e7).fill(1))"

    result = await browser.fetch((await serve(page(hungry, "<p>text</p>"))).url())
    after = await browser.fetch((await serve(page(body="still here"))).url())

    assert isinstance(result, Fetched | FetchFailed)
    assert isinstance(result, Fetched) or result.error is PollError.TOO_LARGE
    assert isinstance(after, Fetched), after


async def test_two_documents_share_no_cookie_and_no_storage(browser: Browser, serve: Serve) -> None:
    leave = "localStorage.seen = 'yes'; document.cookie = 'seen=yes; max-age=9999'; caches.open('seen').catch(() => 0)"
    told = "document.body.append(`storage=${localStorage.seen} cookie=${document.cookie}.`);"
    site = await serve(page(told + leave, "", "Set-Cookie: server=yes; Max-Age=9999"))

    first = await browser.fetch(site.url())
    second = await browser.fetch(site.url())

    assert isinstance(first, Fetched)
    assert isinstance(second, Fetched)
    assert b"storage=undefined" in second.body
    assert b" cookie=server=yes." in second.body  # its own response's
    assert all(b"cookie" not in request.lower() for request in site.requests if request.startswith(b"GET / "))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (answer(404, b"<p>not here", HTML), PollError.HTTP_STATUS),
        (answer(410, b"<p>gone", HTML), PollError.GONE),
        (answer(200, b"%PDF-1.4", "Content-Type: application/pdf"), PollError.NOT_A_PAGE),
        (answer(200, b"PK", "Content-Type: application/zip"), PollError.NOT_A_PAGE),
        (answer(200, b"<rss/>", "Content-Type: application/rss+xml"), PollError.NOT_A_PAGE),
        (answer(302, b"", "Location: file:///etc/passwd"), PollError.REDIRECT_REFUSED),
        (answer(302, b"", "Location: /again"), PollError.REDIRECT_LIMIT),
        (answer(200, b"<p>half", HTML, length=100), PollError.INCOMPLETE),
        (page("location = 'about:blank'"), PollError.NOT_A_PAGE),
    ],
)
async def test_what_is_no_page_is_a_failure(browser: Browser, serve: Serve, sent: bytes, error: PollError) -> None:
    failed = await browser.fetch((await serve(sent)).url())

    assert isinstance(failed, FetchFailed), failed
    assert failed.error is error, failed


@pytest.mark.slow
async def test_a_browser_that_died_or_grew_old_is_replaced(new_browser: New, serve: Serve) -> None:
    browser = new_browser(recycled_after=2)
    site = await serve(page(body="here"))

    for n in range(4):
        shown = await browser.fetch(site.url())
        assert isinstance(shown, Fetched), shown
        if n == 0:
            assert browser._running is not None
            browser._running.kill()


async def test_a_browser_that_cannot_be_started_is_a_failure(new_browser: New) -> None:
    missing = new_browser(program=None)
    wrong = new_browser(program="/bin/false")

    first, second = await missing.fetch("http://127.0.0.1/"), await wrong.fetch("http://127.0.0.1/")

    assert isinstance(first, FetchFailed)
    assert "apt-get install chromium" in first.detail
    assert isinstance(second, FetchFailed)
    assert (first.error, second.error) == (PollError.BROWSER, PollError.BROWSER)
