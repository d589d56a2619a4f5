"""Children that read untrusted bytes: THREATS F19, D1, D2, fault 4."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
import uvloop

from monitor.core.read import read_document
from monitor.jail import wire
from monitor.jail.jail import Jail
from monitor.model.source import Fetched, PollError, ReadFailed, Reading, ReadResult, Source, SourceKind
from tests.core.vocabularies import immigration
from tests.jail.conftest import NOW, URL, LoopLag, MakeJail, told

ROOT = Path(__file__).parents[2]
FEED = b"""<rss version="2.0"><channel><title>News</title><item><title>One \xe2\x80\x94 \xf0\x9f\x93\xb0</title>
<link>/one</link><pubDate>Thu, 09 Oct 2025 10:00:00 -0400</pubDate><description>Two&lt;p&gt;lines</description></item>
<item><title>Bare</title></item></channel></rss>"""
PAGE = b"<!doctype html><title>P</title><main><p>Text <a href='x'>X</a></main>"


def failure(result: ReadResult) -> ReadFailed:
    assert isinstance(result, ReadFailed), result
    return result


def reading(result: ReadResult) -> Reading:
    assert isinstance(result, Reading), result
    return result


async def pid_of(jail: Jail, words: str = "nothing") -> int:
    return int(reading(await told(jail, words)).title)


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state in "ZX"


def waits_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while not is_gone(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_gone(pid)


@pytest.mark.parametrize("body", [FEED, PAGE, b"", b"<opml/>", b"\xff\xfe<\0", PAGE * 2_000])
async def test_a_document_is_read_as_it_is_without_the_jail(jail_of: MakeJail, body: bytes) -> None:
    jail = jail_of("monitor.core.read.skim:skim")
    fetched, source = Fetched(URL, 200, body, {"content-type": "text/html"}), Source("s", "S", URL)

    assert await jail.read(fetched, source, NOW) == read_document(fetched, source, NOW)


async def test_a_trackers_page_is_read_by_the_vocabularys_labels(jail_of: MakeJail) -> None:
    body = (Path(__file__).parents[1] / "core" / "pages" / "numbered.html").read_bytes()
    fetched = Fetched(URL, 200, body, {"content-type": "text/html"})
    source = Source("s", "S", URL, SourceKind.TRACKER)
    jail = jail_of("monitor.core.read.skim:skim", vocabulary=immigration())

    assert await jail.read(fetched, source, NOW) == read_document(fetched, source, NOW, immigration())


async def test_no_process_is_started_before_there_is_a_document(jail: Jail) -> None:
    assert jail.pids == ()
    assert jail.network is None


async def test_children_are_kept_and_reused(jail: Jail) -> None:
    assert len({await pid_of(jail) for _ in range(20)}) == 1


async def test_a_second_child_starts_when_two_documents_wait_and_no_third_one(jail: Jail) -> None:
    found = await asyncio.gather(*(pid_of(jail) for _ in range(12)))

    assert len(set(found)) == 2
    assert set(found) == set(jail.pids)


@pytest.mark.parametrize("how", ["spin", "spin-natively"])
async def test_F19_a_document_that_takes_too_long_loses_its_child_and_delays_no_other(
    jail_of: MakeJail, how: str
) -> None:
    jail = jail_of(cpu=0.5, patience=240)  # so that processor time decides, however busy the machine is
    slow = asyncio.create_task(told(jail, how))
    async with LoopLag() as lag:
        others = 0
        while not slow.done():
            await pid_of(jail)
            others += 1

    failed = failure(await slow)
    assert failed == ReadFailed(PollError.PARSE_TIMEOUT, "not read within 0.5 s of processor time")
    assert others >= 1
    assert lag.worst < 0.1


async def test_F19_a_document_that_waits_for_ever_is_given_up(jail_of: MakeJail) -> None:
    failed = failure(await told(jail_of(cpu=0.1), "sleep"))

    assert failed == ReadFailed(PollError.PARSE_TIMEOUT, "not read within 0.4 s")


async def test_F19_processor_time_is_counted_by_document_and_not_by_child(jail_of: MakeJail) -> None:
    jail = jail_of(cpu=0.2)

    assert len({await pid_of(jail, "work 20") for _ in range(20)}) == 1


async def test_F19_a_document_that_takes_too_much_memory_loses_its_child(jail_of: MakeJail) -> None:
    jail = jail_of(memory=64 * 2**20)

    failed = failure(await told(jail, "hog"))

    assert failed == ReadFailed(PollError.PARSE_TIMEOUT, "not read within 64 MiB of memory")
    assert await pid_of(jail)


@pytest.mark.parametrize(
    ("how", "detail"),
    [
        ("crash", "the process that read the document was lost (SIGSEGV): it ended before it had answered"),
        ("die SIGKILL", "the process that read the document was lost (SIGKILL): it ended before it had answered"),
        ("die SIGABRT", "the process that read the document was lost (SIGABRT): it ended before it had answered"),
        ("leave 3", "the process that read the document was lost (exit status 3): it ended before it had answered"),
        ("hang-up", "the process that read the document was lost (SIGKILL): it ended before it had answered"),
        ("raise no such luck", "the reader failed: RuntimeError: no such luck"),
    ],
)
async def test_D2_a_document_that_ends_its_child_fails_with_a_value(jail: Jail, how: str, detail: str) -> None:
    await pid_of(jail)

    failed = failure(await told(jail, how))

    assert failed == ReadFailed(PollError.INTERNAL, detail)
    assert await pid_of(jail)


async def test_D2_fault_4_a_child_that_is_killed_while_it_reads_fails_its_document_alone(jail: Jail) -> None:
    await pid_of(jail)
    lost = asyncio.create_task(told(jail, "sleep"))
    other = asyncio.create_task(pid_of(jail))
    await other

    os.kill(next(pid for pid in jail.pids if pid != other.result()), signal.SIGSEGV)

    assert failure(await lost).error is PollError.INTERNAL
    assert await pid_of(jail) == other.result()


async def test_fault_4_a_child_that_is_killed_between_two_documents_is_replaced(jail: Jail) -> None:
    first = await pid_of(jail)
    os.kill(first, signal.SIGKILL)
    while is_alive(jail, first):
        await asyncio.sleep(0.01)

    assert await pid_of(jail) != first


def is_alive(jail: Jail, pid: int) -> bool:
    return any(child.pid == pid and child.alive for child in jail._idle)


@pytest.mark.parametrize("announced", [2**30, 2**20], ids=["as it is", "as less"])
async def test_D2_a_gigabyte_of_answer_is_cut_off(jail: Jail, announced: int) -> None:
    await pid_of(jail)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    failed = failure(await told(jail, f"flood {announced}"))

    assert failed.error is PollError.INTERNAL
    assert "(SIGKILL)" in failed.detail
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024  # KiB
    assert await pid_of(jail)


FORGED = [b"", b"\0", b"\0\0\0\0\2{}", b"\0\0\0\0\xff{}", b"\x80\x05cos\nsystem\nq\0X\4\0\0\0trueq\1\x85q\2Rq\3."]


@pytest.mark.parametrize("answer", FORGED)
async def test_D2_an_answer_that_no_reader_gives_is_not_believed(jail: Jail, answer: bytes) -> None:
    failed = failure(await told(jail, b"answer " + answer))

    assert failed.error is PollError.INTERNAL
    assert await pid_of(jail)


async def test_D2_what_a_library_prints_is_no_answer(jail: Jail) -> None:
    first = await pid_of(jail)

    assert reading(await told(jail, "print")).title == str(first)


async def test_D2_a_document_that_unfolds_without_end_is_too_large(jail_of: MakeJail) -> None:
    failed = failure(await told(jail_of("tests.jail.readers:unfold"), "x"))

    assert failed.error is PollError.TOO_LARGE


async def test_a_child_that_keeps_too_much_memory_is_replaced_after_its_answer(jail: Jail) -> None:
    first = await pid_of(jail, "leak")

    assert await pid_of(jail) != first
    assert is_gone(first)


async def test_a_reading_that_is_cancelled_leaves_no_answer_for_the_next_document(jail: Jail) -> None:
    await pid_of(jail)
    left = asyncio.create_task(told(jail, "sleep"))
    await asyncio.sleep(0.05)

    left.cancel()
    await asyncio.gather(left, return_exceptions=True)

    assert left.cancelled()
    assert await pid_of(jail) in jail.pids


async def test_closing_ends_the_children_and_what_they_read(jail: Jail) -> None:
    busy = asyncio.create_task(told(jail, "sleep"))
    idle = await pid_of(jail)
    pids = jail.pids

    await jail.aclose()

    assert failure(await busy).error is PollError.INTERNAL
    assert idle in pids
    assert all(is_gone(pid) for pid in pids)
    assert failure(await told(jail, "nothing")).error is PollError.INTERNAL


async def test_a_jail_that_cannot_start_says_so(jail_of: MakeJail) -> None:
    failed = failure(await told(jail_of("tests.jail.readers:no_such"), "x"))

    assert failed.error is PollError.INTERNAL
    assert failed.detail.startswith("no process to read documents in could be started: it ended")


async def confinement(jail: Jail) -> dict[str, Any]:
    (note,) = reading(await told(jail, "confinement")).notes
    found: dict[str, Any] = json.loads(note)
    return found


async def test_D1_a_child_has_no_environment_few_files_and_dies_with_its_parent(
    jail: Jail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_SECRET_KEY", "not for children")

    found = await confinement(jail)

    assert {name for name in found["environment"] if name != "LC_CTYPE"} == set()
    assert found["folder"] == "/"
    assert found["limits"]["RLIMIT_NOFILE"] == 32
    assert found["limits"]["RLIMIT_FSIZE"] == found["limits"]["RLIMIT_CORE"] == found["limits"]["RLIMIT_NPROC"] == 0
    assert 512 * 2**20 < found["limits"]["RLIMIT_AS"] < 1024 * 2**20
    assert len(found["descriptors"]) <= 6  # three, the answers, nowhere, and the list's own
    assert found["death"] == signal.SIGKILL


async def test_D1_a_child_cannot_reach_the_network_where_the_kernel_allows_that(jail: Jail) -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0)
        (said,) = reading(await told(jail, f"connect {canary.getsockname()[1]}")).notes

        assert jail.network is (said == '"connected"')
        if not jail.network:
            with pytest.raises(BlockingIOError):
                canary.accept()


async def test_D1_a_child_cannot_write_a_file(jail: Jail, tmp_path: Path) -> None:
    path = tmp_path / "loot"

    (said,) = reading(await told(jail, f"write {path}")).notes

    assert said == '"File too large"'
    assert path.read_bytes() == b"" if path.exists() else True


def test_fault_4_a_child_does_not_outlive_its_parent() -> None:
    script = f"""
        import asyncio
        from datetime import UTC, datetime
        from monitor.jail.jail import Jail
        from monitor.model.source import Fetched, Source

        async def main():
            jail = Jail("tests.jail.readers:obey", cpu=60)
            read = lambda word: jail.read(Fetched("{URL}", 200, word), Source("s", "S", "{URL}"), datetime.now(UTC))
            first = await read(b"nothing")
            asyncio.create_task(read(b"spin"))
            await asyncio.sleep(0.1)
            print(first.title, flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
        """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert not is_gone(child)

    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert waits_until_gone(child)


async def test_the_answer_of_a_large_document_does_not_hold_the_loop_up(jail_of: MakeJail) -> None:
    jail = jail_of("monitor.core.read.skim:skim")
    items = b"".join(
        b"<item><guid>%d</guid><title>T</title><description>%s</description></item>" % (n, b"word " * 500)
        for n in range(1_500)
    )
    body = b"<rss version='2.0'><channel><title>F</title>" + items + b"</channel></rss>"

    async with LoopLag() as lag:
        found = reading(await told(jail, body, SourceKind.FEED))

    assert len(found.items) == 1_500
    assert lag.worst < 0.1
    assert len(body) < wire.allowed(body)


def test_the_jail_is_the_same_on_the_services_own_event_loop() -> None:
    """uvloop starts children in its own way: other pipes, other descriptors."""

    async def story() -> None:
        jail = Jail("tests.jail.readers:obey", cpu=0.3)
        descriptors = (await confinement(jail))["descriptors"]
        assert len(descriptors) <= 6
        for words in ("spin", "crash", "flood 1048576", "hang-up"):
            assert isinstance(await told(jail, words), ReadFailed)
        assert await pid_of(jail)
        await jail.aclose()

    uvloop.run(story())
