"""Whether a story's words say that a policy's status changed, and which sentence says so (issue 5, "Status")."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from monitor.core.event_dates import dated
from monitor.core.status_leave import may_be_verdict, permitted, verdicts
from monitor.core.status_sentence import Sentence, against, all_verbs, court_in, phrases_in
from monitor.core.status_targets import (
    Target,
    Use,
    is_pronoun,
    object_of,
    subject_of,
    takes_subject,
    target_of,
    uses,
)
from monitor.core.text import clean, fold, sentences
from monitor.core.text import words as stems
from monitor.core.verbs import Form, Token, forms, is_done, is_granted, is_passive, read, was_granted
from monitor.model.flag import StatusProposal
from monitor.model.status_words import StatusWords

_STALE = timedelta(days=45)
"""How long before its publication a deed may lie and still be what a story is about."""
_READ = 20_000  # characters of a text: what is news stands nearer to its beginning
_PAST = re.compile(
    r"\b(?:last (?:year|month|spring|summer|fall|autumn|winter|term)|(?:years?|months?|weeks|decades?) (?:ago|earlier)"
    r"|earlier this year|previously|formerly|originally|in the past|at one point|during (?:the|his|her) first)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Finding:
    """One deed: which status follows, the word that says so, and how high the court was (0: no court)."""

    status: str
    word: str
    rank: int


def propose(
    headline: str,
    text: str,
    words: StatusWords,
    *,
    policy_title: str = "",
    agencies: Collection[str] = (),
    published: date | None = None,
) -> StatusProposal | None:
    """The status that the story's words propose for a policy, with the sentence; None where they say of none.

    The headline is believed before the text; of sentences that disagree that of the highest court, then the latest.
    ``agencies`` are acronyms that name no policy. What happened long before ``published`` is background.
    """
    title, deed = frozenset(stems(policy_title)), _is_deed(policy_title, words)
    acronyms = (word for word in re.findall(r"\b[A-Z]{3,}\b", policy_title) if word not in agencies)
    names = frozenset() if deed else frozenset(map(str.lower, acronyms))  # of a deed they name what it was done to
    told = _lines(headline, words, names, title, deed, headline=True)
    found = _best(told, published) or _best(_lines(text, words, names, title, deed), published)
    return found and StatusProposal(found[1].status, found[0].text, found[1].word)


def _lines(
    text: str, words: StatusWords, names: frozenset[str], title: frozenset[str], deed: bool, *, headline: bool = False
) -> Iterator[Sentence]:
    for sentence in sentences(clean(text[:_READ])):
        folded = fold(sentence)
        if _triggers(words).search(folded) or may_be_verdict(folded):
            yield Sentence(sentence, read(sentence), headline, words, names, title, deed)


@cache
def _triggers(words: StatusWords) -> re.Pattern[str]:
    """What a sentence must hold to be worth reading: most hold none of it."""
    verbs = {form for verb in all_verbs(words) for each in verb.split()[:2] for form in forms(each)}
    things = {phrase.split()[0] for phrase in (*words.injunctions, *words.stays, *words.endings, *words.contest)}
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(verbs | things)))})" if verbs | things else r"(?!)")


def _best(lines: Iterable[Sentence], published: date | None) -> tuple[Sentence, _Finding] | None:
    found = [(line, finding) for line in lines for finding in _findings(line, published)]
    return max(enumerate(found), key=lambda each: (each[1][1].rank, each[0]))[1] if found else None


def _findings(line: Sentence, published: date | None) -> Iterator[_Finding]:
    """The last deed of the sentence that changes the status: what it says at its end holds."""
    if _PAST.search(line.text) or (published and _is_stale(line, published)):
        return
    told = (*_deeds(line), *_grants(line), *verdicts(line), *_contests(line))
    found = [each for each in told if each[1] is not None]
    if found:
        at, status = max(found, key=lambda each: each[0])
        if status is not None:
            yield _Finding(_partial(line, status), line.tokens[at].word, _rank(line, at))


def _is_deed(title: str, words: StatusWords) -> bool:
    tokens = read(title)
    return bool(uses(tokens, against(words))) or any(token.word in words.endings for token in tokens)


def _deeds(line: Sentence) -> Iterator[tuple[int, str | None]]:
    for use in uses(line.tokens, all_verbs(line.words)):
        if _is_noun(line.tokens, use) or _describes_stayed(line, use):
            continue
        if is_done(line.tokens, use.at, use.form, headline=line.headline):
            yield use.at, _status(line, use)


def _describes_stayed(line: Sentence, use: Use) -> bool:
    """ "A stay of the order vacating the rule": what the order does is told to say which order it is."""
    if use.form is not Form.GERUND:
        return False
    stays = (end for _, end in phrases_in(line.tokens[: use.at], line.words.stays))
    return any(line.tokens[end].word in ("of", "on", "against") and not _breaks(line, end, use.at) for end in stays)


def _breaks(line: Sentence, start: int, end: int) -> bool:
    return any(token.word in (",", ";", "and", "but") for token in line.tokens[start:end])


def _is_noun(tokens: Sequence[Token], use: Use) -> bool:
    """ "The blocks", "a stay of": a form that follows an article or an adjective of a ruling is no verb."""
    if use.form not in (Form.BASE, Form.THIRD) or not use.at:
        return False
    before = tokens[use.at - 1]
    return (
        before.word in ("a", "an", "the", "this", "its", "administrative", "emergency", "temporary")
        or before.possessive
    )


def _is_stale(line: Sentence, published: date) -> bool:
    """Whether the latest day of a deed that the sentence gives lies long before the story, or after it."""
    days = [found.day for found in dated(line.text, published) if found.of_deed]
    return bool(days) and not timedelta(-2) <= published - max(days) <= _STALE


def _status(line: Sentence, use: Use) -> str | None:
    words = line.words
    if use.verb in words.permit:
        return permitted(line, use)
    if use.verb in (*words.lapse, *words.start):
        return _by_itself(line, use)
    if takes_subject(line.tokens, use):
        if not is_passive(line.tokens, use.at) and not _bare_participle_counts(line, use):
            return None
        span = subject_of(line.tokens, use)
    else:
        span = object_of(line.tokens, use)
    target = _antecedent(line, use) if is_pronoun(span) else target_of(span, words, line.names, against(words))
    return _effect(line, use, span, target)


def _bare_participle_counts(line: Sentence, use: Use) -> bool:
    """ "Rule enjoined in Pangea v. DHS": so speak headlines; within prose it is mere description."""
    earlier = uses(line.tokens[: use.at], all_verbs(line.words))
    return line.headline and not any(is_done(line.tokens, each.at, each.form, headline=True) for each in earlier)


def _effect(line: Sentence, use: Use, span: Sequence[Token], target: Target) -> str | None:
    words, court = line.words, _by_court(line, use)
    if use.verb in words.rescind and not court and not _is_policys(line, span, target):
        return None
    match target:
        case Target.OTHER:
            return None
        case Target.BLOCK:
            return _undone(words, use, {True: words.applies, False: words.ended})
        case Target.FAVOUR:
            return _undone(words, use, {True: words.ended, False: words.applies})
        case Target.RULING:
            return words.applies if use.verb in words.halt and court else None
        case Target.POLICY:
            return _on_policy(line, use, span, court)
        case Target.UNKNOWN:
            return _on_unknown(line, use, span, court)


def _undone(words: StatusWords, use: Use, statuses: dict[bool, str | None]) -> str | None:
    """A block that is lifted lets the policy apply; one that is kept, or set up again, does not."""
    if use.verb in (*words.keep, *words.restore):
        return statuses[False]
    return statuses[True]


def _on_policy(line: Sentence, use: Use, span: Sequence[Token], court: bool) -> str | None:
    words = line.words
    if use.verb in words.keep:
        return words.applies if court else None
    if use.verb in words.restore:
        return words.applies
    if use.verb in against(words) and not _is_gerund(span):
        return words.ended
    return None


def _is_gerund(span: Sequence[Token]) -> bool:
    """Who "stopped adding people to the programme" did not end it."""
    return bool(span) and span[0].word.endswith("ing") and len(span[0].word) > 5


def _is_policys(line: Sentence, span: Sequence[Token], target: Target) -> bool:
    """Whether what an agency undoes can be the policy. Where that ends or halts something itself, only an ending can:
    who "rescinds the extension" under "DHS ends the programme" does what the policy says."""
    if line.deed:
        return any(token.word.removesuffix("s") in line.words.endings for token in span)
    return target in (Target.POLICY, Target.BLOCK)


def _on_unknown(line: Sentence, use: Use, span: Sequence[Token], court: bool) -> str | None:
    words = line.words
    if use.verb in words.rescind and line.deed:
        return words.ended
    if use.verb in (*words.strike, *words.halt):
        return words.ended if court and (span or use.verb in words.strike) else None
    if use.verb in words.restore and line.deed:  # what the policy took away is back
        told = {stem for token in span for stem in stems(line.text[token.start : token.end])}
        return words.ended if told & line.title else None
    return None


def _antecedent(line: Sentence, use: Use) -> Target:
    """What "it" stands for: what the sentence's last deed was done to, or made; else the policy."""
    words = line.words
    for earlier in reversed(uses(line.tokens[: use.at - 1], all_verbs(words))):
        span = object_of(line.tokens, earlier)
        if takes_subject(line.tokens, earlier) or is_pronoun(span):
            continue
        found = target_of(span, words, line.names, against(words))
        if found in (Target.POLICY, Target.UNKNOWN) and earlier.verb in (*words.strike, *words.halt):
            return Target.BLOCK
        return Target.POLICY if found is Target.UNKNOWN else found
    granted = list(phrases_in(line.tokens[: use.at], words.injunctions))
    return Target.BLOCK if granted else Target.POLICY


def _by_itself(line: Sentence, use: Use) -> str | None:
    """ "The proclamation expired", "the rule took effect"; an order of a court that expired holds nothing up."""
    target = target_of(subject_of(line.tokens, use), line.words, line.names, against(line.words))
    if use.verb in line.words.start:
        return line.words.applies if target is Target.POLICY else None
    if target is Target.BLOCK:
        return line.words.applies
    return line.words.ended if target is Target.POLICY else None


def _grants(line: Sentence) -> Iterator[tuple[int, str | None]]:
    """Nouns that are granted or issued: an injunction, a stay of something, the rescission of something."""
    words, tokens = line.words, line.tokens
    kinds = ((words.injunctions, words.ended), (words.stays, None), (words.endings, words.ended))
    for phrases, status in kinds:
        for at, end in phrases_in(tokens, phrases):
            if tokens[at].quoted or _is_object(line, at) or not _is_given(line, at, end):
                continue
            behind = (
                tokens[end + 1 : end + 25] if end < len(tokens) and tokens[end].word in ("of", "on", "against") else []
            )
            target = target_of(behind, words, line.names, against(words))
            if phrases is words.injunctions:
                yield at, status
            elif phrases is words.stays:
                yield at, _stayed(words, target)
            elif target is Target.POLICY and not line.deed:
                yield at, status


def _is_object(line: Sentence, at: int) -> bool:
    """Whether something else is done to a noun: "the stay of the injunction", "agreed to lift the injunction"."""
    near = range(max(0, at - 5), at)
    verbs = {use.at for use in uses(line.tokens, all_verbs(line.words)) if not _is_noun(line.tokens, use)}
    return any(line.tokens[index].word in ("of", "on", "against") or index in verbs for index in near)


def _stayed(words: StatusWords, target: Target) -> str | None:
    if target in (Target.BLOCK, Target.RULING):
        return words.applies
    return words.ended if target is Target.POLICY else None


def _is_given(line: Sentence, at: int, end: int) -> bool:
    tokens = line.tokens
    if is_granted(tokens, at) or was_granted(tokens, at):
        return True
    if not line.headline or any(forms(verb).get(token.word) for token in tokens for verb in ("deny", "seek", "ask")):
        return False
    if at == 0:  # "Rescission of PM 19-12"
        return end < len(tokens) and tokens[end].word == "of"
    ends = end >= len(tokens) or tokens[end].word in ("-", "(", ",", ".")
    return ends and not any(token.word in ("motion", "hearing", "for", "to", "on", "re", "no") for token in tokens[:at])


def _contests(line: Sentence) -> Iterator[tuple[int, str | None]]:
    told = [token.word for token in line.tokens]
    for phrase in line.words.contest:
        parts = phrase.split()
        for at in range(len(told) - len(parts) + 1):
            if told[at : at + len(parts)] == parts and is_done(line.tokens, at, Form.PAST, headline=True):
                yield at, line.words.contested


def _by_court(line: Sentence, use: Use) -> bool:
    """Whether a court (or its ruling) does the deed: before an active verb, behind "by" of a passive one."""
    if takes_subject(line.tokens, use):
        behind = [token.word for token in line.tokens[use.end :]]
        by = behind.index("by") if "by" in behind else None
        return by is not None and court_in(line, use.end + by, use.end + by + 12) >= 0
    return court_in(line, 0, use.at) >= 0 or bool(list(phrases_in(line.tokens[: use.at], line.words.injunctions)))


def _rank(line: Sentence, at: int) -> int:
    return max(0, court_in(line, 0, at) if court_in(line, 0, at) >= 0 else court_in(line, at, len(line.tokens)))


def _partial(line: Sentence, status: str) -> str:
    told = f" {' '.join(token.word for token in line.tokens)} "
    partly = any(f" {fold(phrase)} " in told for phrase in line.words.partly)
    return line.words.partial if partly and line.words.partial and status != line.words.contested else status
