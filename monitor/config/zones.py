"""Time zones by name."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import available_timezones

from monitor.config.suggest import closest, quoted, unknown


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zone for zone in available_timezones() if zone not in {"localtime", "Factory", "posixrules"})


def timezone(value: object) -> str:
    """An IANA time zone by its exact name; ValueError with a suggestion otherwise."""
    if isinstance(value, str) and value in _zones():
        return value
    if isinstance(value, str):
        cities = {zone.rpartition("/")[2]: zone for zone in sorted(_zones(), reverse=True)}  # America before US
        city = closest(value, cities)
        if closest(value, _zones()) is None and city is not None:
            raise ValueError(f"unknown time zone {quoted(value)}: did you mean {quoted(cities[city])}?")
    raise ValueError(unknown("time zone", value, _zones()))
