"""English as far as a deed needs it: the forms of verbs, and whether a sentence says that the deed was done.

What is denied ("did not", "refused to", "without"), asked for ("moved to", "seeks"), possible or future ("may",
"would", "will", "if"), past as background ("had been", "which was"), or said in a quotation is no fact. In doubt none
is: a missed proposal costs an editor a word, a wrong one trust.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from functools import cache
from typing import NamedTuple

from monitor.core.text import plain

_TOKEN = re.compile(r"Nos?\.(?= ?\d)|(?:[A-Za-z]\.){2,}|[A-Za-z0-9]+(?:['./-][A-Za-z0-9]+)*|[^\w\s]")
_SHORT_QUOTE = 2  # words: so many in quotation marks are somebody's term, more are somebody's speech
_REACH = 30  # words that a verb may govern over


def word_set(words: str) -> frozenset[str]:
    """The words of a text that lists them."""
    return frozenset(words.split())


class Form(Enum):
    """A verb's form, as far as its spelling tells."""

    BASE = auto()
    THIRD = auto()
    PAST = auto()
    GERUND = auto()


class Token(NamedTuple):
    """One word or mark of a sentence. ``word`` is in lower case, without a possessive ending."""

    word: str
    start: int
    end: int
    quoted: bool
    capital: bool
    possessive: bool


_IRREGULAR = {
    "set": ("sets", "set", "setting"),
    "put": ("puts", "put", "putting"),
    "let": ("lets", "let", "letting"),
    "cut": ("cuts", "cut", "cutting"),
    "strike": ("strikes", "struck", "striking"),
    "withdraw": ("withdraws", "withdrew", "withdrawn", "withdrawing"),
    "overturn": ("overturns", "overturned", "overturning"),
    "uphold": ("upholds", "upheld", "upholding"),
    "hear": ("hears", "heard", "hearing"),
    "hold": ("holds", "held", "holding"),
    "freeze": ("freezes", "froze", "frozen", "freezing"),
    "throw": ("throws", "threw", "thrown", "throwing"),
    "find": ("finds", "found", "finding"),
    "leave": ("leaves", "left", "leaving"),
    "keep": ("keeps", "kept", "keeping"),
    "undo": ("undoes", "undid", "undone", "undoing"),
    "forbid": ("forbids", "forbade", "forbidden", "forbidding"),
    "say": ("says", "said", "saying"),
    "take": ("takes", "took", "taken", "taking"),
    "go": ("goes", "went", "gone", "going"),
    "come": ("comes", "came", "coming"),
    "win": ("wins", "won", "winning"),
    "get": ("gets", "got", "getting"),
    "hand": ("hands", "handed", "handing"),
    "seek": ("seeks", "sought", "seeking"),
    "fight": ("fights", "fought", "fighting"),
}
_DOUBLED = re.compile(r"[^aeiou]*[aeiou][bdgmnprt]")


@cache
def forms(verb: str) -> dict[str, Form]:
    """Every form of a verb's first word, spelled in lower case."""
    head = verb.split()[0]
    found = {head: Form.BASE}
    if head in _IRREGULAR:
        third, *pasts, gerund = _IRREGULAR[head]
        return found | {third: Form.THIRD} | dict.fromkeys(pasts, Form.PAST) | {gerund: Form.GERUND}
    stem = head
    if head.endswith("e"):
        stem = head[:-1]
    elif _DOUBLED.fullmatch(head):
        stem = head + head[-1]
    third = head[:-1] + "ies" if re.search(r"[^aeiou]y\Z", head) else head + ("es" if head[-1] in "sxh" else "s")
    past = head[:-1] + "ied" if third.endswith("ies") else stem + "ed"
    found |= {third: Form.THIRD, past: Form.PAST, stem + "ing": Form.GERUND}
    if re.search(r"[^aeiou][aeiou]l\Z", head):  # canceled and cancelled, annulled
        found |= {head + "led": Form.PAST, head + "ling": Form.GERUND}
    return found


def _all(verbs: str) -> frozenset[str]:
    return frozenset(form for verb in verbs.split() for form in forms(verb))


_BE = word_set("is are was were am been being be")
_MODAL = word_set("will would can could may might must should shall cannot ought 'll")
_DO = word_set("do does did")
_HAVE = word_set("has have had having")
_NOT = word_set("not never")
_ADVERBS = word_set(
    "also now again soon then already just even yet ever still once promptly both all either later today"
)
_NO = word_set("no neither nor none nobody without few hardly scarcely barely")
_GRANT_VERBS = "grant approve win secure obtain get impose issue enter sign publish order direct hand agree decide"
_GRANT = _all(_GRANT_VERBS)
_GRANTED = _all("grant approve agree")  # what makes a motion more than a wish
_MOTIONS = word_set("motion motions request requests application applications petition bid plea appeal")
_OPEN = (
    _all(
        "ask seek request urge want move petition call push demand sue plead beg press propose plan intend expect vow "
        "pledge promise threaten hope aim prepare try attempt fight wish need consider weigh mull deny decline refuse "
        "reject rebuff dismiss fail oppose resist delay postpone avoid argue claim allege contend assert recommend "
        "suggest fear predict speculate discuss debate stop"
    )
    | word_set(
        "likely poised set due ready possible potential able unable proposal proposals plans intention "
        "threat hearing arguments denial refusal rejection rather instead against opposing opposition "
        "effort efforts push attempt brief response"
    )
) - frozenset({"stops", "stopping"})
_IF = word_set("if unless whether until should could might hypothetically supposedly")
_CLAIMS = _all(
    "argue claim allege contend assert urge demand propose predict speculate fear hope believe expect ask request want "
    "warn suggest recommend imagine"
) | frozenset({"draft", "drafts", "reportedly"})
_RELATIVE = word_set("which who whom whose when where before")
_SAYING = _all("say announce confirm rule hold find note write declare tell report state show") | {"told"}
_NEW_CLAUSE = word_set("but while because after although though as since ;")
_PARTIES = word_set("judges courts justices feds officials republicans democrats lawmakers regulators")
_INSTRUMENTS = word_set(
    "order orders ruling decision judgment opinion injunction memo memorandum notice rule letter "
    "proclamation guidance directive agreement settlement stipulation action policy alert statement"
)


def read(sentence: str) -> list[Token]:
    """The words and marks of a sentence, each with whether it stands in a quotation of more than two words."""
    flat = plain(sentence)
    spans = _quotations(flat)
    tokens = []
    for found in _TOKEN.finditer(flat):
        written = found.group()
        word = written.lower().removesuffix("'s")
        quoted = any(start <= found.start() < end for start, end in spans)
        mine = written.lower().endswith("'s") or flat[found.end() : found.end() + 1] == "'"
        tokens.append(Token(word, found.start(), found.end(), quoted, written[0].isupper(), mine))
    return tokens


def _quotations(text: str) -> list[tuple[int, int]]:
    """The spans between quotation marks; one that has no partner quotes to the end, or from the beginning."""
    spans: list[tuple[int, int]] = []
    opened: int | None = None
    for mark in re.finditer('"', text):
        at = mark.start()
        if opened is not None:
            spans.append((opened, at))
            opened = None
        elif at and not text[at - 1].isspace() and text[at - 1] not in "([-":
            spans.append((0, at))
        else:
            opened = at
    if opened is not None:
        spans.append((opened, len(text)))
    return [(start, end) for start, end in spans if len(text[start:end].split()) > _SHORT_QUOTE]


_NO_ADVERBS = word_set("only july apply comply imply rely reply supply multiply family assembly anomaly")


def is_adverb(word: str) -> bool:
    """Whether a word in lower case has an adverb's ending and is none of the others that have it."""
    return word.endswith("ly") and word not in _NO_ADVERBS


def group_start(tokens: Sequence[Token], at: int) -> int:
    """Where the auxiliaries and adverbs before the verb at ``at`` begin; ``at`` itself where it has none."""
    while at > 0 and _in_group(tokens[at - 1].word):
        at -= 1
    return at


def _in_group(word: str) -> bool:
    known = _BE | _MODAL | _DO | _HAVE | _NOT | _ADVERBS
    return word in known or word == "to" or word.endswith("n't") or is_adverb(word)


def is_passive(tokens: Sequence[Token], at: int) -> bool:
    """Whether a past form is the participle of a passive with its auxiliary ("was vacated")."""
    return any(token.word in _BE | {"got"} for token in tokens[group_start(tokens, at) : at])


def is_done(tokens: Sequence[Token], at: int, form: Form, *, headline: bool = False) -> bool:
    """Whether the sentence says that what the verb at ``at`` names was done."""
    if tokens[at].quoted or tokens[-1].word == "?" or _any(tokens[:at], _IF):
        return False
    start = group_start(tokens, at)
    group = {token.word for token in tokens[start:at]}
    if group & (_NOT | _MODAL | {"had"}) or any(word.endswith("n't") for word in group):
        return False
    if "to" in group:
        return is_granted(tokens, start)
    if "be" in group:
        return False
    if form is Form.GERUND and not group & _BE:
        return _gerund_done(tokens, start, headline)
    if form is Form.BASE and not group & _DO and not _plural_subject(tokens, start):
        return is_granted(tokens, start) if start and tokens[start - 1].word in ("and", "or") else False
    return _stated(tokens, start)


def _any(tokens: Iterable[Token], words: frozenset[str]) -> bool:
    return any(token.word in words for token in tokens)


def _plural_subject(tokens: Sequence[Token], start: int) -> bool:
    return start > 0 and tokens[start - 1].word in _PARTIES


def _stated(tokens: Sequence[Token], start: int) -> bool:
    """Whether nothing before a finite verb takes it back: a claim, a "no", a relative clause that only reminds."""
    near = tokens[max(0, start - 5) : start]
    if near and near[-1].word in ("and", "then"):
        return not _any(near, frozenset({"would", "could"}))
    for back, token in enumerate(reversed(tokens[:start])):
        if token.word in _NEW_CLAUSE:
            return token.word != "as" or back > 0
        if token.word == "and" and _is_mark(tokens, start - back - 2):
            return True
        if token.word in _RELATIVE and back < 6:
            return False
        if token.word in _CLAIMS or token.word in _NO:
            return False
        if token.word == "that" and back < 6:
            before = tokens[start - back - 2].word if start - back >= 2 else ""
            return before in _SAYING or is_granted(tokens, start - back - 1)
    return True


def _is_mark(tokens: Sequence[Token], at: int) -> bool:
    return at >= 0 and tokens[at].word in (",", ";")


def _gerund_done(tokens: Sequence[Token], start: int, headline: bool) -> bool:
    if not start:
        return False
    before = tokens[start - 1].word
    if before == ",":
        rest = tokens[:start]
        return not _any(rest, _MODAL | _NO | _CLAIMS | _OPEN) and not _any(rest, _IF)
    if before not in _INSTRUMENTS:
        return False
    unsaid = headline and not _any(tokens[:start], _OPEN | _MOTIONS | _NO | _MODAL)
    return is_granted(tokens, start) or (unsaid and not any(_finite(token) for token in tokens[: start - 1]))


def _finite(token: Token) -> bool:
    return token.word in _BE | _HAVE or (token.word.endswith(("ed", "es")) and not token.capital)


def is_granted(tokens: Sequence[Token], at: int) -> bool:
    """Whether what stands at ``at`` (a noun, "to stay") is what somebody granted, issued or ordered.

    A motion for it is not, unless that was granted; nor is what was asked for, refused or planned.
    """
    asked = False
    for index in range(at - 1, max(-1, at - _REACH), -1):
        word = tokens[index].word
        if word in _NOT or word in _NO or word.endswith("n't") or word in ("but", ";", "while", "after", "although"):
            return False
        if word in _MOTIONS and not tokens[index].possessive:
            asked = True
        elif word in _GRANT and _is_verb(tokens, index):
            if not asked or word in _GRANTED:
                form = forms_of_grant()[word]
                return is_done(tokens, index, form, headline=True) or _leads(tokens, index, form)
        elif word in _OPEN:
            return False
    return False


_DETERMINERS = word_set("a an the this that its his her their court executive restraining removal final")


def _is_verb(tokens: Sequence[Token], at: int) -> bool:
    """An "order" may be a noun; a verb follows neither an article nor what belongs to somebody."""
    word = tokens[at].word
    if word not in ("order", "orders", "sign", "hand", "hands", "win", "wins", "issue", "issues"):
        return True
    before = tokens[at - 1] if at else None
    return before is not None and before.word not in _DETERMINERS and not before.possessive


def _leads(tokens: Sequence[Token], at: int, form: Form) -> bool:
    """ "Order granting preliminary injunction": a participle after the document's own name, at the beginning."""
    return form is Form.GERUND and 0 < at <= 4 and tokens[at - 1].word in _INSTRUMENTS


def was_granted(tokens: Sequence[Token], at: int) -> bool:
    """Whether the noun at ``at`` is the subject of "was granted", "was issued"."""
    for index in range(at + 1, min(len(tokens), at + 12)):
        if tokens[index].word in (",", ";", "and", "but"):
            return False
        if forms_of_grant().get(tokens[index].word) is Form.PAST and is_passive(tokens, index):
            return is_done(tokens, index, Form.PAST)
    return False


@cache
def forms_of_grant() -> dict[str, Form]:
    """The forms of the verbs by which a court or an agency gives what was asked of it."""
    return {word: form for verb in _GRANT_VERBS.split() for word, form in forms(verb).items()}
