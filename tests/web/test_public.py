"""The public pages: a reader finds a policy, its timeline and its documents, and no more than was recorded."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest

from monitor.model.policy import ActionDate, ActionRecord, DateKind, PolicyRecord, SourceDocument
from monitor.model.source import Voice
from monitor.pipeline import actions, policies, triage
from tests.pipeline.newsroom import FEED, NEWS, OTHER, POLICY, Newsroom, a_feed, a_page, feed, page
from tests.pipeline.newsroom import PAGE as PAGE_URL
from tests.web.conftest import at, browsing, log_in
from tests.web.markup import Markup

KIND = "Subsequent Trump and Court Action"
PAGE = "/policies/plate-readers"


def an_action(title: str, on: date | None = date(2025, 7, 16), **more: Any) -> ActionRecord:
    return ActionRecord(KIND, on, title, **more)


async def recorded(newsroom: Newsroom, *records: ActionRecord) -> list[int]:
    return [await actions.add(newsroom.ctx, POLICY.url, record, actor="anna") for record in records]


def words(response: httpx.Response) -> str:
    """A page's text on one line, without its markup."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.text).split())


# --- the policy page --------------------------------------------------------------------------------------------------


async def test_a_policys_page_tells_what_is_known_of_it(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    record = replace(
        POLICY,
        trump_version="2.0",
        effective=date(2025, 6, 1),
        source_document=SourceDocument("2025.05.27 Camera network, data shows", "https://news.example/cameras"),
        types=("Change in Practice",),
    )
    await small.track(record)

    response = await visitor.get(PAGE)

    told = words(response)
    for part in (
        "Trump 2.0 [ID #1777]",
        POLICY.title,
        "Original Date Announced · May 27, 2025",
        POLICY.summary,
        "2025.05.27 Camera network, data shows",
        "View Document (news.example)",
        "Effective Date · June 1, 2025",
        "Current Status In effect",
        "Change in Practice",
        "Subject Matter Interior",
        "Agencies Affected ICE",
        "View page (tracker.example)",
    ):
        assert str(part) in told
    assert '<a href="/topics/interior">Interior</a>' in response.text
    assert '<a href="/agencies/ice">ICE</a>' in response.text
    assert '<html lang="en">' in response.text


async def test_the_timeline_ends_with_the_newest_action(newsroom: Newsroom, reader: httpx.AsyncClient) -> None:
    await newsroom.track(POLICY)
    await recorded(
        newsroom,
        an_action("2025.10.09 third", date(2025, 10, 9)),
        an_action("2025.07.16 first"),
        an_action("2025.08.25 second", date(2025, 8, 25)),
    )

    response = await reader.get(PAGE)

    assert re.findall(r"<h3>[\d.]+ (\w+)</h3>", response.text) == ["first", "second", "third"]
    assert "3 subsequent actions; the latest is of October 9, 2025" in words(response)


async def test_an_action_is_shown_whole_with_an_anchor_of_its_own(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.track(POLICY)
    record = an_action(
        "2025.07.16 Reported: Searches raise questions - VPM News",
        summary="One.\nTwo.",
        document_url="https://news.example/a?b=1&c=2",
        reported=True,
        dates=(ActionDate(DateKind.COMMENTS_CLOSE, date(2025, 9, 1)),),
        agencies=("ATF",),
        places=("Richmond, Virginia",),
    )
    (action_id,) = await recorded(small, record)

    response = await visitor.get(PAGE)

    assert f'id="action-{action_id}"' in response.text
    assert f'href="#action-{action_id}"' in response.text
    assert f"<h3>{record.title}</h3>" in response.text
    assert "<p>One.</p>\n<p>Two.</p>" in response.text
    assert '<span class="badge reported">Reported</span>' in response.text
    assert (
        '<a class="out" href="https://news.example/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">' in response.text
    )
    assert f"{KIND} · July 16, 2025" in words(response)
    assert "Comments close: September 1, 2025" in words(response)
    assert "ATF, Richmond, Virginia" in words(response)


@pytest.mark.parametrize(
    ("voice", "badge"),
    [
        (Voice.GOVERNMENT, "Government"),
        (Voice.COURT, "Court"),
        (Voice.PARTY, "Party statement"),
        (Voice.PRESS, "Reported"),
    ],
)
async def test_an_accepted_story_says_whose_words_it_is(small: Newsroom, voice: Voice, badge: str) -> None:
    flag = await small.flagged(source=a_feed(voice=voice))
    await triage.accept(small.ctx, flag.id, actor="anna")

    async with browsing(small.ctx) as browser:
        response = await browser.get(PAGE)

    assert re.findall(r'<span class="badge[^"]*">([^<]*)</span>', response.text) == [badge]


async def test_an_action_that_a_pages_change_led_to_shows_what_changed(
    newsroom: Newsroom, reader: httpx.AsyncClient
) -> None:
    await newsroom.track(POLICY)
    await newsroom.watch(a_page(policies=("1777",)))
    newsroom.web.serve(PAGE_URL, page("The rule is proposed.", "<b> & so on"))
    await newsroom.poll()
    newsroom.web.serve(PAGE_URL, page("The rule is final.", "<b> & so on", "<script>alert(1)</script>"))
    await newsroom.poll_after(hours=2)
    (flag,) = await newsroom.flags()
    await triage.accept(newsroom.ctx, flag.id, actor="anna")
    await recorded(newsroom, an_action("2025.07.16 by hand"))

    response = await reader.get(PAGE)

    assert response.text.count("<details") == 1
    told = words(response)
    assert "What changed on the page behind" in told
    assert "1 paragraph added, 1 changed" in told
    assert "Flock Safety, as seen on October 6, 2025, 05:00 EDT and October 6, 2025, 07:00 EDT" in told
    assert "Changed The rule is [removed: proposed ] [added: final ] ." in told
    assert "Added &lt;script&gt;alert(1)&lt;/script&gt;" in told


async def test_what_was_taken_back_is_not_shown_and_what_was_corrected_says_so(
    small: Newsroom, visitor: httpx.AsyncClient
) -> None:
    await small.track(POLICY)
    undone, retracted, corrected = await recorded(
        small, an_action("2025.07.16 undone"), an_action("2025.07.17 retracted"), an_action("2025.07.18 as told")
    )
    await actions.retract(small.ctx, undone, actor="anna", reason="a mistake")
    await small.tell()
    await actions.retract(small.ctx, retracted, actor="anna", reason="a mistake")
    await actions.correct(small.ctx, corrected, actor="anna", title="2025.07.18 as it was")

    told = words(await visitor.get(PAGE))

    assert "undone" not in told
    assert "retracted" not in told
    assert "as told" not in told
    assert "2025.07.18 as it was Corrected" in told


async def test_an_open_flag_is_nobodys_business(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.flagged()

    for path in ("/", "/policies", PAGE, "/topics/interior", "/api/v1/policies", "/api/v1/actions"):
        assert NEWS.title not in (await visitor.get(path)).text


async def test_related_policies_are_linked_where_they_are_known(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    related = (OTHER.url, "https://elsewhere.example/policy", "A policy by name", "javascript:alert(1)")
    await small.track(OTHER, replace(POLICY, related=related))

    response = await visitor.get(PAGE)

    assert f'<a href="/policies/detention-standards">{OTHER.title}</a>' in response.text
    assert 'href="https://elsewhere.example/policy" rel="noopener noreferrer nofollow"' in response.text
    assert "<li>A policy by name</li>" in response.text
    assert 'href="javascript' not in response.text


@pytest.mark.parametrize(
    "name", ["unknown", "1777", "https:", "%00", "..%2f..%2fetc", "9" * 400, "²", "plate-readers/"]
)
async def test_a_policy_has_one_address(small: Newsroom, visitor: httpx.AsyncClient, name: str) -> None:
    await small.track(POLICY)

    response = await visitor.get(f"/policies/{name}")

    assert response.status_code in (400, 404)
    assert "<h1>" in response.text


# --- lists ------------------------------------------------------------------------------------------------------------


async def test_the_list_has_the_newest_policy_first(newsroom: Newsroom, reader: httpx.AsyncClient) -> None:
    older = replace(POLICY, url="https://tracker.example/policies/older", tracker_id=2, announced=date(2025, 1, 2))
    await newsroom.track(OTHER, older, POLICY)
    await recorded(newsroom, an_action("2025.07.16 one"), an_action("2025.08.25 two", date(2025, 8, 25)))

    response = await reader.get("/policies")

    assert re.findall(r'<h3><a href="/policies/([\w-]+)">', response.text) == [
        "plate-readers",
        "older",
        "detention-standards",
    ]
    assert "3 policies, newest first" in words(response)
    assert "2 subsequent actions, latest August 25, 2025" in words(response)


async def test_an_action_without_a_date_counts(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.track(POLICY)
    await recorded(small, an_action("undated", None))

    assert "1 subsequent action " in words(await visitor.get("/policies"))


async def test_the_list_is_filtered_by_the_query(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.track(POLICY, OTHER)

    response = await visitor.get("/policies", params={"topic": "Detention", "q": "jails"})

    assert str(OTHER.title) in response.text
    assert str(POLICY.title) not in response.text
    assert '<option value="detention" selected>Detention (1)</option>' in response.text
    assert 'name="q" value="jails"' in response.text


async def test_a_list_of_many_has_pages(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    many = [
        replace(POLICY, url=f"https://tracker.example/policies/p{n}", tracker_id=n, announced=date(2025, 1, 1))
        for n in range(1, 52)
    ]
    await small.track(*many)

    first = await visitor.get("/policies?topic=interior")
    second = await visitor.get("/policies?topic=interior&page=2")
    third = await visitor.get("/policies?topic=interior&page=3")

    assert first.text.count('<li class="entry">') == 50
    assert '<a rel="next" href="/policies?topic=interior&amp;page=2">' in first.text
    assert 'rel="prev"' not in first.text
    assert second.text.count('<li class="entry">') == 1
    assert '<a rel="prev" href="/policies?topic=interior">' in second.text
    assert "The list ends before this page" in third.text


@pytest.mark.parametrize("query", ["after=yesterday", "page=0", "page=" + "9" * 400, "q=" + "x" * 300])
async def test_a_query_that_cannot_be_meant_is_explained(visitor: httpx.AsyncClient, query: str) -> None:
    response = await visitor.get(f"/policies?{query}")

    assert response.status_code == 422
    assert query.partition("=")[0] in words(response)


@pytest.mark.parametrize(
    ("path", "heading", "shown"),
    [
        ("/topics/interior", "Interior", ["plate-readers"]),
        ("/agencies/ice", "ICE", ["plate-readers", "detention-standards"]),
        ("/topics/daca", "DACA", []),  # a topic of the vocabulary that no policy has yet
        ("/topics/water-rights", "Water Rights", ["dams"]),  # one that only a policy names
    ],
)
async def test_a_topic_or_an_agency_lists_its_policies(
    small: Newsroom, visitor: httpx.AsyncClient, path: str, heading: str, shown: list[str]
) -> None:
    dams = PolicyRecord(url="https://tracker.example/policies/dams", title="Dams", subjects=("Water Rights",))
    await small.track(POLICY, OTHER, dams)

    response = await visitor.get(path)

    assert f"<h1>{heading}</h1>" in response.text
    assert re.findall(r'<h3><a href="/policies/([\w-]+)">', response.text) == shown


@pytest.mark.parametrize(
    "path", ["/topics/unknown", "/agencies/unknown", "/topics/%E2%80%94", "/topics/", "/agencies/"]
)
async def test_a_topic_that_nobody_names_is_not_found(visitor: httpx.AsyncClient, path: str) -> None:
    assert (await visitor.get(path)).status_code == 404


async def test_the_front_page_has_what_was_recorded_last(newsroom: Newsroom, reader: httpx.AsyncClient) -> None:
    imported = replace(POLICY, actions=(an_action("2025.06.01 from the import", date(2025, 6, 1)),))
    await policies.import_records(newsroom.ctx, [imported, OTHER])
    first, second = await recorded(newsroom, an_action("2025.10.01 told first"), an_action("2025.07.16 told second"))

    response = await reader.get("/")

    assert re.findall(rf'href="{PAGE}#action-(\d+)"', response.text) == [str(second), str(first)]
    assert "2 tracked policies" in words(response)
    assert '<a href="/topics/interior">Interior</a>' in response.text
    assert "from the import" not in response.text


async def test_an_empty_tracker_says_so(visitor: httpx.AsyncClient) -> None:
    assert "No policy is tracked yet." in words(await visitor.get("/"))
    assert "No policy matches." in words(await visitor.get("/policies"))


async def test_links_stand_below_the_services_own_address(small: Newsroom) -> None:
    room = at("https://example.org/tracker", small.ctx.db, small.outbox.parent)
    await room.track(POLICY)

    async with browsing(room.ctx) as browser:
        ways = ("https://example.org", "https://example.org/tracker")  # a proxy takes the path off, or leaves it
        pages = [await browser.get(f"{way}{PAGE}") for way in ways]
        lists = [await browser.get(f"{way}/policies?q=x") for way in ways]

    for shown in pages:
        assert shown.status_code == 200
        assert 'href="/tracker/topics/interior"' in shown.text
        assert 'href="/tracker/static/monitor.css' in shown.text
    for listed in lists:
        assert '<form class="filters" method="get" action="/tracker/policies"' in listed.text


# --- hostile words ----------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "<a href=javascript:alert(1)>x</a>",
    "\u202egnp.exe<b>",
]


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_never_become_markup(small: Newsroom, words: str) -> None:
    names = (words,)
    record = replace(
        POLICY,
        title=words,
        summary=words,
        subjects=names,
        agencies=names,
        types=names,
        current_status=words,
        related=names,
        identifiers=names,
        source_document=SourceDocument(words, "javascript:alert(1)"),
    )
    await small.track(record)
    await recorded(
        small, an_action(words, summary=words, document_url="javascript:alert(1)", places=names, agencies=names)
    )
    async with browsing(small.ctx) as browser:
        for path in ("/", "/policies", PAGE):
            page = await browser.get(path, params={"q": words} if path == "/policies" else None)

            assert page.status_code == 200
            assert Markup(page.text).dangers == []
            assert "49" not in page.text  # a template inside a title is words


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//evil.example",
        "/policies",
        "http://",
        "ht tp:",
    ],
)
async def test_only_web_addresses_become_links(small: Newsroom, url: str) -> None:
    await small.track(POLICY)
    await recorded(small, an_action("2025.07.16 x", document_url=url))

    async with browsing(small.ctx) as browser:
        page = await browser.get(PAGE)

    assert "View Document" not in page.text
    assert "2025.07.16 x" in page.text


async def test_a_hostile_feed_is_harmless_on_the_editors_page(small: Newsroom) -> None:
    await small.track(POLICY)
    await small.watch(a_feed(name="<script>alert(1)</script>"))
    small.web.serve(FEED, feed())
    await small.poll()
    hostile = replace(NEWS, title=f"{NEWS.title} <img src=x onerror=alert(1)>", link="javascript:alert(1)", guid="x")
    await small.publish(hostile)

    async with browsing(small.ctx) as browser:
        await log_in(small.ctx, browser)
        page = await browser.get("/triage")

    assert NEWS.title in page.text
    assert Markup(page.text).dangers == []


async def test_what_was_recorded_automatically_says_so_on_every_page(
    newsroom: Newsroom, reader: httpx.AsyncClient
) -> None:
    await newsroom.track(POLICY)
    await recorded(newsroom, an_action("2025.07.16 By a program", reviewed=False), an_action("2025.07.17 By an editor"))

    for path in ("/", PAGE):
        assert words(await reader.get(path)).count("Automatic, not reviewed") == 1
    items = (await reader.get("/api/v1/actions")).json()["items"]
    assert [(item["title"], item["reviewed"]) for item in items] == [
        ("2025.07.16 By a program", False),
        ("2025.07.17 By an editor", True),
    ]


async def test_what_an_editor_confirmed_says_nothing_of_it(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.track(POLICY)
    (action_id,) = await recorded(small, an_action("2025.07.16 By a program", reviewed=False))

    await actions.confirm(small.ctx, action_id, actor="anna")

    assert "Automatic" not in words(await visitor.get(PAGE))
