"""What a verb of courts and agencies is done to: a policy, what holds a policy up, or something else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache, lru_cache

from monitor.core.verbs import Form, Token, forms, group_start, is_adverb, is_passive, word_set
from monitor.model.status_words import StatusWords


class Target(Enum):
    """What a deed is done to."""

    POLICY = auto()
    BLOCK = auto()  # an injunction, a stay of a rule, a ruling against the policy: what keeps the policy from applying
    FAVOUR = auto()  # a ruling for the policy
    RULING = auto()  # a ruling of which the sentence does not say what it did
    OTHER = auto()  # what is no policy: a conviction, a contract
    UNKNOWN = auto()


PARTICLE_REACH = 12
_OBJECT_REACH = 16
_MARKS = frozenset(";:()?!") | {","}
_ENDS_OBJECT = word_set(
    "but while because after before when saying although though citing until pending following which "
    "who whom as amid since"
)
_NO_OBJECT = word_set(
    "in on by at over for from after before as pending until amid following during with under through "
    "nationwide and or but because when while since despite by. today yesterday monday tuesday "
    "wednesday thursday friday saturday sunday via due that short"
)
_PRONOUNS = word_set("it them that this one both")


@dataclass(frozen=True, slots=True)
class Use:
    """One use of one of the vocabulary's verbs: where it stands, in which form, and where its particle does."""

    at: int
    end: int
    form: Form
    verb: str


@lru_cache(maxsize=8)
def verb_table(verbs: tuple[str, ...]) -> dict[str, tuple[tuple[str, Form], ...]]:
    """Every form of the first words of ``verbs``, with the verbs that begin so, the longest first."""
    table: dict[str, list[tuple[str, Form]]] = {}
    for verb in sorted(verbs, key=lambda each: -len(each.split())):
        lead, head, rest = _parts(verb)
        for form_word, form in forms(head).items():
            table.setdefault(form_word, []).append((" ".join((*lead, head, *rest)), form))
    return {word: tuple(found) for word, found in table.items()}


def _parts(verb: str) -> tuple[list[str], str, list[str]]:
    """Adverb, verb and particle: "preliminarily enjoin" is enjoin, "set aside" may stand apart."""
    words = verb.split()
    lead = 1 if len(words) > 1 and words[0].endswith("ly") else 0
    return words[:lead], words[lead], words[lead + 1 :]


def uses(tokens: Sequence[Token], verbs: tuple[str, ...]) -> list[Use]:
    """Every use of one of ``verbs``, in the order of the sentence."""
    table = verb_table(verbs)
    found = []
    for at, token in enumerate(tokens):
        for verb, form in table.get(token.word, ()):
            lead, _, rest = _parts(verb)
            if lead and (at == 0 or tokens[at - 1].word != lead[0]):
                continue
            end = _particle(tokens, at, rest)
            if end is not None:
                found.append(Use(at, end, form, verb))
                break
    return found


def _particle(tokens: Sequence[Token], at: int, rest: list[str]) -> int | None:
    """The end of a verb with its particle, which may stand behind the object; None where it is missing."""
    if not rest:
        return at + 1
    for start in range(at + 1, min(len(tokens), at + PARTICLE_REACH)):
        if [token.word for token in tokens[start : start + len(rest)]] == rest:
            return start + len(rest)
        if tokens[start].word in (";", ",", ".", "and", "but"):
            return None
    return None


def object_of(tokens: Sequence[Token], use: Use) -> Sequence[Token]:
    """The words that an active verb is done to; none where nothing follows it that could be."""
    particle = len(_parts(use.verb)[2])
    if particle and use.end - particle > use.at + 1:  # "set the rule aside"
        return tokens[use.at + 1 : use.end - particle]
    begin = use.end
    while begin < len(tokens) and is_adverb(tokens[begin].word):
        begin += 1
    if begin < len(tokens) and (tokens[begin].word in _NO_OBJECT and tokens[begin].word not in _PRONOUNS):
        return ()
    end = begin
    while end < min(len(tokens), begin + _OBJECT_REACH) and not _stops(tokens, begin, end):
        end += 1
    return tokens[begin:end]


def _stops(tokens: Sequence[Token], begin: int, at: int) -> bool:
    word = tokens[at].word
    return word in _MARKS or (word in _ENDS_OBJECT and at > begin) or (word == "." and at == len(tokens) - 1)


def subject_of(tokens: Sequence[Token], use: Use) -> Sequence[Token]:
    """The words before a verb's auxiliaries, back to the sentence's last break (a name between commas is skipped)."""
    end = group_start(tokens, use.at)
    begin = end
    while begin > 0 and tokens[begin - 1].word not in (";", "but", "while", "after", "because", "and", ":", ","):
        begin -= 1
    if end - begin < 2 or (begin and tokens[begin - 1].word == "," and end - begin < 6):
        begin = 0
    return tokens[begin:end]


def takes_subject(tokens: Sequence[Token], use: Use) -> bool:
    """Whether the deed was done to the verb's subject: a passive, or a headline's bare participle."""
    return use.form is Form.PAST and (is_passive(tokens, use.at) or not object_of(tokens, use))


def target_of(span: Sequence[Token], words: StatusWords, names: frozenset[str], reading: tuple[str, ...]) -> Target:
    """What a span of a sentence names, by its first known noun. ``reading``: the verbs that speak against a policy."""
    at = 0
    while at < len(span):
        length, kind = _noun_at(span, at, words)
        if kind is not None:
            return _refined(span, at, length, kind, words, reading)
        if span[at].word in names:
            return Target.POLICY
        at += 1
    return Target.UNKNOWN


def _noun_at(span: Sequence[Token], at: int, words: StatusWords) -> tuple[int, Target | None]:
    best: tuple[int, Target | None] = (0, None)
    for kind, nouns in _noun_lists(words):
        for length in range(4, 0, -1):
            if length > best[0] and tuple(token.word for token in span[at : at + length]) in nouns:
                best = (length, kind)
                break
    return best


@cache
def _noun_lists(words: StatusWords) -> tuple[tuple[Target, frozenset[tuple[str, ...]]], ...]:
    return (
        (Target.OTHER, nouns(words.others)),
        (Target.BLOCK, nouns((*words.injunctions, *words.stays))),
        (Target.RULING, nouns(words.rulings)),
        (Target.POLICY, nouns(words.documents)),
    )


@cache
def nouns(phrases: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """Singular and plural of each phrase, as words."""
    return frozenset(tuple(form.split()) for phrase in phrases for form in _numbers(phrase.lower()))


def _numbers(phrase: str) -> Iterable[str]:
    plural = phrase[:-1] + "ies" if phrase.endswith("y") and phrase[-2:-1] not in "aeiou" else phrase + "s"
    return (phrase, plural, phrase + "es") if phrase.endswith(("s", "x", "ch")) else (phrase, plural)


def _refined(
    span: Sequence[Token], at: int, length: int, kind: Target, words: StatusWords, reading: tuple[str, ...]
) -> Target:
    """A noun, seen with what follows and precedes it: a ruling that blocked, an order of the court or the president."""
    if kind is Target.RULING:
        return _ruling(span, at, length, words, reading)
    if kind is Target.BLOCK:
        behind = span[at + length : at + length + 8]
        if any(token.word in ("of", "on", "against") for token in behind[:2]):
            held = target_of(behind[1:], words, frozenset(), reading)
            is_stay = tuple(token.word for token in span[at : at + length]) in nouns(words.stays)
            return Target.FAVOUR if is_stay and held in (Target.BLOCK, Target.RULING) else Target.BLOCK
        is_bare_stay = tuple(token.word for token in span[at : at + length]) in nouns(words.stays)
        return Target.RULING if is_bare_stay else Target.BLOCK
    return kind


def _ruling(span: Sequence[Token], at: int, length: int, words: StatusWords, reading: tuple[str, ...]) -> Target:
    behind = span[at + length : at + length + 10]
    against = uses(behind, reading)
    keeps = uses(behind, words.keep)
    if keeps and (not against or keeps[0].at < against[0].at):
        return Target.FAVOUR
    if against:
        return Target.BLOCK
    document = tuple(token.word for token in span[at : at + length]) in nouns(words.documents)
    owners = span[max(0, at - 4) : at]
    of_court = any(token.word in ("judge", "court", "circuit", "lower", "that", "earlier", "panel") for token in owners)
    return Target.POLICY if document and not of_court else Target.RULING


def is_pronoun(span: Sequence[Token]) -> bool:
    """Whether a verb's object is no more than "it"."""
    return bool(span) and span[0].word in _PRONOUNS and (len(span) == 1 or span[1].word in _NO_OBJECT | _MARKS | {"."})
