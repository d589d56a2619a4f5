"""A small tracker for the matcher's tests: a handful of policies that are easily taken for one another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from monitor.core.match.matcher import Matched, Matcher
from monitor.core.match.reading import MatchItem
from monitor.model.flag import Match, Reason, ReasonKind
from monitor.model.policy import PolicyRecord, SourceDocument
from monitor.model.vocabulary import Agency, Vocabulary
from tests.core.vocabularies import immigration

READERS = "https://tracker.example/policies/plate-readers"
VENEZUELA = "https://tracker.example/policies/tps-venezuela"
HAITI = "https://tracker.example/policies/tps-haiti"
DETENTION = "https://tracker.example/policies/order-detention"
REMOVAL = "https://tracker.example/policies/expedited-removal"
AID = "https://tracker.example/policies/foreign-aid"

VOCABULARY = replace(
    immigration(),
    agencies=(
        Agency("ICE", ("Immigration and Customs Enforcement", "Homeland Security Investigations")),
        Agency("DHS", ("Department of Homeland Security", "Homeland Security")),
        Agency("USCIS", ("Citizenship and Immigration Services",)),
        Agency("State & Local Entities", ("local police",)),
    ),
    field_terms=("immigration", "migrant", "deportation", "TPS", "ICE", "asylum", "expedited removal"),
    synonyms=(
        ("license plate reader", "automated license plate reader", "ALPR", "license plate scanner"),
        ("Temporary Protected Status", "TPS", "temporary protections"),
        ("Venezuela", "Venezuelan", "Venezuelans"),
        ("Haiti", "Haitian", "Haitians"),
        ("end", "terminate", "termination", "revoke"),
    ),
    standing_notes=("Note to readers:",),
)

POLICIES = (
    PolicyRecord(
        url=READERS,
        title="Reported: ICE using automated license plate readers of Flock via local police",
        announced=date(2025, 5, 27),
        summary="ICE asks local police to search the cameras of a company, Flock, for immigration purposes.",
        source_document=SourceDocument("2025.05.27 Reported: ICE taps into camera network - Example Media"),
        subjects=("Interior",),
        agencies=("ICE", "State & Local Entities"),
    ),
    PolicyRecord(
        url=VENEZUELA,
        title="DHS terminates Temporary Protected Status for Venezuela",
        announced=date(2025, 2, 1),
        subjects=("TPS",),
        agencies=("DHS", "USCIS"),
    ),
    PolicyRecord(
        url=HAITI,
        title="DHS terminates Temporary Protected Status for Haiti",
        announced=date(2025, 7, 1),
        subjects=("TPS",),
        agencies=("DHS", "USCIS"),
    ),
    PolicyRecord(
        url=DETENTION,
        title="EO 14159 § 10 directs DHS to build more detention space",
        announced=date(2025, 1, 20),
        subjects=("Detention",),
        agencies=("DHS", "ICE"),
    ),
    PolicyRecord(
        url=REMOVAL,
        title="DHS widens expedited removal to the whole country",
        announced=date(2025, 1, 21),
        agencies=("DHS",),
        terms=("Operation Fast Lane",),
        identifiers=("1:25-cv-00190 (D.D.C.)", "25-5100"),
    ),
    PolicyRecord(
        url=AID,
        title="President pauses foreign development assistance",
        announced=date(2025, 1, 20),
        agencies=("Other",),
    ),
)


def matcher(*policies: PolicyRecord, vocabulary: Vocabulary = VOCABULARY) -> Matcher:
    """A fresh matcher of the sample's policies, or of those given."""
    return Matcher.build(policies or POLICIES, vocabulary)


def item(title: str, text: str = "", **known: object) -> MatchItem:
    """An item; ``known`` are other fields of it."""
    return replace(MatchItem(title, text), **known)  # type: ignore[arg-type]  # a test's mistake fails in replace


def of(matched: Matched, policy: str) -> Match | None:
    """The match for one policy, if there is one."""
    return next((match for match in matched.matches if match.policy == policy), None)


def score_of(matched: Matched, policy: str) -> float:
    """The score for one policy, 0 where it is no match."""
    match = of(matched, policy)
    return match.score if match else 0.0


def reasons_of(matched: Matched, policy: str, kind: ReasonKind) -> list[Reason]:
    """The reasons of one kind for one policy."""
    match = of(matched, policy)
    return [reason for reason in match.reasons if reason.kind is kind] if match else []
