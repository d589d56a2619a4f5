"""The list of policies: which of them a query asks for, and which page of those."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from monitor.errors import UsageError
from monitor.model.policy import PolicyRecord
from monitor.store.policies import StoredPolicy
from monitor.web.listing import Choice, Filters, choices, matching, page_of, query, read_filters, read_page, slugged

NOW = datetime(2025, 10, 6, tzinfo=UTC)
READERS = PolicyRecord(
    url="https://tracker.example/policies/plate-readers",
    title="ICE searches license‑plate readers",
    tracker_id=1777,
    trump_version="2.0",
    announced=date(2025, 5, 27),
    summary="Local police search the network for “ICE”.",
    types=("Change in Practice",),
    subjects=("Interior",),
    agencies=("ICE", "State & Local Entities"),
    current_status="Partially in effect",
    terms=("Flock Safety",),
)
ORDER = PolicyRecord(
    url="https://tracker.example/policies/order",
    title="Order on citizenship",
    tracker_id=1404,
    trump_version="1.0",
    announced=date(2025, 1, 20),
    types=("Presidential Orders",),
    subjects=("Citizenship", "Immigrant Visas: Diversity"),
    agencies=("DHS",),
    status_tags=("Enjoined/Vacated",),
    identifiers=("EO 14160",),
)
BARE = PolicyRecord(url="title:bare", title="A policy of which little is known")
POLICIES = [
    StoredPolicy(id, slug, record, NOW, NOW)
    for id, slug, record in ((1, "readers", READERS), (2, "order", ORDER), (3, "bare", BARE))
]


def found(**parameters: str) -> list[str]:
    return [policy.slug for policy in matching(POLICIES, read_filters(parameters))]


@pytest.mark.parametrize(
    ("parameters", "slugs"),
    [
        ({}, ["readers", "order", "bare"]),
        ({"topic": "Interior"}, ["readers"]),
        ({"topic": "interior"}, ["readers"]),
        ({"topic": "immigrant-visas-diversity"}, ["order"]),
        ({"topic": "Immigrant Visas"}, []),
        ({"agency": "state-local-entities"}, ["readers"]),
        ({"agency": "State & Local Entities"}, ["readers"]),
        ({"type": "presidential orders"}, ["order"]),
        ({"status": "Enjoined/Vacated"}, ["order"]),
        ({"status": "partially-in-effect"}, ["readers"]),
        ({"version": "2.0"}, ["readers"]),
        ({"after": "2025-01-20"}, ["readers", "order"]),
        ({"after": "2025-01-21"}, ["readers"]),
        ({"before": "2025-05-26"}, ["order"]),
        ({"after": "2025-05-27", "before": "2025-05-27"}, ["readers"]),
        ({"q": "LICENSE-PLATE"}, ["readers"]),
        ({"q": "police flock"}, ["readers"]),
        ({"q": "police citizenship"}, []),
        ({"q": "14160"}, ["order"]),
        ({"q": "#1777"}, ["readers"]),
        ({"q": '"ICE"'}, ["readers"]),
        ({"topic": "Interior", "agency": "DHS"}, []),
        ({"utm_source": "newsletter", "topic": ""}, ["readers", "order", "bare"]),
    ],
)
def test_a_policy_is_listed_if_it_meets_every_filter(parameters: Mapping[str, str], slugs: list[str]) -> None:
    assert found(**parameters) == slugs


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"after": "yesterday"}, "after has to be a date"),
        ({"before": "2025-13-01"}, "before has to be a date"),
        ({"q": "x" * 201}, "q is longer than 200"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_named(parameters: Mapping[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_filters(parameters)


@pytest.mark.parametrize(("text", "number"), [("", 1), ("1", 1), (" 7 ", 7), ("999999", 999_999)])
def test_a_page_is_a_number(text: str, number: int) -> None:
    assert read_page({"page": text}) == number


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "9" * 400, "²", "٣"])
def test_another_page_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="page has to be a number"):
        read_page({"page": text})


@pytest.mark.parametrize(
    ("total", "number", "items", "last"),
    [(0, 1, [], 1), (1, 1, [0], 1), (3, 1, [0, 1], 2), (3, 2, [2], 2), (4, 2, [2, 3], 2), (4, 3, [], 2)],
)
def test_a_list_is_cut_into_pages(total: int, number: int, items: list[int], last: int) -> None:
    page = page_of(list(range(total)), number, size=2)

    assert (list(page.items), page.last, page.total) == (items, last, total)


def test_choices_stand_in_the_vocabularys_order_and_count_what_has_them() -> None:
    offered = choices(("Border", "DACA", "Interior"), ["Interior", "Zoning", "Border", "Interior", "Airports"])

    assert offered == [
        Choice("Border", "border", 1),
        Choice("Interior", "interior", 2),
        Choice("Airports", "airports", 1),
        Choice("Zoning", "zoning", 1),
    ]


@pytest.mark.parametrize(
    ("name", "slug"),
    [("State & Local Entities", "state-local-entities"), ("U/T/VAWA", "u-t-vawa"), ("DACA", "daca"), ("—", "")],
)
def test_a_name_has_a_slug(name: str, slug: str) -> None:
    assert slugged(name) == slug


def test_another_page_keeps_the_filters() -> None:
    filters = Filters(topic="Interior", after=date(2025, 1, 1), q="a&b")

    assert query(filters, 2) == "?topic=Interior&after=2025-01-01&q=a%26b&page=2"
    assert query(Filters(), 1) == ""
