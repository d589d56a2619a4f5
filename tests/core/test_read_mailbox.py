"""Mail to items: what a bulletin says, whose it is, and what hostile mail comes to."""

from __future__ import annotations

import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.entries import Known, decide, fingerprint
from monitor.core.read import read_document
from monitor.core.read.bundle import Message, pack, unpack
from monitor.core.read.mime import DEEPEST, take_apart
from monitor.model.source import Fetched, PollError, ReadFailed, Source, SourceKind
from tests.core.mails import BULLETIN, NOW, bundle, mail, one, read


def html(markup: str, *, plain: str = "", number: int = 1) -> bytes:
    """A bulletin in HTML, with a plain part beside it, as mail programs make it."""
    message = EmailMessage()
    message["From"], message["Subject"] = "USCIS <uscis@messages.dhs.gov>", "Policy alert"
    message["Date"], message["Message-ID"] = "Thu, 09 Oct 2025 10:00:00 +0000", f"<{number}@x>"
    message.set_content(plain or "See the HTML part.")
    message.add_alternative(markup, subtype="html")
    return message.as_bytes()


class TestBulletin:
    def test_an_item_is_made_of_the_fields_and_the_words(self) -> None:
        item = one(mail(7, body="First paragraph.\n\nSecond."))

        assert (item.key, item.title, item.publisher) == ("7@messages.dhs.gov", "Policy alert", "USCIS")
        assert item.text == "First paragraph.\nSecond."
        assert (item.url, item.published) == (None, datetime(2025, 10, 9, 10, tzinfo=UTC))
        assert item.published_raw == "Thu, 09 Oct 2025 10:00:00 +0000"

    def test_lines_that_a_mail_program_wrapped_are_joined(self) -> None:
        wrapped = "U.S. Citizenship and Immigration Services announced today that it\nwill end a program.\n* one\n* two"

        assert one(mail(body=wrapped)).text == wrapped.replace("it\nwill", "it will")

    def test_of_alternatives_the_html_is_read(self) -> None:
        assert one(html("<p>In <b>HTML</b>.</p><p>Two.</p>")).text == "In HTML.\nTwo."

    def test_html_without_words_leaves_the_plain_text(self) -> None:
        assert one(html("<img src=x>", plain="In plain text.")).text == "In plain text."

    def test_attachments_are_no_text(self) -> None:
        message = EmailMessage()
        message["Message-ID"], message["Subject"] = "<a@x>", "With a file"
        message.set_content("The words.")
        message.add_attachment("name,value\n" * 100, subtype="csv", filename="table.csv")
        message.add_attachment("attached text", filename="notes.txt")

        assert one(message.as_bytes()).text == "The words."

    def test_a_forwarded_message_is_read(self) -> None:
        inner = EmailMessage()
        inner.set_content("The bulletin itself.")
        outer = EmailMessage()
        outer.set_content("FYI")
        outer.add_attachment(inner)

        assert one(outer.as_bytes()).text == "FYI\nThe bulletin itself."

    @pytest.mark.parametrize(
        ("subject", "title"),
        [
            ("=?utf-8?q?Pol=C3=ADtica?= nueva", "Política nueva"),
            ("=?utf-8?b?w4k=?=\n =?utf-8?b?dMOp?=", "Été"),
            ("Política", "Política"),
            ("=?x-none?q?caf=E9?=", "café"),
            ("=?utf-8?b?!!!?=", "The policy manual changes."),
            ("folded\n over lines", "folded over lines"),
            ("", "The policy manual changes."),
        ],
    )
    def test_a_subject_is_decoded(self, subject: str, title: str) -> None:
        assert one(mail(subject=subject)).title == title

    def test_header_injection_stays_a_title(self) -> None:
        title = one(mail(subject="=?utf-8?q?x=0D=0ABcc:_evil@e.example=E2=80=AE?=")).title

        assert title == "x Bcc: evil@e.example"

    def test_a_message_without_an_id_is_known_by_its_bytes(self) -> None:
        first, second = mail(message_id=""), mail(message_id="", body="Other words.")

        assert one(first).key.startswith("sha256:")
        assert len({one(first).key, one(second).key, one(first).key}) == 2

    def test_the_same_message_twice_is_one_item(self) -> None:
        copies = mail(1, "Received: by one"), mail(2), mail(1, "Received: by two")

        assert [item.key[:1] for item in read(*copies).items] == ["1", "2"]

    def test_weekly_letters_under_one_title_stay_news(self) -> None:
        """POLLING 7 re-identifies a feed's items by title and link; a Message-ID is never remade."""
        titles = "Daily bulletin of USCIS", "Media releases update", "Weekly letter of CBP"
        before = [one(mail(n, subject=title)) for n, title in enumerate(titles)]
        known = [
            Known(n, item.key, item.url, item.title, item.text, fingerprint(item), 1) for n, item in enumerate(before)
        ]
        after = read(*(mail(n + 10, subject=title) for n, title in enumerate(titles)))

        assert len(decide(after, known).new) == 3


class TestLink:
    @pytest.mark.parametrize(
        "href",
        [
            BULLETIN,
            f"{BULLETIN}?wgt_ref=USCIS&subscriber=me@desk.example",
            "https://links-1.govdelivery.com/CL0/" + BULLETIN.replace("/", "%2F") + "/1/0100018f/abc=",
        ],
    )
    def test_a_govdelivery_bulletin_leads_to_its_page(self, href: str) -> None:
        assert one(html(f'<a href="https://dhs.gov">DHS</a><a href="{href}">View it</a><p>Words</p>')).url == BULLETIN

    def test_archived_at_is_the_page(self) -> None:
        assert one(mail(1, "Archived-At: <https://lists.example/m/1>")).url == "https://lists.example/m/1"

    def test_a_link_that_says_so_is_the_page(self) -> None:
        online = "https://a.example/n/1?utm_source=m"
        markup = f'<a href="https://a.example/x">Read on</a> <a href="{online}">View online</a>'

        assert one(html(markup)).url == "https://a.example/n/1"

    @pytest.mark.parametrize("tail", ["?u=4711", "/" + "x" * 81])
    def test_a_link_that_may_hold_the_readers_token_is_none(self, tail: str) -> None:
        assert one(html(f'<a href="https://a.example/n{tail}">View this email in your browser</a>')).url is None

    def test_f17_a_script_is_no_link(self) -> None:
        assert one(html('<a href="javascript:alert(1)">View online</a>')).url is None


class TestDate:
    """Date is the sender's word: when the message arrived bounds it."""

    @pytest.mark.parametrize(
        ("date", "received", "published"),
        [
            ("Thu, 09 Oct 2025 10:00:00 +0000", "", NOW - timedelta(hours=2)),
            ("Wed, 08 Oct 2025 10:00:00 +0000", "", NOW - timedelta(hours=26)),
            ("Mon, 01 Jan 2001 10:00:00 +0000", "", NOW),  # would pass for late, and be flagged to nobody
            ("Fri, 10 Oct 2025 10:00:00 +0000", "", NOW),
            ("not a date", "", NOW),
            ("", "by mx.desk.example; Wed, 08 Oct 2025 12:00:00 +0000", NOW - timedelta(days=1)),
            (
                "Mon, 01 Sep 2025 12:00:00 +0000",
                "by mx; Mon, 01 Sep 2025 12:05:00 +0000",
                NOW - timedelta(days=38),
            ),
        ],
    )
    def test_it_counts_where_it_agrees_with_the_arrival(self, date: str, received: str, published: datetime) -> None:
        found = one(mail(1, *([f"Received: {received}"] if received else []), date=date)).published

        assert found is not None
        assert abs(found - published) < timedelta(minutes=1)


class TestSenders:
    @pytest.mark.parametrize(
        "sender",
        [
            "USCIS <uscis@messages.dhs.gov>",
            "uscis@MESSAGES.dhs.gov",
            '"Services, U.S. <x@evil.example>" <uscis@messages.dhs.gov>',
            "alerts@ice.gov",
        ],
    )
    def test_mail_of_a_listed_address_or_domain_counts(self, sender: str) -> None:
        assert len(read(mail(sender=sender), senders=["@dhs.gov", "alerts@ice.gov"]).items) == 1

    @pytest.mark.parametrize(
        "sender",
        [
            "Spam <spam@evil.example>",
            "x@notdhs.gov",
            "x@dhs.gov.evil.example",
            "uscis@dhs.gov <spam@evil.example>",
            '"uscis@dhs.gov" <spam@evil.example>',
            "uscis@dhs.gov (<spam@evil.example>",
            "uscis@dhs.gov, spam@evil.example",
            "<uscis@dhs.gov> <spam@evil.example>",
            "=?utf-8?q?uscis=40dhs=2Egov_=28?= <spam@evil.example>",
            "",
        ],
    )
    def test_other_mail_is_passed_over_and_counted(self, sender: str) -> None:
        reading = read(mail(1, sender=sender), mail(2), senders=["@dhs.gov"])

        assert [item.key for item in reading.items] == ["2@messages.dhs.gov"]
        assert reading.notes == ("1 messages ignored: their senders are not in 'from'",)

    def test_two_from_fields_leave_doubt(self) -> None:
        assert read(mail(1, "From: uscis@dhs.gov", sender="uscis@dhs.gov"), senders=["@dhs.gov"]).items == ()


def nested(depth: int, inner: str = "deep words") -> bytes:
    head = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return f"Subject: nested\n{head}Content-Type: text/plain\n\n{inner}".encode()


class TestHostile:
    def test_parts_are_read_to_a_depth(self) -> None:
        assert one(nested(DEEPEST)).text == "deep words"

        reading = read(nested(DEEPEST + 1))
        assert (reading.items[0].title, reading.items[0].text) == ("nested", "")
        assert reading.notes == (f"parts nested more than {DEEPEST} deep were left out",)

    def test_f19_a_mime_bomb_takes_no_time(self) -> None:
        bombs = [
            nested(300, "\na\n" * 100_000),
            b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 60_000,
            b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 100_000,
            b"X: y\n " * 80_000,
            b"Subject: " + b"=?utf-8?q?" * 40_000,
            b"From: " + b'("' * 200_000,
            b"Content-Type: text/html\n\n" + b"<div>" * 100_000,
            b"Content-Type: text/html\n\n" + b"<a href=x>" * 50_000,
            b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + b"A=" * 250_000,
        ]
        begin = time.process_time()

        reading = read(*bombs, senders=[])
        read(*bombs, senders=["@dhs.gov"])

        assert len(reading.items) == len(bombs)
        assert time.process_time() - begin < 5.0

    def test_a_message_that_was_cut_off_is_read_as_far_as_it_goes(self) -> None:
        whole = html("<p>The words.</p>" + "<p>more</p>" * 100)
        item = one(whole[: whole.index(b"more</p>")])
        assert item.text.startswith("The words.")

        source = Source("s", "S", "maildir:x", SourceKind.MAILBOX)
        cut = pack([Message(b"Subject: x\n\ny", NOW, whole=False)])
        reading = read_document(Fetched("maildir:x", 200, cut), source, NOW)
        assert not isinstance(reading, ReadFailed)
        assert reading.notes == ("a long message was cut off",)

    @pytest.mark.parametrize("charset", ["utf-7", "hex", "idna", "x" * 200, '"', "us-ascii"])
    def test_f15_charset_lies_are_seen_through(self, charset: str) -> None:
        data = f"Subject: x\nContent-Type: text/plain; charset={charset}\n\nPolítica nueva\n".encode()

        assert one(data).text == "Política nueva"

    def test_quoted_printable_and_base64_are_unpacked(self) -> None:
        coded = b64encode("Política".encode()).decode()
        quoted = (
            "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nPol=EDtica"
        )

        assert one(f"Content-Transfer-Encoding: BASE64\n\n{coded}".encode()).text == "Política"
        assert one(quoted.encode()).text == "Política"

    def test_what_is_no_bundle_is_refused(self) -> None:
        source = Source("s", "S", "maildir:x", SourceKind.MAILBOX)
        for body in (b"", b"<rss/>", b"MESSAGES 1\n9 2025", bundle(mail())[:-1]):
            found = read_document(Fetched("maildir:x", 200, body), source, NOW)
            assert isinstance(found, ReadFailed)
            assert found.error is PollError.NOT_A_DOCUMENT

    def test_a_bulletin_about_captchas_is_no_block_page(self) -> None:
        item = one(b"Content-Type: text/html\n\n<title>Access denied</title>Verify that you are human")
        assert item.text == "Verify that you are human"

    @given(st.binary(max_size=2000))
    def test_any_bytes_are_some_message(self, data: bytes) -> None:
        item = one(data)

        assert item.key
        assert item.title
        assert "\0" not in item.text + item.title
        take_apart(b"Content-Type: multipart/alternative; boundary=x\n\n--x\n" + data)


@given(st.lists(st.tuples(st.binary(max_size=50), st.datetimes(timezones=st.just(UTC)), st.booleans()), max_size=5))
def test_a_bundle_gives_back_what_was_put_in(messages: list[tuple[bytes, datetime, bool]]) -> None:
    given = [Message(*each) for each in messages]

    assert unpack(pack(given)) == given
