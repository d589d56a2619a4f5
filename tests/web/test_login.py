"""Editors: a one-time link opens a session, a session opens the editors' pages."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from monitor.config.settings import load_settings
from monitor.errors import ConfigError
from monitor.store.sessions import create_login_link, create_session, find_session, see_session, use_login_link
from monitor.web.login import IDLE, LASTS, LINK_LASTS, check_address, login_link
from tests.pipeline.newsroom import Newsroom
from tests.web.conftest import at, browsing, log_in

DAY = timedelta(days=1)


def token_of(link: str) -> str:
    return link.partition("token=")[2]


def csrf_of(page: httpx.Response) -> str:
    return page.text.partition('name="csrf" value="')[2].partition('"')[0]


# --- the link ---------------------------------------------------------------------------------------------------------


async def test_a_link_logs_in_once(newsroom: Newsroom, reader: httpx.AsyncClient) -> None:
    link = await login_link(newsroom.ctx)
    token = token_of(link)

    first = await reader.post("/login", data={"token": token})
    async with browsing(newsroom.ctx) as other:
        second = await other.post("/login", data={"token": token})
        outside = await other.get("/triage")

    assert (first.status_code, first.headers["location"]) == (303, "/triage")
    assert (await reader.get("/triage")).status_code == 200
    assert second.status_code == 403
    assert "set-cookie" not in second.headers
    assert outside.status_code == 303


async def test_opening_a_link_changes_nothing(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    link = await login_link(small.ctx)

    for _ in range(2):
        page = await visitor.get(link)
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
        assert f'name="token" value="{token_of(link)}"' in page.text

    assert (await visitor.post("/login", data={"token": token_of(link)})).status_code == 303


async def test_a_link_has_256_random_bits_and_is_kept_as_its_hash(small: Newsroom) -> None:
    first, second = [token_of(await login_link(small.ctx)) for _ in range(2)]
    path = small.ctx.db.path
    assert path is not None
    stored = path.read_bytes() + path.with_name(f"{path.name}-wal").read_bytes()

    assert first != second
    assert len(first) == 43
    assert first.encode() not in stored
    assert hashlib.sha256(first.encode()).hexdigest().encode() in stored


async def test_a_link_runs_out_after_a_day(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    late, later = [token_of(await login_link(small.ctx)) for _ in range(2)]

    small.clock.now += LINK_LASTS - timedelta(seconds=1)
    assert (await visitor.post("/login", data={"token": late})).status_code == 303
    small.clock.now += timedelta(seconds=1)
    assert (await visitor.post("/login", data={"token": later})).status_code == 403


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "' OR 1=1 --", "\0", "é" * 50])
async def test_another_token_opens_nothing(visitor: httpx.AsyncClient, token: str) -> None:
    response = await visitor.post("/login", data={"token": token})

    assert response.status_code == 403
    assert "does not work any more" in response.text
    assert (await visitor.get("/triage")).status_code == 303


async def test_the_login_page_without_a_link_says_where_one_comes_from(visitor: httpx.AsyncClient) -> None:
    page = await visitor.get("/login?token=<script>")

    assert page.status_code == 200
    assert "<button" not in page.text
    assert "&lt;script" not in page.text
    assert "monitor run" in page.text


async def test_of_two_that_use_a_link_at_once_one_gets_in(small: Newsroom) -> None:
    now = small.clock()
    await small.ctx.db.write(lambda tx: create_login_link(tx, "h", now=now, lasts=DAY))

    used = [await small.ctx.db.write(lambda tx: use_login_link(tx, "h", now=now)) for _ in range(2)]

    assert used == [True, False]


# --- the session ------------------------------------------------------------------------------------------------------


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    small: Newsroom, visitor: httpx.AsyncClient
) -> None:
    cookie = (await log_in(small.ctx, visitor)).headers["set-cookie"]

    assert cookie.startswith("session=")
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=604800"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Domain" not in cookie


async def test_under_https_the_cookie_belongs_to_the_host_alone(small: Newsroom, tmp_path: Path) -> None:
    room = at("https://tracker.example", small.ctx.db, tmp_path)
    async with browsing(room.ctx) as browser:
        cookie = (await log_in(room.ctx, browser)).headers["set-cookie"]

        assert cookie.startswith("__Host-session=")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        assert (await browser.get("/triage")).status_code == 200


async def test_a_login_never_takes_over_a_session_that_was_there(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    planted = "p" * 43
    visitor.cookies.set("session", planted, domain="127.0.0.1")

    await log_in(small.ctx, visitor)
    first = visitor.cookies["session"]
    await log_in(small.ctx, visitor)

    assert len({planted, first, visitor.cookies["session"]}) == 3
    async with browsing(small.ctx) as other:  # the session before it has ended
        other.cookies.set("session", first)
        assert (await other.get("/triage")).status_code == 303


async def test_a_session_ends_when_it_was_idle_for_eight_hours(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await log_in(small.ctx, visitor)

    for _ in range(4):
        small.clock.now += IDLE - timedelta(minutes=1)
        assert (await visitor.get("/triage")).status_code == 200
    small.clock.now += IDLE
    assert (await visitor.get("/triage")).status_code == 303


async def test_a_session_ends_after_seven_days_however_busy_it_is(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await log_in(small.ctx, visitor)
    ends = small.clock.now + LASTS

    while small.clock.now < ends - timedelta(hours=7):
        small.clock.now += timedelta(hours=7)
        assert (await visitor.get("/triage")).status_code == 200
    small.clock.now = ends
    assert (await visitor.get("/triage")).status_code == 303


async def test_a_session_lives_as_its_rows_say(newsroom: Newsroom) -> None:
    now = newsroom.clock()
    db = newsroom.ctx.db
    await db.write(lambda tx: create_session(tx, "h", "csrf", now=now, lasts=LASTS, idle=IDLE))

    async def found(after: timedelta) -> bool:
        return await db.read(lambda tx: find_session(tx, "h", now=now + after, idle=IDLE)) is not None

    assert [await found(timedelta(hours=hours)) for hours in (0, 7, 8, 9)] == [True, True, False, False]
    await db.write(lambda tx: see_session(tx, "h", now=now + timedelta(hours=7)))
    assert [await found(timedelta(hours=hours)) for hours in (8, 14, 15)] == [True, True, False]


async def test_reading_a_page_writes_nothing_while_the_session_is_fresh(
    small: Newsroom, visitor: httpx.AsyncClient
) -> None:
    await log_in(small.ctx, visitor)
    before = await seen(small)

    small.clock.now += timedelta(minutes=9)
    await visitor.get("/triage")
    assert await seen(small) == before

    small.clock.now += timedelta(minutes=1)
    await visitor.get("/triage")
    assert await seen(small) != before


async def seen(newsroom: Newsroom) -> object:
    return await newsroom.ctx.db.read(lambda tx: tx.exec_driver_sql("SELECT seen_at FROM session").scalar_one())


async def test_logging_out_ends_the_session_in_the_database_too(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await log_in(small.ctx, visitor)
    token = visitor.cookies["session"]
    csrf = csrf_of(await visitor.get("/triage"))

    response = await visitor.post("/logout", data={"csrf": csrf})

    assert (response.status_code, response.headers["location"]) == (303, "/login")
    assert "session" not in visitor.cookies
    async with browsing(small.ctx) as thief:
        thief.cookies.set("session", token)
        assert (await thief.get("/triage")).status_code == 303


@pytest.mark.parametrize("cookie", ["", "x", "x" * 43, "x" * 5000, "'; DROP TABLE session; --"])
async def test_a_cookie_that_is_no_session_opens_nothing(visitor: httpx.AsyncClient, cookie: str) -> None:
    response = await visitor.get("/triage", headers={"cookie": f"session={cookie}"})

    assert response.status_code == 303


async def test_an_editors_page_is_kept_by_nobody(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await log_in(small.ctx, visitor)

    for path in ("/triage", "/login"):
        assert (await visitor.get(path)).headers["cache-control"] == "no-store"


# --- forms of other sites ---------------------------------------------------------------------------------------------

OWN = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"origin": OWN}, True),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, True),  # our own forms, by our Referrer-Policy
        ({"sec-fetch-site": "none"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "http://127.0.0.1:9000"}, False),
        ({"origin": "https://127.0.0.1:8000"}, False),
        ({"origin": OWN, "sec-fetch-site": "cross-site"}, False),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
    ],
)
@pytest.mark.parametrize("path", ["/login", "/logout"])
async def test_a_form_of_another_site_is_refused(
    small: Newsroom, visitor: httpx.AsyncClient, path: str, headers: dict[str, str], allowed: bool
) -> None:
    if path == "/login":
        data = {"token": token_of(await login_link(small.ctx))}
    else:
        await log_in(small.ctx, visitor)
        data = {"csrf": csrf_of(await visitor.get("/triage"))}

    response = await visitor.post(path, data=data, headers=headers)

    assert response.status_code == (303 if allowed else 403)


@pytest.mark.parametrize("csrf", [None, "", "x", "x" * 43])
async def test_a_form_without_the_sessions_token_is_refused(
    small: Newsroom, visitor: httpx.AsyncClient, csrf: str | None
) -> None:
    await log_in(small.ctx, visitor)

    response = await visitor.post("/logout", data={} if csrf is None else {"csrf": csrf})

    assert response.status_code == 403
    assert (await visitor.get("/triage")).status_code == 200


async def test_another_sessions_token_is_refused(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await log_in(small.ctx, visitor)
    async with browsing(small.ctx) as other:
        await log_in(small.ctx, other)
        foreign = csrf_of(await other.get("/triage"))

    assert (await visitor.post("/logout", data={"csrf": foreign})).status_code == 403


# --- where it may listen ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "127.0.0.9:0", "[::1]:8000", "localhost:8000"])
def test_without_accounts_the_service_listens_on_loopback(address: str) -> None:
    check_address(load_settings({"MONITOR_HTTP_ADDR": address}, None))


@pytest.mark.parametrize("address", ["0.0.0.0:8000", "[::]:8000", "10.0.0.5:80", "tracker.example:80"])
def test_without_accounts_it_refuses_every_other_address(address: str) -> None:
    with pytest.raises(ConfigError, match=r"MONITOR_HTTP_ADDR: .*no accounts yet") as refused:
        check_address(load_settings({"MONITOR_HTTP_ADDR": address}, None))

    assert refused.value.exit_code == 78
