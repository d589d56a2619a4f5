"""``policies``: in and out, by page and by record."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.policy_files import Format, read_file, written
from monitor.config.vocabulary import packaged_vocabulary
from monitor.core.tracker import read_page, record_from_mapping
from tests.cli.conftest import PAGE, POLICY, Monitor, write

RECORD: dict[str, Any] = {
    "url": "https://tracker.example/policies/site",
    "title": "Camp East reopens: a detention site",
    "tracker_id": 9002,
    "announced": "2025-10-01",
    "subjects": ["Detention"],
    "agencies": ["ICE", "CBP"],
    "summary": "First paragraph.\nSecond: 'quoted' # not a comment.",
    "current_status": "None",
    "terms": ["Camp East"],
    "actions": [{"kind": "Subsequent Trump and Court Action", "date": "2025-10-09", "title": "2025.10.09 A visit"}],
}


def test_an_import_counts_and_can_be_repeated(monitor: Monitor, tmp_path: Path) -> None:
    page = write(tmp_path / "page.txt", PAGE)
    records = write(tmp_path / "records.jsonl", json.dumps(RECORD) + "\n")
    first = monitor("policies", "import", page, records, "--json").json
    assert first == {"created": 2, "updated": 0, "unchanged": 0, "failed": []}
    again = monitor("policies", "import", page, records, "--json").json
    assert again == {"created": 0, "updated": 0, "unchanged": 2, "failed": []}
    write(records, json.dumps({"tracker_id": 9002, "url": RECORD["url"], "effective": "2025-10-02"}))
    assert monitor("policies", "import", records, "--json").json["updated"] == 1
    assert monitor("policies", "show", "9002", "--json").json["effective"] == "2025-10-02"


BROKEN = [
    ("a.txt", "Nothing of a tracker page.\n", "none of its headings"),
    ("a.jsonl", '{"title": "A", "url": "title:a"}\n{"titel": "A"}\n', "line 2: record: unknown field 'titel'"),
    ("a.json", "[{}", "line 1"),
    ("a.csv", "title,nonsense\n", "line 1: unknown column 'nonsense'"),
    ("a.yaml", "- title: A\n  url: title:a\n- title: B\n  url: title:b\n  subjects: [Intrior]\n", "line 3: subjects"),
    ("a.yaml", "title: A\ntitle: B\n", "line 2: the key 'title' is given twice"),
    ("a.yaml", "just words\n", "line 1: record: must be an object"),
    ("a.pdf", "x", "unknown suffix '.pdf'"),
]


def test_files_that_fail_do_not_stop_the_others(monitor: Monitor, tmp_path: Path) -> None:
    broken = [write(tmp_path / f"{n}-{name}", text) for n, (name, text, _) in enumerate(BROKEN)]
    page = write(tmp_path / "page.txt", PAGE)
    result = monitor("policies", "import", *broken, page, "--json", code=1).json
    assert result["created"] == 1
    assert [each["file"] for each in result["failed"]] == [str(file) for file in broken]
    for failed, (_, _, message) in zip(result["failed"], BROKEN, strict=True):
        assert message in failed["error"]


def test_a_record_that_cannot_be_taken_is_named_by_its_place(tracked: Monitor, tmp_path: Path) -> None:
    clash = [RECORD, {**RECORD, "url": POLICY}]
    file = write(tmp_path / "two.json", json.dumps(clash))
    ran = tracked("policies", "import", file, code=1)
    assert "1 created" in ran.stdout
    assert f"{file}: record 2: " in ran.stderr


def test_a_file_that_is_not_there_is_wrong_usage(monitor: Monitor) -> None:
    assert "nowhere.txt" in monitor("policies", "import", "nowhere.txt", code=2).stderr


def test_a_page_of_html_is_read_too(monitor: Monitor, tmp_path: Path) -> None:
    html = (
        f"<html><head><link rel=canonical href={POLICY}></head><body><main><h1>A policy</h1><ol>"
        "<li><h3>Original Date Announced</h3><p>May 27, 2025</p><p>Words.</p></li>"
        "<li><h3>Effective Date</h3><p>May 27, 2025</p></li></ol></main></body></html>"
    )
    monitor("policies", "import", write(tmp_path / "page.html", html))
    row = monitor("policies", "list", "--json").rows[0]
    assert (row["title"], row["announced"]) == ("A policy", "2025-05-27")


def test_policies_are_listed_and_filtered(tracked: Monitor, tmp_path: Path) -> None:
    tracked("policies", "import", write(tmp_path / "r.json", json.dumps(RECORD)))
    rows = tracked("policies", "list", "--json").rows
    assert [row["id"] for row in rows] == [9002, 9001]
    assert rows[1] == {
        "id": 9001,
        "url": POLICY,
        "slug": "camera-searches",
        "title": "ICE uses automated camera networks for immigration enforcement",
        "announced": "2025-05-27",
        "topics": ["Interior"],
        "agencies": ["ICE"],
        "current_status": "None",
        "actions": 1,
    }
    assert [row["id"] for row in tracked("policies", "list", "--topic", "interior", "--json").rows] == [9001]
    assert [row["id"] for row in tracked("policies", "list", "--agency", "Border Patrol", "--json").rows] == [9002]
    wrong = tracked("policies", "list", "--topic", "Intrior", code=2)
    assert "--topic: unknown topic 'Intrior': did you mean 'Interior'?" in wrong.stderr


def test_a_policy_is_shown_with_its_timeline(tracked: Monitor) -> None:
    found = tracked("policies", "show", POLICY, "--json").json
    assert (found["id"], found["subjects"]) == (9001, ["Interior"])
    assert [action["date"] for action in found["actions"]] == ["2025-07-16"]
    shown = tracked("policies", "show", "camera-searches").stdout
    assert "1 subsequent action" in shown
    assert "2025.07.16 Reported: Searches of the Lynxcam cameras raise questions - The Outlet" in shown


@pytest.mark.parametrize("form", Format)
def test_what_is_written_reads_back_the_same(tmp_path: Path, form: Format) -> None:
    vocabulary = packaged_vocabulary()
    records = [record_from_mapping(RECORD, vocabulary), read_page(PAGE, vocabulary)]
    if form is Format.PAGE:  # one a file, and no terms
        records = records[1:]
    if form is Format.CSV:  # no timeline
        records = [replace(record, actions=()) for record in records]
    file = write(tmp_path / f"out{form.suffix}", written(records, form, vocabulary))
    assert read_file(file, vocabulary) == tuple(records)


def test_what_is_exported_imports_as_unchanged(tracked: Monitor, tmp_path: Path) -> None:
    file = tmp_path / "out.yaml"
    assert "wrote 1 file" in tracked("policies", "export", "--format", "yaml", "--output", file).stdout
    assert tracked("policies", "import", file, "--json").json["unchanged"] == 1


def test_an_export_goes_to_standard_output_alone(tracked: Monitor) -> None:
    ran = tracked("policies", "export", "9001")
    assert ran.stdout.splitlines()[0] == f"URL: {POLICY}"
    assert ran.stderr == ""
    assert tracked("policies", "export", "9001", "--format", "jsonl").rows[0]["tracker_id"] == 9001


def test_pages_go_into_a_folder_by_slug(tracked: Monitor, tmp_path: Path) -> None:
    tracked("policies", "import", write(tmp_path / "r.json", json.dumps(RECORD)))
    tracked("policies", "export", "--output", tmp_path / "pages")
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == ["camera-searches.txt", "site.txt"]
    assert "give a folder" in tracked("policies", "export", "--output", tmp_path / "pages.txt", code=2).stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["4711"], 1, "no policy '4711'"),
        (["--format", "yml"], 2, "did you mean 'yaml'?"),
        (["--output", "/proc/none/file.txt"], 1, "/proc/none"),
    ],
)
def test_an_export_that_cannot_be_says_why(tracked: Monitor, words: list[str], code: int, message: str) -> None:
    assert message in tracked("policies", "export", *words, code=code).stderr


def test_a_policy_is_added_and_its_subscribers_are_told(monitor: Monitor) -> None:
    words = ("--title", "A new raid", "--topic", "Interior", "--agency", "Border Patrol", "--announced", "2025-10-01")
    row = monitor("policies", "add", *words, "--term", "raid", "--json").json
    assert (row["url"], row["agencies"]) == ("title:a-new-raid", ["CBP"])
    assert "New policy" in monitor("digest", "preview", "desk").stdout
    assert "tracked already" in monitor("policies", "add", *words, code=1).stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--topic", "Intrior"], "did you mean 'Interior'?"),
        (["--url", "example.org"], "url: must be an http(s) address"),
        (["--announced", "yesterday"], "--announced: 'yesterday' is not a day"),
    ],
)
def test_a_policy_of_wrong_words_is_wrong_usage(monitor: Monitor, words: list[str], message: str) -> None:
    assert message in monitor("policies", "add", "--title", "A", *words, code=2).stderr


def test_a_policy_is_edited_and_its_new_status_told(tracked: Monitor) -> None:
    statuses = tracked("policies", "edit", "9001", "--status", "Nonsense", code=2).stderr
    status = statuses.partition("the vocabulary has ")[2].split("'")[3]
    tracked("policies", "edit", "9001", "--status", status, "--term", "lynx", "--identifier", "1:25-cv-00042")
    found = tracked("policies", "show", "9001", "--json").json
    assert (found["current_status"], found["terms"], found["identifiers"]) == (status, ["lynx"], ["1:25-cv-00042"])
    assert "1 status change" in tracked("digest", "preview", "desk").stdout
    assert "nothing to change" in tracked("policies", "edit", "9001", code=2).stderr
