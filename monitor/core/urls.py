"""Links: which may be shown, how two of them compare, and how a watched page's text carries them."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, safe_url_string

LINK_PREFIX = "Link: "
LINK_ARROW = " -> "

_LONGEST = 2_048  # characters: what the browsers' address bars and every database index in use still take
_SCHEMES = {"http": 80, "https": 443}
_EDGES = "".join(map(chr, range(0x21))) + "\xa0\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")  # browsers read a backslash as a slash, urljoin does not
_HOST = re.compile(r"[\w.:\[\]-]+")
# Most addresses need nothing done to them, which is told fifty times faster than done.
_PATH = r"(?:/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)*/?"
_NAME = r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+"
_PLAIN = re.compile(_NAME + _PATH)
_PORT = "[1-5][0-9]{4}|[1-9][0-9]{0,3}"
_PLAIN_LINK = re.compile(rf"{_NAME}(?::(?:{_PORT}))?" + _PATH + r"(?:\?[A-Za-z0-9_.~=&-]+)?")
_LABEL = r"(?!xn--)[a-z0-9-]{1,60}"
_PAIR = "[A-Za-z0-9_.~-]+=[A-Za-z0-9_.~-]*"
_PLAIN_QUERY = re.compile(  # ports that may be a scheme's own are left to the parser
    rf"(https?://{_LABEL}(?:\.{_LABEL}){{1,3}}(?::(?!80\b|443\b)(?:{_PORT}))?)({_PATH})\?({_PAIR}(?:&{_PAIR})*)"
)

_TRACKING_FAMILIES = ("utm_", "hsa_", "matomo_", "mtm_", "oly_", "piwik_", "pk_", "vero_")
_TRACKING_NAMES = """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid li_fat_id igshid igsh mibextid epik
    mc_cid mc_eid mkt_tok _hsenc _hsmi hsctatracking _ga _gl ref_src ref_url guccounter guce_referrer
    guce_referrer_sig smid smtyp cmpid s_cid ns_mchannel ns_campaign ns_source at_medium at_campaign xtor
    wt.mc_id trk spm __twitter_impression
"""
_TRACKING = frozenset(_TRACKING_NAMES.split())


def safe_link(href: str | None, base: str) -> str | None:
    """Return ``href`` as an absolute http(s) address in ASCII, or None where it is no link that may be shown.

    Relative addresses are resolved against ``base``. As in a browser, tabs and line breaks inside are dropped first, so
    that ``JaVa\\tScript:`` is seen for what it is. Refused: other schemes, control characters, backslashes, user names,
    empty or malformed hosts, addresses over 2,048 characters (THREATS F17). Never raises.
    """
    if href is None:
        return None
    if len(href) <= _LONGEST and _PLAIN_LINK.fullmatch(href):
        return href
    wanted = re.sub(r"[\t\r\n]", "", href).strip(_EDGES)
    if not wanted or len(wanted) > _LONGEST or _UNFIT.search(wanted):
        return None
    try:
        absolute = urljoin(base, wanted)
        return _ascii(absolute) if _is_web_address(urlsplit(absolute)) else None
    except ValueError:
        return None


def _is_web_address(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    return parts.scheme in _SCHEMES and _HOST.fullmatch(host) is not None and "@" not in parts.netloc


def _ascii(url: str) -> str | None:
    encoded: str = safe_url_string(url.encode("utf-8", "replace").decode())
    return encoded if encoded.isascii() and len(encoded) <= _LONGEST else None


def is_tracking(parameter: str) -> bool:
    """Tell whether a query parameter of this name says only where the reader came from."""
    name = parameter.lower()
    return name in _TRACKING or name.startswith(_TRACKING_FAMILIES)


def without_tracking(url: str) -> str:
    """Return ``url`` without the query parameters of campaigns and click counters; the rest to the letter."""
    head, mark, rest = url.partition("?")
    if not mark:
        return url
    query, hash_mark, fragment = rest.partition("#")
    kept = "&".join(part for part in query.split("&") if not is_tracking(unquote(part.partition("=")[0])))
    return head + ("?" if kept else "") + kept + hash_mark + fragment


@lru_cache(maxsize=8_192)  # 40 us a link, asked for several times an item
def canonical_url(url: str) -> str:
    """Return the form of ``url`` in which links are compared: not meant to be fetched or shown.

    Tracking parameters and the fragment are gone, the others sorted; host in lower case; no default port; no slash at
    the end of a path. What is no http(s) address comes back stripped of blanks. Idempotent; never raises.
    """
    stripped = url.strip()
    if _PLAIN.fullmatch(stripped):
        bare = stripped.removesuffix("/")
        return bare if bare.count("/") > 2 else f"{bare}/"
    if (asked := _PLAIN_QUERY.fullmatch(stripped)) is not None:
        return _in_order(*asked.groups())
    if not stripped.lower().startswith(("http://", "https://")):
        return stripped
    try:
        # Twice: the first pass may decode an escape (%41 to A) that changes how the second sorts.
        return _canonical(_canonical(without_tracking(stripped)))
    except ValueError:
        return stripped


def document_key(url: str) -> str:
    """Return what two addresses of one document share: the canonical address without scheme and "www."."""
    return canonical_url(url).partition("://")[2].removeprefix("www.") or url


def _in_order(site: str, path: str, query: str) -> str:
    kept = [pair for pair in query.split("&") if not is_tracking(pair.partition("=")[0])]
    kept.sort(key=lambda pair: pair.split("="))
    return f"{site}{path.rstrip('/') or '/'}{'?' if kept else ''}{'&'.join(kept)}"


def _canonical(url: str) -> str:
    parts = urlsplit(canonicalize_url(url.encode("utf-8", "replace").decode()))
    host = parts.netloc.lower().removesuffix(f":{_SCHEMES[parts.scheme]}").removesuffix(":")
    return urlunsplit((parts.scheme, host, parts.path.rstrip("/") or "/", parts.query, ""))


def link_line(text: str, url: str) -> str:
    """Return the line by which a page's text carries a link: ``Link: text -> address``."""
    return f"{LINK_PREFIX}{text}{LINK_ARROW}{url}"


def split_link_line(line: str) -> tuple[str, str] | None:
    """Return text and address of a line that ``link_line`` made; None for any other line."""
    text, arrow, url = line.removeprefix(LINK_PREFIX).rpartition(LINK_ARROW)
    return (text, url) if arrow and line.startswith(LINK_PREFIX) and url.startswith(("http://", "https://")) else None
