"""Which articles are read, what their failures mean, and what the archive keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.archive import packed, unpacked
from monitor.core.articles import HOPEFUL, TEASER, fate, wanted
from monitor.core.retry import ARTICLE_WAITS, article_retry
from monitor.model.article import ArticleState
from monitor.model.source import ArticleRule, FetchFailed, Item, PollError, ReadFailed, Source, SourceKind

SOURCE = Source("news", "News", "https://news.example/feed", SourceKind.FEED)
ITEM = Item("1", "A headline", "A teaser.", "https://news.example/a")


@pytest.mark.parametrize(
    ("kind", "rule", "length", "relevant", "read"),
    [
        (SourceKind.FEED, ArticleRule.AUTO, TEASER - 1, HOPEFUL, True),
        (SourceKind.FEED, ArticleRule.AUTO, TEASER, HOPEFUL, False),
        (SourceKind.FEED, ArticleRule.AUTO, 0, HOPEFUL - 0.01, False),
        (SourceKind.LISTING, ArticleRule.AUTO, 0, 0.9, True),
        (SourceKind.SITEMAP, ArticleRule.AUTO, 0, 0.9, True),
        (SourceKind.PACER, ArticleRule.AUTO, 0, 0.9, False),
        (SourceKind.FEDERAL_REGISTER, ArticleRule.AUTO, 0, 0.9, False),
        (SourceKind.PAGE, ArticleRule.ALWAYS, 0, 0.9, False),
        (SourceKind.PDF, ArticleRule.ALWAYS, 0, 0.9, False),
        (SourceKind.FEDERAL_REGISTER, ArticleRule.ALWAYS, 9_999, 0.0, True),
        (SourceKind.FEED, ArticleRule.NEVER, 0, 0.9, False),
    ],
)
def test_an_article_is_wanted_behind_a_teaser_that_is_not_hopeless(
    kind: SourceKind, rule: ArticleRule, length: int, relevant: float, read: bool
) -> None:
    item = replace(ITEM, text="x" * length)

    assert wanted(replace(SOURCE, article=rule), kind, item, relevant) == (item.url if read else None)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://news.example/2025/10/story.html", True),
        ("https://news.example/?p=3", True),
        ("https://agency.example/memo.pdf", True),
        ("https://news.example/a.b/story", True),
        ("https://news.example/feed?utm_source=rss#top", False),
        ("https://news.example", False),
        ("https://news.example/", False),
        ("https://news.example/show.MP3", False),
        ("https://agency.example/table.xlsx", False),
        ("mailto:desk@news.example", False),
        (None, False),
    ],
)
def test_a_link_has_to_lead_to_a_text_of_its_own(url: str | None, read: bool) -> None:
    assert (wanted(SOURCE, SourceKind.FEED, replace(ITEM, url=url), 1.0) is not None) == read


def http(status: int) -> FetchFailed:
    return FetchFailed(PollError.HTTP_STATUS, f"HTTP {status}", status)


@pytest.mark.parametrize(
    ("failed", "state"),
    [
        *((http(status), ArticleState.WALLED) for status in (401, 402, 403, 451)),
        *((http(status), ArticleState.FAILED) for status in (400, 404, 406)),
        *((http(status), ArticleState.WANTED) for status in (408, 429, 500, 503)),
        (FetchFailed(PollError.GONE, "HTTP 410", 410), ArticleState.FAILED),
        (FetchFailed(PollError.TIMEOUT, "slow"), ArticleState.WANTED),
        (FetchFailed(PollError.TOO_LARGE, "large"), ArticleState.FAILED),
        (FetchFailed(PollError.REDIRECT_LIMIT, "round and round"), ArticleState.FAILED),
        (FetchFailed(PollError.BLOCKED_ADDRESS, "private"), ArticleState.REFUSED),
        (FetchFailed(PollError.ROBOTS, "forbidden"), ArticleState.REFUSED),
        (FetchFailed(PollError.ROBOTS, "not to be had", 503, timedelta(hours=1)), ArticleState.WANTED),
        (ReadFailed(PollError.BLOCK_PAGE, "a wall"), ArticleState.WALLED),
        (ReadFailed(PollError.NOT_A_PAGE, "an image"), ArticleState.FAILED),
        (ReadFailed(PollError.PARSE_TIMEOUT, "endless"), ArticleState.FAILED),
        (ReadFailed(PollError.INTERNAL, "the reader was lost"), ArticleState.WANTED),
    ],
)
def test_what_may_pass_is_waited_for_and_the_rest_is_final(
    failed: FetchFailed | ReadFailed, state: ArticleState
) -> None:
    assert fate(failed) is state


@pytest.mark.parametrize("error", PollError)
def test_every_error_has_a_fate(error: PollError) -> None:
    assert fate(ReadFailed(error, "")) is not ArticleState.READ


def test_an_article_is_tried_four_times_within_hours() -> None:
    waits = [article_retry(attempts, 0.5) for attempts in (1, 2, 3, 4)]

    assert waits == [*ARTICLE_WAITS, None]
    assert article_retry(1, 0.5, timedelta(hours=1)) == timedelta(hours=1)


def test_the_archive_gives_back_what_it_was_given() -> None:
    body = b"<html>" + b"words and words " * 1_000

    blob = packed(body)

    assert unpacked(blob) == body
    assert (blob.size, len(blob.content) < len(body) // 10) == (len(body), True)
    assert packed(body) == blob


@pytest.mark.parametrize("change", [{"codec": "lzw"}, {"content": b"x"}, {"sha256": "f" * 64}])
def test_the_archive_says_where_its_bytes_are_not_what_they_were(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="blob"):
        unpacked(replace(packed(b"one"), **change))  # type: ignore[arg-type]
