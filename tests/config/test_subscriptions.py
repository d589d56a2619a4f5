"""What subscriptions.yaml may say."""

from __future__ import annotations

import base64
from datetime import time

import pytest

from monitor.config.subscriptions import load_subscriptions
from monitor.config.vocabulary import packaged_vocabulary
from monitor.errors import ConfigError
from monitor.model.event import EventType
from monitor.model.subscription import Criteria, EndpointKind, Every, Schedule, Subscription

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdefghijklmn").decode()

CONTRACT = """\
version: 1
subscribers:
  - id: civil-rights-desk                # unique, stable
    name: Civil Rights Desk
    email: desk@example.org
    topics: [Interior, Detention]
    agencies: [ICE, CBP]
    policies: [1777]
    every: day
    at: "07:00"
    timezone: America/New_York
  - id: vpm
    name: VPM newsroom
    webhook: https://newsroom.example/hooks/policy
    contact: dev@newsroom.example
    secret: env:VPM_WEBHOOK_SECRET
    events: [action.recorded, action.corrected, action.retracted, policy.status_changed]
    topics: all
    every: immediate
"""


def read(text: str) -> tuple[Subscription, ...]:
    return load_subscriptions(text, "subscriptions.yaml", packaged_vocabulary())


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


def one(lines: str, **given: str | None) -> str:
    """A file with one subscriber on line 3: working keys, overridden by ``given`` (None leaves one out), then lines."""
    keys = {"id": "a", "email": "a@example.org", "topics": "all", "every": "day"} | given
    entry = [f"{key}: {value}" for key, value in keys.items() if value is not None] + lines.splitlines()
    return "version: 1\nsubscribers:\n  - " + "\n    ".join(entry) + "\n"


def hook(lines: str, **given: str | None) -> str:
    return one(lines, email=None, webhook="https://newsroom.example/hook", **given)


def test_the_contracts_example_is_read() -> None:
    desk, newsroom = read(CONTRACT)

    assert desk == Subscription(
        id="civil-rights-desk",
        name="Civil Rights Desk",
        endpoint=EndpointKind.EMAIL,
        address="desk@example.org",
        criteria=Criteria(topics=("Interior", "Detention"), agencies=("ICE", "CBP"), policies=("1777",)),
        schedule=Schedule(Every.DAY, at=time(7, 0), timezone="America/New_York"),
        line=3,
    )
    assert newsroom == Subscription(
        id="vpm",
        name="VPM newsroom",
        endpoint=EndpointKind.WEBHOOK,
        address="https://newsroom.example/hooks/policy",
        criteria=Criteria(
            all_topics=True,
            events=(
                EventType.ACTION_RECORDED,
                EventType.ACTION_CORRECTED,
                EventType.ACTION_RETRACTED,
                EventType.POLICY_STATUS_CHANGED,
            ),
        ),
        schedule=Schedule(Every.IMMEDIATE),
        contact="dev@newsroom.example",
        secrets=("env:VPM_WEBHOOK_SECRET",),
        line=12,
    )


@pytest.mark.parametrize("text", ["version: 1\nsubscribers: []", "version: 1\nsubscribers:\n"])
def test_there_may_be_no_subscribers(text: str) -> None:
    assert read(text) == ()


def test_an_id_an_address_something_asked_for_and_a_period_are_enough() -> None:
    (subscription,) = read(one(""))

    assert subscription == Subscription(
        id="a",
        name="a",
        endpoint=EndpointKind.EMAIL,
        address="a@example.org",
        criteria=Criteria(all_topics=True),
        schedule=Schedule(Every.DAY, time(7, 0), timezone="UTC"),
        line=3,
    )


def test_one_address_may_have_several_subscriptions() -> None:
    text = one("") + "  - {id: b, email: A@example.org, topics: [Border], every: week}\n"

    assert [subscription.id for subscription in read(text)] == ["a", "b"]


def test_an_id_is_used_once() -> None:
    (problem,) = problems_of(one("") + "  - {id: a, email: b@example.org, topics: all, every: day}\n")

    assert problem == "subscriptions.yaml:7: the id 'a' is taken in line 3: ids are unique and never reused"


@pytest.mark.parametrize(
    ("lines", "schedule"),
    [
        ("every: immediate", Schedule(Every.IMMEDIATE)),
        ("every: hour\ntimezone: Asia/Kolkata", Schedule(Every.HOUR, timezone="Asia/Kolkata")),
        ("every: day\nat: 18:30", Schedule(Every.DAY, time(18, 30))),
        ("every: day\nat: '7:05'", Schedule(Every.DAY, time(7, 5))),
        ("every: week\non: monday", Schedule(Every.WEEK, weekday=0)),
        ("every: week\non: Sunday\nat: '00:00'", Schedule(Every.WEEK, time(0, 0), weekday=6)),
        ("every: week", Schedule(Every.WEEK)),
        ("every: month\non: 28\nat: '23:59'", Schedule(Every.MONTH, time(23, 59), monthday=28)),
        ("every: month", Schedule(Every.MONTH)),
        ("every: day\ntimezone: UTC", Schedule(Every.DAY)),
    ],
)
def test_a_schedule_is_read(lines: str, schedule: Schedule) -> None:
    assert read(one(lines, every=None))[0].schedule == schedule


@pytest.mark.parametrize(
    ("lines", "criteria"),
    [
        ("topics: all", Criteria(all_topics=True)),
        ("topics: ALL", Criteria(all_topics=True)),
        ("topics: Interior", Criteria(topics=("Interior",))),
        ("topics: [interior, Interior, BORDER]", Criteria(topics=("Interior", "Border"))),
        ("topics: ['Asylum, Withholding and CAT']", Criteria(topics=("Asylum, Withholding and CAT",))),
        ("topics:\n  - 'Non-Immigrant Visas: Student'", Criteria(topics=("Non-Immigrant Visas: Student",))),
        ("agencies: [Border Patrol, CBP, state police]", Criteria(agencies=("CBP", "State & Local Entities"))),
        ("policies: 1777", Criteria(policies=("1777",))),
        ("policies: ['1777', 1777, https://example.org/p/]", Criteria(policies=("1777", "https://example.org/p/"))),
        ("topics: [Border]\nagencies: [ICE]\nmatch: all", Criteria(("Border",), agencies=("ICE",), match_all=True)),
        ("topics: [Border]\nmatch: any", Criteria(("Border",))),
        ("topics: [Border]\nevents: policy.created", Criteria(("Border",), events=(EventType.POLICY_CREATED,))),
    ],
)
def test_criteria_are_read_in_the_trackers_names(lines: str, criteria: Criteria) -> None:
    assert read(one(lines, topics=None))[0].criteria == criteria


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("topics: [Intrior]", "unknown topic 'Intrior': did you mean 'Interior'?"),
        (
            "topics: [Asylum, Withholding and CAT]",
            "did you mean 'Asylum, Withholding and CAT' (it has to stand in quotes)?",
        ),
        ("topics: [Non-Immigrant Visas: Student]", "not a block of keys (quote text that holds ': ')"),
        ("topics: [all]", "'all' stands alone, not in a list: write 'topics: all'"),
        ("topics: []", "'topics' is an empty list: name something or remove the line"),
        ("topics: 5", ":6: 'topics' has to be text, not the number 5"),
        ("agencies: [ICEE]", "unknown agency 'ICEE': did you mean 'ICE'?"),
        ("agencies: [Custom and Border Protection]", "did you mean 'Customs and Border Protection'?"),
        ("policies: [abc]", "'abc' is not a policy"),
        ("policies: [true]", "'True' is not a policy"),
        ("topics:", "the subscriber asks for nothing: give 'topics' (or 'topics: all'), 'agencies' or 'policies'"),
        ("topics: all\nmatch: both", "unknown value of 'match' 'both': use any or all"),
        ("topics: all\nevents: [action.record]", "unknown event 'action.record': did you mean 'action.recorded'?"),
        ("topics: all\nevents: [flag.raised]", "unknown event 'flag.raised': use action.recorded, "),
    ],
)
def test_wrong_criteria_are_told_with_a_suggestion(lines: str, expected: str) -> None:
    assert any(expected in problem for problem in problems_of(one(lines, topics=None)))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", "subscriptions.yaml:3: the subscriber has no 'every': immediate, hour, day, week or month"),
        ("every: daily", "unknown value of 'every' 'daily': did you mean 'day'?"),
        ("every: dya", "unknown value of 'every' 'dya'"),
        ("every: 1h", "unknown value of 'every' '1h': use immediate, hour, day, week or month"),
        ("every: day\nat: 25:00", "'25:00' is not a time of day: write it as \"07:00\", in quotes, 00:00 to 23:59"),
        ("every: day\nat: 7", "'7' is not a time of day"),
        ("every: day\nat: 07:00:00", "'07:00:00' is not a time of day"),
        ("every: day\nat: 7 pm", "'7 pm' is not a time of day"),
        ("every: hour\nat: '07:00'", "'at' has no meaning with 'every: hour': remove it"),
        ("every: immediate\nat: '07:00'", "'at' has no meaning with 'every: immediate': remove it"),
        ("every: day\non: monday", "'on' has no meaning with 'every: day': remove it, or use week or month"),
        ("every: week\non: mondy", "unknown weekday 'mondy': did you mean 'monday'?"),
        ("every: week\non: 1", "unknown weekday '1': use monday, tuesday, "),
        ("every: month\non: monday", "'monday' is not a day that every month has: write a number from 1 to 28"),
        ("every: month\non: 29", "'29' is not a day that every month has"),
        ("every: month\non: 0", "'0' is not a day that every month has"),
        ("every: month\non: true", "'True' is not a day that every month has"),
        ("every: day\ntimezone: New York", "unknown time zone 'New York': did you mean 'America/New_York'?"),
        ("every: day\ntimezone: America/NewYork", "did you mean 'America/New_York'?"),
        ("every: day\ntimezone: america/new_york", "did you mean 'America/New_York'?"),
        ("every: day\ntimezone: Eastern", "did you mean 'US/Eastern'?"),
        ("every: day\ntimezone: ../../etc/passwd", "unknown time zone '../../etc/passwd'"),
        ("every: day\ntimezone: +05:00", "unknown time zone '+05:00'"),
        ("every: day\ntimezone: 5", "unknown time zone '5'"),
        ("every: day\ntimezone: localtime", "unknown time zone 'localtime'"),
    ],
)
def test_a_wrong_schedule_is_told_with_a_suggestion(lines: str, expected: str) -> None:
    (problem,) = problems_of(one(lines, every=None))

    assert expected in problem


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("emial: a@example.org", "unknown key 'emial': did you mean 'email'?"),
        ("", "subscriptions.yaml:3: the subscriber needs an email address or a webhook"),
        ("email: a@example.org\nwebhook: https://example.org/", "has both 'email' and 'webhook'"),
        ("notify: env:SLACK_URL", "'notify' is not available in this version: use 'email' or 'webhook'"),
        ("email: a b@example.org", "is not one plain mail address"),
        ("email: a@example.org, b@example.org", "is not one plain mail address"),
        ("email: [a@example.org]", "a mail address has to be text"),
        ("email: a@example.org\nsecret: env:X", "subscriptions.yaml:7: 'secret' belongs to a webhook: remove it"),
        ("email: a@example.org\ncontact: b@example.org", "'contact' belongs to a webhook: remove it"),
        ("webhook: ftp://example.org/", "is not a web address"),
        ("webhook: https://u:p@example.org/", "holds a user name or password"),
        ("webhook: https://example.org/#x", "may not hold '#'"),
        ("webhook: https://example.org/\ncontact: nobody", "'nobody' is not a mail address"),
    ],
)
def test_a_wrong_endpoint_is_told(lines: str, expected: str) -> None:
    problems = problems_of(one(lines, email=None))

    assert any(expected in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("secret", "secrets"),
    [
        ("env:VPM_SECRET", ("env:VPM_SECRET",)),
        ("file:state/vpm.secret", ("file:state/vpm.secret",)),
        (SECRET, (SECRET,)),
        (f"[env:NEW, {SECRET}]", ("env:NEW", SECRET)),
    ],
)
def test_a_secret_is_a_reference_or_a_value_or_a_list_of_them(secret: str, secrets: tuple[str, ...]) -> None:
    assert read(hook(f"secret: {secret}"))[0].secrets == secrets


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("'env:'", "'env:' has to be followed by the name of an environment variable"),
        ("env:A B", "'env:' has to be followed by the name"),
        ("env:$A", "'env:' has to be followed by the name"),
        ("'file:'", "'file:' has to be followed by the path of a file"),
        ("hunter2hunter2hunter2hunter2", "a secret is 'whsec_' and base64, or a reference: env:NAME or file:PATH"),
        ("whsec_hunter2!", "the secret is not base64 after 'whsec_'"),
        ("whsec_", "the secret holds 0 bytes: 24 to 64 are allowed"),
        ("whsec_aHVudGVyMg==", "the secret holds 7 bytes: 24 to 64 are allowed"),
        ("''", "'secret' is empty"),
        ("[env:A, env:B, env:C, env:D, env:E, env:F]", "more than 5 secrets"),
    ],
)
def test_a_wrong_secret_is_told_without_being_shown(secret: str, expected: str) -> None:
    (problem,) = problems_of(hook(f"secret: {secret}"))

    assert expected in problem
    assert "hunter2" not in problem
    assert "aHVudGVyMg" not in problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "subscriptions.yaml: the file is empty: it begins with 'version: 1'"),
        ("version: 1", "'subscribers' is missing: write 'subscribers: []' where there are none"),
        ("version: 1\nsubscriber: []\nsubscribers: []", "unknown key 'subscriber': did you mean 'subscribers'?"),
        ("version: 1\nsubscribers:\n  desk: {}", "'subscribers' has to be a list, not a block of keys"),
        ("version: 1\nsubscribers:\n  - desk", "subscriptions.yaml:3: a subscriber has to be a block of 'key: value'"),
        ("version: 1\nsubscribers:\n  - {}", "subscriptions.yaml:3: the subscriber has no 'id'"),
        ("version: 1\nsubscribers:\n  - a: *x", "subscriptions.yaml:3: the alias '*x' is not allowed"),
    ],
)
def test_a_file_of_the_wrong_shape_is_told(text: str, expected: str) -> None:
    assert any(expected in problem for problem in problems_of(text))


def test_a_file_that_is_wrong_throughout_is_told_its_first_hundred_problems() -> None:
    entries = "".join(f"  - {{id: s{n}, email: x, topics: all, every: day, timezone: Mars}}\n" for n in range(300))

    problems = problems_of("version: 1\nsubscribers:\n" + entries)

    assert len(problems) == 100
    assert problems[-1].startswith("subscriptions.yaml:52:")


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = one("at: noon\ntimezone: Mars\nnmae: x", topics="[Intrior]", id="A") + "  - {id: b}\n"

    lines = [int(problem.split(":")[1]) for problem in problems_of(text)]

    assert lines == [3, 5, 7, 8, 9, 10, 10, 10]
