"""The public JSON API."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import httpx

from monitor.core.tracker import record_from_mapping
from monitor.model.policy import ActionRecord, PolicyRecord
from monitor.pipeline import actions
from monitor.web import api
from tests.pipeline.newsroom import OTHER, POLICY, VOCABULARY, Newsroom


def an_action(title: str, on: date = date(2025, 7, 16), **more: Any) -> ActionRecord:
    return ActionRecord("Subsequent Action", on, title, **more)


async def all_of(browser: httpx.AsyncClient, path: str, **filters: str) -> list[dict[str, Any]]:
    """Every item, page by page."""
    items: list[dict[str, Any]] = []
    cursor: int | None = 0
    while cursor is not None:
        page = (await browser.get(path, params={**filters, "cursor": str(cursor)})).json()
        assert set(page) == {"items", "next_cursor", "has_more"}
        assert page["has_more"] is (page["next_cursor"] is not None)
        items += page["items"]
        cursor = page["next_cursor"]
    return items


async def test_a_policy_is_told_as_a_record_that_an_import_takes(newsroom: Newsroom, reader: httpx.AsyncClient) -> None:
    await newsroom.track(POLICY, OTHER)

    first, second = await all_of(reader, "/api/v1/policies")

    own = {name: first.pop(name) for name in ("id", "slug", "link", "updated_at")}
    assert own["link"] == "http://127.0.0.1:8000/policies/plate-readers"
    assert own["updated_at"] == "2025-10-06T09:00:00Z"
    assert record_from_mapping(first, VOCABULARY) == POLICY
    assert second["tracker_id"] == OTHER.tracker_id


async def test_an_action_is_told_whole(newsroom: Newsroom, reader: httpx.AsyncClient) -> None:
    await newsroom.track(POLICY)
    record = an_action("2025.07.16 x", summary="s", document_url="https://news.example/a", reported=True)
    action_id = await actions.add(newsroom.ctx, POLICY.url, record, actor="anna")

    assert await all_of(reader, "/api/v1/actions") == [
        {
            "id": action_id,
            "policy": {"url": POLICY.url, "slug": "plate-readers", "title": POLICY.title, "tracker_id": 1777},
            "kind": "Subsequent Action",
            "date": "2025-07-16",
            "title": "2025.07.16 x",
            "summary": "s",
            "document_url": "https://news.example/a",
            "reported": True,
            "dates": [],
            "agencies": [],
            "places": [],
            "reviewed": True,
            "state": "recorded",
            "recorded_at": "2025-10-06T09:00:00Z",
            "link": f"http://127.0.0.1:8000/policies/plate-readers#action-{action_id}",
        }
    ]


async def test_pages_follow_one_another_without_a_gap(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    many = [
        PolicyRecord(url=f"https://tracker.example/p{n}", title=f"P{n}", subjects=("Odd" if n % 2 else "Even",))
        for n in range(2 * api.PAGE_SIZE + 1)
    ]
    await small.track(*many)

    items = await all_of(visitor, "/api/v1/policies")
    odd = await all_of(visitor, "/api/v1/policies", topic="odd")

    assert [item["title"] for item in items] == [record.title for record in many]
    assert len(odd) == api.PAGE_SIZE


async def test_actions_have_pages_whatever_the_filter_leaves_out(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.track(POLICY, OTHER)
    count = api.PAGE_SIZE + 10
    for n in range(count):
        await actions.add(small.ctx, POLICY.url if n % 2 else OTHER.url, an_action(f"a{n}"), actor="anna")

    everything = await all_of(visitor, "/api/v1/actions")
    some = await all_of(visitor, "/api/v1/actions", topic="Interior")

    assert [item["title"] for item in everything] == [f"a{n}" for n in range(count)]
    assert [item["title"] for item in some] == [f"a{n}" for n in range(count) if n % 2]


async def test_actions_are_filtered_by_topic_agency_and_policy(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.track(POLICY, replace(OTHER, agencies=("CBP",)))
    await actions.add(small.ctx, POLICY.url, an_action("of readers"), actor="anna")
    await actions.add(small.ctx, OTHER.url, an_action("of jails"), actor="anna")

    async def titles(query: str) -> list[str]:
        return [item["title"] for item in (await visitor.get(f"/api/v1/actions?{query}")).json()["items"]]

    assert await titles("topic=interior") == ["of readers"]
    assert await titles("agency=CBP") == ["of jails"]
    assert await titles("policy=1777") == ["of readers"]
    assert await titles("policy=detention-standards") == ["of jails"]
    assert await titles("policy=1777&topic=detention") == []


async def test_what_was_taken_back_is_gone(small: Newsroom, visitor: httpx.AsyncClient) -> None:
    await small.track(POLICY)
    action_id = await actions.add(small.ctx, POLICY.url, an_action("a mistake"), actor="anna")
    await actions.retract(small.ctx, action_id, actor="anna", reason="a mistake")

    assert await all_of(visitor, "/api/v1/actions") == []


async def test_the_schema_describes_the_api_and_no_page(visitor: httpx.AsyncClient) -> None:
    schema = (await visitor.get("/api/v1/openapi.json")).json()

    assert set(schema["paths"]) == {"/api/v1/policies", "/api/v1/actions"}
    assert schema["info"]["version"]
