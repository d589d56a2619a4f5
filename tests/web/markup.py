"""A page as a browser takes it apart: its elements and their attributes."""

from __future__ import annotations

from html.parser import HTMLParser

ACTIVE = {"script", "img", "svg", "iframe", "object", "embed", "style", "base", "template", "math"}
_ADDRESSES = {"href", "src", "action", "formaction", "poster", "data"}


class Markup(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.comments: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    @property
    def addresses(self) -> list[str]:
        """Where anything on the page leads to or is loaded from."""
        return [value for _, attrs in self.elements for name, value in attrs.items() if name in _ADDRESSES]

    @property
    def dangers(self) -> list[str]:
        """What could run or load something: active elements, event handlers, inline styles, odd addresses."""
        attributes = {name for _, attrs in self.elements for name in attrs}
        odd = [each for each in self.addresses if not each.startswith(("/", "#", "http://", "https://"))]
        handlers = sorted(name for name in attributes if name.startswith("on") or name == "style")
        return [*sorted(self.tags & ACTIVE), *handlers, *odd, *self.comments]
