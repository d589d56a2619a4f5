"""``monitor match``: what the matcher says of items, without storing anything."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from monitor.cli.output import Json, print_json, say, shown, warn
from monitor.cli.workspace import with_context
from monitor.errors import Unreadable

if TYPE_CHECKING:
    from monitor.core.match import Matched, MatchItem
    from monitor.pipeline.context import Context

_MOST = 10  # matches of an item
_TELLING = 0.05  # the least score that a person wants to read of


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of the file. ``policy_urls`` None: the line carries no editor's decision."""

    id: str | int
    item: MatchItem
    policy_urls: tuple[str, ...] | None
    place: str


def match(
    command: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="ITEMS.jsonl", exists=True, dir_okay=False)],
    learn: Annotated[
        bool, typer.Option("--learn", help="Feed `policy_urls` back, line after line, as editors' decisions.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say which policies items concern, and why. Nothing is stored.

    Items are lines {id, title, text, url?, date?, publisher?, policy_urls?}. Answers are JSON lines in the file's
    order, each with at most ten matches, the best first; on a terminal without --json they are printed for reading.

    \b
    Example: monitor match items.jsonl > answers.jsonl
    """
    asked = list(read_items(file))
    readable = not as_json and sys.stdout.isatty()

    async def work(ctx: Context) -> None:
        async for one, answer in _answers(ctx, asked, learn):
            if readable:
                _print(one, answer)
            else:
                print_json(_row(one, answer))

    with_context(command, work)


async def _answers(ctx: Context, asked: list[Asked], learn: bool) -> Any:
    from monitor.core.match import Matcher
    from monitor.pipeline.policies import export

    records = await export(ctx)
    matcher = Matcher.build(records, ctx.vocabulary)
    known = {record.url for record in records}
    for one in asked:
        yield one, matcher.match(one.item, _MOST)
        if learn and one.policy_urls is not None:
            urls = _known_urls(one, known)
            if urls or not one.policy_urls:
                matcher.learn(one.item, urls)


def _known_urls(one: Asked, known: Collection[str]) -> list[str]:
    """Those that are tracked. A decision for policies that are not is no rejection, and nothing is learned of it."""
    urls = [url if url in known else url.rstrip("/") for url in one.policy_urls or ()]
    for url in urls:
        if url not in known:
            warn(f"{one.place}: {url} is not tracked: nothing is learned for it")
    return [url for url in dict.fromkeys(urls) if url in known]


def _row(one: Asked, answer: Matched) -> dict[str, Any]:
    return {"id": one.id, "relevant": round(answer.relevant, 4), "matches": list(answer.matches)}


def _print(one: Asked, answer: Matched) -> None:
    say(f"{one.id}  relevant {answer.relevant:.2f}  {one.item.title}")
    for each in (match for match in answer.matches if match.flag or match.score >= _TELLING):
        say(f"    {each.score:.2f} {'flag' if each.flag else '    '}  {each.title or each.policy}")
        for reason in each.reasons:
            say(f"               {shown(reason.kind)}: {reason.term}{reason.excerpt and f'  ({reason.excerpt})'}")


def read_items(path: Path) -> Iterator[Asked]:
    """The items of a file of JSON lines. Raises Unreadable that names file and line."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _asked(line, f"{path}:{number}")
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None


def _asked(line: bytes, place: str) -> Asked:
    from monitor.core.match import MatchItem

    try:
        data = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        _refuse(place, "not UTF-8 text")
    except (ValueError, RecursionError) as error:
        _refuse(place, f"not JSON: {getattr(error, 'msg', 'nested too deeply')}")
    if not isinstance(data, dict):
        _refuse(place, "an item is an object: {id, title, text, url?, date?, publisher?}")
    identity = data.get("id")
    if not isinstance(identity, str | int) or isinstance(identity, bool):
        _refuse(place, "the item has no 'id' (text or a number)")
    item = MatchItem(
        title=_text(data, "title", place),
        text=_text(data, "text", place),
        url=_text(data, "url", place),
        published=_date(_text(data, "date", place), place),
        publisher=_text(data, "publisher", place),
    )
    return Asked(identity, item, _urls(data.get("policy_urls"), place), place)


def _text(data: Mapping[str, object], name: str, place: str) -> str:
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        _refuse(place, f"{name!r} has to be text")
    return value


def _date(text: str, place: str) -> date | None:
    """ISO 8601, or a mail header's form; the day in UTC where it is a moment."""
    if not text.strip():
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text.strip())
        except ValueError:
            continue
        return found.date() if found.tzinfo is None else found.astimezone(UTC).date()
    return _refuse(place, f"'date' {text[:40]!r} is neither 2025-10-09 nor a moment")


def _urls(value: object, place: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(url, str) for url in value):
        _refuse(place, "'policy_urls' has to be a list of addresses")
    return tuple(value)


def _refuse(place: str, message: str) -> NoReturn:
    raise Unreadable(f"{place}: {message}")
