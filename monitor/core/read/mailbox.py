"""The messages of a mailbox as items: bulletins that an agency only mails."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from monitor.core.read.bundle import Message, unpack
from monitor.core.read.dates import read_date
from monitor.core.read.identity import distinct, own_key
from monitor.core.read.mime import Mail, raw_fields, take_apart
from monitor.core.read.prose import TITLE_LIMIT
from monitor.core.text import shorten
from monitor.core.urls import safe_link, without_tracking
from monitor.model.source import Fetched, Item, PollError, ReadFailed, Reading, ReadResult, Source, SourceKind

MOST_TEXT = 200_000  # characters of one message
_STAND_IN_TITLE = 120
_QUEUED = timedelta(days=5)  # how long a server tries to deliver (RFC 5321 4.5.4.1)
_CLOCKS = timedelta(hours=1)  # by which two clocks may differ
_LONGEST_SEGMENT = 80  # of a link's path: what is longer is a token that stands for one reader

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\([^()]*\)')
_ADDRESS = re.compile(r"[^<>,;:\s@]+@[^<>,;:\s@]+")
_GOVDELIVERY = re.compile(r"https?://content\.govdelivery\.com/accounts/[A-Za-z0-9_]+/bulletins/[0-9a-f]+", re.I)
_TRACKED = re.compile(r"https://[a-z0-9.-]+/CL0/(https?:[^/]+)/", re.I)  # GovDelivery's click counter holds the target
_ONLINE = re.compile(
    r"\b(?:view|read|see|open)\b.{0,30}?"
    r"\b(?:online|in (?:a|your|the) (?:web )?browser|(?:as|on) (?:a|the) web ?page)\b",
    re.IGNORECASE,
)


def read_mailbox(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    """Return a bundle's messages as items, in their order, or why it is none. Never raises.

    Keys are Message-IDs, or hashes of messages without one. Titles are subjects, publishers the sender's display
    names. ``published`` is the message's Date where it agrees with when the message arrived, else that moment. ``url``
    is the bulletin's own page where the message links to it without naming its reader. What comes from others than
    ``source.senders`` is left out and counted in a note.
    """
    messages = unpack(fetched.body)
    if messages is None:
        return ReadFailed(PollError.NOT_A_DOCUMENT, "not the messages of a mailbox: the address is not of one")
    items, notes, ignored = list[Item](), Counter[str](), 0
    for message in messages:
        if source.senders and not _counts(message, source.senders):
            ignored += 1
            continue
        mail = take_apart(message.data)
        notes.update(mail.notes + ([] if message.whole else ["a long message was cut off"]))
        items.append(_item(message, mail, now))
    kept, repeats = distinct(items)
    told = [f"{count} times: {note}" if count > 1 else note for note, count in notes.items()]
    if ignored:
        told.append(f"{ignored} messages ignored: their senders are not in 'from'")
    return Reading(SourceKind.MAILBOX, source.name, tuple(kept), (*told, *repeats))


def _item(message: Message, mail: Mail, now: datetime) -> Item:
    text = mail.text if len(mail.text) <= MOST_TEXT else mail.text[:MOST_TEXT].rpartition("\n")[0]
    title = shorten(mail.first("subject"), TITLE_LIMIT - 1) or shorten(text.partition("\n")[0], _STAND_IN_TITLE)
    stated = mail.first("message-id").strip("<> ") or f"sha256:{hashlib.sha256(message.data).hexdigest()}"
    return Item(
        key=own_key(stated, None, title, text),
        title=title or "(no subject)",
        text=text,
        url=_online(mail),
        published=_published(mail, message.arrived, now),
        published_raw=mail.first("date")[:100] or None,
        publisher=_display_name(mail.first("from")),
    )


def _counts(message: Message, senders: Sequence[str]) -> bool:
    """Tell whether the one author of a message is listed; a header that leaves doubt who that is does not count."""
    author = _author(raw_fields(message.data).get("from", []))
    domain = author.rpartition("@")[2]
    return bool(author) and any(
        f".{domain}".endswith(f".{each[1:]}") if each.startswith("@") else author == each
        for each in (sender.lower() for sender in senders)
    )


def _author(stated: Sequence[bytes]) -> str:
    """The address of a From field in lower case; "" where there is not exactly one field with one address.

    Read before encoded words are decoded: what those spell is a name, and never an address (RFC 2047 5).
    """
    if len(stated) != 1:
        return ""
    bare = _QUOTED.sub(" ", stated[0].decode("utf-8", "replace"))
    if "<" in bare or ">" in bare:
        name, _, rest = bare.partition("<")
        bare, _, after = rest.partition(">")
        if after.strip() or "@" in name or "," in name or '"' in name:
            return ""
    address = bare.strip().lower()
    return address if _ADDRESS.fullmatch(address) and '"' not in address else ""


def _display_name(stated: str) -> str | None:
    name = stated.rpartition("<")[0].strip().strip('"').replace('\\"', '"').strip()
    return shorten(name, 200) or None


def _published(mail: Mail, arrived: datetime, now: datetime) -> datetime | None:
    """Return the Date, which is the sender's word, where it lies before the arrival by no more than mail takes.

    A Date of long ago would make news look late, and one ahead would make it look newer than it is. A message that was
    moved here arrived when the last server, whose Received stands first, had it.
    """
    received = read_date(mail.first("received").rpartition(";")[2], now)
    if received is not None:
        arrived = min(arrived, received)
    stated = read_date(mail.first("date"), now)
    if stated is not None and arrived - _QUEUED <= stated <= arrived + _CLOCKS:
        return stated
    return read_date(arrived.isoformat(), now)


def _online(mail: Mail) -> str | None:
    """Return the bulletin's page: Archived-At (RFC 5064), a GovDelivery bulletin, else a link that says it is it."""
    archived = safe_link(mail.first("archived-at").strip("<> ") or None, "")
    if archived is not None:
        return archived
    targets = [_target(href) for _, href in mail.links]
    for address in (*targets, *_addresses(mail.text)):
        bulletin = _GOVDELIVERY.match(address)
        if bulletin is not None:
            return safe_link(bulletin[0], "")
    for (words, _), address in zip(mail.links, targets, strict=True):
        link = safe_link(without_tracking(address), "") if _ONLINE.search(words) else None
        if link is not None and not _is_personal(link):
            return link
    return None


def _target(href: str) -> str:
    tracked = _TRACKED.match(href)
    return unquote(tracked[1]) if tracked else href


def _addresses(text: str) -> Iterable[str]:
    return re.findall(r"https?://[^\s<>\"\]]+", text[:MOST_TEXT])


def _is_personal(link: str) -> bool:
    """Tell whether an address may hold a token: who has it could end or change the subscription it was mailed to."""
    parts = urlsplit(link)
    return bool(parts.query) or any(len(segment) > _LONGEST_SEGMENT for segment in parts.path.split("/"))
