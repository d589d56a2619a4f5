"""The scripted editor: what a careful person decided on the recorded newsroom's items. Nothing is decided at random."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from monitor.demo.story import Accept, Reject, Scripted, Story
from monitor.model.flag import RejectReason


@dataclass(frozen=True, slots=True)
class EditorDecision:
    """Accept with edits (None keeps the draft's words), or reject with a reason. ``note`` is for the audit."""

    accept: bool
    reason: RejectReason | None = None
    title: str | None = None
    date: date | None = None
    summary: str | None = None
    note: str | None = None


OTHER_POLICY = EditorDecision(False, RejectReason.NOT_ABOUT_IT, note="Belongs to another policy.")
UNKNOWN = EditorDecision(False, RejectReason.NOT_ABOUT_IT, note="Has nothing to do with this policy.")


class ScriptedEditor:
    """Decides open flags by the story's script: by source and headline, so that a reprint is not recorded again."""

    def __init__(self, story: Story) -> None:
        self._scripts = tuple(
            (source, title, verdict) for source, titles, verdict in story.scripts() for title in titles
        )

    def decide(self, policy: int | None, story_title: str, source_id: str, draft_title: str) -> EditorDecision:
        """The decision on a flag of ``policy`` (tracker id; None for "possible new policy").

        The item is known by its story's title, else by the headline within the draft. The same input gives the same
        decision. An item that the script does not know is rejected as not about the policy.
        """
        verdict = self._verdict(story_title, source_id, draft_title)
        if verdict is None:
            return UNKNOWN
        if verdict.accept is not None:
            return _accepted(verdict.accept) if verdict.accept.policy == policy else OTHER_POLICY
        return _rejected(verdict.reject) if verdict.reject is not None else UNKNOWN

    def _verdict(self, story_title: str, source_id: str, draft_title: str) -> Scripted | None:
        own = [(title, verdict) for source, title, verdict in self._scripts if source == source_id]
        exact = [verdict for title, verdict in own if title == story_title]
        drafted = [verdict for title, verdict in own if title in draft_title]
        return next(iter(exact or drafted), None)


def _accepted(script: Accept) -> EditorDecision:
    return EditorDecision(True, title=script.title, date=script.date, summary=script.summary)


def _rejected(script: Reject) -> EditorDecision:
    return EditorDecision(False, script.reason, note=script.note)
