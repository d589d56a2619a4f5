"""The demonstration's policies read as the tracker's own do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from monitor.config.vocabulary import packaged_vocabulary
from monitor.core.tracker.reader import read_page
from monitor.core.tracker.records import read_records
from monitor.demo.story import POLICY, data_text
from monitor.model.policy import PolicyRecord


def page() -> PolicyRecord:
    return read_page(data_text("policy_page.txt"), packaged_vocabulary())


def test_the_page_reads_to_the_policy_without_any_action() -> None:
    record = page()
    assert (record.tracker_id, record.trump_version, record.announced, record.effective) == (
        POLICY,
        "2.0",
        date(2025, 5, 27),
        date(2025, 5, 27),
    )
    assert (record.types, record.subjects, record.agencies, record.current_status, record.actions) == (
        ("Change in Practice",),
        ("Interior",),
        ("ICE", "State & Local Entities"),
        "None",
        (),
    )


def test_the_page_has_the_seeds_identity(shared_data: Path) -> None:
    seed = read_page((shared_data / "seed.txt").read_text(encoding="utf-8"), packaged_vocabulary())
    own = page()
    assert (own.title, own.tracker_id, own.source_document) == (seed.title, seed.tracker_id, seed.source_document)
    assert own.summary != seed.summary


def test_the_other_records_are_read_whole() -> None:
    records = read_records(data_text("policies.jsonl"), ".jsonl", packaged_vocabulary())
    assert len(records) == len(data_text("policies.jsonl").splitlines())
    assert all(record.title and record.summary and record.source_document for record in records)
    assert page().url not in {record.url for record in records}
