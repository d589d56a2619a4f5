"""What holds for every request and every response, whoever answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount
from structlog.typing import EventDict

from monitor.build import templates_of
from monitor.config.settings import load_settings
from monitor.errors import ConfigError, DatabaseError
from monitor.web.app import create_app
from monitor.web.door import HEADERS, is_loopback, known_hosts
from tests.pipeline.newsroom import Newsroom
from tests.web.conftest import TEMPLATES, app_of, at, browsing

PUBLIC = {
    "/",
    "/policies",
    "/policies/{slug}",
    "/topics/{slug}",
    "/agencies/{slug}",
    "/u/{token}",
    "/manage/{token}",
    "/healthz",
    "/readyz",
    "/login",
    "/static",
    "/api/v1/policies",
    "/api/v1/actions",
    "/api/v1/openapi.json",
}
EDITORS = {"/triage", "/logout"}
HTML = "text/html; charset=utf-8"
PROBLEM = "application/problem+json"
SECRET = "/srv/secret/place SELECT * FROM session"  # what an exception may hold and a page may not


class Broken:
    """A database of which every use fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def read(self, work: object) -> NoReturn:
        raise self.error

    write = read


def broken(newsroom: Newsroom, error: Exception) -> FastAPI:
    db: Any = Broken(error)
    return app_of(replace(newsroom.ctx, db=db))


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """``(method, path)`` of everything that the application answers."""

    def walk(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
        for route in routes:
            if isinstance(route, Mount):
                yield "GET", route.path
            elif hasattr(route, "methods"):
                yield from ((method, getattr(route, "path", "")) for method in sorted(route.methods))
            else:  # a router that the framework keeps as one route
                yield from walk(list(getattr(route, "routes", None) or route.original_router.routes))  # type: ignore[attr-defined]

    return walk(app.routes)


def filled(path: str) -> str:
    return path.replace("{slug}", "unknown").replace("{token}", "unknown").replace("/static", "/static/monitor.css")


def guarded(response: httpx.Response) -> bool:
    """Whether the response has every safe header, once."""
    return all(response.headers.get_list(name) == [value] for name, value in HEADERS.items())


# --- routes and headers -----------------------------------------------------------------------------------------------


def test_every_route_without_login_is_on_an_exact_list(small: Newsroom) -> None:
    assert {path for _, path in routes_of(app_of(small.ctx))} == PUBLIC | EDITORS


async def test_an_editors_route_sends_a_reader_to_the_login(small: Newsroom) -> None:
    app = app_of(small.ctx)
    async with browsing(small.ctx, app) as browser:
        for method, path in routes_of(app):
            response = await browser.request(method, filled(path))
            sent_away = response.status_code == 303 and response.headers["location"] == "/login"
            assert sent_away is (path in EDITORS), f"{method} {path}"


async def test_every_response_has_the_safe_headers(small: Newsroom) -> None:
    app = app_of(small.ctx)
    async with browsing(small.ctx, app) as browser:
        for method, path in routes_of(app):
            for attempt in (method, "HEAD", "PUT", "OPTIONS"):
                response = await browser.request(attempt, filled(path))
                assert guarded(response), f"{attempt} {path}: {response.status_code}"


async def test_the_policy_of_contents_lets_nothing_in_but_our_own_style(visitor: httpx.AsyncClient) -> None:
    policy = (await visitor.get("/")).headers["content-security-policy"]

    assert policy == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nothing", 404, HTML),
        ("GET", "/policies/", 404, HTML),  # no redirect that is built from the request's Host
        ("GET", "/policies?page=x", 422, HTML),
        ("DELETE", "/policies", 405, HTML),
        ("POST", "/policies", 405, HTML),
        ("GET", "/logout", 405, HTML),
        ("GET", "/static/../app.py", 404, HTML),
        ("GET", "/static/%2e%2e/app.py", 404, HTML),
        ("GET", "/static/", 404, HTML),
        ("GET", "/policies?q=%00", 400, HTML),
        ("GET", "/%00", 400, HTML),
        ("GET", "/api/v1/nothing", 404, PROBLEM),
        ("GET", "/api/v1/actions?cursor=x", 422, PROBLEM),
        ("GET", "/api/v1/actions?cursor=" + "9" * 400, 422, PROBLEM),
        ("GET", "/api/v1/actions?policy=unknown", 404, PROBLEM),
        ("GET", "/api/v1/actions?policy=" + "9" * 100, 404, PROBLEM),
        ("POST", "/api/v1/policies", 405, PROBLEM),
    ],
)
async def test_an_error_is_a_page_for_people_and_a_problem_for_programs(
    visitor: httpx.AsyncClient, method: str, path: str, status: int, kind: str
) -> None:
    response = await visitor.request(method, path)

    assert (response.status_code, response.headers["content-type"]) == (status, kind)
    assert guarded(response)
    if kind == PROBLEM:
        body = response.json()
        assert (body["type"], body["status"]) == ("about:blank", status)
        assert body["title"]


async def test_a_problem_says_which_parameter_is_wrong(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/api/v1/actions?cursor=x")).json()["detail"].startswith("cursor: ")


# --- what breaks inside -----------------------------------------------------------------------------------------------


async def test_a_route_that_breaks_tells_nothing_of_the_inside(small: Newsroom, logged: list[EventDict]) -> None:
    app = broken(small, RuntimeError(SECRET))
    cookie = {"cookie": f"session={'x' * 43}"}
    async with browsing(small.ctx, app) as browser:
        for method, path in routes_of(app):
            if path.startswith(("/static", "/api/v1/openapi", "/u/", "/manage/", "/healthz")):
                continue
            response = await browser.request(method, filled(path), headers=cookie, data=None)
            request_id = logged[-1]["request"]

            assert response.status_code == 500, f"{method} {path}"
            assert guarded(response)
            assert request_id in response.text or method == "HEAD"
            for word in (SECRET, "secret", "SELECT", "Traceback", "RuntimeError", "monitor/"):
                assert word not in response.text
            assert logged[-1]["event"] == "request_broke"


async def test_a_database_that_does_not_answer_is_503_without_its_words(
    small: Newsroom, logged: list[EventDict]
) -> None:
    async with browsing(small.ctx, broken(small, DatabaseError(SECRET))) as browser:
        page, program, ready = [await browser.get(path) for path in ("/policies", "/api/v1/policies", "/readyz")]
        alive = await browser.get("/healthz")

    assert [each.status_code for each in (page, program, ready, alive)] == [503, 503, 503, 200]
    assert [each.headers["content-type"] for each in (page, program, ready)] == [HTML, PROBLEM, PROBLEM]
    assert not any(SECRET in each.text for each in (page, program, ready))
    assert SECRET in logged[-1]["error"]


async def test_a_database_that_answers_is_ready(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/readyz")).json() == {"status": "ready"}
    assert (await visitor.get("/healthz")).json() == {"status": "ok"}


# --- hosts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base_url", "address", "hosts"),
    [
        ("", "127.0.0.1:8000", {"127.0.0.1", "localhost", "::1"}),
        ("", "[::1]:8000", {"127.0.0.1", "localhost", "::1"}),
        ("https://Tracker.example/path", "localhost:80", {"tracker.example", "127.0.0.1", "localhost", "::1"}),
        ("https://tracker.example", "10.0.0.5:80", {"tracker.example", "10.0.0.5"}),
    ],
)
def test_the_service_answers_to_its_own_names(base_url: str, address: str, hosts: set[str]) -> None:
    settings = load_settings({"MONITOR_BASE_URL": base_url, "MONITOR_HTTP_ADDR": address}, None)

    assert known_hosts(settings) == hosts


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("example.org", False),
    ],
)
def test_loopback_is_what_no_other_machine_reaches(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("127.0.0.1", 200),
        ("localhost:9999", 200),
        ("LOCALHOST", 200),
        ("localhost.", 200),
        ("[::1]:8000", 200),
        ("tracker.example", 200),
        ("evil.example", 400),
        ("tracker.example.evil.example", 400),
        ("evil.example:tracker.example", 400),
        ("tracker.example/x?", 400),
        ("tracker.example@evil.example", 400),
        ("tracker.example evil", 400),
        ("tracker.example:port", 400),
        ("", 400),
        ("[::1", 400),
    ],
)
async def test_another_host_is_refused(small: Newsroom, tmp_path: Path, host: str, status: int) -> None:
    room = at("https://tracker.example", small.ctx.db, tmp_path)
    async with browsing(room.ctx) as browser:
        response = await browser.get("/healthz", headers={"host": host})

    assert response.status_code == status
    assert guarded(response)


async def test_two_hosts_are_refused(visitor: httpx.AsyncClient) -> None:
    request = visitor.build_request("GET", "/policies", headers=[("host", "127.0.0.1"), ("host", "127.0.0.1")])

    assert (await visitor.send(request)).status_code == 400


async def test_forwarded_names_are_nobodys(visitor: httpx.AsyncClient) -> None:
    headers = {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "forwarded": "host=evil.example"}

    assert "evil" not in (await visitor.get("/policies", headers=headers)).text


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "status"), [("1048577", 413), ("1048576", 403), ("9" * 400, 413), ("-1", 413), ("x", 413)]
)
async def test_a_body_that_is_declared_too_long_is_refused(
    visitor: httpx.AsyncClient, length: str, status: int
) -> None:
    response = await visitor.post("/login", content=b"token=x", headers={**FORM, "content-length": length})

    assert response.status_code == status
    assert guarded(response)


async def test_a_body_that_grows_too_long_is_refused(visitor: httpx.AsyncClient) -> None:
    sent = 0

    async def chunks() -> Any:
        nonlocal sent
        yield b"token="
        while sent < 4 * 1024 * 1024:
            sent += 65536
            yield b"x" * 65536

    response = await visitor.post("/login", content=chunks(), headers=FORM)

    assert response.status_code == 413
    assert guarded(response)
    assert sent < 2 * 1024 * 1024


FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"&".join(b"f%d=x" % n for n in range(10_000)), "application/x-www-form-urlencoded"),
        (b"\xff\xfe=\xff&token=%ff", "application/x-www-form-urlencoded"),
        (b"{" * 1000, "application/json"),
        (
            b"--x\r\nContent-Disposition: form-data; name=token; filename=a\r\n\r\nx\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        (b"garbage", "multipart/form-data; boundary=x"),
        (b"garbage", "multipart/form-data"),
    ],
)
async def test_a_strange_body_breaks_nothing(visitor: httpx.AsyncClient, content: bytes, kind: str) -> None:
    response = await visitor.post("/login", content=content, headers={"content-type": kind})

    assert response.status_code in (400, 403)


# --- HEAD, static files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/policies", "/static/monitor.css", "/healthz", "/api/v1/policies", "/nothing"])
async def test_head_tells_what_get_would_without_the_body(visitor: httpx.AsyncClient, path: str) -> None:
    get = await visitor.get(path)
    head = await visitor.head(path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-length"] == str(len(get.content))
    assert head.headers["content-type"] == get.headers["content-type"]


async def test_the_style_is_shipped_and_its_address_changes_with_it(visitor: httpx.AsyncClient) -> None:
    page = (await visitor.get("/")).text
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]

    style = await visitor.get(address)

    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "prefers-color-scheme: dark" in style.text
    assert "url(" not in style.text
    assert "@import" not in style.text
    assert address.startswith("/static/monitor.css?v=")


# --- templates --------------------------------------------------------------------------------------------------------


def test_a_template_that_cannot_be_read_is_named_at_the_start(small: Newsroom) -> None:
    templates = {**TEMPLATES, "web/front.html.j2": "one\n{% if %}\n"}

    with pytest.raises(ConfigError, match=r"templates/web/front\.html\.j2:2: "):
        create_app(small.ctx, templates=templates)


async def test_an_operators_template_stands_in_the_place_of_ours(small: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "templates" / "web").mkdir(parents=True)
    (tmp_path / "templates" / "web" / "error.html.j2").write_text("<p>Ours: {{ title }}</p>", encoding="utf-8")

    async with browsing(small.ctx, create_app(small.ctx, templates=templates_of(tmp_path))) as browser:
        assert (await browser.get("/nothing")).text == "<p>Ours: Not Found</p>"


@pytest.mark.parametrize(
    "source",
    [
        "{{ unknown }}",
        "{{ title.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{% include 'web/none' %}",
        "{{ 1 // 0 }}",
    ],
)
async def test_a_template_that_breaks_is_told_as_nothing_but_an_error(
    small: Newsroom, logged: list[EventDict], source: str
) -> None:
    templates = {**TEMPLATES, "web/error.html.j2": source}

    async with browsing(small.ctx, create_app(small.ctx, templates=templates)) as browser:
        response = await browser.get("/nothing")

    assert response.status_code == 500
    assert guarded(response)
    assert "class" not in response.text
    assert logged[-1]["event"] == "request_broke"
