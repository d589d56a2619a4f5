"""One worker at a time holds a SQLite workspace (THREATS P8): exit 75 for the second, free when the holder is dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.errors import StateError, WorkspaceBusy
from monitor.store.lock import held

HOLDER = """
import sys, time
from pathlib import Path
from monitor.store.lock import held

with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_worker_is_told_which_process_holds_the_workspace(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    with held(path), pytest.raises(WorkspaceBusy, match=f"process {os.getpid()}") as caught, held(path):
        raise AssertionError("both hold it")

    assert caught.value.exit_code == 75


def test_the_lock_is_free_again_after_its_holder_is_done(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    for _ in range(2):
        with held(path):
            assert path.read_text() == f"{os.getpid()}\n"


def test_the_lock_is_free_again_when_its_holder_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    with holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(WorkspaceBusy), held(path):
            pass
        holder.send_signal(signal.SIGKILL)

    with held(path):
        pass


def test_the_lock_file_is_its_owners_alone(tmp_path: Path) -> None:
    with held(tmp_path / "worker.lock"):
        assert (tmp_path / "worker.lock").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there_is_a_fault_of_the_state_folder(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="owner and mode"), held(tmp_path / "absent" / "worker.lock"):
        pass
