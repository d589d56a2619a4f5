"""The operator's rules for pages: selectors and whole-line expressions, and what is wrong with them, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import re2
from lxml import etree
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from monitor.core.text import shorten

XPATH_PREFIX = "xpath:"


class LinePattern(Protocol):
    """A compiled expression; it matches a line only as a whole."""

    def fullmatch(self, line: str, /) -> object | None: ...


def xpath_of(rule: str) -> str | None:
    """Return the XPath of a rule that starts with ``xpath:``; None for a CSS selector."""
    return rule.removeprefix(XPATH_PREFIX).strip() if rule.startswith(XPATH_PREFIX) else None


def line_pattern(expression: str) -> LinePattern:
    """Compile a whole-line expression with RE2, linear in time whatever the page holds (THREATS F18).

    Raises ValueError with RE2's own words where the expression does not compile.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        pattern: LinePattern = re2.compile(expression, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "unknown"
        raise ValueError(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)) from error
    return pattern


def problems_of(select: Sequence[str], drop: Sequence[str], ignore: Sequence[str]) -> list[str]:
    """Return one sentence for each rule that cannot work: which, why, and what to write instead."""
    return [
        *_problems("select", select, _selector_problem),
        *_problems("drop", drop, _selector_problem),
        *_problems("ignore", ignore, _expression_problem),
    ]


def _problems(name: str, rules: Iterable[str], check: Callable[[str], str | None]) -> list[str]:
    checked = ((rule, check(rule)) for rule in rules)
    return [f'{name}: "{shorten(rule, 80)}" {problem}' for rule, problem in checked if problem]


def _selector_problem(rule: str) -> str | None:
    path = xpath_of(rule)
    if path is not None:
        return _xpath_problem(path)
    try:
        LexborHTMLParser("<p>").css(rule)
    except (SelectolaxError, ValueError):
        hint = ": an XPath needs the prefix xpath:" if rule.lstrip().startswith(("/", "(", "./")) else ""
        return f"is no CSS selector{hint or ' (such as main .content)'}"
    return None


def _xpath_problem(path: str) -> str | None:
    try:
        etree.XPath(path)(etree.Element("html"))
    except (etree.XPathError, ValueError, TypeError) as error:
        return f"is no XPath ({str(error).lower()}); such as xpath://main//p"
    return None


def _expression_problem(expression: str) -> str | None:
    try:
        line_pattern(expression)
    except ValueError as error:
        return f"is no regular expression of RE2 ({error}); look-around and back-references are not among them"
    return None
