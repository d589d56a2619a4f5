"""The password and the wire: THREATS finding 9, E4, faults 28 and 30."""

from __future__ import annotations

import base64
import ssl

import pytest

from monitor.model.delivery import Deferred, Sent
from monitor.net import smtp
from monitor.net.smtp import SmtpAddress, SmtpRelay, SmtpSession
from tests.net.conftest import Certificates, ServeMail
from tests.net.peers import SmtpPeer
from tests.net.test_smtp import send

OFFERS_TLS = b"250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n"
OFFERS_LOGIN = b"250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n"
UPGRADES = {"EHLO": [OFFERS_TLS, OFFERS_LOGIN], "STARTTLS": b"220 go\r\n"}
PLAIN = b"AUTH PLAIN " + base64.b64encode(b"\0desk\0s3cret")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The relay counts as another machine, although a test can only listen on this one."""
    monkeypatch.setattr(smtp, "_is_local", lambda client: False)


def relay(peer: SmtpPeer, tls: ssl.SSLContext, *, login: bool = True, implicit: bool = False) -> SmtpRelay:
    credentials = ("desk", "s3cret") if login else (None, None)
    address = SmtpAddress("127.0.0.1", peer.port, implicit, *credentials)
    return SmtpRelay(address, timeout=5, local_hostname="monitor.example", tls=tls)


def secrets_in_clear(peer: SmtpPeer) -> list[bytes]:
    return [line for line in peer.lines if line.startswith(b"AUTH") and line not in peer.encrypted]


@pytest.mark.usefixtures("elsewhere")
async def test_the_password_goes_out_once_tls_is_up(serve_mail: ServeMail, certificates: Certificates) -> None:
    peer = await serve_mail(certificates.good, **UPGRADES)

    session = await relay(peer, certificates.trust).open()
    assert isinstance(session, SmtpSession)
    assert isinstance(await send(session), Sent)
    await session.close()

    assert PLAIN + b"\r\n" in peer.encrypted
    assert secrets_in_clear(peer) == []
    assert [line[:8] for line in peer.lines[:4]] == [b"EHLO mon", b"STARTTLS", b"EHLO mon", b"AUTH PLA"]


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    "script",
    [
        {"EHLO": OFFERS_LOGIN},
        {"EHLO": b"502 no\r\n"},
        {"EHLO": OFFERS_TLS, "STARTTLS": b"454 not now\r\n"},
        {"EHLO": OFFERS_TLS, "STARTTLS": b"501 what\r\n"},
        {"EHLO": OFFERS_TLS, "STARTTLS": b"250 fine\r\n"},
        {"EHLO": OFFERS_TLS, "STARTTLS": b"nonsense\r\n"},
        {"EHLO": OFFERS_TLS, "STARTTLS": None},
    ],
    ids=["stripped", "no extensions", "454", "501", "250", "garbage", "hang-up"],
)
async def test_e4_without_tls_no_password_and_no_mail(
    serve_mail: ServeMail, certificates: Certificates, script: dict[str, object]
) -> None:
    peer = await serve_mail(certificates.good, **script)

    result = await relay(peer, certificates.trust).open()

    assert isinstance(result, Deferred)
    assert not any(line.startswith((b"AUTH", b"MAIL")) for line in peer.lines)


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("script", [{"EHLO": OFFERS_LOGIN}, {"EHLO": OFFERS_TLS, "STARTTLS": b"454 not now\r\n"}])
async def test_e4_a_server_without_starttls_is_called_tls_required(
    serve_mail: ServeMail, certificates: Certificates, script: dict[str, object]
) -> None:
    peer = await serve_mail(**script)
    result = await relay(peer, certificates.trust).open()
    assert isinstance(result, Deferred)
    assert result.detail.startswith("tls_required")


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("fault", ["expired", "stranger", "self_signed"])
async def test_fault_28_a_bad_certificate_gets_no_password(
    serve_mail: ServeMail, certificates: Certificates, fault: str
) -> None:
    peer = await serve_mail(getattr(certificates, fault), **UPGRADES)

    result = await relay(peer, certificates.trust).open()

    assert isinstance(result, Deferred)
    assert not any(line.startswith((b"AUTH", b"MAIL")) for line in peer.lines)


@pytest.mark.usefixtures("elsewhere")
async def test_fault_28_what_was_said_before_the_handshake_is_forgotten(
    serve_mail: ServeMail, certificates: Certificates
) -> None:
    """An injected EHLO reply must not be taken for the one inside TLS, which offers no login."""
    injected = b"220 go\r\n250-mail.example\r\n250 AUTH PLAIN\r\n"
    peer = await serve_mail(certificates.good, EHLO=[OFFERS_TLS, b"250 mail.example\r\n"], STARTTLS=injected)

    result = await relay(peer, certificates.trust).open()

    assert isinstance(result, Deferred)
    assert not any(line.startswith(b"AUTH") for line in peer.lines)


async def test_implicit_tls_speaks_tls_from_the_first_byte(serve_mail: ServeMail, certificates: Certificates) -> None:
    peer = await serve_mail(certificates.good, implicit=True, EHLO=OFFERS_LOGIN)

    session = await relay(peer, certificates.trust, implicit=True).open()
    assert isinstance(session, SmtpSession)
    assert isinstance(await send(session), Sent)
    await session.close()

    assert peer.lines == peer.encrypted
    assert PLAIN + b"\r\n" in peer.encrypted


@pytest.mark.parametrize("login", [True, False])
@pytest.mark.parametrize("fault", ["expired", "stranger", "self_signed"])
async def test_implicit_tls_is_always_verified(
    serve_mail: ServeMail, certificates: Certificates, fault: str, login: bool
) -> None:
    peer = await serve_mail(getattr(certificates, fault), implicit=True, EHLO=OFFERS_LOGIN)
    assert isinstance(await relay(peer, certificates.trust, login=login, implicit=True).open(), Deferred)
    assert peer.lines == []


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("certificate", ["good", "expired", "stranger", "self_signed"])
async def test_without_a_password_starttls_is_used_whoever_answers(
    serve_mail: ServeMail, certificates: Certificates, certificate: str
) -> None:
    peer = await serve_mail(getattr(certificates, certificate), **UPGRADES)

    session = await relay(peer, certificates.trust, login=False).open()
    assert isinstance(session, SmtpSession)
    assert isinstance(await send(session), Sent)
    await session.close()

    assert b"DATA\r\n" in peer.encrypted
    assert not any(line.startswith(b"AUTH") for line in peer.lines)


@pytest.mark.usefixtures("elsewhere")
async def test_without_a_password_a_refused_starttls_is_done_without(
    serve_mail: ServeMail, certificates: Certificates
) -> None:
    peer = await serve_mail(EHLO=OFFERS_TLS, STARTTLS=b"454 not now\r\n")
    session = await relay(peer, certificates.trust, login=False).open()
    assert isinstance(session, SmtpSession)
    assert isinstance(await send(session), Sent)
    await session.close()


async def test_a_relay_on_this_machine_may_have_the_password_without_tls(
    serve_mail: ServeMail, certificates: Certificates
) -> None:
    peer = await serve_mail(EHLO=OFFERS_LOGIN)
    session = await relay(peer, certificates.trust).open()
    assert isinstance(session, SmtpSession)
    await session.close()
    assert PLAIN + b"\r\n" in peer.lines


@pytest.mark.parametrize(
    ("offer", "said"),
    [
        (OFFERS_LOGIN, b"535 5.7.8 wrong\r\n"),
        (OFFERS_LOGIN, b"454 later\r\n"),
        (OFFERS_LOGIN, b"334 \r\n"),
        (OFFERS_LOGIN, None),
        (b"250 mail.example\r\n", b""),
        (b"250-mail.example\r\n250 AUTH XOAUTH2\r\n", b""),
    ],
    ids=["535", "454", "334", "hang-up", "no AUTH", "no common method"],
)
async def test_fault_30_a_login_that_fails_defers_after_one_try(
    serve_mail: ServeMail, certificates: Certificates, offer: bytes, said: bytes | None
) -> None:
    peer = await serve_mail(EHLO=offer, AUTH=said)

    result = await relay(peer, certificates.trust).open()

    assert isinstance(result, Deferred)
    assert sum(line.startswith(b"AUTH") for line in peer.lines) <= 1
    assert "s3cret" not in result.detail


async def test_fault_30_a_wrong_password_is_called_auth_failed(
    serve_mail: ServeMail, certificates: Certificates
) -> None:
    peer = await serve_mail(EHLO=OFFERS_LOGIN, AUTH=b"535 5.7.8 wrong\r\n")
    result = await relay(peer, certificates.trust).open()
    assert result == Deferred("auth_failed: 535 5.7.8 wrong")


async def test_a_server_that_knows_only_login_gets_login(serve_mail: ServeMail, certificates: Certificates) -> None:
    peer = await serve_mail(EHLO=b"250-mail.example\r\n250 AUTH LOGIN\r\n", AUTH=b"334 UGFzc3dvcmQ6\r\n")
    encoded = base64.b64encode(b"s3cret").upper().decode()
    peer._script[encoded] = [b"235 welcome\r\n"]

    session = await relay(peer, certificates.trust).open()

    assert isinstance(session, SmtpSession)
    await session.close()
