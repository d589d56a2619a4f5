"""The command line on a real tracker's records, and on both databases."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import POLICY, Monitor, write


def test_a_trackers_own_records_come_in_and_match_its_news(monitor: Monitor, shared_data: Path) -> None:
    records = shared_data / "iptp" / "policies.jsonl"
    taken = monitor("policies", "import", shared_data / "seed.txt", records, "--json").json
    assert taken["failed"] == []
    assert taken["created"] >= 400
    seed = monitor("policies", "show", "1777", "--json").json
    lines = {line.strip() for line in (shared_data / "seed.txt").read_text(encoding="utf-8").splitlines()}
    assert len(seed["actions"]) == 3
    assert {action["title"] for action in seed["actions"]} <= lines

    news = (shared_data / "iptp" / "news.jsonl").read_text(encoding="utf-8").splitlines()
    answers = monitor("match", write(monitor.folder / "news.jsonl", "\n".join(news[:20]))).rows
    assert [answer["id"] for answer in answers] == [f"n{number:03}" for number in range(20)]
    assert all(len(answer["matches"]) <= 10 for answer in answers)


def test_the_commands_work_on_either_database(tracked: Monitor, database_url: str) -> None:
    env: dict[str, str | None] = {"MONITOR_DATABASE_URL": database_url}
    tracked("policies", "import", tracked.folder / "page.txt", env=env)
    words = ("--policy", "9001", "--date", "2025-10-09", "--title", "2025.10.09 An order")
    action = tracked("actions", "add", *words, "--json", env=env).json["action"]
    assert tracked("actions", "show", action, "--json", env=env).json["history"][0]["state"] == "recorded"
    assert len(tracked("digest", "preview", "desk", "--since", "1h", "--json", env=env).json["events"]) == 1
    tracked("digest", "compose", env=env)
    assert tracked("deliver", "--json", env=env).json["sent"] == 1
    found = tracked("status", "--json", env=env).json
    assert (found["policies"], found["actions"], found["deliveries"]["sent"]) == (1, 2, 1)
    assert [row["actions"] for row in tracked("policies", "list", "--json", env=env).rows] == [2]
    assert tracked("policies", "show", POLICY, "--json", env=env).json["id"] == 9001
