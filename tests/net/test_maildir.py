"""The Maildir outbox: a message stands under its delivery's id, or it does not."""

from __future__ import annotations

import os
import resource
import signal
import stat
from pathlib import Path

import pytest

from monitor.model.delivery import Deferred, Refused, Sent
from monitor.net.maildir import Maildir

MESSAGE = b"Subject: Digest\r\n\r\nTwo actions.\r\n"


async def test_a_message_stands_in_new_under_its_name(tmp_path: Path) -> None:
    outcome = await Maildir(tmp_path / "outbox").deliver("01JD3", MESSAGE)

    assert outcome == Sent("new/01JD3")
    assert (tmp_path / "outbox/new/01JD3").read_bytes() == MESSAGE
    assert os.listdir(tmp_path / "outbox/tmp") == []


async def test_folders_and_files_are_the_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        await Maildir(tmp_path / "outbox").deliver("01JD3", MESSAGE)
    finally:
        os.umask(before)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "outbox").rglob("*")}
    assert modes == {"tmp": 0o700, "new": 0o700, "cur": 0o700, "01JD3": 0o600}
    assert stat.S_IMODE((tmp_path / "outbox").stat().st_mode) == 0o700


@pytest.mark.parametrize("place", ["new/01JD3", "cur/01JD3", "cur/01JD3:2,", "cur/01JD3:2,FS"])
async def test_a_second_attempt_finds_the_first_ones_message(tmp_path: Path, place: str) -> None:
    maildir = Maildir(tmp_path)
    await maildir.deliver("01JD3", MESSAGE)
    (tmp_path / "new/01JD3").rename(tmp_path / place)

    assert await maildir.deliver("01JD3", MESSAGE) == Sent("already there")

    assert len(os.listdir(tmp_path / "new") + os.listdir(tmp_path / "cur")) == 1


async def test_other_bytes_under_the_same_name_are_refused_and_left_alone(tmp_path: Path) -> None:
    maildir = Maildir(tmp_path)
    await maildir.deliver("01JD3", MESSAGE)

    assert isinstance(await maildir.deliver("01JD3", b"other"), Refused)

    assert (tmp_path / "new/01JD3").read_bytes() == MESSAGE


async def test_a_name_that_only_begins_alike_is_another_message(tmp_path: Path) -> None:
    maildir = Maildir(tmp_path)
    await maildir.deliver("01JD34", MESSAGE)
    (tmp_path / "new/01JD34").rename(tmp_path / "cur/01JD34:2,S")
    assert await maildir.deliver("01JD3", MESSAGE) == Sent("new/01JD3")


async def test_a_draft_that_a_crash_left_is_written_over(tmp_path: Path) -> None:
    maildir = Maildir(tmp_path)
    await maildir.deliver("first", MESSAGE)
    (tmp_path / "tmp/01JD3").write_bytes(b"half a message, and longer than the whole one will be" * 10)

    await maildir.deliver("01JD3", MESSAGE)

    assert (tmp_path / "new/01JD3").read_bytes() == MESSAGE


async def test_a_draft_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    maildir, elsewhere = Maildir(tmp_path / "outbox"), tmp_path / "elsewhere"
    await maildir.deliver("first", MESSAGE)
    (tmp_path / "outbox/tmp/01JD3").symlink_to(elsewhere)

    assert isinstance(await maildir.deliver("01JD3", MESSAGE), Deferred)

    assert not elsewhere.exists()


async def test_a_root_that_cannot_be_a_folder_is_deferred(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    outcome = await Maildir(tmp_path / "outbox").deliver("01JD3", MESSAGE)
    assert isinstance(outcome, Deferred)


async def test_a_disk_that_takes_no_more_is_deferred_and_leaves_no_half_message(tmp_path: Path) -> None:
    """A file size limit stands in for a full disk: both fail in the write."""
    maildir = Maildir(tmp_path)
    await maildir.deliver("first", MESSAGE)
    handler, limits = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        outcome = await maildir.deliver("01JD3", MESSAGE * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)

    assert isinstance(outcome, Deferred)
    assert os.listdir(tmp_path / "tmp") == []
    assert os.listdir(tmp_path / "new") == ["first"]


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "../a", "a:2,S", "a\0b"])
async def test_a_name_that_is_no_plain_file_name_is_our_own_mistake(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a message"):
        await Maildir(tmp_path).deliver(name, MESSAGE)
