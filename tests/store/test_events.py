"""The event stream (T3): gapless and in commit order, because its counter is the last row that a T3 locks."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from itertools import count

import pytest

from monitor.errors import Conflict
from monitor.model.event import EventType
from monitor.store.actions import ActionState, create_action, get_action, revise_action
from monitor.store.database import Database, Tx
from monitor.store.events import NewEvent, append_events, held_events, last_seq, list_events, withdraw
from tests.store.rows import NOW, a_policy, an_action_record, together

HOLD = timedelta(seconds=120)
_numbers = count(1)


def an_event(policy_id: int, action_id: int | None = None) -> NewEvent:
    return NewEvent(
        id=f"evt_{next(_numbers)}",
        type=EventType.ACTION_RECORDED,
        policy_id=policy_id,
        action_id=action_id,
        decision_id=None,
        policy_keys=("1777",),
        topics=("Interior",),
        agencies=("ICE",),
        data={"action": {"title": "Ü"}},
    )


def append(tx: Tx, policy_id: int, number: int = 1) -> None:
    append_events(tx, [an_event(policy_id) for _ in range(number)], at=NOW, hold=HOLD)


def test_events_are_numbered_from_one_in_the_order_given(db: Database) -> None:
    policy = a_policy(db).id
    db.write_blocking(lambda tx: append(tx, policy, 3))
    db.write_blocking(lambda tx: append_events(tx, [], at=NOW, hold=HOLD))
    db.write_blocking(lambda tx: append(tx, policy, 2))

    events = db.write_blocking(list_events)

    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    assert (events[0].available_at, events[0].data) == (NOW + HOLD, {"action": {"title": "Ü"}})


def test_a_decision_that_rolls_back_leaves_no_gap(db: Database) -> None:
    policy = a_policy(db).id

    def breaks(tx: Tx) -> None:
        append(tx, policy, 3)
        raise KeyError

    with pytest.raises(KeyError):
        db.write_blocking(breaks)
    db.write_blocking(lambda tx: append(tx, policy))

    assert [event.seq for event in db.write_blocking(list_events)] == [1]


def test_numbers_are_without_gaps_however_many_write_and_roll_back_at_once(db: Database, other: Database) -> None:
    policy = a_policy(db).id

    def work(n: int) -> None:
        def transaction(tx: Tx) -> None:
            append(tx, policy, 1 + n % 3)
            if n % 4 == 3:
                raise KeyError

        for _ in range(3):
            (db, other)[n % 2].write_blocking(transaction)

    together(*(lambda n=n: work(n) for n in range(8)))

    seqs = [event.seq for event in db.write_blocking(list_events)]
    assert len(seqs) > 20
    assert seqs == list(range(1, len(seqs) + 1))


def test_whoever_reads_the_stream_never_sees_a_number_before_a_smaller_one(db: Database, other: Database) -> None:
    policy = a_policy(db).id
    numbered, may_commit = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        append(tx, policy)
        numbered.set()
        may_commit.wait(10)

    def second(tx: Tx) -> None:
        append(tx, policy)

    def reads() -> list[int]:
        numbered.wait(10)
        thread = threading.Thread(target=lambda: other.write_blocking(second))
        thread.start()
        thread.join(0.2)
        seen = [event.seq for event in asyncio.run(other.read(list_events))]
        may_commit.set()
        thread.join(10)
        return seen

    _, seen = together(lambda: db.write_blocking(slow), reads)

    assert seen == []
    assert [event.seq for event in db.write_blocking(list_events)] == [1, 2]


def test_what_is_held_can_be_withdrawn_and_is_gone_from_the_stream(db: Database) -> None:
    policy = a_policy(db).id
    record = an_action_record()

    def decide(tx: Tx) -> int:
        action = create_action(tx, policy_id=policy, flag_id=None, key="k", record=record, at=NOW, actor="a")
        append_events(tx, [an_event(policy, action)], at=NOW, hold=HOLD)
        return action

    action = db.write_blocking(decide)
    at_the_end = NOW + HOLD
    before = at_the_end - timedelta(microseconds=1)

    assert db.write_blocking(lambda tx: held_events(tx, at=at_the_end, action_id=action)) == []
    db.write_blocking(lambda tx: withdraw(tx, held_events(tx, at=before, action_id=action), at=before))
    assert db.write_blocking(list_events) == []
    assert db.write_blocking(last_seq) == 1


def test_an_action_is_its_latest_revision(db: Database) -> None:
    policy = a_policy(db).id
    first, second = an_action_record("First"), an_action_record("Second")

    def decide(tx: Tx) -> int:
        action = create_action(tx, policy_id=policy, flag_id=None, key="k", record=first, at=NOW, actor="a")
        revise_action(tx, action, seq=2, state=ActionState.CORRECTED, record=second, at=NOW, actor="b")
        return action

    action = db.write_blocking(decide)

    stored = db.write_blocking(lambda tx: get_action(tx, action))
    assert (stored.record, stored.state, stored.seq) == (second, "corrected", 2)
    with pytest.raises(Conflict, match=f"action {action}"):
        db.write_blocking(
            lambda tx: create_action(tx, policy_id=policy, flag_id=None, key="k", record=first, at=NOW, actor="a")
        )
