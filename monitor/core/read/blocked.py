"""Pages that stand in a document's place: challenges, captchas, login and cookie walls, blocks, soft errors.

Recognised by general signs (THREATS F14, fault 47): what headers say, machinery that only challenge pages carry, and
short pages whose title or words speak to a visitor who is kept out. A long page, or one that states that it is an
article, is believed whatever it writes about captchas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from monitor.core.read.decode import decode
from monitor.core.read.prose import is_markup, lines_of, one_line, parsed
from monitor.core.read.sniff import is_html
from monitor.core.text import plain, shorten
from monitor.model.source import Fetched

_LARGEST = 300_000  # bytes: the challenge pages seen are under 60,000, with their scripts
_HEAD = 4_096  # bytes that tell HTML from anything else
_SHORT = 2_000  # characters of visible text outside of the page's frame
_SHORT_ERROR = 1_000
_SURELY_LONG = 3 * _SHORT  # of paragraphs alone, with their white space: spares half of what reading a page costs
_PARAGRAPHS = "p:not(nav p, header p, footer p, noscript p, template p)"
_MOST_WORDS = 20_000  # characters that are searched, menus and all
_REFUSED = frozenset({401, 403, 407, 429})

# A header whose whole value is a verdict: "cf-mitigated: challenge", "x-amzn-waf-action: captcha", "rimon: RWC_BLOCK".
_VERDICT = re.compile(r"(?:[a-z0-9]{1,20}_){0,4}(?:block(?:ed)?|challenged?|captcha|denied)", re.I)
_NO_VERDICTS = frozenset({"x-xss-protection", "referrer-policy", "x-frame-options"})
_GATE_HOSTS = frozenset({"unblock", "captcha", "challenges", "consent", "validate"})

_MACHINERY = {  # in lower case; some genuine pages carry a few of these too, but those have words to show
    "_cf_chl_opt": "Cloudflare challenge",
    "awswafcookiedomainlist": "AWS WAF challenge",
    "window.gokuprops": "AWS WAF challenge",
    "captcha-delivery.com": "DataDome challenge",
    "px-captcha": "HUMAN challenge",
    "_incapsula_resource": "Imperva challenge",
    "bm-verify=": "Akamai challenge",
    "sec-if-cpt-container": "Akamai challenge",
    "sucuri_cloudproxy_js": "Sucuri challenge",
    "anubis_challenge": "Anubis challenge",
    "/.well-known/vercel/security": "Vercel challenge",
    "distil_r_captcha": "Imperva challenge",
    "ips.js?kpsdk": "Kasada challenge",
}

_HUMAN = r"(?:(?:a )?human|not a (?:ro)?bot)"
_GATE_TITLE = re.compile(
    rf"""just\ a\ moment\W* | attention\ required!? | one\ more\ step | pardon\ our\ interruption\W* | client\ challenge
    | access\ (?:to\ this\ (?:page|site)\ )?(?:has\ been\ |is\ |was\ )?(?:denied|blocked|restricted)\W*
    | request\ access | (?:40[13]|429)\W* | (?:403\W+)?forbidden | (?:401\W+)?unauthorized | too\ many\ requests
    | request\ (?:unsuccessful|blocked|rejected|denied)\W* | (?:error\W+)?the\ request\ could\ not\ be\ satisfied\W*
    | (?:error\W+)?the\ requested\ url\ was\ rejected\W* | (?:sorry,\ )?you\ (?:have\ been|are)\ blocked\W*
    | are\ you\ (?:a\ )?(?:human|robot)\W* | robot\ (?:or\ human|check|challenge(?:\ screen)?)\W*
    | (?:human|bot|captcha|browser|security|user)\ (?:verification|check(?:point)?|challenge)\W* | captcha\W*
    | (?:vercel|ddos-guard)\ security\ checkpoint | checking\ your\ browser\b.{{0,40}} | unusual\ traffic\b.{{0,40}}
    | (?:please\ )?verify(?:ing)?\ (?:that\ )?(?:you(?:'re|\ are)\ {_HUMAN}|your\ (?:identity|browser))\b.{{0,30}}
    | (?:making|let's\ make)\ sure\ you(?:'re|\ are)\ {_HUMAN}\W*""",
    re.I | re.X,
)
_GATE_WORDS = re.compile(
    rf"""verify(?:ing)?\ (?:that\ )?you(?:'re|\ are)\ {_HUMAN} | confirm\ (?:that\ )?you(?:'re|\ are)\ {_HUMAN}
    | (?:please|you\ must|to\ (?:continue|proceed|access)[^.]{{0,60}})\ (?:complete|solve)\ (?:the|this|a)\ .{{0,20}}
      (?:captcha|challenge|security\ check|bot\ test|puzzle)
    | (?:complete|solve)\ the\ captcha\b[^.]{{0,40}}\b(?:below|and\ click|to\ (?:continue|proceed))
    | enable\ javascript\ and\ cookies\ to\ continue | checking\ (?:if\ the\ site\ connection|your\ browser\ before)
    | needs\ to\ review\ the\ security\ of\ your\ connection
    | unusual\ (?:traffic|activity)\ (?:from|on|coming\ from)\ your\ | press\ (?:&|and)\ hold\b
    | (?:don't|do\ not)\ have\ permission\ to\ (?:access|view)\b.{{1,300}}?\ on\ this\ server
    | your\ (?:request|access|ip(?:\ address)?)\b.{{0,40}}\ (?:has\ been|was|is)\ (?:temporarily\ )?(?:blocked|denied)
    | you\ have\ been\ blocked | the\ requested\ url\ was\ rejected | the\ request\ could\ not\ be\ satisfied
    | incapsula\ incident\ id
    | automated\ (?:access|requests|queries|scraping)\b[^.]{{0,120}}\ (?:limited|blocked|denied)
    | (?:^|\s)i(?:'m|\ am)\ not\ a\ robot | are\ you\ a\ robot\?""",
    re.I | re.X,
)

_LOGIN = r"(?:sign|log)[ -]?(?:in|on)"
_LOGIN_TITLE = re.compile(
    rf"(?:please )?{_LOGIN}\b(?: (?:to|with|required|page)\b.{{0,60}})?|(?:member|user|subscriber) {_LOGIN}"
    r"|authentication required|single sign-on",
    re.I,
)
_LOGIN_WORDS = re.compile(
    rf"""\b{_LOGIN}(?:\ or\ [a-z ]{{3,30}})?\ to\ (?:continue|keep|view|read|access|unlock)\b
    | \b(?:subscribe|register)(?:\ now|\ today)?\ to\ (?:continue|keep)\ reading
    | you\ must\ (?:be\ logged|log|sign)[ -]?in\ to\ (?:view|access|read|continue)
    | (?:create|register)\ (?:a\ |your\ )?(?:free\ )?account\ to\ (?:continue|keep|read|view)\b
    | this\ (?:content|article|story|page)\ is\ (?:only\ )?(?:available\ (?:only\ )?(?:to|for)|for|reserved\ for)
      \ (?:our\ )?(?:paid\ |registered\ )?(?:subscribers|members|users)""",
    re.I | re.X,
)
_COOKIE_WORDS = re.compile(
    r"""before\ you\ continue\ to\ \w
    | (?:accept|allow|enable)\ (?:all\ |the\ |our\ )?cookies\b[^.]{0,40}\ to\ (?:continue|proceed|(?:view|access)\ this)
    | cookies\ are\ (?:disabled|turned\ off)\ in\ your\ browser
    | your\ browser\ (?:does\ not|doesn't)\ (?:accept|support)\ cookies
    | (?:must|please)\ (?:enable|allow|accept)\ cookies\ in\ your\ browser""",
    re.I | re.X,
)

_THING = r"(?:page|file|document|article|resource|content|url)"
_CANNOT = r"(?:can\ ?not|can't|could\ not|couldn't)"
_ERROR_TITLE = re.compile(
    rf"""(?:http\ )?(?:error\W*)?404\b(?:\W+(?:error|not\ found|{_THING}\ not\ found))?\W*
    | (?:error\W+)?(?:{_THING}\ )?not\ found\W*
    | (?:sorry\W+|oops\W+)*(?:(?:the|this|that)\ )?(?:requested\ )?{_THING}\b(?:\ (?:that\ )?you\b.{{0,40}}?)?
      \ (?:{_CANNOT}\ be\ found|(?:was|is)\ not\ found|(?:does\ not|doesn't|no\ longer)\ exists?)\W*
    | (?:sorry\W+)?we\ {_CANNOT}\ find\ (?:the|that)\ {_THING}\b.{{0,40}}
    | (?:(?:the|this|our)\ )?(?:web\ ?site|site|system|service|server|page)?\ ?(?:is\ )?(?:currently\ )?
      (?:under|down\ for|undergoing)\ (?:scheduled\ |routine\ |planned\ )?maintenance\W*
    | (?:scheduled\ |planned\ |site\ )?maintenance(?:\ mode)?\W* | (?:we'll\ )?be\ right\ back\W*
    | (?:50[023]\W+)?(?:(?:the|this)\ )?(?:web\ ?site|site|service|page)?\ ?(?:is\ )?(?:temporarily\ |currently\ )
      ?unavailable\W* | (?:\S{{1,40}}\ is\ |we\ are\ )?experiencing\ technical\ difficulties\W*
    | (?:50[0234]\W+)?(?:bad\ gateway|internal\ server\ error|gateway\ time-?out)\W*""",
    re.I | re.X,
)

_TITLE_PARTS = re.compile(r"\s+(?:[|·»-]|::)\s+|\s*::\s*")
_ARTICLE = (
    "meta[property='article:published_time'], meta[property='og:type'][content='article'], "
    "meta[itemprop=datePublished], [itemtype*='schema.org/NewsArticle'], [itemtype*='schema.org/Article']"
)
_ARTICLE_DATA = re.compile(r'"@type"\s*:\s*\[?\s*"(?:News|Report|Blog)?(?:Article|Posting)"')
_FRAME = frozenset({"nav", "header", "footer"})


@dataclass(frozen=True, slots=True)
class _Page:
    """What a visitor sees. ``titles``: title and h1, whole and in their parts; ``words``: all, on one line."""

    markup: str
    titles: tuple[str, ...]
    words: str
    length: int
    is_article: bool
    asks_password: bool


def block_reason(fetched: Fetched) -> str | None:
    """Return what stands in the document's place, in words for the operator; None where it may be the document.

    Never raises, whatever the bytes. Feeds and JSON cost a look at the headers and the first 4 KiB.
    """
    reason = _verdict(fetched.headers)
    if reason is not None or not _is_html(fetched):
        return reason
    if fetched.status in _REFUSED:
        server = fetched.headers.get("server", "")[:40]
        return f"HTTP {fetched.status} with a page" + (f" of {one_line(server)}" if server else "")
    if len(fetched.body) > _LARGEST:
        return None
    markup = decode(fetched.body, fetched.headers.get("content-type"))
    tree = parsed(markup)
    if sum(len(node.text()) for node in tree.css(_PARAGRAPHS)) > _SURELY_LONG:
        return None
    page = _seen(markup, tree)
    return _gate(page, fetched.url) or _wall(page) or _error(page)


def login_words(words: str) -> str | None:
    """Return the words by which a page of any length asks its reader to log in or subscribe; ``words`` on one line."""
    found = _LOGIN_WORDS.search(plain(words[:_MOST_WORDS]))
    return None if found is None else shorten(found.group(), 80)


def _verdict(headers: Mapping[str, str]) -> str | None:
    for name, value in headers.items():
        if len(value) <= 60 and _VERDICT.fullmatch(value.strip()) and name not in _NO_VERDICTS:
            return f"a block or challenge (header {name}: {value.strip()})"
    return None


def _is_html(fetched: Fetched) -> bool:
    stated = fetched.headers.get("content-type", "").lower()
    head = decode(fetched.body[:_HEAD], stated)
    return is_html(head) or ("html" in stated and is_markup(head))


def _seen(markup: str, tree: LexborHTMLParser) -> _Page:
    titles = [node.text() for node in (*tree.css("title")[:1], *tree.css("h1")[:2])]
    lines = lines_of(tree.body)
    unscripted = [node.text(separator=" ") for node in tree.css("noscript")[:5]]
    return _Page(
        markup=markup.lower(),
        titles=tuple(_parts(titles)),
        words=plain(one_line(" ".join((*lines, *unscripted))[:_MOST_WORDS])),
        length=sum(map(len, lines)) - _frame_length(tree),
        is_article=tree.css_first(_ARTICLE) is not None or _ARTICLE_DATA.search(markup) is not None,
        asks_password=tree.css_first("input[type=password]") is not None,
    )


def _frame_length(tree: LexborHTMLParser) -> int:
    """Return how many characters menus and the like hold; what lies in two of them counts once."""
    frames = [node for node in tree.css(", ".join(_FRAME)) if node.parent is None or node.parent.tag not in _FRAME]
    return sum(len(line) for node in frames for line in lines_of(node))


def _parts(titles: Iterable[str]) -> Iterator[str]:
    for title in titles:
        whole = plain(one_line(title))[:300]
        yield whole
        yield from (part.strip() for part in _TITLE_PARTS.split(whole) if part.strip() != whole)


def _gate(page: _Page, url: str) -> str | None:
    """Challenges, captchas and blocks."""
    if page.length > _SHORT:
        return None
    machine = next((name for sign, name in _MACHINERY.items() if sign in page.markup), None)
    if machine is not None and page.length <= _SHORT_ERROR:
        return f"a {machine}"
    if page.is_article:
        return None
    return (
        _titled(page, _GATE_TITLE, "a block or challenge page")
        or _worded(page, _GATE_WORDS, "a block or challenge page")
        or _gate_host(url)
    )


def _gate_host(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    first, _, rest = host.partition(".")
    return f"a gate that the request was sent to ({host[:80]})" if first in _GATE_HOSTS and "." in rest else None


def _wall(page: _Page) -> str | None:
    """Login, subscription and cookie walls. An article cut short by one is a wall all the same."""
    if page.length > _SHORT:
        return None
    login = _worded(page, _LOGIN_WORDS, "a login wall")
    if login is None and (page.asks_password or not page.is_article):
        login = _titled(page, _LOGIN_TITLE, "a login wall")
    return login or (None if page.is_article else _worded(page, _COOKIE_WORDS, "a cookie wall"))


def _error(page: _Page) -> str | None:
    """Pages that say with status 200 that there is none."""
    if page.length > _SHORT_ERROR or page.is_article:
        return None
    return _titled(page, _ERROR_TITLE, "an error or maintenance page")


def _titled(page: _Page, pattern: re.Pattern[str], what: str) -> str | None:
    title = next((title for title in page.titles if pattern.fullmatch(title)), None)
    return None if title is None else f'{what} (titled "{shorten(title, 80)}")'


def _worded(page: _Page, pattern: re.Pattern[str], what: str) -> str | None:
    found = pattern.search(page.words)
    return None if found is None else f'{what} (it says "{shorten(found.group(), 80)}")'
