"""Records go into the JSON of their rows and come back the same, on both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, time

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from monitor.model.event import EventType
from monitor.model.policy import ActionDate, ActionRecord, DateKind, PolicyRecord, SourceDocument
from monitor.model.subscription import Criteria, Every, Schedule
from monitor.store import schema as s
from monitor.store.database import Database
from monitor.store.policies import create_policy, find_policy, list_policies, update_policy
from monitor.store.records import action_from_json, action_to_json, policy_from_json, policy_to_json
from monitor.store.subscriptions import criteria_from_json, criteria_to_json, schedule_from_json, schedule_to_json
from tests.store.rows import NOW

words = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30)
lists = st.lists(words, max_size=3).map(tuple)
days = st.dates()
actions = st.builds(
    ActionRecord,
    kind=words,
    date=st.none() | days,
    title=words,
    summary=words,
    document_url=st.none() | words,
    reported=st.booleans(),
    dates=st.lists(st.builds(ActionDate, st.sampled_from(DateKind), days), max_size=2).map(tuple),
    agencies=lists,
    places=lists,
)
policies = st.builds(
    PolicyRecord,
    url=words,
    title=st.none() | words,
    tracker_id=st.none() | st.integers(1, 99999),
    announced=st.none() | days,
    effective=st.none() | days,
    summary=words,
    source_document=st.none() | st.builds(SourceDocument, words, st.none() | words),
    types=lists,
    subjects=lists,
    agencies=lists,
    status_tags=lists,
    current_status=st.none() | words,
    terms=lists,
    identifiers=lists,
    related=lists,
)
criteria = st.builds(
    Criteria,
    topics=lists,
    all_topics=st.booleans(),
    agencies=lists,
    policies=lists,
    match_all=st.booleans(),
    events=st.lists(st.sampled_from(EventType), max_size=3).map(tuple),
)
schedules = st.builds(
    Schedule,
    every=st.sampled_from(Every),
    at=st.times().map(lambda at: time(at.hour, at.minute)),
    weekday=st.integers(0, 6),
    monthday=st.integers(1, 28),
    timezone=st.sampled_from(["UTC", "America/New_York"]),
)


@given(actions)
def test_an_action_comes_back_from_its_json(record: ActionRecord) -> None:
    assert action_from_json(json.loads(json.dumps(action_to_json(record)))) == record


@given(policies)
def test_a_policy_comes_back_from_its_json(record: PolicyRecord) -> None:
    assert policy_from_json(json.loads(json.dumps(policy_to_json(record)))) == record


@given(criteria)
def test_criteria_come_back_from_their_json(wanted: Criteria) -> None:
    assert criteria_from_json(json.loads(json.dumps(criteria_to_json(wanted)))) == wanted


@given(schedules)
def test_a_schedule_comes_back_from_its_json(schedule: Schedule) -> None:
    assert schedule_from_json(json.loads(json.dumps(schedule_to_json(schedule)))) == schedule


FULL = PolicyRecord(
    url="https://tracker.example/policies/ü",
    title='Ünïcode "quotes" \u2028 and a null-free title',
    tracker_id=1777,
    announced=date(2025, 5, 27),
    source_document=SourceDocument("Memo", None),
    subjects=("Interior",),
    current_status="",
)


def test_a_policy_comes_back_from_its_row(db: Database) -> None:
    db.write_blocking(lambda tx: create_policy(tx, FULL, slug="ue", at=NOW, actor="a"))

    (stored,) = db.write_blocking(list_policies)

    assert (stored.record, stored.slug, stored.created_at) == (FULL, "ue", NOW)


def test_a_policy_is_found_by_every_name_that_people_give_it(db: Database) -> None:
    db.write_blocking(lambda tx: create_policy(tx, FULL, slug="ue", at=NOW, actor="a"))
    names: list[str | int] = [1777, "1777", " 1777 ", FULL.url, f"{FULL.url}/", "ue"]
    strangers: list[str | int] = [1778, "", "²", "9" * 40, 10**30, "title:ue"]

    def found(name: str | int) -> bool:
        return db.write_blocking(lambda tx: find_policy(tx, name)) is not None

    assert [found(name) for name in names] == [True] * len(names)
    assert [found(name) for name in strangers] == [False] * len(strangers)


def test_a_policy_that_is_updated_keeps_every_record_that_it_had(db: Database) -> None:
    policy = db.write_blocking(lambda tx: create_policy(tx, FULL, slug="ue", at=NOW, actor="a"))
    after = replace(FULL, summary="Now with words.")
    db.write_blocking(lambda tx: update_policy(tx, policy, after, at=NOW, actor="b"))

    rows = db.write_blocking(
        lambda tx: tx.execute(select(s.policy_revision).order_by(s.policy_revision.c.seq)).mappings().all()
    )
    assert [(row["seq"], row["actor"], policy_from_json(row["record"])) for row in rows] == [
        (1, "a", FULL),
        (2, "b", after),
    ]
