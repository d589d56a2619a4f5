"""Room 2: a source's document, as its server sends it or as a browser shows it."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.model.source import FetchResult, Render, Source, Validators
from monitor.pipeline.context import Context


async def fetch_document(
    ctx: Context, source: Source, url: str, *, validators: Validators, headers: Mapping[str, str]
) -> FetchResult:
    """The document of ``source`` at ``url``, or why there is none; ``headers`` go to ``url``'s own origin alone.

    What a browser shows is never "not modified": validators say nothing of what a page's scripts load.
    """
    if source.render is Render.BROWSER:
        return await ctx.browser.fetch(url, headers)
    return await ctx.fetcher.fetch(url, validators=validators, headers=headers, proxy=ctx.proxies(source.id))
