"""A tracker's policies in and out: its pages as text or HTML, and records as JSON, JSON Lines or CSV."""

from __future__ import annotations

from monitor.core.tracker.html import page_text
from monitor.core.tracker.reader import read_page
from monitor.core.tracker.records import read_records, record_from_mapping, record_to_mapping, write_records
from monitor.core.tracker.writer import write_page

__all__ = [
    "page_text",
    "read_page",
    "read_records",
    "record_from_mapping",
    "record_to_mapping",
    "write_page",
    "write_records",
]
