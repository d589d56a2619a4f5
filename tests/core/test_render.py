"""A digest's words: subject, text and HTML, and templates that operators wrote (THREATS E2, T1, Y3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest

from monitor.core.digest import fold, page_change
from monitor.core.message import Mail, assemble, message, message_id
from monitor.core.render import (
    HTML_LIMIT,
    HTML_TEMPLATE,
    SUBJECT_LIMIT,
    TEXT_TEMPLATE,
    TEXT_WIDTH,
    DigestView,
    Renderer,
    host,
    period_label,
    subject,
    why,
    wrap,
)
from monitor.errors import Unrenderable
from monitor.model.change import Part, PartKind
from monitor.model.event import Event, EventType
from monitor.model.subscription import Criteria
from tests.core.event_samples import START, TEMPLATES, event

RECORDED, CORRECTED, RETRACTED = EventType.ACTION_RECORDED, EventType.ACTION_CORRECTED, EventType.ACTION_RETRACTED
CREATED, STATUS = EventType.POLICY_CREATED, EventType.POLICY_STATUS_CHANGED
PACKAGED = Renderer(TEMPLATES)
TAGS = frozenset(
    "html head meta title style body div table tr td p h1 h2 h3 a b br del ins".split()  # noqa: SIM905 - reads as a list
)


def view(*events: Event, **changed: Any) -> DigestView:
    whole = DigestView(
        tracker="A Tracker",
        why="You receive this because you follow the topic Interior.",
        period="day:2025-10-09",
        day=date(2025, 10, 9),
        lines=fold(events),
        base_url="https://policies.example.org",
    )
    return replace(whole, **changed)


def recorded(number: int, **options: Any) -> Event:
    return event(number, RECORDED, action=number, **options)


EVERYTHING = (
    recorded(1, title="2025.10.09 Reported: It ends - The Outlet"),
    event(2, CORRECTED, action=2, title="2025.08.25 A statement", changes={"date": ["2025-08-26", "2025-08-25"]}),
    event(3, RETRACTED, action=3, title="2025.07.01 A mistake", reason="The outlet withdrew it."),
    event(4, STATUS, changes={"current_status": ["In effect", "Enjoined"]}),
    event(5, CREATED, policy=12, policy_title="Another policy"),
)


class Links(HTMLParser):
    """What a mail program sees: every tag, every attribute, every link with its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.links: list[tuple[str, str]] = []
        self._href: str | None = None
        self._words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "a":
            self._href, self._words = dict(attrs)["href"], ""

    def handle_data(self, data: str) -> None:
        self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.links.append((str(self._href), self._words))


def delivered(mail: Mail) -> Mail:
    """The mail with one recipient's links in it, as they come out of the message."""
    template = message(mail, sender="monitor@example.org", list_name="A Tracker", list_id="day.policies.example.org")
    values = template.substitutions(
        to="desk@example.org",
        message_id=message_id("dlv_1", "example.org"),
        date=START,
        unsubscribe_url="https://policies.example.org/u/token",
        manage_url="https://policies.example.org/manage/token",
    )
    text, html = (assemble(part.encode(), values).decode() for part in (mail.text, mail.html))
    assert template.nonce.encode() not in assemble(template.body, values)
    return replace(mail, text=text, html=html)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([recorded(1, title="2025.10.09 It ends")], "2025.10.09 It ends"),
        ([event(1, CORRECTED, action=1, title="2025.10.09 A", changes={"date": ["", "b"]})], "Corrected: 2025.10.09 A"),
        ([event(1, RETRACTED, action=1)], "Retracted: 2025.10.09 Agency ends the programme"),
        ([event(1, CREATED)], "New policy: Camera searches (9 Oct 2025)"),
        ([event(1, STATUS, changes={"current_status": ["a", "b"]})], "Status changed: Camera searches (9 Oct 2025)"),
        ([recorded(1), recorded(2)], "2 new actions on Camera searches (9 Oct 2025)"),
        ([recorded(1), recorded(2, policy=2, policy_title="B")], "2 new actions on B and 1 more policy (9 Oct 2025)"),
        (
            [recorded(1), recorded(2, policy=2, policy_title="B"), recorded(3, policy=3, policy_title="D")],
            "3 new actions on B and 2 more policies (9 Oct 2025)",
        ),
        (
            [recorded(1), event(2, CORRECTED, action=2, changes={"title": ["a", "b"]})],
            "1 new action, 1 correction on Camera searches (9 Oct 2025)",
        ),
        (EVERYTHING, "5 updates on Another policy and 1 more policy (9 Oct 2025)"),
    ],
)  # fmt: skip
def test_the_subject_carries_counts_names_and_the_date(events: list[Event], expected: str) -> None:
    assert subject(view(*events)) == expected


@pytest.mark.parametrize("count", [1, 2, 30])
def test_the_subject_is_never_longer_than_120_characters(count: int) -> None:
    events = [
        recorded(number, policy=number, policy_title="Long " * 60, title="2025.10.09 " + "Long " * 60)
        for number in range(1, count + 1)
    ]
    assert len(subject(view(*events))) <= SUBJECT_LIMIT


@pytest.mark.parametrize(
    ("period", "label"),
    [
        ("hour:2025-10-09T07Z", "Hour to 07:00 UTC, 9 October 2025"),
        ("day:2025-10-09", "Day to 9 October 2025"),
        ("week:2025-10-09", "Week to 9 October 2025"),
        ("month:2025-10", "Month to 9 October 2025"),
        ("event:evt_1", "9 October 2025"),
    ],
)
def test_a_period_is_named_in_words(period: str, label: str) -> None:
    assert period_label(period, date(2025, 10, 9)) == label


@pytest.mark.parametrize(
    ("criteria", "follows"),
    [
        (Criteria(all_topics=True), "everything that is recorded here"),
        (Criteria(topics=("Interior",)), "the topic Interior"),
        (
            Criteria(topics=("Interior", "Detention"), agencies=("ICE", "CBP", "DOJ"), policies=("1777",)),
            "the topics Interior or Detention, the agencies ICE, CBP or DOJ and the policy 1777",
        ),
        (
            Criteria(topics=("Interior",), agencies=("ICE", "CBP"), match_all=True),
            "what concerns the topic Interior and also the agencies ICE or CBP",
        ),
        (Criteria(all_topics=True, agencies=("ICE",), match_all=True), "what concerns the agency ICE"),
    ],
)
def test_a_subscriber_is_told_why_the_mail_came(criteria: Criteria, follows: str) -> None:
    assert why(criteria) == f"You receive this because you follow {follows}."


def test_both_parts_tell_every_line_with_its_words() -> None:
    mail = delivered(PACKAGED.mail(view(*EVERYTHING)))
    for part in (" ".join(mail.text.split()), mail.html):
        assert "2025.10.09 Reported: It ends - The Outlet" in part
        assert "The agency ends the programme." in part
        assert "Corrected" in part
        assert part.index("2025-08-26") < part.index("2025-08-25")
        assert "Retracted" in part
        assert "The outlet withdrew it." in part
        assert "Enjoined" in part
        assert "Newly tracked policy" in part
        assert "You receive this because you follow the topic Interior." in part
        assert "https://news.example/story" in part
        assert "https://policies.example.org/u/token" in part
        assert "https://policies.example.org/manage/token" in part


def test_the_same_view_gives_the_same_mail() -> None:
    assert PACKAGED.mail(view(*EVERYTHING)) == Renderer(TEMPLATES).mail(view(*EVERYTHING))


def test_another_view_has_another_nonce() -> None:
    assert PACKAGED.mail(view(recorded(1))).nonce != PACKAGED.mail(view(recorded(2))).nonce


def test_nothing_is_made_of_an_empty_digest() -> None:
    with pytest.raises(Unrenderable, match="empty"):
        PACKAGED.mail(view())


def test_text_lines_are_wrapped_but_addresses_are_whole() -> None:
    url = "https://news.example/" + "a-b" * 60
    text = PACKAGED.mail(view(recorded(1, summary="Several words in a row. " * 30, document_url=url))).text
    assert f"Document: {url}\n" in text
    assert max(len(line) for line in text.split("\n") if "http" not in line and "~" not in line) <= TEXT_WIDTH


def test_wrapping_keeps_paragraphs_and_indents() -> None:
    assert wrap("one two\n\nthree", 2) == "  one two\n  three"
    assert wrap("", 2) == ""


HOSTILE = '<img src="https://evil.example/p.gif" onerror=alert(1)><script>x</script>"\'&\u202e\x00'


def test_hostile_text_stays_text_in_html() -> None:
    events = [
        recorded(1, title=HOSTILE, summary=HOSTILE, policy_title=HOSTILE, status=HOSTILE, voice="press"),
        event(2, CORRECTED, action=2, title=HOSTILE, changes={HOSTILE: [HOSTILE, "x"]}),
        event(3, RETRACTED, action=3, title=HOSTILE, reason=HOSTILE),
        event(4, STATUS, policy_title=HOSTILE, changes={"current_status": [HOSTILE, "x"]}),
    ]
    hostile_view = view(*events, tracker=HOSTILE, why=HOSTILE)
    seen = Links(delivered(PACKAGED.mail(hostile_view)).html)
    assert {tag for tag, _ in seen.tags} <= TAGS
    assert not [name for _, attributes in seen.tags for name in attributes if name.startswith("on") or name == "src"]
    assert "\u202e" not in PACKAGED.mail(hostile_view).html


def test_every_links_words_name_the_host_it_leads_to() -> None:
    seen = Links(delivered(PACKAGED.mail(view(*EVERYTHING))).html)
    assert len(seen.links) >= 5
    for href, words in seen.links:
        assert words.endswith(f"({urlsplit(href).hostname})")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/",
        "https://",
        "https://[",
        "ftp://a.example/",
        "x y",
        "",
    ],
)
def test_an_address_that_is_not_on_the_web_is_no_link(url: str) -> None:
    mail = PACKAGED.mail(view(recorded(1, document_url=url)))
    assert "View document" not in mail.html
    assert "Document:" not in mail.text


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.404media.co/x", "www.404media.co"),
        ("http://127.0.0.1:8000/policies", "127.0.0.1:8000"),
        ("https://good.example@evil.example/", "evil.example"),
        ("https://a.example:bad/", ""),
    ],
)
def test_a_host_is_where_an_address_really_leads(url: str, name: str) -> None:
    assert host(url) == name


def test_the_html_is_accessible_and_loads_nothing() -> None:
    html = PACKAGED.mail(view(*EVERYTHING)).html
    seen = Links(html)
    assert '<html lang="en">' in html
    assert [
        attributes for tag, attributes in seen.tags if tag == "table" and attributes.get("role") != "presentation"
    ] == []
    assert "default-src 'none'" in html
    assert 'name="color-scheme" content="light dark"' in html
    assert html.index("display:none") < html.index("<h1")
    assert not re.search(r"url\(|@import|<link|\bbackground", html)
    assert [tag for tag, _ in seen.tags if tag in ("h1", "h2")] == ["h1", "h2", "h2"]


def test_a_large_digest_stays_below_what_mail_programs_clip() -> None:
    events = [recorded(number, summary="A long summary of it. " * 40) for number in range(1, 101)]
    mail = PACKAGED.mail(view(*events))
    assert len(mail.html.encode()) <= HTML_LIMIT
    assert "Unsubscribe" in mail.html
    assert mail.subject.startswith("100 new actions")
    assert mail.html.count("2025.10.09 Agency ends") >= 100  # summaries went first


def test_a_digest_of_far_too_many_lines_says_how_many_are_left_out() -> None:
    mail = PACKAGED.mail(view(*[recorded(number) for number in range(1, 601)]))
    shown = mail.text.count("2025.10.09 Agency ends")
    assert len(mail.html.encode()) <= HTML_LIMIT
    assert f"and {600 - shown} more" in mail.text
    assert f"and {600 - shown} more" in mail.html
    assert mail.subject.startswith("600 new actions")


def overridden(**sources: str) -> Mapping[str, str]:
    names = {"text": TEXT_TEMPLATE, "html": HTML_TEMPLATE}
    return TEMPLATES | {names[key]: source for key, source in sources.items()}


def test_an_operators_template_replaces_the_packaged_one() -> None:
    own = Renderer(
        overridden(text="{{ tracker|upper }}: {% for policy, lines in groups %}{{ policy.title }}{% endfor %}")
    )
    assert own.mail(view(recorded(1))).text == "A TRACKER: Camera searches"
    assert own.mail(view(recorded(1))).html == PACKAGED.mail(view(recorded(1))).html


def test_an_operators_html_is_escaped_as_well() -> None:
    own = Renderer(overridden(html="{{ tracker }}"))
    assert own.mail(view(recorded(1), tracker="<b>&</b>")).html == "&lt;b&gt;&amp;&lt;/b&gt;"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ tracker.nothing }}", "no attribute 'nothing'"),
        ("{% for x in groups %}", "digest.txt.j2:1"),
        ("line\n{{ 1 + }}", "digest.txt.j2:2"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe"),
        ("{{ tracker.__class__ }}", "unsafe"),
        ("{{ self.__init__.__globals__ }}", "unsafe"),
        ("{{ cycler.__init__.__globals__.os }}", "unsafe"),
        ("{{ tracker.upper() }}", "not safely callable"),
        ("{{ '%s'.format(1) }}", "not safely callable"),
        ("{{ groups.append(1) }}", "no attribute 'append'"),
        ("{% for x in range(1000000000) %}x{% endfor %}", "'range' is undefined"),
        ("{{ 'x' * 1000000000 }}", "for numbers"),
        ("{{ 9 ** 9 ** 9 }}", "for numbers"),
        ("{{ tracker % 1 }}", "for numbers"),
        ("{{ tracker|safe }}", "No filter named 'safe'"),
        ("{{ tracker|attr('__class__') }}", "No filter named 'attr'"),
        ("{% include 'email/none.j2' %}", "email/none.j2"),
        ("{% include '../../../etc/passwd' %}", "passwd"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
        ("{{ 1 // 0 }}", "ZeroDivisionError"),
        ("{{ " + "(" * 500 + "1" + ")" * 500 + " }}", "digest.txt.j2"),
        ("{% set x = 'xxxxxxxxxx' %}" + "{% for a in x %}" * 6 + "{{ x }}" + "{% endfor %}" * 6, "more than"),
    ],
)  # fmt: skip
def test_a_template_that_must_not_run_is_refused_and_named(source: str, says: str) -> None:
    with pytest.raises(Unrenderable) as refused:
        Renderer(overridden(text=source)).mail(view(recorded(1)))
    assert str(refused.value).startswith("templates/")
    assert says in str(refused.value)


def test_numbers_may_be_multiplied_and_loops_may_cycle() -> None:
    source = "{{ 3 * 4 }}{% for x in [1, 2, 3] %}{{ loop.cycle('a', 'b') }}{% endfor %}"
    assert Renderer(overridden(text=source)).mail(view(recorded(1))).text == "12aba"


def test_redlines_give_way_before_actions_are_left_out() -> None:
    part = Part(PartKind.CHANGED, f"It is proposed. {'word ' * 90}", f"It is final. {'other ' * 90}")
    change = page_change("1 paragraph changed", [part] * 5)
    events = [recorded(number, title=f"2025.10.09 Action {number}") for number in range(1, 61)]
    few, many = (fold(events[:count], dict.fromkeys(range(1, 61), change)) for count in (3, 60))

    short, long = (PACKAGED.mail(view(lines=lines)) for lines in (few, many))

    assert short.html.count("and 2 more") == 3
    assert "* Changed: It is [-proposed" in short.text
    assert "What changed on the page" not in long.html
    assert long.html.count("<h3") == 60
    assert len(long.html.encode()) <= HTML_LIMIT
