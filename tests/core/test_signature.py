"""Standard Webhooks signatures, against published vectors and an independent verifier (THREATS W3)."""

from __future__ import annotations

import ast
import base64
import inspect
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from monitor.core import signature
from monitor.core.signature import derive_secret, secret_problem, sign, sign_all, verify

FIRST = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECOND = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
PUBLISHED = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
GERMAN = '{"title":"Größe – 規則"}'.encode()
NOW = 1_760_000_000


def headers(value: str, webhook_id: str = "evt_1", timestamp: str = str(NOW)) -> dict[str, str]:
    return {"webhook-id": webhook_id, "webhook-timestamp": timestamp, "webhook-signature": value}


def secret_of(length: int) -> str:
    return "whsec_" + base64.b64encode(b"k" * length).decode()


@pytest.mark.parametrize(
    ("webhook_id", "timestamp", "body", "expected"),
    [
        (*PUBLISHED, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ("msg_1", 1700000000, GERMAN, "v1,+cvDkJI/Spgxi9uAtK7a+bopSBumHMmJV4MBnqzqTNw="),
    ],
    ids=["the specification's own", "a body in UTF-8"],
)
def test_a_known_message_has_its_known_signature(webhook_id: str, timestamp: int, body: bytes, expected: str) -> None:
    assert sign(FIRST, webhook_id, timestamp, body) == expected


def test_the_known_signature_with_another_last_byte_is_refused() -> None:
    webhook_id, timestamp, body = PUBLISHED
    forged = headers("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=", webhook_id, str(timestamp))
    assert not verify(FIRST, forged, body, timestamp)


def test_two_secrets_give_two_signatures_and_either_verifies() -> None:
    value = sign_all([FIRST, SECOND], "evt_1", NOW, b"{}")
    assert len(value.split(" ")) == 2
    assert verify(FIRST, headers(value), b"{}", NOW)
    assert verify(SECOND, headers(value), b"{}", NOW)


@given(body=st.binary(max_size=200), key=st.binary(min_size=24, max_size=64))
def test_an_independent_verifier_agrees(body: bytes, key: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    theirs = Webhook(secret).sign("evt_1", datetime.fromtimestamp(NOW, UTC), body.hex())
    assert sign(secret, "evt_1", NOW, body.hex().encode()) == theirs


def test_an_independent_verifier_accepts_what_is_sent_now() -> None:
    now = int(datetime.now(UTC).timestamp())
    sent = headers(sign_all([SECOND, FIRST], "evt_1", now, GERMAN), timestamp=str(now))
    Webhook(FIRST).verify(GERMAN, sent)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"webhook-id": "evt_2"}, "another id"),
        ({"webhook-timestamp": str(NOW + 1)}, "another time"),
        ({"webhook-timestamp": "soon"}, "no time"),
        ({"webhook-timestamp": "１７６"}, "digits that are not ASCII"),
        ({"webhook-signature": ""}, "no signature"),
        ({"webhook-signature": "v1"}, "half a signature"),
        ({"webhook-signature": "v1,abc v1 "}, "a malformed list"),
        ({"webhook-signature": "v1,größe"}, "a signature that is not ASCII"),
        ({"webhook-id": "evt.1"}, "an id with a dot"),
    ],
)
def test_anything_changed_or_malformed_is_refused(changed: dict[str, str], why: str) -> None:
    good = headers(sign(FIRST, "evt_1", NOW, b"{}"))
    assert verify(FIRST, good, b"{}", NOW)
    assert not verify(FIRST, good | changed, b"{}", NOW), why


def test_header_names_count_in_any_case() -> None:
    upper = {name.title(): value for name, value in headers(sign(FIRST, "evt_1", NOW, b"{}")).items()}
    assert verify(FIRST, upper, b"{}", NOW)


def test_missing_headers_are_refused() -> None:
    assert not verify(FIRST, {}, b"{}", NOW)


@pytest.mark.parametrize(("seconds", "accepted"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_a_signature_is_good_for_five_minutes_either_way(seconds: int, accepted: bool) -> None:
    good = headers(sign(FIRST, "evt_1", NOW, b"{}"))
    assert verify(FIRST, good, b"{}", NOW + seconds) is accepted


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        ("", "begins with"),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with"),
        ("v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with"),
        ("whsec_", "24 to 64 bytes"),
        (secret_of(23), "this one 23"),
        (secret_of(65), "this one 65"),
        ("whsec_not base64 at all!", "base64"),
        ("whsec_größe", "base64"),
    ],
)
def test_a_bad_secret_is_explained_and_never_signs(secret: str, says: str) -> None:
    problem = secret_problem(secret)
    assert problem is not None
    assert says in problem
    with pytest.raises(ValueError, match="secret"):
        sign(secret, "evt_1", NOW, b"{}")


@pytest.mark.parametrize("length", [24, 32, 64])
def test_secrets_of_24_to_64_bytes_are_good(length: int) -> None:
    assert secret_problem(secret_of(length)) is None


def test_a_secret_is_not_quoted_in_what_is_said_about_it() -> None:
    assert "hunter2" not in str(secret_problem("whsec_hunter2!"))


def test_nothing_is_sent_unsigned() -> None:
    with pytest.raises(ValueError, match="no secret"):
        sign_all([], "evt_1", NOW, b"{}")


def test_derived_secrets_are_stable_good_and_differ_by_name_and_key() -> None:
    derived = derive_secret(b"k" * 32, "vpm")
    assert derived == derive_secret(b"k" * 32, "vpm")
    assert secret_problem(derived) is None
    assert len({derived, derive_secret(b"k" * 32, "vpn"), derive_secret(b"l" * 32, "vpm")}) == 3


def test_signatures_are_only_compared_in_constant_time() -> None:
    tree = ast.parse(inspect.getsource(signature.verify))
    compared = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert not [text for text in compared if "expected" in text or "given" in text]
    assert "compare_digest" in ast.unparse(tree)
