"""What a court lets somebody do: "allowed the agency to enforce the rule", "ruled that the rule may stand"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from monitor.core.status_sentence import Sentence, against, court_in
from monitor.core.status_targets import Target, Use, object_of, target_of, uses
from monitor.core.verbs import Form, Token, forms, is_adverb, is_done, is_passive, word_set

_GOES_ON = word_set("enforce enforcing resume resuming implement continue proceed carry restart apply use take")
_STANDS = word_set("stand remain stay go move proceed")  # "the rule may stand", "can go forward"
_VERDICTS = {word: form for verb in ("say", "rule", "hold", "find", "decide") for word, form in forms(verb).items()}
_CANNOT = word_set("cannot can't")
_MAY = word_set("can may") | _CANNOT
_WORTH_READING = tuple(re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(each)))})\b") for each in (_VERDICTS, _MAY))


def permitted(line: Sentence, use: Use) -> str | None:
    """ "Allowed the administration to enforce the rule"; "let the injunction stand" is a block that is kept."""
    words, tokens = line.words, line.tokens
    if court_in(line, 0, use.at) < 0 or is_passive(tokens, use.at):
        return None
    span = object_of(tokens, use) or tokens[use.end : use.end + 16]  # "cleared the way for the agency to enforce it"
    named = [token.word for token in span]
    begin = next((at for at in range(len(named)) if _carries_out(line, span[at:])), None)
    if begin is None:
        is_way = named[:1] == ["for"] and target_of(span, words, line.names, against(words)) is Target.POLICY
        return words.applies if is_way else None
    target = target_of(span[:begin], words, line.names, against(words))
    if target is Target.BLOCK or "blocked" in named:
        return words.ended
    if target in (Target.OTHER, Target.RULING):
        return None
    if target is Target.UNKNOWN and target_of(span[begin:], words, line.names, ()) is Target.OTHER:
        return None
    return words.applies


def _carries_out(line: Sentence, span: Sequence[Token]) -> bool:
    """Whether a verb at the span's beginning goes on with the policy; where that ends something, ending is going on."""
    if not span:
        return False
    if span[0].word in _GOES_ON | _STANDS:
        return True
    return line.deed and any(use.at == 0 and use.form is Form.BASE for use in uses(span, against(line.words)))


def verdicts(line: Sentence) -> Iterator[tuple[int, str | None]]:
    """ "The court ruled that the department may enforce the rule"; "the rule can take effect, a judge says"."""
    tokens = line.tokens
    for at, token in enumerate(tokens):
        form = _VERDICTS.get(token.word)
        if form is None or court_in(line, max(0, at - 6), at) < 0:
            continue
        if is_done(tokens, at, form, headline=line.headline) or _closes(line, at):
            span = tokens[: at - 1] if _closes(line, at) else tokens[at + 1 : at + 30]
            yield at, _verdict(line, span)


def may_be_verdict(folded: str) -> bool:
    """Whether a sentence, folded, has the words of a verdict at all: most have not."""
    return all(each.search(folded) for each in _WORTH_READING)


def _closes(line: Sentence, at: int) -> bool:
    """Whether the court and what it did stand behind all that it said: ", a judge ruled Monday"."""
    comma = any(token.word == "," for token in line.tokens[max(0, at - 6) : at])
    return comma and len([token for token in line.tokens[at + 1 :] if token.word not in (".", "on")]) <= 1


def _verdict(line: Sentence, span: Sequence[Token]) -> str | None:
    words = line.words
    at = next((at for at, token in enumerate(span) if token.word in _MAY), None)
    if at is None or span[at].quoted or _breaks_off(span[:at]):
        return None
    denied = span[at].word in _CANNOT or (at + 1 < len(span) and span[at + 1].word == "not")
    verb = next((index for index in range(at + 1, len(span)) if not _is_filler(span[index].word)), len(span))
    about = target_of(span[:at], words, line.names, against(words))
    if not _carries_out(line, span[verb:]) or about in (Target.OTHER, Target.RULING):
        return None
    if about is Target.UNKNOWN and target_of(span[verb:], words, line.names, ()) not in (Target.POLICY, Target.UNKNOWN):
        return None
    return words.ended if denied is not (about is Target.BLOCK) else words.applies


def _breaks_off(span: Sequence[Token]) -> bool:
    return any(token.word in (";", "but", "while", "if", "unless", "whether") for token in span)


def _is_filler(word: str) -> bool:
    return word in ("not", "now", "still", "also", "to", "continue", "resume", "start", "begin") or is_adverb(word)
