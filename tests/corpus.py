"""The shared corpus of real documents: all of it, or every n-th by a hash of its name, so that the choice is steady."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

PORTIONS = pytest.mark.parametrize("portion", [12, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "all"])


def documents(shared_data: Path, portion: int, *folders: str) -> list[Path]:
    """The documents of these folders of the corpus (all folders), or one in ``portion`` of them."""
    roots = [shared_data / "feeds" / folder for folder in folders] or [shared_data / "feeds", shared_data / "samples"]
    found = sorted(path for root in roots for path in root.rglob("*") if path.is_file() and path.suffix != ".tsv")
    assert found, f"no documents under {shared_data}"
    return [path for path in found if _number(path) % portion == 0]


def _number(path: Path) -> int:
    return int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:4], "big")
