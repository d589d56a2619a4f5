"""The MIME message: safe headers, whole markers, the same bytes (THREATS finding 4, E1, E3, U1, Y3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.message import (
    HEADERS,
    Mail,
    Template,
    assemble,
    mailbox,
    marker,
    message,
    message_id,
    nonce_of,
    unsubscribe_token,
    verify_unsubscribe,
)
from monitor.errors import Unrenderable

DATE = datetime(2025, 10, 9, 11, 0, tzinfo=UTC)
KEY = b"k" * 32
UNSUBSCRIBE = "https://policies.example.org/u/" + unsubscribe_token(KEY, "civil-rights-desk") + "?list=day&v=1"
MANAGE = "https://policies.example.org/manage/abc=="
NONCE = nonce_of("a digest")
INJECTION = "=?utf-8?q?x=0D=0ABcc:_evil@e.example?="


def mail(subject: str = "2 new actions", text: str = "Hello.\n", html: str = "<p>Hello.</p>\n") -> Mail:
    return Mail(subject, text, html, NONCE)


def built(
    of: Mail, sender: str = "Policy Monitor <monitor@example.org>", list_name: str = "Tracker, daily"
) -> Template:
    return message(of, sender=sender, list_name=list_name, list_id="day.policies.example.org")


def values(template: Template, to: str = "desk@example.org") -> dict[str, str]:
    return template.substitutions(
        to=to,
        message_id=message_id("dlv_1", "example.org"),
        date=DATE,
        unsubscribe_url=UNSUBSCRIBE,
        manage_url=MANAGE,
    )


def wire(of: Mail, to: str = "desk@example.org") -> bytes:
    template = built(of)
    return assemble(template.body, values(template, to))


def parsed(raw: bytes) -> EmailMessage:
    read = message_from_bytes(raw, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def parts(raw: bytes) -> tuple[str, str]:
    """The two bodies as any reader decodes them, with line ends of one character."""
    text, html = (part.get_payload(decode=True) for part in message_from_bytes(raw).walk() if not part.is_multipart())
    assert isinstance(text, bytes)
    assert isinstance(html, bytes)
    return text.decode().replace("\r\n", "\n"), html.decode().replace("\r\n", "\n")


def raw_headers(raw: bytes) -> list[bytes]:
    head = raw.partition(b"\r\n\r\n")[0]
    return [line for line in head.split(b"\r\n") if not line.startswith(b" ")]


def test_the_headers_are_those_of_a_list_mail_in_a_fixed_order() -> None:
    read = parsed(wire(mail()))
    assert tuple(read.keys()) == HEADERS
    assert read["From"] == "Policy Monitor <monitor@example.org>"
    assert read["To"] == "desk@example.org"
    assert read["Subject"] == "2 new actions"
    assert read["Date"] == "Thu, 09 Oct 2025 11:00:00 +0000"
    assert read["Message-ID"] == "<dlv_1@example.org>"
    assert read["List-Id"] == '"Tracker, daily" <day.policies.example.org>'
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["X-Auto-Response-Suppress"] == "All"
    assert read.get_content_type() == "multipart/alternative"


def test_list_unsubscribe_is_one_line_as_it_is_however_long() -> None:
    assert f"List-Unsubscribe: <{UNSUBSCRIBE}>".encode() in raw_headers(wire(mail()))
    assert len(UNSUBSCRIBE) > 78


def test_both_parts_read_back_as_they_were_written() -> None:
    text = "Größe – 規則\n\n" + "a=b " * 60 + "trailing  \n.\nFrom here\n" + "x" * 3000 + "\n"
    assert parts(wire(mail(text=text, html="<p>„Zitat“</p>"))) == (text, "<p>„Zitat“</p>")


def test_markers_carry_each_recipients_links_into_both_parts() -> None:
    text = f"Change: {marker('manage_text', NONCE)}\nStop: {marker('unsubscribe_text', NONCE)}"
    html = f'<a href="{marker("unsubscribe_html", NONCE)}">Stop</a> or <a href="{marker("manage_html", NONCE)}">x</a>'
    got_text, got_html = parts(wire(mail(text=text, html=html)))
    assert got_text == f"Change: {MANAGE}\nStop: {UNSUBSCRIBE}"
    assert got_html == f'<a href="{escape(UNSUBSCRIBE)}">Stop</a> or <a href="{escape(MANAGE)}">x</a>'


@given(before=st.text(max_size=90), between=st.text(max_size=90), url=st.text("abc=&%~_-", min_size=1, max_size=300))
def test_links_survive_quoted_printable_wherever_they_stand(before: str, between: str, url: str) -> None:
    words = [re.sub(r"[^\n\x20-\x7e\xa1-\u1fff]", "ß", part) for part in (before, between)]
    text = marker("manage_text", NONCE).join([words[0], words[1], ""])
    template = built(mail(text=text))
    link = f"https://policies.example.org/{url}"
    put = template.substitutions(
        to="a@b.example", message_id="<a@b>", date=DATE, unsubscribe_url=UNSUBSCRIBE, manage_url=link
    )
    raw = assemble(template.body, put)
    body = raw.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert parts(raw)[0] == link.join([words[0], words[1], ""])


def test_equal_mails_give_equal_bytes_for_everybody() -> None:
    assert built(mail()).body == built(mail()).body
    assert wire(mail()) == wire(mail())


def test_recipients_differ_only_where_the_markers_stand() -> None:
    one, other = wire(mail(), "a@one.example"), wire(mail(), "b@two.example")
    differing = [pair for pair in zip(one.split(b"\r\n"), other.split(b"\r\n"), strict=True) if pair[0] != pair[1]]
    assert differing == [(b"To: a@one.example", b"To: b@two.example")]


def test_a_value_that_looks_like_a_marker_is_not_looked_into() -> None:
    assert assemble(b"~a~ ~b~", {"~a~": "~b~", "~b~": "end"}) == b"~b~ end"


def test_a_body_without_substitutions_is_sent_as_it_is() -> None:
    assert assemble(b'{"type":"digest"}', {}) == b'{"type":"digest"}'


@pytest.mark.parametrize(
    "hostile",
    [
        INJECTION,
        "x\r\nBcc: evil@e.example",
        "x\nBcc: evil@e.example\n\nbody",
        "x\u2028Bcc: evil@e.example",
        "=?utf-8?b?eA0KQmNjOiBldmlsQGUuZXhhbXBsZQ==?=",
        "規則 " + INJECTION,
        "==??utf-8?q?=0A?=",
        "\u202eevil\x00\x1b[31m",
        '"><script>alert(1)</script>',
        "a" * 5000,
        "規" * 2000,
        ":;,<>@()[]\\\"'",
        "",
    ],
)
def test_hostile_text_becomes_no_header(hostile: str) -> None:
    template = built(mail(subject=hostile), list_name=hostile)
    raw = assemble(template.body, values(template, mailbox(hostile, "desk@example.org")))
    names = [line.partition(b":")[0].decode() for line in raw_headers(raw)]
    assert tuple(names) == HEADERS
    assert parsed(raw)["Bcc"] is None
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert parsed(raw)["To"].addresses[0].addr_spec == "desk@example.org"


@given(subject=st.text(max_size=200), name=st.text(max_size=100), list_name=st.text(max_size=100))
def test_no_text_whatever_adds_a_header_or_breaks_a_line(subject: str, name: str, list_name: str) -> None:
    template = built(mail(subject=subject), list_name=list_name)
    raw = assemble(template.body, values(template, mailbox(name, "desk@example.org")))
    assert tuple(message_from_bytes(raw).keys()) == HEADERS
    assert all(len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in raw.split(b"\r\n"))
    assert raw.isascii()


def test_a_long_subject_in_another_script_reads_back_whole() -> None:
    subject = "Größe und 規則: " + "Überwachung " * 8
    raw = wire(mail(subject=subject))
    assert parsed(raw)["Subject"] == subject.strip()
    assert all(len(line) <= 78 for line in raw.partition(b"Date:")[0].split(b"\r\n"))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("", "desk@example.org"),
        ("Civil Rights Desk", "Civil Rights Desk <desk@example.org>"),
        ('Desk, "the" one', '"Desk, \\"the\\" one" <desk@example.org>'),
        ("a\\b.", '"a\\\\b." <desk@example.org>'),
        ("Büro", "=?utf-8?b?QsO8cm8=?= <desk@example.org>"),
    ],
)
def test_a_name_is_quoted_or_encoded_as_it_needs(name: str, written: str) -> None:
    assert mailbox(name, "desk@example.org") == written


def test_a_long_name_in_another_script_is_folded_and_reads_back() -> None:
    name = "Büro für Überwachung " * 3
    to = message_from_bytes(wire(mail(), mailbox(name, "desk@example.org")))["To"]
    assert str(make_header(decode_header(to))) == f"{name.strip()} <desk@example.org>"
    assert all(len(line) <= 76 for line in to.split("\n"))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "desk",
        "desk@",
        "@example.org",
        "a b@example.org",
        "a@example.org\r\nBcc: x@e.example",
        "a@example.org,b@example.org",
        "<a@example.org>",
        "a@exämple.org",
        "a@example.org.",
        "a@" + "x" * 300,
        "a\x00@example.org",
    ],
)
def test_an_address_that_is_not_plain_is_refused(address: str) -> None:
    with pytest.raises(Unrenderable, match="address"):
        mailbox("Desk", address)


@pytest.mark.parametrize(
    "changed",
    [
        {"to": "a@b.example\r\nBcc: x@e.example"},
        {"to": "a@b.example\nBcc: x@e.example"},
        {"to": "größe@b.example"},
        {"message_id": "<a@b>\r\nX: y"},
        {"unsubscribe_url": "https://policies.example.org/u/a b"},
        {"unsubscribe_url": "https://policies.example.org/u/>\r\nX: y"},
        {"unsubscribe_url": "javascript:alert(1)"},
        {"manage_url": "https://policies.example.org/" + "x" * 1000},
        {"manage_url": 'https://policies.example.org/"onclick'},
    ],
)
def test_a_recipients_value_that_would_break_out_is_refused(changed: dict[str, str]) -> None:
    good = {"to": "a@b.example", "message_id": "<a@b>", "unsubscribe_url": UNSUBSCRIBE, "manage_url": MANAGE}
    with pytest.raises(Unrenderable):
        built(mail()).substitutions(date=DATE, **(good | changed))


def test_text_that_can_not_be_sent_unharmed_is_refused() -> None:
    with pytest.raises(Unrenderable, match="broken"):
        built(mail(text="a\rb\n"))


@pytest.mark.parametrize("list_id", ["", "day policies", "day\r\n.example", "<day>"])
def test_a_list_id_is_a_dotted_name(list_id: str) -> None:
    with pytest.raises(Unrenderable, match="List-Id"):
        message(mail(), sender="monitor@example.org", list_name="x", list_id=list_id)


def test_a_text_can_not_contain_the_nonce_of_what_contains_it() -> None:
    first = nonce_of("digest")
    assert nonce_of(f"digest {first}") != first
    assert re.fullmatch(r"[0-9a-f]{32}", first)


def test_a_message_id_is_made_of_the_delivery_alone() -> None:
    assert message_id("dlv_1", "example.org") == "<dlv_1@example.org>"


@pytest.mark.parametrize(("delivery", "domain"), [("a b", "example.org"), ("a", "ex ample"), ("a>", "b"), ("", "b")])
def test_a_message_id_of_anything_else_is_refused(delivery: str, domain: str) -> None:
    with pytest.raises(Unrenderable):
        message_id(delivery, domain)


@pytest.mark.parametrize("subscription", ["civil-rights-desk", "a", "büro-1"])
def test_a_token_names_its_subscription_and_fits_into_an_address(subscription: str) -> None:
    token = unsubscribe_token(KEY, subscription)
    assert verify_unsubscribe(KEY, token) == subscription
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token)


def test_a_token_carries_at_least_128_bits() -> None:
    assert len(unsubscribe_token(KEY, "a").partition(".")[2]) * 6 >= 128


def test_a_forged_cut_foreign_or_outdated_token_speaks_for_nobody() -> None:
    token = unsubscribe_token(KEY, "vpm")
    name, _, seal = token.partition(".")
    other = unsubscribe_token(KEY, "desk")
    forged = [
        "",
        ".",
        name,
        f"{name}.",
        token[:-1],
        token + "A",
        f"{other.partition('.')[0]}.{seal}",
        "größe.x",
        "%%%.x",
    ]
    assert [verify_unsubscribe(KEY, each) for each in forged] == [None] * len(forged)
    assert verify_unsubscribe(b"l" * 32, token) is None
    assert verify_unsubscribe(KEY, token, version=2) is None
    assert verify_unsubscribe(KEY, unsubscribe_token(KEY, "vpm", version=2), version=2) == "vpm"
