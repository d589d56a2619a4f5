"""What is removed and added can be read in light and in dark, on pages and in mails (WCAG 2.2, 1.4.3: 4.5 to 1)."""

from __future__ import annotations

import re

import pytest

from monitor.core.redline import redline
from monitor.core.redline_html import document, mail_html
from monitor.model.change import Part, PartKind
from monitor.web.pages import STATIC, STYLE
from tests.web.conftest import TEMPLATES

COLOUR = re.compile(r"(?:--|\.)([\w-]+)(?: \{ color)?: (#[0-9a-f]{3,6})\b")
PARTS = redline([Part(PartKind.CHANGED, "It is proposed.", "It is final.")])


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    shares = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def schemes(style: str) -> list[dict[str, str]]:
    """The colours of a style by their names: light, then dark."""
    light, _, rest = style.partition("prefers-color-scheme: dark")
    return [dict(COLOUR.findall(light)), dict(COLOUR.findall(rest.partition("}\n}")[0]))]


@pytest.mark.parametrize("dark", [False, True])
def test_words_of_a_redline_stand_out_on_pages(dark: bool) -> None:
    sheet = (STATIC / STYLE).read_text(encoding="utf-8")
    alone = document(PARTS, title="", before="", after="", summary="")

    for style in (sheet, alone):
        colours = schemes(style)[dark]
        for name in ("added", "removed", "soft"):
            assert contrast(colours[name], colours["paper"]) >= 4.5, name


def test_words_of_a_redline_stand_out_in_mails() -> None:
    light = re.findall(r"[; \"]color:(#[0-9a-f]{6})", mail_html(PARTS))
    dark = schemes(TEMPLATES["email/layout.html.j2"])[1]

    assert len(light) == 4
    assert min(contrast(colour, "#ffffff") for colour in light) >= 4.5
    assert min(contrast(dark[name], "#2b2b2b") for name in ("added", "removed", "soft", "ink", "link")) >= 4.5
