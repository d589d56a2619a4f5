"""The numbers and names by which law is cited, read from prose in one canonical form.

A docket is written in many ways ("No. 1:25-cv-00190 (D.D.C.)", "25-cv-190", "1-25-cv-00190-JMC"): the office before
the year, leading zeros and the judges' letters are not part of its value. Every pattern has bounded repetition, so
reading is linear in the text. A-numbers of persons are not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from monitor.core.text import fold, plain


class IdentifierKind(StrEnum):
    """What an identifier numbers."""

    DOCKET = "docket"  # a trial court's case: 25-cv-190
    APPEAL = "appeal"  # a court of appeals' or the Supreme Court's case: 19-15716, 19A230
    ORDER = "executive-order"
    SECTION = "executive-order-section"  # "14159 § 10"
    PROCLAMATION = "proclamation"
    RIN = "rin"  # regulation identifier number: 1615-AC96
    DOCUMENT = "fr-document"  # Federal Register document number: 2025-01234
    CITATION = "fr-citation"  # 90 FR 1234
    CFR = "cfr-part"
    LAW = "public-law"
    MEMO = "policy-memo"  # PM-602-0166, PM 25-35
    MATTER = "matter"  # a decision named "Matter of ..."
    CAPTION = "caption"  # "Make the Road New York v. Noem": the party that is not the government


@dataclass(frozen=True, slots=True)
class Identifier:
    """One citation: canonical ``value``, and where the text has it. ``court`` is "" where none is stated."""

    kind: IdentifierKind
    value: str
    start: int
    end: int
    court: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What two mentions of one thing share."""
        return self.kind.value, self.value

    def same(self, other: Identifier) -> bool:
        """Whether both may name one thing: equal key, and no two different courts."""
        return self.key == other.key and (not self.court or not other.court or self.court == other.court)


_GAP = r"[ \n]{0,3}"
_NUMBER = r"(?:Nos?\.?|#|Numbers?)"
_COURT = re.compile(
    rf",?{_GAP}\({_GAP}((?:[NSEWMC]\.{_GAP})?D\.{_GAP}(?:D\.{_GAP})?[A-Z][A-Za-z]{{0,5}}\.?(?:{_GAP}[A-Z]\.)?"
    rf"|(?:\d{{1,2}}(?:st|nd|rd|th|d)|D\.{_GAP}C\.|Fed\.|Federal){_GAP}Cir\.?)"
)
_DOCKET = re.compile(
    r"(?<![\w-])(?:\d{1,2}[:-])?(?P<year>(?:20)?\d\d)-?(?P<type>cv|cr|mc|mj|md|ap|bk)-?(?P<number>\d{1,6})"
    r"(?:-[A-Za-z]{2,4}){0,3}(?!\w)",
    re.IGNORECASE,
)
_CIVIL = re.compile(
    rf"(?<!\w)(?:Civ(?:il|\.)?(?:{_GAP}Action|{_GAP}Case)?{_GAP}{_NUMBER}|CV){_GAP}"
    r"-?(?:\d:)?(?P<year>\d\d)-(?P<number>\d{1,5})(?![\w-])"
)
_APPEAL_NUMBER = r"\d\d-\d{1,5}|\d\d[AM]\d{1,4}"
_APPEAL = re.compile(
    rf"(?<!\w)(?:{_NUMBER}|Cir\.?,?|Case|Docket|Appeal){_GAP}(?:{_NUMBER}{_GAP})?"
    rf"(?P<list>(?:{_APPEAL_NUMBER})(?:{_GAP}(?:,|&|and|,{_GAP}and){_GAP}(?:{_APPEAL_NUMBER})){{0,9}})(?![\w-])"
)
_ORDER = re.compile(
    rf"(?<!\w)(?:Executive{_GAP}Orders?|E\.?O\.?s?){_GAP}(?:{_NUMBER}{_GAP})?"
    rf"(?P<list>\d{{5}}(?:{_GAP}(?:,|&|and|,{_GAP}and){_GAP}\d{{5}}){{0,9}})"
    rf"(?!\d)(?:,?{_GAP}\(?(?:§|sec(?:tion|\.)?){_GAP}(?P<section>\d{{1,2}})(?!\d))?",
    re.IGNORECASE,
)
_SECTION_OF = re.compile(
    rf"(?:§|\bsec(?:tion|\.)?){_GAP}(?P<section>\d{{1,2}})(?:\([a-z0-9]\)){{0,2}}{_GAP}of{_GAP}"
    rf"(?:Executive{_GAP}Order|E\.?O\.?){_GAP}(?P<order>\d{{5}})(?!\d)",
    re.IGNORECASE,
)
_PROCLAMATION = re.compile(rf"\bProclamations?{_GAP}(?:{_NUMBER}{_GAP})?(?P<number>\d{{4,5}})(?!\d)", re.IGNORECASE)
_RIN = re.compile(r"(?<![\w-])(?P<value>\d{4}-[A-Z]{2}\d{2})(?![\w-])")
_DOCUMENT = re.compile(r"(?<![\w-])(?P<value>(?:199|20[0-4])\d-\d{4,5})(?![\w-])")
_CITATION = re.compile(
    rf"(?<![\w-])(?P<volume>\d{{2,3}}){_GAP}(?:F\.?{_GAP}R\.?|Fed\.{_GAP}Reg\.){_GAP}(?P<page>\d{{1,3}},\d{{3}}|\d{{1,6}})(?!\w)"
)
_CFR = re.compile(
    rf"(?<![\w-])(?P<title>\d{{1,2}}){_GAP}C\.?F\.?R\.?{_GAP}(?:§{{1,2}}|parts?|sections?|sec\.)?{_GAP}(?P<part>\d{{1,4}})(?!\d)",
    re.IGNORECASE,
)
_LAW = re.compile(
    rf"\b(?:Public{_GAP}Law|Pub\.{_GAP}L\.|P\.{_GAP}L\.){_GAP}(?:{_NUMBER}{_GAP})?"
    r"(?P<congress>\d{2,3})-(?P<number>\d{1,4})(?!\w)"
)
_MEMO = re.compile(rf"(?<!\w)(?:OPPM|PM)(?:{_GAP}|-)(?P<value>\d{{2,3}}-\d{{2,4}})(?!\w)")
_MATTER = re.compile(
    r"\b(?:Matter|MATTER) of "
    r"(?P<name>(?:[A-Z]-){1,6}(?:[A-Z]\b)?|[A-Z][\w']{1,30}-[A-Z]\w{1,30}"
    r"|[A-Z][\w']{1,30}(?: (?:& )?[A-Z][\w']{1,30})?)"
)
_VERSUS = re.compile(r" (?:v|vs)\.? (?=[A-Z])")
_PARTY_WORD = re.compile(r"[A-Z][\w.'&-]{0,30}|of|the|for|and|&|in|to|et|al\.?|d/b/a")
_BEFORE_A_PARTY = """
    in see the and of for to a et al al. & also court case lawsuit judge
"""
_NOT_A_PARTY = frozenset(_BEFORE_A_PARTY.split())
_OFFICES = """
    united states america us usa president trump biden obama bush department administration attorney general secretary
    commissioner director acting governor the of homeland security justice state labor et al and
"""
_GOVERNMENT = frozenset(_OFFICES.split())

_AGENCY_DOCKET = re.compile(r"(?<![\w-])(?P<value>[A-Z]{2,8}(?:-[A-Z]{2,8}){0,2}-(?:199|20[0-4])\d-\d{4})(?![\w])")

_Reader = Callable[[str], Iterator[Identifier]]


def identifiers(text: str) -> tuple[Identifier, ...]:
    """Return every identifier in ``text``, in order of appearance; a repeated one is returned each time.

    Values are canonical: "No. 1:25-cv-00190-JMC" and "25-cv-190" both give DOCKET "25-cv-190".
    """
    flat = plain(text).replace("\n", " ")
    found = [*_matters(flat), *_captions(flat)]
    if near := "".join(_NEAR_DIGITS.findall(flat)):
        found += [one for sign, read in _BY_NUMBER if sign.search(near) for one in read(flat)]
        found += [one for sign, read in _BY_WORD if sign.search(flat) for one in read(flat)]
    return tuple(sorted(found, key=lambda one: (one.start, -one.end, one.kind)))


def agency_dockets(text: str) -> tuple[str, ...]:
    """Return the rulemaking dockets (regulations.gov: USCIS-2025-0001) in ``text``, each once; of a document's number
    (USCIS-2025-0001-0042) its docket.

    They are not among ``identifiers``, whose weights in a match were measured without them.
    """
    return tuple(dict.fromkeys(found["value"] for found in _AGENCY_DOCKET.finditer(plain(text))))


def _court_after(text: str, end: int) -> str:
    stated = _COURT.match(text, end)
    return "" if stated is None else re.sub(r"[^a-z0-9]", "", stated.group(1).lower())


def _dockets(text: str) -> Iterator[Identifier]:
    for found in _DOCKET.finditer(text):
        value = f"{found['year'][-2:]}-{found['type'].lower()}-{int(found['number'])}"
        yield Identifier(IdentifierKind.DOCKET, value, *found.span(), _court_after(text, found.end()))


def _civil_actions(text: str) -> Iterator[Identifier]:
    for found in _CIVIL.finditer(text):
        value = f"{found['year']}-cv-{int(found['number'])}"
        yield Identifier(IdentifierKind.DOCKET, value, *found.span(), _court_after(text, found.end()))


def _appeals(text: str) -> Iterator[Identifier]:
    for found in _APPEAL.finditer(text):
        if text[max(0, found.start() - 13) : found.start()].rstrip().endswith(("Civ.", "Civil", "Action", "Case")):
            continue  # a trial court's number without its letters: _CIVIL reads it
        court = _court_after(text, found.end())
        if found.group().startswith("Cir"):
            circuit = text[max(0, found.start() - 6) : found.start()].split("(")[-1]
            court = re.sub(r"[^a-z0-9]", "", circuit.lower()) + "cir"
        for number in re.finditer(_APPEAL_NUMBER, found["list"]):
            start = found.start("list") + number.start()
            yield Identifier(IdentifierKind.APPEAL, number.group(), start, start + len(number.group()), court)


def _orders(text: str) -> Iterator[Identifier]:
    for found in _ORDER.finditer(text):
        for number in re.finditer(r"\d{5}", found["list"]):
            start = found.start("list") + number.start()
            yield Identifier(IdentifierKind.ORDER, number.group(), start, start + 5)
        if found["section"]:
            order = found["list"][-5:]
            yield Identifier(IdentifierKind.SECTION, f"{order} § {int(found['section'])}", *found.span())
    for found in _SECTION_OF.finditer(text):
        yield Identifier(IdentifierKind.SECTION, f"{found['order']} § {int(found['section'])}", *found.span())


def _matters(text: str) -> Iterator[Identifier]:
    if "Matter of " not in text and "MATTER of " not in text:
        return
    for found in _MATTER.finditer(text):
        yield Identifier(IdentifierKind.MATTER, fold(found["name"]).rstrip("-"), *found.span())


def _captions(text: str) -> Iterator[Identifier]:
    for versus in _VERSUS.finditer(text):
        first, start = _party_before(text, versus.start())
        second, end = _party_after(text, versus.end())
        name = max(
            first, second, key=lambda party: len(party.split())
        )  # officials go by one word; the first wins a tie
        if name:
            yield Identifier(IdentifierKind.CAPTION, name, start, end)


def _party_before(text: str, end: int) -> tuple[str, int]:
    kept: list[str] = []
    start = end
    for word in reversed(text[max(0, end - 90) : end].split(" ")):
        ends_sentence = bool(kept) and word.endswith((".", ",")) and len(word) > 6
        if len(kept) == 8 or ends_sentence or not _PARTY_WORD.fullmatch(word.rstrip(",")):
            break
        kept.insert(0, word)
        start -= len(word) + 1
    while kept and kept[0].lower() in _NOT_A_PARTY:
        start += len(kept[0]) + 1
        kept.pop(0)
    return _party(kept), max(0, start + 1) if kept else end


def _party_after(text: str, start: int) -> tuple[str, int]:
    kept: list[str] = []
    for word in text[start : start + 60].split(" ")[:4]:
        if not _PARTY_WORD.fullmatch(word.rstrip(",.;:)")):
            break
        kept.append(word.rstrip(",.;:)"))
        if word[-1] in ",.;:)":
            break
    return _party(kept), start + len(" ".join(kept))


def _party(parts: list[str]) -> str:
    """Return the party's name folded, or "" where nothing but the government is left of it."""
    names = [re.sub(r"[^\w&-]", "", fold(part)) for part in parts if fold(part).strip(",.") not in {"et", "al", "the"}]
    return " ".join(names) if any(name not in _GOVERNMENT for name in names) else ""


def _simple(pattern: re.Pattern[str], kind: IdentifierKind, value: Callable[[re.Match[str]], str]) -> _Reader:
    def read(text: str) -> Iterator[Identifier]:
        for found in pattern.finditer(text):
            yield Identifier(kind, value(found), *found.span())

    return read


def _citation(found: re.Match[str]) -> str:
    return f"{found['volume']} FR {found['page'].replace(',', '')}"


_Signed = tuple[tuple[re.Pattern[str], _Reader], ...]
_NEAR_DIGITS = re.compile(r"\d+\D{0,6}")

# Each reader with a sign that its text must hold, near a digit or anywhere: most texts hold few, and are passed over
# ten times faster than by the readers' own patterns.
_BY_NUMBER: _Signed = (
    (re.compile(r"\d-?(?:[Cc][VvRr]|[Mm][CcJjDd]|[Aa][Pp]|[Bb][Kk])"), _dockets),
    (re.compile(r"\d\d[-AM]\d"), _appeals),
    (re.compile(r"\d{5}"), _orders),
    (re.compile(r"\d-[A-Z]{2}\d"), _simple(_RIN, IdentifierKind.RIN, lambda found: found["value"])),
    (re.compile(r"\d{4}-\d{4}"), _simple(_DOCUMENT, IdentifierKind.DOCUMENT, lambda found: found["value"])),
    (re.compile(r"\d[ ]{0,3}F"), _simple(_CITATION, IdentifierKind.CITATION, _citation)),
    (
        re.compile(r"\d[ ]{0,3}[Cc]\.?[Ff]"),
        _simple(_CFR, IdentifierKind.CFR, lambda found: f"{found['title']} CFR {found['part']}"),
    ),
)
_BY_WORD: _Signed = (
    (re.compile(r"C(?:iv|V)"), _civil_actions),
    (re.compile(r"PM"), _simple(_MEMO, IdentifierKind.MEMO, lambda found: found["value"])),
    (
        re.compile(r"L(?:aw|\.)"),
        _simple(_LAW, IdentifierKind.LAW, lambda found: f"{found['congress']}-{found['number']}"),
    ),
    (
        re.compile(r"[Pp][Rr][Oo][Cc][Ll][Aa]"),
        _simple(_PROCLAMATION, IdentifierKind.PROCLAMATION, lambda found: found["number"]),
    ),
)
