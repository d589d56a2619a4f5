"""A tracker's words: the packaged ones, another tracker's, and wrong ones."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from monitor.config import vocabulary as module
from monitor.config.vocabulary import agency_finder, load_vocabulary, packaged_vocabulary, topic_finder
from monitor.errors import ConfigError
from monitor.model.status_words import StatusWords
from monitor.model.vocabulary import Agency, PageLabels, TitlePatterns, Vocabulary

CLIMATE = (Path(__file__).parent / "climate.yaml").read_text(encoding="utf-8")


def problems_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_vocabulary(text, "vocabulary.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_the_packaged_vocabulary_is_the_immigration_trackers() -> None:
    words = packaged_vocabulary()

    assert words.tracker == "Immigration Policy Tracking Project"
    assert len(words.topics) == 27
    assert len(words.agency_names) == 19
    assert len(words.types) == 9
    assert len(words.status_tags) == 10
    assert words.current_statuses == ("Fully in Effect", "Partially in effect", "Not in effect", "None")
    assert {"Asylum, Withholding and CAT", "Non-Immigrant Visas: Student", "Other"} <= set(words.topics)
    assert {"Bureau of Population, Refugees, and Migration", "State & Local Entities"} <= set(words.agency_names)


def test_a_new_action_has_the_kind_that_the_contract_names() -> None:
    assert packaged_vocabulary().default_kind == "Subsequent Trump and Court Action"
    assert "Biden Administration Action: Revoked/Replaced" in packaged_vocabulary().action_kinds


def test_the_packaged_titles_are_the_trackers_style() -> None:
    assert packaged_vocabulary().titles == TitlePatterns()
    assert packaged_vocabulary().titles.press == "{date} Reported: {headline} - {publisher}"


def test_every_field_of_the_packaged_vocabulary_holds_something() -> None:
    words = packaged_vocabulary()

    assert all(getattr(words, field.name) for field in fields(Vocabulary))
    assert all(getattr(words.labels, field.name) for field in fields(PageLabels))


def test_the_packaged_vocabulary_is_read_once() -> None:
    assert packaged_vocabulary() is packaged_vocabulary()


def test_every_topic_agency_type_and_kind_of_the_real_tracker_is_known(shared_data: Path) -> None:
    words = packaged_vocabulary()
    known: dict[str, set[str | None]] = {
        "subjects": set(words.topics),
        "agencies": set(words.agency_names),
        "types": set(words.types),
        "trump_version": {*words.versions, None},
        "current_status": {*words.current_statuses, "", None},
    }
    for name in ("policies.jsonl", "pages.expected.jsonl"):
        for line in (shared_data / "iptp" / name).read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            for key, allowed in known.items():
                value = record.get(key)
                assert set(value if isinstance(value, list) else [value]) <= allowed, (name, key, value)
            assert {action["kind"] for action in record.get("actions", ())} <= set(words.action_kinds)


def test_a_climate_tracker_needs_a_file_and_no_code() -> None:
    words = load_vocabulary(CLIMATE, "climate.yaml")

    assert words.topics == ("Power plants", "Vehicles: Light-duty", "Air, water and soil", "Methane")
    assert words.agencies[0] == Agency("EPA", ("Environmental Protection Agency", "Office of Air, Noise and Radiation"))
    assert words.agencies[2] == Agency("NOAA")
    assert words.default_kind == "Later Step"
    assert words.titles.government == "{headline} ({date})"
    assert words.titles.court == "{date} {headline}"
    assert words.labels.effective == ("In force from", "Effective")
    assert words.synonyms[0] == ("greenhouse gas", "GHG", "carbon pollution")
    assert words.versions == ("1", "2")
    assert words.timezone == "Europe/Brussels"


def test_the_climate_example_uses_every_key() -> None:
    for key in (*module.KEYS, *module.WRITTEN_LABELS, *module.READ_LABELS):
        assert f"{key}:" in CLIMATE


def test_no_word_of_the_immigration_tracker_reaches_another() -> None:
    words = load_vocabulary(CLIMATE, "climate.yaml")

    assert not {"ICE", "Trump", "Border"} & {*words.topics, *words.agency_names, words.version_label}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("version: 1\n", "version: 9\n", "vocabulary.yaml:2: 'version' '9' is not known here: write 'version: 1'"),
        ("tracker:", "trackr:", "unknown key 'trackr': did you mean 'tracker'?"),
        ("tracker: Climate Rollback Watch\n", "", "'tracker' is missing"),
        ("default_kind: Later Step", "default_kind: Later Stp", "unknown action kind 'Later Stp': did you mean"),
        ("  - Methane", "  - methane\n  - Methane", "vocabulary.yaml:9: 'Methane' stands twice in 'topics'"),
        ("  - Methane", "  - 2.0", "an element of 'topics' has to be text, not the number 2.0: put it in quotes"),
        ('versions: ["1", "2"]', "versions: [1, 2]", "put it in quotes"),
        ("  - NOAA", "  - DOE", "'DOE' already belongs to the agency 'DOE'"),
        ("[Department of Energy,", "[EPA,", "'EPA' already belongs to the agency 'EPA'"),
        ("  - NOAA", "  - nam: NOAA", "unknown key 'nam': did you mean 'name'?"),
        ("{headline} ({date})", "{headlin}", "has to be text that holds {headline}"),
        ("{headline} ({date})", "{headline} {day}", "unknown placeholder '{day}': use {date}, {headline} or"),
        ("{headline} ({date})", "{headline} {date", "unknown placeholder '{date'"),
        ("  press:", "  pres:", "unknown key 'pres': did you mean 'press'?"),
        ("  announced: [Announced on]\n", "", "'announced' is missing or empty"),
        ("  announced: [Announced on]", "  announced: []", "'announced' is missing or empty"),
        ("  - [greenhouse gas, GHG, carbon pollution]", "  - {a: b}", "a row of 'synonyms' has to be a list"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_told_with_its_line_and_a_suggestion(old: str, new: str, expected: str) -> None:
    assert old in CLIMATE

    problems = problems_of(CLIMATE.replace(old, new))

    assert any(expected in problem for problem in problems), problems
    assert all(problem.startswith("vocabulary.yaml:") for problem in problems)


def test_everything_missing_is_told_at_once() -> None:
    problems = problems_of("version: 1")

    for key in ("tracker", "topics", "agencies", "action_kinds", "default_kind", "announced", "view_document"):
        assert any(f"'{key}' is missing" in problem for problem in problems)


@pytest.mark.parametrize("written", ["Interior", "interior", "INTERIOR", " Interior "])
def test_a_topic_is_found_whatever_its_case(written: str) -> None:
    assert topic_finder(packaged_vocabulary())(written) == "Interior"


@pytest.mark.parametrize("written", ["CBP", "cbp", "Customs and Border Protection", "border patrol"])
def test_an_agency_is_found_by_its_name_or_an_alias(written: str) -> None:
    assert agency_finder(packaged_vocabulary())(written) == "CBP"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("Intrior", "unknown topic 'Intrior': did you mean 'Interior'?"),
        ("Asylum", "unknown topic 'Asylum': did you mean 'Asylum, Withholding and CAT' (it has to stand in quotes)?"),
        ("Astronomy", "unknown topic 'Astronomy'"),
    ],
)
def test_an_unknown_topic_is_answered_with_the_nearest(written: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        topic_finder(packaged_vocabulary())(written)

    assert str(caught.value) == message


def test_few_known_words_are_listed_where_none_is_near() -> None:
    with pytest.raises(ValueError, match="use EPA, DOE or NOAA"):
        module._finder("agency", {"EPA": "EPA", "DOE": "DOE", "NOAA": "NOAA"})("Fisheries")


def test_status_words_are_read_folded_and_lead_to_the_files_own_statuses() -> None:
    words = load_vocabulary(CLIMATE, "climate.yaml").status_words

    assert (words.ended, words.applies, words.partial) == ("Not in force", "In force", None)
    assert words.contested == "Proposed"
    assert (words.strike, words.courts) == (("annul",), ("general court", "court of justice"))


def test_every_list_of_the_packaged_status_words_holds_something() -> None:
    words = packaged_vocabulary().status_words

    assert all(getattr(words, field.name) for field in fields(StatusWords))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  ended: Not in force", "  ended: Gone", "'Gone'"),
        ("  applies: In force", "  applies: Proposed", "'Proposed'"),
        ("  contested: Proposed", "  contested: Elsewhere", "'Elsewhere'"),
        ("  strike: [annul]", "  strikes: [annul]", "'strikes'"),
        ("  strike: [annul]", "  strike: [3]", "'strike'"),
    ],
)
def test_a_wrong_status_word_is_told_with_its_line(old: str, new: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_vocabulary(CLIMATE.replace(old, new), "vocabulary.yaml")
    assert told in str(caught.value)
    assert "vocabulary.yaml:" in str(caught.value)
