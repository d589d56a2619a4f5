"""Text as every other part compares, ranks and shortens it: one place for cleaning, folding, words and sentences."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

ELLIPSIS = "…"
_STORY_TITLE_WORDS = 5

# C0 and C1 controls without tab, newline and carriage return; the bidi controls of UAX #9; zero-width characters,
# the soft hyphen and the byte order mark; lone surrogates, which no encoder takes.
UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
    "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")

_QUOTES = {ord(quote): "'" for quote in "‘’‚‛′´ʼ"} | {ord(quote): '"' for quote in "“”„‟″«»"}
_DASHES = {ord(dash): "-" for dash in "‐‑‒–—―−﹘﹣－"}


def clean(text: str) -> str:
    """Return ``text`` in NFC without invisible or harmful characters; line separators of every kind become newlines.

    Dropped: NUL, C0 and C1 controls, bidi controls (Trojan Source), zero-width characters, soft hyphens, lone
    surrogates. Tabs become spaces. Idempotent; never raises.
    """
    if text.isascii() and text.replace("\n", " ").isprintable():  # most are clean: told ten times faster than done
        return text
    broken = _BREAKS.sub("\n", text).replace("\t", " ")
    return unicodedata.normalize("NFC", UNWANTED.sub("", broken))


class _Plain(dict[int, str]):
    """A translation table that drops accents and typographic quotes and dashes, one character for one."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        base = unicodedata.normalize("NFKD", character)[:1] if point > 0x7F else character
        self[point] = " " if base.isspace() else base or character
        return self[point]


class _Folded(_Plain):
    """The same, in lower case. A letter whose lower case is longer than itself keeps its first character."""

    def __missing__(self, point: int) -> str:
        self[point] = super().__missing__(point).lower()[:1]
        return self[point]


_PLAIN = _Plain(_QUOTES | _DASHES)
_FOLDED = _Folded(_QUOTES | _DASHES)


def plain(text: str) -> str:
    """Return ``text`` with straight quotes, plain dashes and bare letters; same length, same case."""
    return text if text.isascii() else text.translate(_PLAIN)


def fold(text: str) -> str:
    """Return ``text`` for comparison: as ``plain`` and in lower case. Same length, so that offsets carry over."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


class Word(NamedTuple):
    """One word as ranking sees it, and where the text has it."""

    stem: str
    start: int
    end: int


_WORD = re.compile(
    r"(?:[A-Za-z]\.){2,}"  # U.S., D.D.C.
    r"|[A-Za-z]{1,5}-\d{1,4}[A-Za-z]?\b"  # H-1B, EB-5, COVID-19
    r"|\d{1,4}\([a-z]\)"  # 287(g)
    r"|\d{1,3}(?:,\d{3})+"
    r"|[A-Za-z0-9]+(?:'[A-Za-z]+)?"
)
_PIECE = re.compile(r"\S+")
_LONGEST_KNOWN = 30  # characters of what is remembered: addresses are not met twice
_FUNCTION_WORDS = """
    a able about according after all also an and any are as at be because been before being between both but by can
    could did do does
    during each for from had has have having he her here him his how i if in into is it its itself more most new no nor
    not of off on one only or other our out over own said same say says she should so some such than that the their
    them then there these they this those through to too two under until up upon via very was we were what when where
    which while who whom whose why will with would you your
"""
_STOP = frozenset(_FUNCTION_WORDS.split())


def tokens(text: str) -> list[Word]:
    """Return the words of ``text`` for ranking, in order, with their spans.

    Function words are left out. Words are folded and lose light suffixes; an acronym (two or more capitals) keeps its
    case, so that ICE is no ice, unless most of the text is in capitals. Hyphenated words are two, "H-1B" and
    "287(g)" are one.
    """
    flat = plain(text)
    shouting = _shouts(flat)
    found: list[Word] = []
    for piece in _PIECE.finditer(flat):
        written, at = piece.group(), piece.start()
        inside = _read_piece(written, shouting) if len(written) <= _LONGEST_KNOWN else _words_in(written, shouting)
        for stem, start, end in inside:
            found.append(Word(stem, at + start, at + end))
    return found


@lru_cache(maxsize=50_000)
def _read_piece(piece: str, shouting: bool) -> tuple[Word, ...]:
    return _words_in(piece, shouting)


def _words_in(piece: str, shouting: bool) -> tuple[Word, ...]:
    """The words between two blanks: no word holds one, so that each is read alike wherever it stands."""
    found = ((_stem(word.group(), shouting), *word.span()) for word in _WORD.finditer(piece))
    return tuple(Word(*word) for word in found if word[0])


def words(text: str) -> list[str]:
    """Return the stems of ``tokens(text)``."""
    return [word.stem for word in tokens(text)]


def _shouts(text: str) -> bool:
    found = re.findall(r"[A-Za-z]{2,}", text[:1000])
    capitals = sum(map(str.isupper, found))
    return len(found) > 3 and capitals * 3 > len(found) * 2


def _stem(word: str, shouting: bool) -> str:
    bare = word.replace(".", "").replace(",", "").replace("(", "").replace(")", "").removesuffix("'s")
    if any(character.isdigit() for character in bare):
        return bare.replace("-", "").lower()
    if not shouting and len(bare) > 1:
        if bare.isupper():
            return bare
        if len(bare) > 2 and bare[-1] == "s" and bare[:-1].isupper():
            return bare[:-1]
    lower = bare.lower().replace("'", "")
    return "" if lower in _STOP or len(lower) < 2 else _strip_suffix(lower)


_ENDINGS = (  # ending, what stands for it, the least that must be left
    ("ies", "y", 3),
    ("sses", "ss", 2),
    ("ings", "", 3),
    ("ing", "", 3),
    ("ed", "", 3),
    ("ions", "", 4),
    ("ion", "", 4),
    ("ly", "", 4),
    ("s", "", 3),
    ("e", "", 3),
)
_VERBAL = ("ings", "ing", "ed")
_VOWEL = re.compile("[aeiouy]")


def _strip_suffix(word: str) -> str:
    """Take off plural, -ing, -ed, -ion and a last e: a light stripper did as well as Porter's (within noise)."""
    for ending, put, least in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least:
            if ending == "s" and word[-2] in "sui":
                continue
            if ending in _VERBAL and not _VOWEL.search(word[: -len(ending)]):
                continue  # "string" is no "str" that goes on
            word = word[: len(word) - len(ending)] + put
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 4 else word


_ABBREVIATED = """
    mr mrs ms dr prof rev hon gen col lt sgt capt sen rep gov pres atty sec secy dept no nos v vs inc corp co ltd st ft
    mt jr sr art cl para pp pt vol ed cir dist ct fed reg supp stat pub jan feb mar apr jun jul aug sep sept oct nov dec
    e.g i.e cf al approx est
"""
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
_STATE_NAMES = "Ala Ariz Ark Cal Calif Colo Conn Del Fla Ga Kan Ky Mich Minn Neb Nev Okla Pa Tenn Tex Va Vt"
_STATES = frozenset(_STATE_NAMES.split())
_STOPS = re.compile(r"([.!?…])[\"'”’)\]]{0,3}[ \n]+(?=[\"'“‘(\[]{0,3}[A-Z0-9À-Þ])")
_DAY_NAME = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|E[SD]?T\b|Eastern"
)
_LAST_WORD = re.compile(r"[A-Za-z.]+\Z")


def sentences(text: str) -> list[str]:
    """Split prose into sentences, each trimmed; a blank line or line break always ends one.

    Abbreviations ("No.", "v."), initials ("J. Smith") and "U.S." before a name do not end a sentence. Nothing but
    white space is lost.
    """
    found: list[str] = []
    for line in text.split("\n"):
        start = 0
        for stop in _STOPS.finditer(line):
            if stop.group(1) == "." and _is_abbreviation(
                line[max(0, stop.start() - 20) : stop.start()], line[stop.end() : stop.end() + 10]
            ):
                continue
            found.append(line[start : stop.end()].strip())
            start = stop.end()
        found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


def _is_abbreviation(before: str, following: str) -> bool:
    last = _LAST_WORD.search(before)
    if last is None:
        return False
    word = last.group()
    if word.lower() in ("no", "nos"):
        return following[:1].isdigit()
    if word.lower() in ("a.m", "p.m"):
        return _DAY_NAME.match(following) is not None
    initials = re.fullmatch(r"(?:[A-Z]\.)*[A-Z]", word) is not None
    return initials or word.lower() in _ABBREVIATIONS or word in _STATES


def excerpt(text: str, start: int, end: int, width: int = 160) -> str:
    """Return about ``width`` characters of ``text`` around ``[start, end)``, cut at spaces, on one line.

    An ellipsis marks each side that was cut. The span itself is never cut, even where it is longer than ``width``.
    """
    room = max(0, width - (end - start)) // 2
    left, right = max(0, start - room), min(len(text), end + room)
    if left > 0:
        gap = text.find(" ", left, start)
        left = start if gap < 0 else gap + 1
    if right < len(text):
        gap = text.rfind(" ", end, right)
        right = end if gap < 0 else gap
    middle = " ".join(text[left:right].split())
    return (ELLIPSIS if left > 0 else "") + middle + (ELLIPSIS if right < len(text) else "")


def shorten(text: str, limit: int) -> str:
    """Return ``text`` on one line in at most ``limit`` characters, cut at a word and closed with an ellipsis.

    A first word that is longer than ``limit`` is cut inside. ``limit`` is at least 1.
    """
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[:limit]
    gap = cut.rfind(" ")
    kept = cut[:gap] if gap > 0 else cut[: limit - 1]
    return kept.rstrip(" ,;:-–—") + ELLIPSIS


def normal_title(title: str, publisher: str = "") -> str:
    """Return a title for comparison across outlets: folded, no punctuation, no " - Publisher" or " | Publisher".

    Only the publisher that is given is taken off: a dash may well belong to a headline.
    """
    bare = _bare(title)
    name = _bare(publisher)
    if name:
        head, separator, tail = _last_part(title)
        if separator and _bare(tail) == name:
            return _bare(head)
    return bare


def story_title(title: str, publisher: str = "") -> str:
    """Return ``normal_title``, or "" where it is too short to name a story: "Order", "Press release"."""
    normal = normal_title(title, publisher)
    return normal if len(normal.split()) >= _STORY_TITLE_WORDS else ""


def _last_part(title: str) -> tuple[str, str, str]:
    cuts = list(re.finditer(r"\s[-|:·]\s|\s-{2}\s", plain(title)))
    if not cuts:
        return title, "", ""
    return title[: cuts[-1].start()], cuts[-1].group(), title[cuts[-1].end() :]


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", fold(text).replace("'", "")))
