"""Tags without separators, taken apart by the longest known name."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.tracker.tags import agency_names, join_tags, split_tags
from monitor.model.vocabulary import Agency
from tests.core.vocabularies import climate, immigration

AGENCIES = immigration().agency_names
TOPICS = immigration().topics
TYPES = immigration().types
PRM = "Bureau of Population, Refugees, and Migration"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ICE State & Local Entities", ["ICE", "State & Local Entities"]),
        ("OtherState & Local Entities", ["Other", "State & Local Entities"]),
        (f"{PRM} USCIS DOJ", [PRM, "USCIS", "DOJ"]),
        (f"DOS{PRM}", ["DOS", PRM]),
        ("DHSICECBP", ["DHS", "ICE", "CBP"]),
        ("ICE, CBP", ["ICE", "CBP"]),
        ("ICE ICE", ["ICE"]),
        ("ICE NASA USCIS", ["ICE", "NASA", "USCIS"]),
        ("Space Force ICE Coast Guard Auxiliary", ["Space Force", "ICE", "Coast Guard Auxiliary"]),
        ("ICEberg Office", ["ICEberg Office"]),
        ("AGX", ["AGX"]),
        ("OfficeOther", ["Office", "Other"]),
        ("Foo Bar; ICE", ["Foo Bar", "ICE"]),
        ("  ", []),
        ("", []),
    ],
)
def test_agencies_are_split_and_unknown_words_kept(text: str, expected: list[str]) -> None:
    assert split_tags(text, AGENCIES) == tuple(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EnforcementDetentionInterior", ["Enforcement", "Detention", "Interior"]),
        ("Asylum, Withholding and CAT Border", ["Asylum, Withholding and CAT", "Border"]),
        ("Immigrant Visas: Diversity Immigrant Visas", ["Immigrant Visas: Diversity", "Immigrant Visas"]),
        ("Non-Immigrant Visas: StudentNon-Immigrant Visas", ["Non-Immigrant Visas: Student", "Non-Immigrant Visas"]),
        ("Immigrant Visas: Investor Border", ["Immigrant Visas: Investor", "Border"]),
        ("TPSU/T/VAWAWorkplace Enforcement", ["TPS", "U/T/VAWA", "Workplace Enforcement"]),
        ("OtherRefugees", ["Other", "Refugees"]),
    ],
)
def test_topics_with_commas_and_subtypes_are_split(text: str, expected: list[str]) -> None:
    assert split_tags(text, TOPICS) == tuple(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ICE USC", ["ICE"]),
        ("ICE State & Lo", ["ICE"]),
        ("ICEAssoc", ["ICE"]),
        ("DOJA", ["DOJ"]),
        ("ICE NASA", ["ICE", "NASA"]),
        ("ICE", ["ICE"]),
    ],
)
def test_a_cut_name_or_label_at_the_end_is_left_out(text: str, expected: list[str]) -> None:
    assert split_tags(text, AGENCIES, cut_before=["Associated or Derivative Policies"]) == tuple(expected)


@pytest.mark.parametrize("names", [AGENCIES, TOPICS, TYPES, climate().topics, climate().agency_names])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_every_choice_of_known_names_survives_joining_with_spaces(names: tuple[str, ...], data: st.DataObject) -> None:
    chosen = tuple(data.draw(st.lists(st.sampled_from(names), unique=True)))

    assert split_tags(" ".join(chosen), names) == chosen


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet="ICE aX:,&", min_size=1).map(str.strip).filter(lambda tag: tag.strip(" ,"))))
def test_what_spaces_cannot_part_is_joined_by_semicolons(tags: list[str]) -> None:
    chosen = tuple(dict.fromkeys(tag.strip(" ,") for tag in tags))

    assert split_tags(join_tags(chosen, AGENCIES), AGENCIES) == chosen


def test_an_agencys_own_name_outranks_another_agencys_alias() -> None:
    names = agency_names([Agency("Interior", ("DOI",)), Agency("DOI"), Agency("EPA", ("Interior",))])

    assert names == {"Interior": "Interior", "DOI": "DOI", "EPA": "EPA"}


def test_without_a_vocabulary_the_line_is_one_tag() -> None:
    assert split_tags("Foo Bar", []) == ("Foo Bar",)
