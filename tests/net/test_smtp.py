"""One message to the relay, and where it broke: THREATS section 4, E5, faults 21-29."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from monitor.model.delivery import Deferred, InDoubt, Outcome, Refused, Sent
from monitor.net.smtp import SmtpAddress, SmtpRelay, SmtpSession, wire_bytes
from tests.net.conftest import ServeMail
from tests.net.peers import SmtpPeer

FROM, TO = "digest@monitor.example", "desk@example.org"
MESSAGE = b"Subject: Digest\r\n\r\nTwo actions.\r\n"
NO_TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading the authorities costs 30 ms each time
LARGE = (b"x" * 998 + b"\r\n") * 12_000  # 12 MB: more than the kernel takes while nobody reads


def relay(peer: SmtpPeer, **changes: Any) -> SmtpRelay:
    settings = {"timeout": 5.0, "data_timeout": 5.0, "local_hostname": "monitor.example", "tls": NO_TRUST, **changes}
    return SmtpRelay(SmtpAddress("127.0.0.1", peer.port), **settings)


async def opened(relay: SmtpRelay) -> SmtpSession:
    session = await relay.open()
    assert isinstance(session, SmtpSession), session
    return session


async def send(session: SmtpSession, message: bytes = MESSAGE) -> Outcome:
    return await session.envelope(FROM, TO) or await session.data(message)


async def test_a_message_is_handed_over_step_by_step(serve_mail: ServeMail) -> None:
    peer = await serve_mail()
    session = await opened(relay(peer))

    accepted = await session.envelope(FROM, TO)
    before = list(peer.taken)
    outcome = await session.data(MESSAGE)
    await session.close()

    assert (accepted, before, peer.taken) == (None, [], [MESSAGE])
    assert outcome == Sent("DATA: 250 2.0.0 queued as 1")
    assert peer.lines == [
        b"EHLO monitor.example\r\n",
        b"MAIL FROM:<digest@monitor.example>\r\n",
        b"RCPT TO:<desk@example.org>\r\n",
        b"DATA\r\n",
        b"QUIT\r\n",
    ]


async def test_a_real_server_takes_a_message() -> None:
    taken: list[tuple[str, list[str], bytes]] = []

    class Keep:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
            return "250 OK"

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Keep(), loop=loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    session = await opened(
        SmtpRelay(SmtpAddress("127.0.0.1", port), timeout=5, local_hostname="monitor.example", tls=NO_TRUST)
    )

    outcome = await send(session, MESSAGE + b".hidden dot\r\n")
    await session.close()
    server.close()

    assert isinstance(outcome, Sent)
    assert taken == [(FROM, [TO], MESSAGE + b".hidden dot\r\n")]


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (b"a\r\nb\r\n", b"a\r\nb\r\n"),
        (b"a\nb\rc", b"a\r\nb\r\nc\r\n"),
        (b".\r\n..\r\n.a\r\na.b\r\n", b"..\r\n...\r\n..a\r\na.b\r\n"),
        (b"a\n.\nMAIL FROM:<evil>\n", b"a\r\n..\r\nMAIL FROM:<evil>\r\n"),
        (b"a\r.\rb", b"a\r\n..\r\nb\r\n"),
        (b"a\r\r\nb", b"a\r\n\r\nb\r\n"),
        (b"", b"\r\n"),
        ("é".encode(), "é\r\n".encode()),
    ],
)
async def test_line_ends_are_crlf_and_dots_are_doubled_on_the_wire(
    serve_mail: ServeMail, message: bytes, wire: bytes
) -> None:
    peer = await serve_mail()
    session = await opened(relay(peer))

    assert isinstance(await send(session, message), Sent)
    await session.close()

    assert peer.taken == [wire] == [wire_bytes(message)]


async def test_a_large_message_arrives_whole(serve_mail: ServeMail) -> None:
    peer = await serve_mail()
    session = await opened(relay(peer))
    message = b"".join(b".line %d\r\n" % n for n in range(60_000))

    assert isinstance(await send(session, message), Sent)
    await session.close()

    assert peer.taken == [wire_bytes(message)]


async def test_one_session_carries_one_message_after_the_other(serve_mail: ServeMail) -> None:
    peer = await serve_mail()
    session = await opened(relay(peer))

    outcomes = [await send(session, b"%d\r\n" % n) for n in range(3)]
    await session.close()

    assert [type(outcome) for outcome in outcomes] == [Sent] * 3
    assert peer.taken == [b"0\r\n", b"1\r\n", b"2\r\n"]
    assert peer.hits == 1


async def test_a_refused_envelope_is_reset_before_the_next(serve_mail: ServeMail) -> None:
    peer = await serve_mail(RCPT=[b"550 no such user\r\n", b"250 ok\r\n"])
    session = await opened(relay(peer))

    first, second = await send(session), await send(session)
    await session.close()

    assert (type(first), type(second)) == (Refused, Sent)
    assert [line[:4] for line in peer.lines[1:]] == [b"MAIL", b"RCPT", b"RSET", b"MAIL", b"RCPT", b"DATA", b"QUIT"]


@pytest.mark.parametrize("reset", [b"500 what\r\n", b"421 going\r\n", None])
async def test_a_reset_that_fails_defers_the_next_message(serve_mail: ServeMail, reset: bytes | None) -> None:
    peer = await serve_mail(RCPT=b"550 no such user\r\n", RSET=reset)
    session = await opened(relay(peer))
    await session.envelope(FROM, TO)

    assert isinstance(await session.envelope(FROM, TO), Deferred)
    await session.close()


ENVELOPE = [
    ("MAIL", b"451 later\r\n", Deferred),
    ("MAIL", b"421 busy\r\n", Deferred),
    ("MAIL", b"530 log in first\r\n", Deferred),
    ("MAIL", b"550 you may not\r\n", Refused),
    ("MAIL", b"552 too large\r\n", Refused),
    ("MAIL", None, Deferred),
    ("MAIL", b"nonsense\r\n", Deferred),
    ("MAIL", b"354 go ahead\r\n", Deferred),
    ("RCPT", b"250 ok\r\n", type(None)),
    ("RCPT", b"251 will forward\r\n", type(None)),
    ("RCPT", b"450 greylisted\r\n", Deferred),
    ("RCPT", b"451-one\r\n451 two\r\n", Deferred),
    ("RCPT", b"452 too many\r\n", Deferred),
    ("RCPT", b"421 closing\r\n", Deferred),
    ("RCPT", b"552 too many\r\n", Deferred),
    ("RCPT", b"535 password changed\r\n", Deferred),
    ("RCPT", b"550 no such user\r\n", Refused),
    ("RCPT", b"553 bad name\r\n", Refused),
    ("RCPT", b"554 blocked\r\n", Refused),
    ("RCPT", b"25 ok\r\n", Deferred),
    ("RCPT", b"999 what\r\n", Deferred),
    ("RCPT", b"-50 what\r\n", Deferred),
    ("RCPT", b"\xff\xfe\r\n", Deferred),
    ("RCPT", None, Deferred),
]


@pytest.mark.parametrize(("step", "said", "kind"), ENVELOPE, ids=lambda value: repr(value)[:30])
async def test_faults_24_to_26_an_envelope_is_accepted_deferred_or_refused(
    serve_mail: ServeMail, step: str, said: bytes | None, kind: type
) -> None:
    peer = await serve_mail(**{step: said})
    session = await opened(relay(peer))

    result = await session.envelope(FROM, TO)
    await session.close()

    assert type(result) is kind
    assert b"DATA\r\n" not in peer.lines
    assert result is None or result.detail.startswith(step)


@pytest.mark.parametrize(
    "address",
    ["", "a b@example.org", "a@b>\r\nRCPT TO:<evil@e.e", "<a@example.org>", "ü@example.org", "a\0@b", "a" * 400],
)
async def test_e5_y2_an_address_that_cannot_be_sent_to_is_refused_before_the_wire(
    serve_mail: ServeMail, address: str
) -> None:
    peer = await serve_mail()
    session = await opened(relay(peer))

    assert isinstance(await session.envelope(FROM, address), Refused)
    assert isinstance(await session.envelope(address, TO), Refused)
    await session.close()

    assert [line[:4] for line in peer.lines] == [b"EHLO", b"QUIT"]


DATA = [
    ("DATA", b"451 later\r\n", Deferred),
    ("DATA", b"421 closing\r\n", Deferred),
    ("DATA", b"554 no valid recipients\r\n", Refused),
    ("DATA", b"250 not what was asked\r\n", Deferred),
    ("DATA", b"nonsense\r\n", Deferred),
    ("DATA", None, Deferred),
    ("DOT", b"250 ok\r\n", Sent),
    ("DOT", b"250-long\r\n250 story\r\n", Sent),
    ("DOT", b"450 try again\r\n", Deferred),
    ("DOT", b"451 local error\r\n", Deferred),
    ("DOT", b"421 closing\r\n", Deferred),
    ("DOT", b"550 no\r\n", Refused),
    ("DOT", b"552 over quota\r\n", Refused),
    ("DOT", b"554 spam\r\n", Refused),
    ("DOT", None, InDoubt),
    ("DOT", b"nonsense\r\n", InDoubt),
    ("DOT", b"354 more?\r\n", InDoubt),
    ("DOT", b"999 what\r\n", InDoubt),
    ("DOT", b"25", InDoubt),
    ("DOT", b"a" * 1_000_000, InDoubt),
    ("DOT", b"a" * 1_000_000 + b"\r\n", InDoubt),
    ("DOT", b"250-more\r\n" * 100_000, InDoubt),
]


@pytest.mark.parametrize(("step", "said", "kind"), DATA, ids=lambda value: repr(value)[:30])
async def test_faults_22_to_26_it_is_told_on_which_side_of_the_final_dot_it_broke(
    serve_mail: ServeMail, step: str, said: bytes | None, kind: type
) -> None:
    peer = await serve_mail(**{step: said})
    session = await opened(relay(peer, data_timeout=0.3))

    outcome = await send(session)
    await session.close()

    assert type(outcome) is kind
    assert len(peer.taken) == (step == "DOT")


async def test_fault_23_silence_after_the_dot_is_in_doubt_once_its_own_timeout_is_over(serve_mail: ServeMail) -> None:
    peer = await serve_mail(DOT=...)
    session = await opened(relay(peer, data_timeout=0.1))
    outcome = await send(session)
    await session.close()
    assert isinstance(outcome, InDoubt)
    assert outcome.detail.startswith("after the final dot")


async def test_the_wait_after_the_dot_outlasts_the_timeout_of_other_replies(serve_mail: ServeMail) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        for said in (b"250 ehlo\r\n", b"250 mail\r\n", b"250 rcpt\r\n", b"354 data\r\n"):
            await reader.readline()
            writer.write(said)
        await reader.readuntil(b"\r\n.\r\n")
        await asyncio.sleep(0.3)
        writer.write(b"250 at last\r\n")
        await reader.readline()
        writer.write(b"221 bye\r\n")

    peer = await serve_mail()
    peer._talk = slow
    session = await opened(relay(peer, timeout=0.15, data_timeout=5))
    outcome = await send(session)
    await session.close()
    assert outcome == Sent("DATA: 250 at last")


@pytest.mark.parametrize("hang_up", [None, ...])
async def test_fault_22_a_break_in_the_middle_of_the_body_is_safe_to_send_again(
    serve_mail: ServeMail, hang_up: object
) -> None:
    """The peer hangs up, or stops reading, before a message larger than every buffer on the way could be written."""
    peer = await serve_mail(BODY=hang_up)
    session = await opened(relay(peer, timeout=0.5))

    outcome = await send(session, LARGE)
    await session.close()

    assert isinstance(outcome, Deferred)
    assert outcome.detail.startswith("before the final dot")


async def test_a_reply_in_the_middle_of_the_body_is_not_taken_for_the_one_after_the_dot(
    serve_mail: ServeMail,
) -> None:
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        for said in (b"250 ehlo\r\n", b"250 mail\r\n", b"250 rcpt\r\n", b"354 data\r\n"):
            await reader.readline()
            writer.write(said)
        await reader.readline()  # the body has begun, and is far too large to have been written whole
        writer.write(b"250 not so fast\r\n")
        await asyncio.sleep(0.05)
        while await reader.readline() != b".\r\n":
            pass
        writer.write(b"554 spam\r\n")
        await reader.readline()
        writer.write(b"221 bye\r\n")

    peer = await serve_mail()
    peer._talk = early
    session = await opened(relay(peer))

    outcome = await send(session, LARGE)
    await session.close()

    assert outcome == Refused("DATA: 554 spam")


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
async def test_a_reply_that_comes_with_one_more_is_not_trusted(serve_mail: ServeMail, step: str) -> None:
    said = b"354 go\r\n250 queued already\r\n" if step == "DATA" else b"250 ok\r\n250 and ok\r\n"
    peer = await serve_mail(**{step: said})
    session = await opened(relay(peer))

    outcome = await send(session)
    await session.close()

    assert isinstance(outcome, Deferred)
    assert peer.taken == []


async def test_a_session_that_broke_defers_what_follows(serve_mail: ServeMail) -> None:
    peer = await serve_mail(DOT=None)
    session = await opened(relay(peer))
    assert isinstance(await send(session), InDoubt)

    assert isinstance(await session.envelope(FROM, TO), Deferred)
    assert isinstance(await session.data(MESSAGE), Deferred)
    await session.close()

    assert len(peer.taken) == 1


async def test_a_hang_up_between_envelope_and_data_is_deferred(serve_mail: ServeMail) -> None:
    peer = await serve_mail()
    session = await opened(relay(peer))
    await session.envelope(FROM, TO)
    await peer.stop()
    await asyncio.sleep(0.02)

    assert isinstance(await session.data(MESSAGE), Deferred)
    await session.close()


@pytest.mark.parametrize("said", [None, b"500 never\r\n", b"nonsense\r\n", b"a" * 100_000])
async def test_fault_29_a_failing_quit_changes_nothing(serve_mail: ServeMail, said: bytes | None) -> None:
    peer = await serve_mail(QUIT=said)
    session = await opened(relay(peer))
    assert isinstance(await send(session), Sent)
    await session.close()


@pytest.mark.parametrize(
    "script",
    [
        {"greeting": b"421 too busy\r\n"},
        {"greeting": b"554 no mail here\r\n"},
        {"greeting": None},
        {"greeting": b"nonsense\r\n"},
        {"greeting": b"a" * 1_000_000},
        {"greeting": b"220-flood\r\n" * 100_000},
        {"EHLO": None},
        {"EHLO": b"421 going\r\n"},
        {"EHLO": b"451 later\r\n"},
        {"EHLO": b"502 what\r\n", "HELO": b"502 what\r\n"},
        {"EHLO": b"250-a\r\n" * 100_000},
    ],
    ids=lambda script: repr(script)[:40],
)
async def test_fault_21_a_server_that_is_not_ready_defers(serve_mail: ServeMail, script: dict[str, object]) -> None:
    peer = await serve_mail(**script)
    assert isinstance(await relay(peer).open(), Deferred)
    assert not any(line.startswith(b"MAIL") for line in peer.lines)


@pytest.mark.parametrize("silent", ["greeting", "EHLO"])
async def test_fault_21_a_tarpit_defers_at_the_timeout(serve_mail: ServeMail, silent: str) -> None:
    peer = await serve_mail(**{silent: ...})
    assert isinstance(await relay(peer, timeout=0.1).open(), Deferred)


async def test_fault_21_a_refused_connection_defers(serve_mail: ServeMail) -> None:
    peer = await serve_mail()
    await peer.stop()
    result = await relay(peer).open()
    assert isinstance(result, Deferred)
    assert result.detail.startswith("connect")


async def test_a_name_that_does_not_resolve_defers() -> None:
    result = await SmtpRelay(
        SmtpAddress("mail.invalid", 25), timeout=5, local_hostname="monitor.example", tls=NO_TRUST
    ).open()
    assert isinstance(result, Deferred)


async def test_a_server_from_before_ehlo_is_greeted_with_helo(serve_mail: ServeMail) -> None:
    peer = await serve_mail(EHLO=b"502 unknown command\r\n")
    session = await opened(relay(peer))
    assert isinstance(await send(session), Sent)
    await session.close()
    assert peer.lines[1] == b"HELO monitor.example\r\n"


async def test_opening_that_is_cancelled_leaves_no_connection(serve_mail: ServeMail) -> None:
    gone = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        await reader.read()
        gone.set()

    peer = await serve_mail()
    peer._talk = talk
    opening = asyncio.create_task(relay(peer).open())
    while not peer.hits:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.02)

    opening.cancel()

    await asyncio.wait_for(gone.wait(), 2)
    assert (await asyncio.gather(opening, return_exceptions=True))[0].__class__ is asyncio.CancelledError
