"""What a feed asks of those who poll it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.core.read.manners import wait_of
from monitor.model.source import NO_WAIT, Wait

HEAD = b"<rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel><title>A</title>%s"


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        (b"", NO_WAIT),
        (b"<ttl>60</ttl>", Wait(timedelta(hours=1))),
        (b"<TTL> 5 </TTL>", Wait(timedelta(minutes=5))),
        (b"<ttl>soon</ttl>", NO_WAIT),
        (b"<sy:updatePeriod>hourly</sy:updatePeriod>", Wait(timedelta(hours=1))),
        (
            b"<sy:updatePeriod>\n daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            Wait(timedelta(hours=6)),
        ),
        (b"<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", Wait(timedelta(1))),
        (b"<ttl>120</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", Wait(timedelta(hours=2))),
        (b"<skipHours><hour>0</hour><hour>24</hour><hour>7</hour></skipHours>", Wait(skip_hours=frozenset({0, 7}))),
        (b"<skipHours><hour>99</hour></skipHours>", NO_WAIT),
        (
            b"<skipDays><day>Saturday</day><day>Sunday</day><day>Caturday</day></skipDays>",
            Wait(skip_days=frozenset({5, 6})),
        ),
    ],
)
def test_a_feeds_own_wishes_are_read_from_its_head(said: bytes, wait: Wait) -> None:
    assert wait_of(HEAD % said) == wait


def test_a_hostile_head_is_read_in_no_time() -> None:
    assert wait_of(HEAD % (b"<skipHours>" * 100_000)) == NO_WAIT
    assert wait_of(HEAD % (b"<ttl>" + b" " * 1_000_000)) == NO_WAIT
