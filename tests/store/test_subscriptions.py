"""``subscriptions.yaml`` in the database: criteria are versioned, and nothing that was is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from sqlalchemy import func, select

from monitor.errors import NotFound
from monitor.model.subscription import Criteria, EndpointKind, Every, Schedule, Subscription
from monitor.store import schema as s
from monitor.store.database import Database
from monitor.store.digests import current_endpoint
from monitor.store.events import append_events
from monitor.store.subscriptions import (
    criteria_history,
    get_subscription,
    list_subscribers,
    live_subscriptions,
    sync_subscriptions,
    unsubscribe,
)
from tests.store.rows import NOW, a_policy, together
from tests.store.test_events import an_event

INTERIOR, DETENTION = Criteria(topics=("Interior",)), Criteria(topics=("Detention",))
DESK = Subscription(
    "desk",
    "Desk",
    EndpointKind.EMAIL,
    "desk@example.org",
    INTERIOR,
    Schedule(Every.DAY, time(7), timezone="Asia/Tokyo"),
)
HOOK = replace(
    DESK, id="hook", endpoint=EndpointKind.WEBHOOK, address="https://hook.example/", contact="dev@hook.example"
)


def sync(db: Database, *these: Subscription, after: timedelta = timedelta()) -> int:
    return db.write_blocking(lambda tx: sync_subscriptions(tx, these, now=NOW + after))


def history(db: Database, id: str = "desk") -> list[tuple[int, Criteria | None]]:
    return db.write_blocking(lambda tx: criteria_history(tx, id))


def test_a_subscription_is_kept_as_the_file_says(db: Database) -> None:
    assert sync(db, DESK, HOOK) == 2

    desk, hook = db.write_blocking(live_subscriptions)
    assert (desk.id, desk.name, desk.schedule) == ("desk", "Desk", DESK.schedule)
    row = db.write_blocking(list_subscribers)[1]
    assert (hook.id, row["kind"], row["address"], row["contact"]) == (
        "hook",
        "webhook",
        "https://hook.example/",
        "dev@hook.example",
    )


def test_the_same_file_again_changes_nothing(db: Database) -> None:
    sync(db, DESK, HOOK)

    assert (sync(db, DESK, HOOK), sync(db, HOOK, DESK)) == (0, 0)
    assert len(history(db)) == 1


@pytest.mark.parametrize(
    "changed",
    [
        replace(DESK, name="The desk"),
        replace(DESK, schedule=Schedule(Every.WEEK)),
        replace(DESK, criteria=DETENTION),
        replace(DESK, address="new@example.org"),
        replace(DESK, contact="boss@example.org"),
    ],
)
def test_a_changed_line_of_the_file_changes_that_subscription_alone(db: Database, changed: Subscription) -> None:
    sync(db, DESK, HOOK)

    assert (sync(db, changed, HOOK), sync(db, changed, HOOK)) == (1, 0)


def test_criteria_hold_for_the_events_after_them(db: Database) -> None:
    sync(db, DESK)
    policy = a_policy(db).id
    db.write_blocking(lambda tx: append_events(tx, [an_event(policy)], at=NOW, hold=timedelta()))

    sync(db, replace(DESK, criteria=DETENTION))

    assert history(db) == [(0, INTERIOR), (1, DETENTION)]


def test_a_subscription_that_left_the_file_wants_nothing_until_it_returns(db: Database) -> None:
    sync(db, DESK)
    assert (sync(db), sync(db)) == (1, 0)
    with pytest.raises(NotFound, match="no subscriber 'desk'"):
        db.write_blocking(lambda tx: get_subscription(tx, "desk"))

    sync(db, DESK)

    assert history(db) == [(0, INTERIOR), (0, None), (0, INTERIOR)]
    assert db.write_blocking(lambda tx: get_subscription(tx, "desk")).name == "Desk"


def test_a_new_address_is_a_new_endpoint_and_an_old_one_is_taken_up_again(db: Database) -> None:
    def endpoint() -> tuple[int, str]:
        found = db.write_blocking(lambda tx: current_endpoint(tx, "desk"))
        assert found is not None
        return found.id, found.address

    sync(db, DESK)
    first = endpoint()
    sync(db, replace(DESK, address="new@example.org"))
    second = endpoint()
    sync(db, DESK)

    assert second[1] == "new@example.org"
    assert endpoint() == first
    assert db.write_blocking(lambda tx: tx.execute(select(func.count()).select_from(s.endpoint)).scalar_one()) == 2


def test_who_unsubscribed_is_not_brought_back_by_the_file(db: Database) -> None:
    sync(db, DESK)
    assert db.write_blocking(lambda tx: unsubscribe(tx, "desk", NOW)) is True
    assert db.write_blocking(lambda tx: unsubscribe(tx, "desk", NOW)) is False

    assert (sync(db, DESK), db.write_blocking(live_subscriptions)) == (0, [])
    assert history(db)[-1] == (0, None)
    with pytest.raises(NotFound):
        db.write_blocking(lambda tx: unsubscribe(tx, "nobody", NOW))


def test_two_workers_that_read_a_new_file_at_once_agree(db: Database, other: Database) -> None:
    changed = together(lambda: sync(db, DESK, HOOK), lambda: sync(other, DESK, HOOK))

    assert sorted(map(str, changed)) == ["0", "2"]
    assert (len(history(db)), len(db.write_blocking(list_subscribers))) == (1, 2)
