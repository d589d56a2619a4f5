"""Where what is cited is best watched: a docket's feed, a search by number, or the cited document itself.

The addresses are those of courtlistener.com, federalregister.gov and regulations.gov that programs are meant to ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from monitor.core.citations import Passage
from monitor.core.match.identifiers import Identifier, IdentifierKind, agency_dockets, identifiers
from monitor.core.read.courts import court_id, court_of, is_court
from monitor.core.text import plain, shorten
from monitor.model.source import SourceKind, Voice

_COURTLISTENER = "https://www.courtlistener.com"
_FEDERAL_REGISTER = "https://www.federalregister.gov/api/v1"
_REGULATIONS = "https://api.regulations.gov/v4/documents"
_DOCKET_PATH = re.compile(r"/docket/(\d{1,12})(?:/|\Z)")
_FR_PATH = re.compile(
    r"/(?:(?:documents|articles)/\d{4}/\d\d/\d\d|api/v1/documents|d|a)/([A-Z0-9]{1,5}-[0-9-]{1,12})\b"
)
_ARCHIVES = ("web.archive.org", "archive.org", "archive.ph", "archive.is", "archive.today", "perma.cc")
# Of these a reader makes nothing; what else a document may be is told by its first bytes.
_UNREADABLE = re.compile(
    r"\.(?:docx?|xlsx?|pptx?|odt|ods|rtf|zip|gz|csv|jpe?g|png|gif|tiff?|mp[34]|m4a|mov|wav)\Z", re.IGNORECASE
)
_UNTOLD = re.compile(r"/(?:dl|download)(?:/|\Z)", re.IGNORECASE)  # an address that does not tell what it leads to
_GOVERNMENT = re.compile(r"(?:.+\.)?(?:gov|mil|fed\.us|[a-z]{2}\.us)")
_NAME_SHOWN = 60  # characters of a document's title
_PUBLISHER = re.compile(r" - ([^-]{2,60})\Z")


@dataclass(frozen=True, slots=True)
class Watch:
    """A source for one thing that is cited. ``is_docket``: it is a court's docket, whole."""

    kind: SourceKind
    url: str
    name: str
    voice: Voice
    is_docket: bool = False


@dataclass(frozen=True, slots=True)
class Unwatchable:
    """Why no source can watch it."""

    why: str


@dataclass(frozen=True, slots=True)
class Numbered:
    """What is cited by its number: the number in words; ``case`` where it is a court's."""

    watch: Watch | Unwatchable
    what: str
    case: Identifier | None = None


def host_of(url: str) -> str:
    """Return an address's host in lower case without "www."; "" where it has none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def site_of(url: str) -> str:
    """Return ``host_of`` with the port, where one is stated: another port is another site."""
    try:
        port = urlsplit(url).port
    except ValueError:
        return ""
    return f"{host_of(url)}:{port}" if port else host_of(url)


def is_government(host: str) -> bool:
    """Tell whether a host is a government's: federal, military, or a state's."""
    return _GOVERNMENT.fullmatch(host) is not None


def watch_of_link(url: str, passage: Passage | None = None) -> Watch | Unwatchable:
    """Return what watches the document at ``url``; ``passage`` is where it is cited, and gives it its name."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return Unwatchable("its address cannot be read")
    host = host_of(url)
    special = _of_known_site(host, parts, passage)
    if special is not None:
        return special
    if host in _ARCHIVES:
        return Unwatchable("an archived copy does not change")
    if is_court(url):
        return Unwatchable("a court's filing system asks for a login")
    if _UNREADABLE.search(parts.path):
        return Unwatchable("neither a page nor a PDF")
    return _document(parts, host, passage)


def _of_known_site(host: str, parts: SplitResult, passage: Passage | None) -> Watch | None:
    if host == "courtlistener.com" and (docket := _DOCKET_PATH.match(parts.path)):
        return _docket_feed(docket[1], passage)
    if host == "federalregister.gov" and (document := _FR_PATH.match(parts.path)):
        return _register_document(document[1])
    if host == "reginfo.gov":
        stated = [one for _, value in parse_qsl(parts.query) for one in identifiers(value)]
        rins = [one.value for one in stated if one.kind is IdentifierKind.RIN]
        return _rulemaking(rins[0]) if rins else None
    if host == "regulations.gov" or host.endswith(".regulations.gov"):
        dockets = agency_dockets(unquote(re.sub(r"[/=;&]", " ", f"{parts.path} {parts.query} {parts.fragment}")))
        return _agency_docket(dockets[0]) if dockets else None
    return None


def _document(parts: SplitResult, host: str, passage: Passage | None) -> Watch:
    kind = SourceKind.PDF if parts.path.lower().endswith(".pdf") else SourceKind.PAGE
    if _UNTOLD.search(parts.path) and kind is SourceKind.PAGE:
        kind = SourceKind.AUTO
    url = parts._replace(fragment="").geturl()
    named = passage is not None and passage.title and passage.document and host_of(passage.document) == host
    title = passage.title if passage is not None and named else ""
    return Watch(kind, url, _publisher(host, title, _voice(host, passage)), _voice(host, passage))


def _voice(host: str, passage: Passage | None) -> Voice:
    if host.endswith("uscourts.gov") or host in ("supremecourt.gov", "storage.courtlistener.com", "courtlistener.com"):
        return Voice.COURT
    if is_government(host):
        return Voice.GOVERNMENT
    return Voice.PRESS if passage is None or passage.reported else Voice.PARTY


def _publisher(host: str, title: str, voice: Voice) -> str:
    """Name a document's source: of the press the outlet, which titles name; of others the host and the document."""
    if voice is Voice.PRESS:
        outlet = _PUBLISHER.search(title)
        return outlet[1] if outlet is not None else host
    return f"{host}: {shorten(title, _NAME_SHOWN)}" if title else host


def watches_of_numbers(passage: Passage) -> Iterator[Numbered]:
    """Yield what watches each case, RIN, Federal Register document and rulemaking docket that a passage numbers."""
    found = identifiers(passage.text)
    flat = plain(passage.text).replace("\n", " ")
    parties = {one.value: flat[one.start : one.end].strip() for one in found if one.kind is IdentifierKind.CAPTION}
    caption = next(iter(parties.items())) if len(parties) == 1 else ("", "")
    for one in found:
        if one.kind in (IdentifierKind.DOCKET, IdentifierKind.APPEAL):
            yield Numbered(_case(one, *caption), f"No. {one.value}{_of_court(one)}", one)
        elif one.kind is IdentifierKind.RIN:
            yield Numbered(_rulemaking(one.value), f"RIN {one.value}")
        elif one.kind is IdentifierKind.DOCUMENT:
            yield Numbered(_register_document(one.value), f"Federal Register document {one.value}")
    for docket in agency_dockets(passage.text):
        yield Numbered(_agency_docket(docket), f"docket {docket}")


def _of_court(case: Identifier) -> str:
    name = court_id(case.court) if case.court else ""
    return f" ({court_of(f'https://ecf.{name}.uscourts.gov')})" if name else ""


def _case(case: Identifier, party: str, caption: str) -> Watch | Unwatchable:
    """Return a search of the dockets that CourtListener has.

    All courts count alike: without a court the party that is not the government (its name stays the same while
    officials change) tells the case, and without one the search finds every court's case of the number.
    """
    court = court_id(case.court) if case.court else ""
    if case.kind is IdentifierKind.APPEAL and not court:
        return Unwatchable("no federal court of appeals is stated with it, and every circuit counts alike")
    number = case.value
    if case.kind is IdentifierKind.DOCKET:
        year, sort, serial = case.value.split("-")
        number = f"{year}-{sort}-{int(serial):05d}"
    asked = {"type": "r", "q": f'docketNumber:"{number}"', "order_by": "dateFiled desc"}
    if court:
        asked["court"] = court
    elif party:
        asked["q"] += f" AND caseName:({re.sub(r'[^a-z0-9 ]', ' ', party)})"
    name = f"{caption + ', ' if caption else ''}No. {number}{_of_court(case)}"
    url = f"{_COURTLISTENER}/api/rest/v4/search/?{urlencode(asked)}"
    return Watch(SourceKind.COURTLISTENER, url, name, Voice.COURT)


def _docket_feed(docket: str, passage: Passage | None) -> Watch:
    title = passage.title if passage is not None else ""
    name = f"Docket: {shorten(title, _NAME_SHOWN)}" if title else f"CourtListener docket {docket}"
    return Watch(SourceKind.FEED, f"{_COURTLISTENER}/docket/{docket}/feed/", name, Voice.COURT, is_docket=True)


def _rulemaking(rin: str) -> Watch:
    asked = f"conditions[regulation_id_number]={rin}&order=newest&per_page=100"
    url = f"{_FEDERAL_REGISTER}/documents.json?{asked}"
    return Watch(SourceKind.FEDERAL_REGISTER, url, f"Federal Register, RIN {rin}", Voice.GOVERNMENT)


def _register_document(number: str) -> Watch:
    """The API's answer: the site itself sends programs away from its pages."""
    url = f"{_FEDERAL_REGISTER}/documents/{quote(number)}.json"
    return Watch(SourceKind.FEDERAL_REGISTER, url, f"Federal Register, document {number}", Voice.GOVERNMENT)


def _agency_docket(docket: str) -> Watch:
    url = f"{_REGULATIONS}?filter[docketId]={docket}&sort=-postedDate&page[size]=250"
    return Watch(SourceKind.REGULATIONS, url, f"Regulations.gov, docket {docket}", Voice.GOVERNMENT)
