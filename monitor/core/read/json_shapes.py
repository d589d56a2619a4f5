"""Which API a JSON document can only be from, by its shape alone: for kind auto."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitor.core.read.courtlistener import COURTLISTENER
from monitor.core.read.federal_register import FEDERAL_REGISTER
from monitor.core.read.govinfo import GOVINFO
from monitor.core.read.json_document import at, load_json, refused, rows_at, text_at
from monitor.core.read.json_feed import JSON_FEED
from monitor.core.read.justice import JUSTICE
from monitor.core.read.regulations import REGULATIONS
from monitor.core.read.wordpress import WORDPRESS, is_wordpress
from monitor.model.source import Fetched, PollError, ReadFailed, ReadResult, Source


def is_json(body: bytes) -> bool:
    """Tell whether a document begins as a JSON object or list does."""
    return body[:1_000].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def read_recognised(fetched: Fetched, source: Source, now: datetime) -> ReadResult:
    """Return what a JSON document holds whose shape says what it is, else why nothing is read. Never raises.

    An empty answer has no shape of its own: a source that may be empty should say its kind.
    """
    document = load_json(fetched, "a feed", PollError.NOT_A_FEED)
    if isinstance(document, ReadFailed):
        return document
    api = next((api for api, fits in _SHAPES if fits(document.value)), None)
    if api is not None:
        return api.read(fetched, source, now)
    failed = refused(document.value, "a feed", PollError.NOT_A_FEED)
    return replace(failed, detail=f"{failed.detail}; kind json reads any API, by its items and fields")


def _is_federal_register(value: object) -> bool:
    first = next(iter(rows_at(value, "results")), None)
    return bool(text_at(first, "document_number")) and "federalregister.gov" in text_at(first, "html_url", "pdf_url")


def _is_courtlistener(value: object) -> bool:
    first = next(iter(rows_at(value, "results")), None)
    return "next" in (value if isinstance(value, dict) else {}) and (
        isinstance(at(first, "recap_documents"), list) or bool(text_at(first, "cluster_id"))
    )


def _is_regulations(value: object) -> bool:
    first = next(iter(rows_at(value, "data")), None)
    return all(text_at(first, path) for path in ("id", "attributes.objectId", "attributes.agencyId"))


def _is_govinfo(value: object) -> bool:
    """A collection or a package's granules, whose rows link back to the API; or the summary of a package or granule."""
    first = next(iter((*rows_at(value, "packages"), *rows_at(value, "granules"))), value)
    links = text_at(first, "packageLink", "granuleLink", "granulesLink", "download.modsLink")
    return bool(text_at(first, "packageId", "granuleId")) and links.startswith("https://api.govinfo.gov/packages/")


def _is_justice(value: object) -> bool:
    first = next(iter(rows_at(value, "results")), None)
    stated = isinstance(at(value, "metadata.resultset"), dict) and bool(text_at(first, "uuid"))
    return stated and text_at(first, "url").startswith("https://www.justice.gov/")


_SHAPES = (
    (JSON_FEED, lambda value: JSON_FEED.rows(value) is not None),
    (FEDERAL_REGISTER, _is_federal_register),
    (WORDPRESS, is_wordpress),
    (COURTLISTENER, _is_courtlistener),
    (REGULATIONS, _is_regulations),
    (GOVINFO, _is_govinfo),
    (JUSTICE, _is_justice),
)
