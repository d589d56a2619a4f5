"""The house's rules that import-linter and ruff cannot say: sizes, names, and what is never written."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = sorted(path.relative_to(ROOT) for path in (ROOT / "monitor").rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "service", "misc"}
LONGEST_FILE, LONGEST_FUNCTION = 450, 60


def _tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def test_no_file_is_longer_than_the_house_allows() -> None:
    long = {str(path): n for path in PRODUCT if (n := len((ROOT / path).read_text().splitlines())) > LONGEST_FILE}

    assert long == {}


def test_no_function_is_longer_than_the_house_allows() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in PRODUCT
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]

    assert long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in PRODUCT if FORBIDDEN_NAMES & {path.stem, path.parent.name}] == []


def test_every_module_says_what_it_is() -> None:
    bare = [str(path) for path in PRODUCT if ast.get_docstring(_tree(path)) is None and _tree(path).body]

    assert bare == []


def test_nobody_turns_certificate_checks_off() -> None:
    """THREATS F12: there is no switch for it anywhere."""
    assert [str(path) for path in PRODUCT if "verify=False" in (ROOT / path).read_text()] == []


def test_signatures_and_tokens_are_compared_in_constant_time() -> None:
    """THREATS W3, U1: what checks an HMAC uses compare_digest."""
    for path in ("monitor/core/signature.py", "monitor/core/message.py"):
        assert "compare_digest" in (ROOT / path).read_text()


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_holds_hashes_and_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert "--hash=sha256:" in text
    assert "index-url" not in text
    assert "://" not in text
