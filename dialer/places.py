"""Where a lead may be: every time zone and state that the number and the form together allow.

The tables are our own (`data/*.tsv`, each naming its source) and stop at the area code: finer data is wrong for ported
numbers. A declared zone is added to what an area code says, never put in its place; a mobile of a country without area
codes takes the declared zone, or all zones of the country. Nothing known means no zone, and no zone means no call.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from campaign.phone import Phone

NANP = "+1"
FOLDED = {"GG": "GB", "JE": "GB", "IM": "GB"}
"""Crown dependencies share Britain's numbers and clock; mobiles of all four look alike."""


@dataclass(frozen=True, slots=True)
class Place:
    """`zones` and `states` are all candidates; `source` says what they were read from."""

    country: str
    states: frozenset[str]
    zones: frozenset[str]
    source: str


def locate(phone: Phone, declared_zone: str = "") -> Place:
    """All places the owner of this number may be in, given the zone the form declared (ignored when it is none)."""
    declared = frozenset({declared_zone}) if is_zone(declared_zone) else frozenset[str]()
    known = _geographic(phone.e164)
    if known:
        source = "number+declared" if declared else "number"
        return Place(known.country, known.states, known.zones | declared, source)
    country = FOLDED.get(phone.country, phone.country)
    whole = country_zones(country)
    if declared and (declared <= whole or not whole):
        return Place(country, frozenset(), declared, "declared")
    return Place(country, frozenset(), whole | declared, "country")


def country_zones(country: str) -> frozenset[str]:
    return _countries().get(country, frozenset())


@cache
def is_zone(name: str) -> bool:
    """Whether the name is a place's zone in tzdata; `UTC` or a fixed offset says nothing about where somebody is."""
    if "/" not in name or name.startswith("Etc/"):
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _geographic(e164: str) -> Place | None:
    if e164.startswith(NANP):
        return _area_codes().get(e164[2:5])
    prefixes = _prefixes()
    return next((prefixes[e164[:n]] for n in range(len(e164), 2, -1) if e164[:n] in prefixes), None)


@cache
def _area_codes() -> dict[str, Place]:
    return {code: _place(rest) for code, *rest in _rows("nanp.tsv")}


@cache
def _prefixes() -> dict[str, Place]:
    return {prefix: _place(rest) for prefix, *rest in _rows("prefixes.tsv")}


@cache
def _countries() -> dict[str, frozenset[str]]:
    return {country: frozenset(zones.split(",")) for country, zones in _rows("countries.tsv")}


def _place(columns: list[str]) -> Place:
    country, states, zones = columns
    return Place(country, frozenset(states.split(",")) - {""}, frozenset(zones.split(",")), "number")


def _rows(name: str) -> list[list[str]]:
    text = (files("dialer") / "data" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
