"""read_page on whole pages: those kept beside the tests, and the real ones where the shared data is present."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from monitor.core.tracker import read_page, read_records, record_from_mapping, record_to_mapping, write_page
from monitor.model.policy import PolicyRecord
from tests.core.vocabularies import climate, immigration

PAGES = Path(__file__).parent / "pages"
VOCABULARIES = {"immigration": immigration(), "climate": climate()}


@pytest.mark.parametrize("name", sorted(path.stem for path in PAGES.glob("*.txt")))
def test_a_page_reads_to_the_record_beside_it(name: str) -> None:
    text = (PAGES / f"{name}.txt").read_text(encoding="utf-8")
    expected = json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))
    vocabulary = VOCABULARIES[name.partition("-")[0]]

    record = read_page(text, vocabulary)

    assert record_to_mapping(record) == expected
    assert read_page(write_page(record, vocabulary), vocabulary) == record


def _summary(record: PolicyRecord) -> dict[str, Any]:
    def day(value: date | None) -> str | None:
        return None if value is None else value.isoformat()

    return {
        "url": record.url,
        "title": record.title,
        "trump_version": record.trump_version,
        "tracker_id": record.tracker_id,
        "announced": day(record.announced),
        "effective": day(record.effective),
        "actions": [{"kind": one.kind, "date": day(one.date), "title": one.title} for one in record.actions],
        "agencies": list(record.agencies),
        "subjects": list(record.subjects),
        "types": list(record.types),
        "current_status": record.current_status,
    }


def test_every_real_page_reads_to_what_it_should(shared_data: Path) -> None:
    folder = shared_data / "iptp"
    rows = [json.loads(row) for row in (folder / "pages.expected.jsonl").read_text(encoding="utf-8").splitlines()]

    wrong = {}
    for row in rows:
        read = _summary(read_page((folder / "pages" / row["file"]).read_text(encoding="utf-8"), immigration()))
        different = {key: (read[key], row[key]) for key in read if read[key] != row[key]}
        if different:
            wrong[row["file"]] = different

    assert len(rows) == 84
    assert wrong == {}


def test_every_real_page_is_written_so_that_it_reads_the_same(shared_data: Path) -> None:
    for path in sorted((shared_data / "iptp" / "pages").glob("*.txt")):
        record = read_page(path.read_text(encoding="utf-8"), immigration())

        assert read_page(write_page(record, immigration()), immigration()) == record, path.name


def test_the_seed_reads_whole(shared_data: Path) -> None:
    text = (shared_data / "seed.txt").read_text(encoding="utf-8")

    record = read_page(text, immigration())

    assert (record.tracker_id, record.trump_version, record.current_status) == (1777, "2.0", "None")
    assert (record.types, record.subjects) == (("Change in Practice",), ("Interior",))
    assert record.agencies == ("ICE", "State & Local Entities")
    assert record.source_document is not None
    assert record.source_document.title.startswith("2025.05.27_Reported: ICE Taps into")
    assert [(action.date, action.reported) for action in record.actions] == [
        (date(2025, 7, 16), True),
        (date(2025, 8, 25), False),
        (date(2025, 10, 9), True),
    ]
    # every line of prose is in exactly one summary, to the character
    prose = [line.strip() for line in text.split("\n") if len(line) > 200]
    read = "\n".join([record.summary, *(action.summary for action in record.actions)]).split("\n")
    assert [line for line in read if len(line) > 190] == prose
    assert [len(action.summary.split("\n")) for action in record.actions] == [1, 1, 2]


def test_the_real_catalogue_loads_and_comes_back(shared_data: Path) -> None:
    text = (shared_data / "iptp" / "policies.jsonl").read_text(encoding="utf-8")

    records = read_records(text, ".jsonl", immigration())

    assert len(records) == 416
    assert [record_from_mapping(record_to_mapping(record), immigration()) for record in records] == list(records)
    for record, row in zip(records, map(json.loads, text.splitlines()), strict=True):
        assert _summary(record) | {"actions": []} == {
            **{key: row[key] for key in row if key not in ("summary", "source_document")},
            "actions": [],
        }
        assert (record.summary or None) == row["summary"]
        assert (record.source_document.title if record.source_document else None) == row["source_document"]
