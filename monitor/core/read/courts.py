"""The federal courts as citations name them, by the name that a court's electronic filing system has."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

_HOST = re.compile(r"ecf\.([a-z0-9]{2,8})\.uscourts\.gov")
_CIRCUIT = re.compile(r"ca(dc|fc|1[01]|[1-9])")
_TRIAL = re.compile(r"(?P<state>[a-z]{2})(?P<part>[nsewcm]?)(?P<bench>[db])")
_ORDINALS = {"1": "1st", "2": "2d", "3": "3d"}
# Those whose citation is not the postal letters with points (The Bluebook, table T10.1).
_STATES = {
    "ak": "Alaska", "al": "Ala.", "ar": "Ark.", "az": "Ariz.", "ca": "Cal.", "co": "Colo.", "ct": "Conn.",
    "de": "Del.", "fl": "Fla.", "ga": "Ga.", "gu": "Guam", "hi": "Haw.", "ia": "Iowa", "id": "Idaho", "il": "Ill.",
    "in": "Ind.", "ks": "Kan.", "ky": "Ky.", "la": "La.", "ma": "Mass.", "md": "Md.", "me": "Me.", "mi": "Mich.",
    "mn": "Minn.", "mo": "Mo.", "ms": "Miss.", "mt": "Mont.", "ne": "Neb.", "nv": "Nev.",
    "oh": "Ohio", "ok": "Okla.", "or": "Or.", "pa": "Pa.", "tn": "Tenn.", "tx": "Tex.",
    "ut": "Utah", "va": "Va.", "vt": "Vt.", "wa": "Wash.", "wi": "Wis.", "wv": "W. Va.", "wy": "Wyo.",
}  # fmt: skip


def is_court(url: str) -> bool:
    """Tell whether an address is that of a federal court's filing system (``ecf.nysd.uscourts.gov``)."""
    return _court(url) is not None


def court_of(url: str) -> str:
    """Return the court as a citation names it ("S.D.N.Y.", "D.C. Cir.", "Bankr. D. Md."); "" where it is not known."""
    name = _court(url) or ""
    circuit = _CIRCUIT.fullmatch(name)
    if circuit is not None:
        return _circuit(circuit[1])
    trial = _TRIAL.fullmatch(name)
    return _trial(trial) if trial is not None else ""


def court_id(citation: str) -> str:
    """Return the filing system's name of a cited court: "nysd" of "S.D.N.Y." or "sdny"; "" where none is so cited."""
    return _by_citation().get(_folded(citation), "")


@cache
def _by_citation() -> dict[str, str]:
    others = ["as", "dc", "gu", "mp", "nc", "nd", "nh", "nj", "nm", "ny", "pr", "ri", "sc", "sd", "vi"]
    trials = [f"{state}{part}d" for state in (*_STATES, *others) for part in ("", *"nsewmc")]
    circuits = ["cadc", "cafc", *(f"ca{number}" for number in range(1, 12))]
    found = {_folded(court_of(f"https://ecf.{name}.uscourts.gov")): name for name in (*trials, *circuits)}
    return found | {"2ndcir": "ca2", "3rdcir": "ca3", "federalcir": "cafc"}


def _folded(citation: str) -> str:
    return re.sub(r"[^a-z0-9]", "", citation.lower())


def _court(url: str) -> str | None:
    try:
        found = _HOST.fullmatch(urlsplit(url).hostname or "")
    except ValueError:
        return None
    return found[1] if found is not None else None


def _circuit(which: str) -> str:
    if which in ("dc", "fc"):
        return "D.C. Cir." if which == "dc" else "Fed. Cir."
    return f"{_ORDINALS.get(which, which + 'th')} Cir."


def _trial(found: re.Match[str]) -> str:
    state = _STATES.get(found["state"], f"{found['state'][0].upper()}.{found['state'][1].upper()}.")
    part = f"{found['part'].upper()}.D." if found["part"] else "D."
    bench = "Bankr. " if found["bench"] == "b" else ""
    # Single letters stand close: "S.D.N.Y.", but "S.D. Tex."
    close = re.match(r"(?:[A-Z]\.)+$", state) is not None
    return f"{bench}{part}{'' if close else ' '}{state}"
