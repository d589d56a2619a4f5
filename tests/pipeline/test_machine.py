"""Any order of polls, decisions, crashes and deliveries keeps the invariants I1-I8, I11 and I13 of THREATS §5."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from monitor.model.delivery import Deferred, InDoubt, Outcome, Refused, Sent
from monitor.model.event import EventType
from monitor.model.flag import FlagState
from monitor.model.subscription import Every
from monitor.pipeline import actions, triage
from monitor.pipeline.maintain import maintain
from monitor.store import schema as s
from monitor.store.actions import ActionState
from monitor.store.database import Database, Tx
from monitor.store.deliveries import list_deliveries
from monitor.store.flags import StoredFlag, list_flags
from monitor.store.policies import StoredAction, list_actions
from tests.emptied import emptied
from tests.pipeline.newsroom import (
    FEED,
    POLICY,
    Killed,
    Relay,
    Story,
    a_feed,
    a_hook,
    a_newsroom,
    a_reader,
    feed,
    parsed,
)

T = TypeVar("T")
WIRE = "https://wire.example/feed.xml"
FOLLOW_UPS = (EventType.ACTION_CORRECTED, EventType.ACTION_RETRACTED)
GRAPH = {
    ("pending", "sending"),
    ("deferred", "sending"),
    *(("sending", state) for state in ("sent", "deferred", "failed", "in_doubt")),
    *((state, "held") for state in ("pending", "deferred")),
}
DIES = ["mail.got_250", "hook.got_2xx", "mail.data_committed", "mail.rcpt_ok", "hook.sent_request"]


def at_rest(db: Database) -> None:
    """Wait for writes under way: a thread outlives a death that is only played, and a process's death ends it too."""
    pool = db._write_pool
    together = Barrier(pool._max_workers)
    for meeting in [pool.submit(together.wait) for _ in range(pool._max_workers)]:
        meeting.result()


class Life(RuleBasedStateMachine):
    """A newsroom whose days are made up by Hypothesis; the peers keep the books that it is checked against."""

    def __init__(self, db: Database, folder: Path) -> None:
        super().__init__()
        db.write_blocking(emptied)
        self.runner = asyncio.Runner()
        self.relay = Relay()
        self.room = a_newsroom(db, folder).with_mail(self.relay)
        self.feeds: dict[str, dict[str, Story]] = {FEED: {}, WIRE: {}}
        self.seen: set[tuple[str, str]] = set()
        self.states: dict[str, tuple[str, int]] = {}
        self.posts_when_sent: dict[str, int] = {}
        self.open: list[StoredFlag] = []
        self.decided: list[StoredFlag] = []
        self.standing: list[StoredAction] = []
        self.deliveries: list[dict[str, Any]] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def rows(self, table: Any) -> list[dict[str, Any]]:
        def work(tx: Tx) -> list[dict[str, Any]]:
            return [dict(row) for row in tx.execute(select(table).order_by(*table.primary_key)).mappings()]

        return self.run(self.room.ctx.db.read(work))

    def teardown(self) -> None:
        try:
            self.quiet()
        finally:
            self.runner.close()

    # --- what happens ------------------------------------------------------------------------------------------------

    @initialize()
    def opens(self) -> None:
        self.run(self.room.track(POLICY))
        self.run(self.room.watch(a_feed(policies=("1777",)), a_feed("wire", WIRE, policies=("1777",))))
        self.run(self.room.subscribe(a_hook(), a_reader(), a_reader("daily", every=Every.DAY)))
        self.polls()
        for n in (0, 1):
            self.publishes(FEED, n, 0)
        self.polls()
        self.look()
        self.accepts(0, None)

    @rule(url=st.sampled_from([FEED, WIRE]), n=st.integers(0, 4), edition=st.integers(0, 2))
    def publishes(self, url: str, n: int, edition: int) -> None:
        title = f"Story number {n} about the plate reader network"
        words = " ".join(f"edition{edition}word{k}" for k in range(25))
        link = f"https://{url.split('/')[2]}/{n}"
        self.feeds[url][str(n)] = Story(title, words, guid=str(n), link=link, published=self.room.clock())

    @rule()
    def polls(self) -> None:
        for url, stories in self.feeds.items():
            self.room.web.serve(url, feed(*stories.values()))
        self.room.clock.advance(hours=2)
        report = self.run(self.room.poll())
        assert (report.polled, report.failed) == (2, 0)
        self.seen |= {(url, guid) for url, stories in self.feeds.items() for guid in stories}

    @rule(seconds=st.sampled_from([1, 60, 119, 120, 3600, 86400]))
    def waits(self, seconds: int) -> None:
        self.room.clock.advance(seconds=seconds)

    @rule()
    def tells(self) -> None:
        self.run(self.room.tell())

    @precondition(lambda self: self.open)
    @rule(pick=st.integers(0, 9), title=st.sampled_from([None, "An editor's title"]))
    def accepts(self, pick: int, title: str | None) -> None:
        flag = self.open[pick % len(self.open)]
        own = None if title is None else f"{title} {flag.story_id}"
        self.run(triage.accept(self.room.ctx, flag.id, actor="anna", edits=triage.Edits(title=own)))

    @precondition(lambda self: self.open)
    @rule(pick=st.integers(0, 9))
    def rejects(self, pick: int) -> None:
        self.run(triage.reject(self.room.ctx, self.open[pick % len(self.open)].id, actor="ben"))

    @precondition(lambda self: self.decided)
    @rule(pick=st.integers(0, 9))
    def undoes(self, pick: int) -> None:
        self.run(triage.undo(self.room.ctx, self.decided[pick % len(self.decided)].id, actor="anna"))

    @precondition(lambda self: self.standing)
    @rule(pick=st.integers(0, 9), summary=st.sampled_from(["Corrected once.", "Corrected twice."]))
    def corrects(self, pick: int, summary: str) -> None:
        action = self.standing[pick % len(self.standing)]
        self.run(actions.correct(self.room.ctx, action.id, actor="ben", summary=summary))

    @precondition(lambda self: self.standing)
    @rule(pick=st.integers(0, 9))
    def retracts(self, pick: int) -> None:
        action = self.standing[pick % len(self.standing)]
        self.run(actions.retract(self.room.ctx, action.id, actor="ben", reason="a hoax"))

    @rule()
    def composes(self) -> None:
        self.run(self.room.compose())

    @rule(
        dot=st.sampled_from([Sent("250"), Deferred("451"), Refused("550"), InDoubt("EOF")]),
        answer=st.sampled_from([Sent("204"), Deferred("503"), InDoubt("timeout")]),
    )
    def delivers(self, dot: Outcome, answer: Outcome) -> None:
        self.relay.at_dot, self.room.receiver.outcomes = [dot], [answer]
        self.run(self.room.deliver(3))

    @rule(crashpoint=st.sampled_from(DIES), late=st.booleans())
    def dies_while_delivering(self, crashpoint: str, late: bool) -> None:
        self.room.clock.advance(minutes=2)
        self.run(self.room.compose())
        self.room.dies_at.append(crashpoint)
        with suppress(Killed, BaseExceptionGroup):
            self.run(self.room.deliver())
        self.room.dies_at.clear()
        at_rest(self.room.ctx.db)
        if late:
            self.room.clock.advance(minutes=21)
        self.run(maintain(self.room.ctx, sole_worker=not late))

    # --- what always holds -------------------------------------------------------------------------------------------

    def look(self) -> None:
        def work(tx: Tx) -> None:
            flags = list_flags(tx, now=self.room.clock())
            self.open = [flag for flag in flags if flag.state is FlagState.OPEN]
            self.decided = [flag for flag in flags if flag.state is not FlagState.OPEN]
            self.standing = list_actions(tx)
            self.deliveries = list_deliveries(tx)

        self.run(self.room.ctx.db.read(work))

    @invariant()
    def always(self) -> None:
        self.look()
        self.i1_every_item_is_one_entry()
        self.i3_each_version_of_a_flag_is_decided_once_by_somebody()
        self.events_are_numbered_without_gaps()
        self.i6_i7_a_mail_is_accepted_once_and_known_to_be()
        self.i8_a_webhook_that_was_taken_is_not_sent_again()
        self.i11_states_move_along_the_graph_and_attempts_only_rise()

    def i1_every_item_is_one_entry(self) -> None:
        entries = [(entry["source_id"], entry["key"]) for entry in self.rows(s.entry)]
        names = {FEED: "news", WIRE: "wire"}
        assert sorted(entries) == sorted((names[url], guid) for url, guid in self.seen)

    def i3_each_version_of_a_flag_is_decided_once_by_somebody(self) -> None:
        rows = self.rows(s.decision)
        assert len(rows) == len({(row["flag_id"], row["version"]) for row in rows})
        assert all(row["actor"] and row["at"] for row in rows)

    def events_are_numbered_without_gaps(self) -> None:
        seqs = [row["seq"] for row in self.rows(s.event)]
        assert seqs == list(range(1, len(seqs) + 1))

    def i6_i7_a_mail_is_accepted_once_and_known_to_be(self) -> None:
        accepted = Counter(str(parsed(content)["Message-ID"]) for content in self.relay.accepted)
        assert set(accepted.values()) <= {1}
        for delivery in self.deliveries:
            if delivery["kind"] == "email":
                taken = delivery["message_id"] in accepted
                assert not taken or delivery["state"] in ("sent", "in_doubt")
                assert delivery["state"] != "sent" or taken

    def i8_a_webhook_that_was_taken_is_not_sent_again(self) -> None:
        posts = Counter(post.id for post in self.room.receiver.posts)
        for delivery in self.deliveries:
            if delivery["kind"] == "webhook" and delivery["state"] == "sent":
                number = self.posts_when_sent.setdefault(delivery["id"], posts[delivery["message_id"]])
                assert posts[delivery["message_id"]] == number > 0

    def i11_states_move_along_the_graph_and_attempts_only_rise(self) -> None:
        for delivery in self.deliveries:
            state, attempts = delivery["state"], delivery["attempts"]
            before, former = self.states.get(delivery["id"], ("pending", 0))
            steps = (
                {(before, state)}
                if before == "sending" or state == "sending"
                else {(before, "sending"), ("sending", state)}
            )
            assert before == state or steps <= GRAPH or (before, state) in GRAPH, (before, state)
            assert attempts >= former
            assert state != "sending" or delivery["lease_until"] >= self.room.clock()
            self.states[delivery["id"]] = state, attempts

    # --- and in the end ----------------------------------------------------------------------------------------------

    def quiet(self) -> None:
        """The peers are well again, and all is done (I13)."""
        self.relay.at_dot, self.room.receiver.outcomes = [], []
        for _ in range(3):
            self.room.clock.advance(hours=30)  # the longest wait between two attempts is 24 hours and a fifth
            self.run(maintain(self.room.ctx))
            while self.run(self.room.compose()).digests or self.run(self.room.deliver()).taken:
                pass
        assert set(self.run(self.room.states())) <= {"sent", "failed", "in_doubt"}
        self.i2_a_flag_for_each_story()
        self.i4_one_action_for_each_standing_acceptance()
        self.i5_everybody_was_told_once()
        self.what_the_receiver_knows_is_the_timeline()

    def i2_a_flag_for_each_story(self) -> None:
        flags = Counter(flag["story_id"] for flag in self.rows(s.flag))
        assert set(flags.values()) <= {1}
        assert set(flags) == {row["story_id"] for row in self.rows(s.story_revision)}

    def i4_one_action_for_each_standing_acceptance(self) -> None:
        of_flag = Counter(action["flag_id"] for action in self.rows(s.action))
        assert set(of_flag.values()) <= {1}
        accepted = {flag.id for flag in self.run(self.room.flags(FlagState.ACCEPTED))}
        assert accepted <= set(of_flag)

    def i5_everybody_was_told_once(self) -> None:
        items = {(row["subscription_id"], row["event_seq"]) for row in self.rows(s.digest_item)}
        standing = [row for row in self.rows(s.event) if row["withdrawn_at"] is None]
        for subscription in ("hook", "desk", "daily"):
            told = {row["seq"] for row in standing if (subscription, row["seq"]) in items}
            recorded = {row["action_id"] for row in standing if row["type"] == "action.recorded"}
            assert all(row["action_id"] in recorded for row in standing)
            assert told == {row["seq"] for row in standing}
        assert len(items) == 3 * len(standing)

    def what_the_receiver_knows_is_the_timeline(self) -> None:
        last: dict[int, dict[str, Any]] = {}
        for event in self.rows(s.event):
            if event["withdrawn_at"] is None:
                last[event["action_id"]] = event
        for action in self.run(self.room.actions(standing=False)):
            if ActionState(action.state).stands:
                told = last[action.id]
                assert told["type"] != "action.retracted"
                assert told["data"]["action"]["title"] == action.record.title
                assert told["data"]["action"]["summary"] == action.record.summary
            else:
                assert action.id not in last or last[action.id]["type"] == "action.retracted"


def lived(db: Database, folder: Path, *, examples: int, steps: int, **more: Any) -> None:
    run_state_machine_as_test(
        lambda: Life(db, folder),  # type: ignore[arg-type]  # a factory is what it calls
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **more,
        ),
    )


@pytest.mark.timeout(300)  # it takes a few seconds, but for the search for the shortest failure
@pytest.mark.parametrize("shared_database", ["sqlite"], indirect=True)
def test_the_invariants_hold_whatever_happens(db: Database, tmp_path: Path) -> None:
    lived(db, tmp_path, examples=25, steps=15, derandomize=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("shared_database", ["postgresql"], indirect=True)
def test_the_invariants_hold_whatever_happens_for_long(db: Database, tmp_path: Path) -> None:
    lived(db, tmp_path, examples=100, steps=50, print_blob=True)
