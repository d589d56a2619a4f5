"""Configuration files on disk, and who may have written them (THREATS P3)."""

from __future__ import annotations

import os
import stat
from importlib import resources
from pathlib import Path

from monitor.config.strict_yaml import MAX_BYTES, decode
from monitor.errors import ConfigError, Problem

STARTER = {  # the files of a new workspace, and what each is called in the package
    "subscriptions.yaml": "subscriptions.yaml",
    "sources.yaml": "sources.yaml",
    ".env": "env.example",
}


def read_text(path: Path) -> str:
    """A configuration file's text. Links are followed; what is judged is what was opened.

    Raises ConfigError where it is missing, not a regular file, writable by group or others, over 1 MiB or not UTF-8.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _refusal(path, "there is no such file: `monitor init` writes one to start from") from None
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror or error}") from None
    try:
        _judge(path, os.fstat(handle))
        with open(handle, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror or error}") from None
    finally:
        os.close(handle)
    if len(data) > MAX_BYTES:
        raise _too_large(path)
    return decode(data, str(path))


def starter(name: str) -> str:
    """The text of one of STARTER's files, as `monitor init` writes it."""
    return resources.files("monitor.config").joinpath("starter", STARTER[name]).read_text(encoding="utf-8")


def _judge(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _refusal(path, "not a regular file")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _refusal(path, f"other users may write to it: `chmod go-w {path}`")
    if status.st_size > MAX_BYTES:
        raise _too_large(path)


def _too_large(path: Path) -> ConfigError:
    return _refusal(path, f"larger than {MAX_BYTES >> 20} MiB: split it or remove what is not needed")


def _refusal(path: Path, message: str) -> ConfigError:
    return ConfigError(Problem(str(path), None, message))
