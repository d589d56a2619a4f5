"""The words by which courts and agencies change what a policy is worth: one part of a tracker's vocabulary."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StatusWords:
    """Verbs in their base form, nouns in the singular; a word of several parts may stand apart ("set the rule aside").

    The first four are statuses, None where a tracker has none such: of a policy that no longer applies, of one that
    applies (again), of one that applies in part, and of one that is still being argued about. The rest is explained
    where it is written, in ``vocabulary.yaml``. Without any word nothing is proposed.
    """

    ended: str | None = None
    applies: str | None = None
    partial: str | None = None
    contested: str | None = None
    strike: tuple[str, ...] = ()
    halt: tuple[str, ...] = ()
    rescind: tuple[str, ...] = ()
    lapse: tuple[str, ...] = ()
    restore: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    lift: tuple[str, ...] = ()
    permit: tuple[str, ...] = ()
    injunctions: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    rulings: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    courts: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    contest: tuple[str, ...] = ()
    procedure: tuple[str, ...] = ()


STATUS_NAMES = ("ended", "applies", "partial", "contested")
WORD_LISTS = tuple(name for name in StatusWords.__slots__ if name not in STATUS_NAMES)
