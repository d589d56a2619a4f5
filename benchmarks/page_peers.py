"""Pages watched by others: a plain loop, and urlwatch and webchanges where they are installed.

``pip install urlwatch webchanges`` anywhere on the PATH is enough; they are no dependencies of this project. Each
answers the pages that it tells of.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import re
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import lxml.html

_AT_ONCE = 8

Watcher = Callable[[], Awaitable[list[int]]]


def floor(folder: Path, urls: Sequence[str], selector: str | None) -> Watcher:
    """httpx, lxml, difflib and SQLite, with an XPath of the article that leaves its counter out."""
    assert selector is not None
    store = sqlite3.connect(folder / "floor.db")
    store.execute("CREATE TABLE page (url TEXT PRIMARY KEY, text TEXT)")

    async def watch() -> list[int]:
        told: list[int] = []
        async with httpx.AsyncClient(trust_env=False) as client:

            async def one(number: int, url: str) -> None:
                text = _text_of((await client.get(url)).text, selector.removeprefix("#"))
                with store:
                    row = store.execute("SELECT text FROM page WHERE url = ?", (url,)).fetchone()
                    if row is None or row[0] != text:
                        list(difflib.unified_diff((row or ("",))[0].split("\n"), text.split("\n")))
                        store.execute("INSERT OR REPLACE INTO page VALUES (?, ?)", (url, text))
                        told.append(number)

            for start in range(0, len(urls), _AT_ONCE):
                batch = enumerate(urls[start : start + _AT_ONCE], start)
                await asyncio.gather(*(one(number, url) for number, url in batch))
        return told

    return watch


def _text_of(markup: str, name: str) -> str:
    tree: Any = lxml.html.fromstring(markup)
    (part,) = tree.xpath("//*[@id=$name]", name=name)
    for counter in part.xpath(".//*[@class='page-tools' or @class='tools']"):
        counter.drop_tree()
    links = [re.sub(r"\?sid=\w+", "", href) for href in part.xpath(".//a/@href")]
    return "\n".join((*map(str.strip, part.itertext()), *links))


def urlwatch(folder: Path, urls: Sequence[str], selector: str | None) -> Watcher | None:
    """urlwatch as it comes: html2text by regular expressions, and with a selector one that leaves the counter out."""
    return _command("urlwatch", ["--urls", "--config", "--cache"], "css", folder, urls, selector)


def webchanges(folder: Path, urls: Sequence[str], selector: str | None) -> Watcher | None:
    """webchanges, the same."""
    return _command("webchanges", ["--jobs", "--config", "--database"], "css", folder, urls, selector)


def _command(
    name: str, options: Sequence[str], rule: str, folder: Path, urls: Sequence[str], selector: str | None
) -> Watcher | None:
    program = shutil.which(name)
    if program is None:
        return None
    selected = {rule: {"selector": selector, "exclude": ".page-tools, .tools"}}
    filters: list[object] = ["html2text"] if selector is None else [selected, "html2text"]
    jobs = [{"name": f"page {number}", "url": url, "filter": filters} for number, url in enumerate(urls)]
    files = [folder / "jobs.yaml", folder / "config.yaml", folder / "cache.db"]
    files[0].write_text("\n---\n".join(map(json.dumps, jobs)), encoding="utf-8")  # JSON is YAML
    files[1].write_text(json.dumps(_QUIET), encoding="utf-8")
    words = [program, *(word for pair in zip(options, map(str, files), strict=True) for word in pair)]

    async def watch() -> list[int]:
        environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        process = await asyncio.create_subprocess_exec(
            *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environ
        )
        said = (await process.communicate())[0].decode("utf-8", "replace")
        (folder / "said.txt").write_text(said, encoding="utf-8")
        assert process.returncode == 0, f"{name} ended with {process.returncode}: {said[-2_000:]}"
        return sorted({int(page) for page in re.findall(r"(?i)changed: page (\d+)", said)})

    return watch


_QUIET = {
    "display": {"new": False, "error": True, "unchanged": False},
    "report": {
        "text": {"line_length": 75, "details": False, "footer": False, "minimal": True},
        "stdout": {"enabled": True, "color": False},
    },
}
