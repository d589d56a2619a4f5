"""``digest``, ``deliver``, ``deliveries``, ``subscribers``, ``webhooks`` and ``status``."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

from standardwebhooks.webhooks import Webhook

from tests.cli.conftest import SUBSCRIPTIONS, Monitor, Newsroom

WEEKLY = """  - id: weekly
    name: Weekly
    email: weekly@example.org
    topics: all
    every: week
    on: monday
    at: "07:00"
"""


def hook(room: Newsroom) -> str:
    return f"""  - id: hook
    name: A newsroom
    webhook: {room.url}/hook
    contact: dev@example.org
    topics: all
    every: immediate
"""


def record(monitor: Monitor, title: str = "2025.10.09 Court enjoins the searches") -> None:
    monitor("actions", "add", "--policy", "9001", "--date", "2025-10-09", "--title", title)


def outbox(monitor: Monitor) -> list[Path]:
    return sorted((monitor.folder / "state" / "outbox" / "new").iterdir())


def test_an_action_is_previewed_composed_and_sent_once(tracked: Monitor) -> None:
    record(tracked)
    preview = tracked("digest", "preview", "desk", "--json").json
    assert preview.keys() >= {"subscription", "subject", "text", "events"}
    assert "Court enjoins the searches" in preview["text"]
    assert "~unsubscribe" not in preview["text"]

    assert tracked("digest", "compose", "--json").json == {"digests": 1, "deliveries": 1}
    (pending,) = tracked("deliveries", "list", "--state", "pending", "--json").rows
    assert pending.keys() == {
        "id", "subscription", "endpoint", "kind", "state", "attempts", "next_attempt_at", "events",
    }  # fmt: skip
    assert (pending["subscription"], pending["endpoint"], pending["kind"]) == ("desk", "desk@example.org", "email")
    assert pending["events"] == preview["events"]

    sent = tracked("deliver", "--json").json
    assert sent.keys() == {"sent", "deferred", "failed", "in_doubt", "seconds"}
    assert sent["sent"] == 1
    assert tracked("digest", "compose", "--json").json == {"digests": 0, "deliveries": 0}
    assert tracked("deliver", "--json").json["sent"] == 0

    shown = tracked("deliveries", "show", pending["id"], "--json").json
    assert [each["outcome"] for each in shown["tries"]] == ["sent"]
    (file,) = outbox(tracked)
    assert message_from_bytes(file.read_bytes())["Message-ID"] == shown["message_id"]
    assert file.read_bytes().decode() == shown["message"]
    assert "Court enjoins the searches" in tracked("deliveries", "show", pending["id"]).stdout


def test_a_preview_since_a_day_shows_what_was_told_already(tracked: Monitor) -> None:
    record(tracked)
    tracked("digest", "compose")
    assert "Nothing" in tracked("digest", "preview", "desk").stdout
    today = datetime.now(UTC).date()
    since, until = today - timedelta(days=1), today + timedelta(days=1)
    assert len(tracked("digest", "preview", "desk", "--since", since, "--until", until, "--json").json["events"]) == 1
    assert tracked("digest", "preview", "desk", "--since", "2099-01-01", "--json").json["events"] == []
    assert "no subscriber 'nobody'" in tracked("digest", "preview", "nobody", code=1).stderr


def test_compose_as_of_a_later_moment_is_sent_now(tracked: Monitor) -> None:
    tracked.write("subscriptions.yaml", SUBSCRIPTIONS.replace("immediate", "day") + WEEKLY)
    record(tracked)
    tracked("digest", "compose")  # today's period, which the action is too late for
    later = (datetime.now(UTC) + timedelta(days=8)).isoformat()
    assert tracked("digest", "compose", "--now", later, "--json").json["deliveries"] == 2
    assert tracked("deliver", "--json").json["sent"] == 2
    assert len(outbox(tracked)) == 2


def test_deliver_sends_no_more_than_it_may(tracked: Monitor) -> None:
    for number in range(2):
        record(tracked, f"2025.10.09 Order {number}")
    tracked("digest", "compose")
    assert tracked("deliver", "--limit", 1, "--json").json["sent"] == 1
    assert "1 sent" in tracked("deliver").stdout


def test_a_webhook_is_signed_with_the_secret_that_is_printed(tracked: Monitor, newsroom: Newsroom) -> None:
    tracked.write("subscriptions.yaml", SUBSCRIPTIONS + hook(newsroom))
    secret = tracked("webhooks", "secret", "hook").stdout.strip()
    assert secret.startswith("whsec_")
    result = tracked("webhooks", "test", "hook", "--json").json
    assert (result["taken"], result["outcome"], result["endpoint"]) == (True, "sent", f"{newsroom.url}/hook")
    headers, body = newsroom.posts[0]
    assert Webhook(secret).verify(body, headers)["type"] == "webhook.test"


def test_an_endpoint_that_refuses_a_test_is_exit_1(tracked: Monitor, newsroom: Newsroom) -> None:
    tracked.write("subscriptions.yaml", SUBSCRIPTIONS + hook(newsroom))
    newsroom.answer = 503
    assert "not taken (deferred): 503" in tracked("webhooks", "test", "hook", code=1).stdout
    assert "is not told by webhook" in tracked("webhooks", "test", "desk", code=2).stderr
    assert "no subscriber 'nobody'" in tracked("webhooks", "secret", "nobody", code=1).stderr


def test_a_disabled_endpoint_is_enabled_and_its_deliveries_are_due(tracked: Monitor, newsroom: Newsroom) -> None:
    tracked.write("subscriptions.yaml", "version: 1\nsubscribers:\n" + hook(newsroom))
    record(tracked)
    newsroom.answer = 410
    tracked("digest", "compose")
    tracked("deliver")
    assert tracked("subscribers", "show", "hook", "--json").json["state"] == "disabled"
    record(tracked, "2025.10.10 Another order")
    tracked("digest", "compose")  # held
    row = tracked("webhooks", "list", "--json").json
    assert (row["id"], row["state"], row["held"], row["failed"], row["waiting"]) == ("hook", "disabled", 1, 1, 0)
    assert row["disabled_reason"].startswith("it asked not to be used again: 410")
    assert tracked("status", "--json").json["webhooks"] == [row]
    assert "disabled: hook: it asked not to be used again" in tracked("status").stdout

    newsroom.answer = 200
    assert tracked("webhooks", "enable", "hook", "--json").json == {"id": "hook", "state": "enabled", "due": 1}
    assert tracked("deliver", "--json").json["sent"] == 1
    body = json.loads(newsroom.posts[-1][1])
    assert body["data"]["action"]["title"] == "2025.10.10 Another order"


def test_a_webhook_that_fails_is_listed_with_since_when(tracked: Monitor, newsroom: Newsroom) -> None:
    tracked.write("subscriptions.yaml", "version: 1\nsubscribers:\n" + hook(newsroom))
    assert tracked("webhooks", "list", "--json").json["state"] == "enabled"
    record(tracked)
    newsroom.answer = 503
    tracked("digest", "compose")
    tracked("deliver")

    row = tracked("webhooks", "list", "--json").json
    assert (row["state"], row["waiting"], row["disabled_reason"]) == ("failing", 1, None)
    assert row["failing_since"] is not None
    assert "failing" in tracked("webhooks", "list").stdout
    assert "failing: hook: since 20" in tracked("status").stdout


def test_a_failed_delivery_is_told_with_what_to_do_and_resent(tracked: Monitor, newsroom: Newsroom) -> None:
    tracked.write("subscriptions.yaml", "version: 1\nsubscribers:\n" + hook(newsroom))
    record(tracked)
    newsroom.answer = 410
    tracked("digest", "compose")
    assert "`monitor status` says which" in tracked("deliver").stdout
    status = tracked("status", "--json").json
    assert [row["state"] for row in status["attention"]] == ["failed"]
    delivery = status["attention"][0]["id"]
    assert "deliveries resend ID" in tracked("status").stdout

    newsroom.answer = 200
    assert "`monitor webhooks enable hook`" in tracked("deliveries", "resend", delivery).stderr
    tracked("webhooks", "enable", "hook")
    tracked("deliver")
    first, second = newsroom.posts
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert first[1] == second[1]
    assert "is sent" in tracked("deliveries", "mark-delivered", delivery, code=1).stderr
    assert json.loads(tracked("deliveries", "show", delivery, "--json").json["message"])["type"] == "action.recorded"
    assert '"type": "action.recorded"' in tracked("deliveries", "show", delivery).stdout


def test_an_unknown_delivery_is_an_error(monitor: Monitor) -> None:
    assert "no delivery 'dlv_x'" in monitor("deliveries", "resend", "dlv_x", code=1).stderr


def test_subscribers_are_listed_with_what_they_want(tracked: Monitor) -> None:
    tracked.write("subscriptions.yaml", SUBSCRIPTIONS + WEEKLY)
    desk, weekly = tracked("subscribers", "list", "--json").rows
    assert (desk["id"], desk["topics"], desk["every"], desk["at"]) == ("desk", ["Interior"], "immediate", None)
    assert (weekly["topics"], weekly["on"], weekly["at"], weekly["timezone"]) == ("all", "monday", "07:00", "UTC")
    assert "everything" in tracked("subscribers", "list").stdout
    assert tracked("subscribers", "show", "weekly", "--json").json["next_due"].endswith("T07:00:00Z")
    assert "no subscriber 'x'" in tracked("subscribers", "show", "x", code=1).stderr


def test_the_status_counts_everything(flagged: Monitor) -> None:
    flagged("poll", "--all")  # the newsroom is gone
    found = flagged("status", "--json").json
    assert (found["policies"], found["actions"]) == (1, 1)
    assert (found["sources"]["failing"], found["flags"]["open"]) == (1, 1)
    assert [row["error"] for row in found["failing"]] == ["connect_error"]
    shown = flagged("status").stdout
    assert "1, with 1 subsequent action" in shown
    assert "outlet: connect_error" in shown
