"""What every route is given: the context, the pages' templates, and where the service stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request

from monitor.pipeline.context import Context
from monitor.web.pages import Pages


@dataclass(frozen=True, slots=True)
class Site:
    """``root`` is the path of MONITOR_BASE_URL without a slash at its end ("" for a host of its own)."""

    ctx: Context
    pages: Pages
    root: str

    @classmethod
    def of(cls, ctx: Context, templates: Mapping[str, str]) -> Site:
        """The site of a context; ConfigError for a template that cannot be compiled."""
        root = urlsplit(ctx.settings.base_url).path
        return cls(ctx, Pages(templates, vocabulary=ctx.vocabulary, root=root), root)

    @property
    def secure(self) -> bool:
        """Whether readers reach the service by https."""
        return self.ctx.settings.base_url.startswith("https:")

    def below(self, request: Request) -> str:
        """The request's path below ``root``: a proxy may take the root off, or leave it."""
        path: str = request.scope["path"]
        return path.removeprefix(self.root)


def site_of(request: Request) -> Site:
    """The site that the request's application serves."""
    site: Site = request.app.state.site
    return site
