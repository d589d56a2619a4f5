"""Every table, in the order of the rooms. Append-only: snapshot, revision, change, decision, policy_revision, action,
action_revision, event (but for its withdrawal), criteria, digest, digest_item, attempt (its outcome is written once).
Mutable: the scheduling columns of source, host and article, the state of flag, endpoint, delivery; policy's current
record; sessions. A unique constraint says "only once"; the constraint's comment says what.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from monitor.store import page_schema as page_schema  # its tables belong to the metadata
from monitor.store import proposal_schema as proposal_schema  # its table belongs to the metadata
from monitor.store import rematch_schema as rematch_schema  # its table belongs to the metadata
from monitor.store.archive_tables import blob as blob
from monitor.store.archive_tables import chain_head as chain_head
from monitor.store.habit_columns import habit_columns
from monitor.store.types import Id as Id
from monitor.store.types import Instant, json_type
from monitor.store.types import metadata as metadata
from monitor.store.web_tables import login_link as login_link
from monitor.store.web_tables import session as session

# --- 1 SCHEDULE, 2 FETCH ---------------------------------------------------------------------------------------------

host = Table(
    "host",
    metadata,
    Column("key", Text, primary_key=True),  # host:port
    Column("next_at", Instant, nullable=False),  # no poll starts here sooner; its row lock guards the count of claims
)

source = Table(
    "source",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),  # host:port of url, or of moved_url: the key of the host row
    Column("config", json_type(), nullable=False),  # the entry of sources.yaml, defaults filled in
    Column("retired_at", Instant),  # left sources.yaml; its history stays
    Column("paused_at", Instant),
    Column("next_poll_at", Instant, nullable=False),
    Column("claim", Text),
    Column("lease_until", Instant),
    Column("etag", Text),  # both validators verbatim, saved only with the entries
    Column("last_modified", Text),
    Column("body_sha256", Text),  # of the last document read whole
    Column("full_at", Instant),  # last unconditional fetch: one a day, since servers lie (POLLING 4)
    Column("seeded_at", Instant),  # first successful poll: silent
    Column("polled_at", Instant),
    Column("changed_at", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("poll_error", Text),  # null when the last poll succeeded
    Column("poll_detail", Text),
    Column("succeeded_at", Instant),  # the last poll that was answered
    Column("items", Integer),  # in the last document that was read
    Column("items_most", Integer),  # before the documents shrank to half or less; null while they are as usual
    Column("shrunk_at", Instant),  # when they did
    Column("truncated_at", Instant),  # since when the documents hold more items than are kept
    Column("notes", json_type(none_as_null=True)),  # of the reader, on the last document read whole
    *habit_columns(),
    Index("ix_source_due", "next_poll_at"),
    Index("ix_source_host", "host"),
)

last_document = Table(  # beside the source's row, which each poll rewrites
    "last_document",
    metadata,
    Column("source_id", Text, ForeignKey("source.id"), primary_key=True),
    Column("entries", json_type(), nullable=False),  # hash of an entry's bytes -> short hash of its identity
)

policy_page = Table(  # the pages that a tracker's list names: asked for in turn, the longest unasked first
    "policy_page",
    metadata,
    Column("source_id", Text, ForeignKey("source.id"), primary_key=True),
    Column("url", Text, primary_key=True),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("sha256", Text),
    Column("asked_at", Instant, nullable=False),
    Column("full_at", Instant),  # null: never read; its first reading is silent
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Text, ForeignKey("source.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("url", Text, nullable=False),  # where it was found, after redirects
    Column("status", Integer, nullable=False),
    Column("sha256", Text, nullable=False, index=True),  # its bytes: blob (archive_tables.py)
    Column("size", Integer, nullable=False),
    Column("headers", json_type(), nullable=False),
    Column("place", Integer),  # in its source's chain; null: older than the archive
    Column("chain", Text),
    Column("pruned_at", Instant),  # when retention gave its bytes up
    Index("ix_snapshot_place", "source_id", "place", unique=True),  # a chain never forks
)

# --- 3 READ, 4 DIFF --------------------------------------------------------------------------------------------------

entry = Table(
    "entry",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Text, ForeignKey("source.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("canonical_url", Text),
    Column("first_seen", Instant, nullable=False),
    UniqueConstraint("source_id", "key"),  # an item is an entry once
    Index("ix_entry_link", "source_id", "canonical_url"),
)

entry_key = Table(  # further keys of an entry whose source changed its guid (POLLING 7)
    "entry_key",
    metadata,
    Column("source_id", Text, ForeignKey("source.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("entry_id", Id, ForeignKey("entry.id"), nullable=False, index=True),
)

revision = Table(
    "revision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("entry_id", Id, ForeignKey("entry.id"), nullable=False),
    Column("seq", Integer, nullable=False),  # 1 is the entry as first seen
    Column("snapshot_id", Id, ForeignKey("snapshot.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("url", Text),
    Column("published", Instant),
    Column("published_raw", Text),
    Column("publisher", Text),
    Column("original", Text),  # title and text with the characters spelled out that were taken out; null: none were
    Column("fingerprint", Text, nullable=False),
    Column("stated", json_type(none_as_null=True)),  # of another tracker's action: its date, kind, document and policy
    UniqueConstraint("entry_id", "seq"),
)

change = Table(
    "change",
    metadata,
    Column("seq", Id, primary_key=True),
    Column("source_id", Text, ForeignKey("source.id"), nullable=False),
    Column("revision_id", Id, ForeignKey("revision.id"), nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("summary", Text, nullable=False),
    Column("parts", json_type(), nullable=False),
    Index("ix_change_source", "source_id", "seq"),
)

article = Table(  # the page behind an entry's link
    "article",
    metadata,
    Column("id", Id, primary_key=True),
    Column("entry_id", Id, ForeignKey("entry.id"), nullable=False, unique=True),  # an entry's article is read once
    Column("url", Text, nullable=False),
    Column("canonical_url", Text, nullable=False, index=True),  # an address is fetched once, whoever links to it
    Column("host", Text, nullable=False),  # host:port of url: the key of the host row
    Column("state", Text, nullable=False),
    Column("due_at", Instant),  # null when nothing more is to be done
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("claim", Text),
    Column("lease_until", Instant),
    Column("settled_at", Instant),
    Column("found_url", Text),  # where it was found, after redirects
    Column("blob_sha256", Text, ForeignKey("blob.sha256"), index=True),
    Column("title", Text),
    Column("text", Text),
    Column("error", Text),
    Column("detail", Text),
    Index("ix_article_due", "state", "due_at"),
)

# --- 5 MATCH ---------------------------------------------------------------------------------------------------------

policy = Table(
    "policy",
    metadata,
    Column("id", Id, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("tracker_id", Integer, unique=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("announced", Date),
    Column("record", json_type(), nullable=False),  # every field but the actions
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

policy_revision = Table(
    "policy_revision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("policy_id", Id, ForeignKey("policy.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("record", json_type(), nullable=False),
    UniqueConstraint("policy_id", "seq"),
)

story = Table(
    "story",
    metadata,
    Column("id", Id, primary_key=True),
    Column("founded_at", Instant, nullable=False),
    Column("normal_title", Text, nullable=False),
    Column("canonical_url", Text),
    Index("ix_story_title", "normal_title"),
    Index("ix_story_link", "canonical_url"),
)

story_revision = Table(
    "story_revision",
    metadata,
    Column("revision_id", Id, ForeignKey("revision.id"), primary_key=True),  # a revision is told in one story
    Column("story_id", Id, ForeignKey("story.id"), nullable=False, index=True),
)

flag = Table(
    "flag",
    metadata,
    Column("id", Id, primary_key=True),
    Column("policy_id", Id, ForeignKey("policy.id"), nullable=False),
    Column("story_id", Id, ForeignKey("story.id"), nullable=False, index=True),
    Column("revision_id", Id, ForeignKey("revision.id"), nullable=False),  # the words that the editor is shown
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),  # rises with each decision and each reopening
    Column("score", Float, nullable=False),
    Column("reasons", json_type(), nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("snoozed_until", Instant),
    UniqueConstraint("policy_id", "story_id"),  # a story is put before the editor once for a policy
    Index("ix_flag_queue", "state", "score"),
)

# --- 6 TRIAGE --------------------------------------------------------------------------------------------------------

decision = Table(
    "decision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("flag_id", Id, ForeignKey("flag.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text),
    Column("note", Text),
    UniqueConstraint("flag_id", "version"),  # a version of a flag is decided once
)

action = Table(
    "action",
    metadata,
    Column("id", Id, primary_key=True),
    Column("policy_id", Id, ForeignKey("policy.id"), nullable=False),
    Column("flag_id", Id, ForeignKey("flag.id")),  # null: imported, or added by hand
    Column("key", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("flag_id", "policy_id"),  # an accepted flag is one action of a policy
    UniqueConstraint("policy_id", "key"),  # an import twice is an action once
)

action_revision = Table(
    "action_revision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("action_id", Id, ForeignKey("action.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("state", Text, nullable=False),  # recorded | corrected | retracted | withdrawn
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text),
    Column("record", json_type(), nullable=False),
    UniqueConstraint("action_id", "seq"),
)

counter = Table(  # one row a stream; its lock is held until commit, so seq order is commit order
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("available_at", Instant, nullable=False),  # MONITOR_HOLD later: until then an undo withdraws it
    Column("withdrawn_at", Instant),
    Column("policy_id", Id, ForeignKey("policy.id"), nullable=False),
    Column("action_id", Id, ForeignKey("action.id"), index=True),
    Column("decision_id", Id, ForeignKey("decision.id"), index=True),  # null: not decided on a flag
    Column("policy_keys", json_type(), nullable=False),
    Column("topics", json_type(), nullable=False),
    Column("agencies", json_type(), nullable=False),
    Column("data", json_type(), nullable=False),
    CheckConstraint("seq > 0", name="counted"),
)

# --- 7 DIGEST --------------------------------------------------------------------------------------------------------

subscription = Table(
    "subscription",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("schedule", json_type(), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),  # left subscriptions.yaml; what it was sent stays
    Column("unsubscribed_at", Instant),  # the subscriber's own word: subscriptions.yaml does not bring it back
    Column("considered", Text),  # the last period that T4 looked at, so that an empty one is not looked at again
)

criteria = Table(
    "criteria",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscription_id", Text, ForeignKey("subscription.id"), nullable=False, index=True),
    Column("valid_from", Instant, nullable=False),
    Column("valid_from_seq", BigInteger, nullable=False),  # in force for events with a greater seq
    Column("wanted", json_type(none_as_null=True)),  # null: nothing (the subscription had ended)
)

endpoint = Table(
    "endpoint",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscription_id", Text, ForeignKey("subscription.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("contact", Text),
    Column("state", Text, nullable=False),
    Column("current", Boolean, nullable=False),  # the one that subscriptions.yaml names now
    Column("failing_since", Instant),
    Column("disabled_reason", Text),
    UniqueConstraint("subscription_id", "kind", "address"),
)

content = Table(
    "content",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
)

digest = Table(
    "digest",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subscription_id", Text, ForeignKey("subscription.id"), nullable=False),
    Column("period", Text, nullable=False),
    Column("composed_at", Instant, nullable=False),
    Column("subject", Text, nullable=False),
    UniqueConstraint("subscription_id", "period"),  # a period is told once
)

digest_item = Table(
    "digest_item",
    metadata,
    Column("subscription_id", Text, ForeignKey("subscription.id"), primary_key=True),
    Column("event_seq", BigInteger, ForeignKey("event.seq"), primary_key=True),  # an event is told a subscription once
    Column("digest_id", Text, ForeignKey("digest.id"), nullable=False, index=True),
    Index("ix_digest_item_event", "event_seq"),
)

# --- 8 DELIVER -------------------------------------------------------------------------------------------------------

delivery = Table(
    "delivery",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest_id", Text, ForeignKey("digest.id"), nullable=False),
    Column("endpoint_id", Id, ForeignKey("endpoint.id"), nullable=False),
    Column("content_sha256", Text, ForeignKey("content.sha256"), nullable=False),
    Column("substitutions", json_type(), nullable=False),
    Column("sha256", Text, nullable=False),  # of the bytes on the wire
    Column("message_id", Text, nullable=False),  # webhook-id, or Message-ID
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("next_attempt_at", Instant),  # null when nothing more is to be done
    Column("claim", Text),
    Column("lease_until", Instant),
    Column("detail", Text),
    UniqueConstraint("digest_id", "endpoint_id"),  # a digest goes to an endpoint once
    Index("ix_delivery_due", "state", "next_attempt_at"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", Text, ForeignKey("delivery.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("outcome", Text),  # null while the wire is in use, and for ever after a crash there
    Column("detail", Text),
    UniqueConstraint("delivery_id", "n"),
)
