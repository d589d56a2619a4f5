"""How the operator names the mail server."""

from __future__ import annotations

import pytest

from monitor.net.smtp import SmtpAddress, parse_smtp_url


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("smtp://mail.example", SmtpAddress("mail.example", 25)),
        ("smtp://mail.example:2525/", SmtpAddress("mail.example", 2525)),
        ("SMTP://Mail.Example", SmtpAddress("mail.example", 25)),
        ("smtps://mail.example", SmtpAddress("mail.example", 465, implicit_tls=True)),
        ("smtp://127.0.0.1:25", SmtpAddress("127.0.0.1", 25)),
        ("smtp://[::1]:25", SmtpAddress("::1", 25)),
        ("smtp://desk:pw@mail.example", SmtpAddress("mail.example", 587, False, "desk", "pw")),
        (
            "smtp://desk%40example.org:p%2Fw%3A%C3%A9@mail.example:587",
            SmtpAddress("mail.example", 587, False, "desk@example.org", "p/w:é"),
        ),
        ("smtp://desk:p@w:x@mail.example", SmtpAddress("mail.example", 587, False, "desk", "p@w:x")),
        ("smtps://desk:pw@mail.example:4650", SmtpAddress("mail.example", 4650, True, "desk", "pw")),
    ],
)
def test_a_mail_servers_address_is_read(url: str, address: SmtpAddress) -> None:
    assert parse_smtp_url(url) == address


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "smtp://"),
        ("mail.example:25", "smtp://"),
        ("http://mail.example", "smtp://"),
        ("smtp://", "smtp://"),
        ("smtp://:25", "host"),
        ("smtp://mail.example:smtp", "port"),
        ("smtp://mail.example:99999", "port"),
        ("smtp://mail.example:0", "host"),
        ("smtp://mail example", "host"),
        ("smtp://a..b", "host"),
        ("smtp://[::1", "host"),
        ("smtp://mail.example/path", "ends with"),
        ("smtp://mail.example?tls=no", "ends with"),
        ("smtp://desk@mail.example", "password"),
        ("smtp://:pw@mail.example", "password"),
        ("smtp://desk:@mail.example", "password"),
        ("smtp://desk:s3cret/x@mail.example", "percent-encoded"),
        ("smtp://desk:s3cret#@mail.example", "percent-encoded"),
        ("smtp://desk:s3cret%FF@mail.example", "UTF-8"),
        ("smtp://desk:s3cret", "port"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(url: str, says: str) -> None:
    with pytest.raises(ValueError) as error:
        parse_smtp_url(url)
    assert says in str(error.value)
    assert "s3cret" not in str(error.value)


def test_the_password_is_not_in_the_representation() -> None:
    assert "s3cret" not in repr(parse_smtp_url("smtp://desk:s3cret@mail.example"))
