"""Where a lead may be: every jurisdiction and time zone that the number and the form together allow.

The tables are our own (`data/*.tsv`, each naming its source) and stop at the area code: finer data is wrong for ported
numbers, and libphonenumber's zones are unsafe for hours. A declared place is added to what an area code says, never put in
its place; a mobile of a country without area codes takes the declared place, or all zones of the country. A state that
presumes residence from the area code binds whatever the form says. Nothing known means no zone, and no zone means no call.
(compliance.md, sections 1, 8 and 10)
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from campaign.phone import Phone
from campaign.zones import is_place
from dialer.law import Table

NANP = "+1"
FOLDED = {"GG": "GB", "JE": "GB", "IM": "GB"}
"""Crown dependencies share Britain's numbers and clock; mobiles of all four look alike."""
LAW_OF = {"PR": "US", "VI": "US", "GU": "US", "AS": "US", "MP": "US", "CX": "AU", "CC": "AU"}
"""Territories with clocks of their own under another country's law."""

Group = tuple[str, tuple[str, ...]]
"""A jurisdiction and the zones it may bind in."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the form says of where the person is; all of it optional and untrusted. `zone` may be the browser's."""

    zone: str = ""
    region: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """All candidates at once: each group binds. `source` says what they were read from."""

    country: str
    groups: tuple[Group, ...]
    source: str

    @property
    def zones(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(zone for _, zones in self.groups for zone in zones))

    @property
    def jurisdictions(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.groups)


@dataclass(frozen=True, slots=True)
class Issued:
    """What a number says by itself. `narrow`: an area code or prefix says more than the country does."""

    country: str
    names: tuple[str, ...]
    zones: tuple[str, ...]
    narrow: bool


def resolve(number: Phone, declared: Declared, table: Table) -> Place:
    """All places the owner of this number may be in. What the form declares is ignored where it is no place."""
    issued = _issued(_code(number.e164), number.country, table)
    zone = declared.zone if declared.zone and is_place(declared.zone) else ""
    states = _states(issued.country, declared.region, declared.postcode, table)
    return _place(issued, zone, states, table)


def law_of(country: str) -> str:
    """Under which country's law the numbers of a country or territory fall."""
    return LAW_OF.get(country, FOLDED.get(country, country))


def country_zones(country: str, table: Table) -> tuple[str, ...]:
    row = table.rows.get(country)
    return row.zones if row and row.zones else _countries().get(country, ())


@lru_cache(maxsize=8192)
def _place(issued: Issued, zone: str, states: tuple[str, ...], table: Table) -> Place:
    if not zone and not states:
        groups = tuple((name, issued.zones) for name in issued.names) if issued.zones else ()
        return Place(issued.country, groups, "number" if issued.narrow else "country")
    there = {state: _zones_there(state, zone, table) for state in states} or {issued.country: (zone,)}
    declared = _union(*there.values())
    if issued.narrow:
        zones, source = _union(issued.zones, declared), "number+declared"
    elif set(declared) <= set(issued.zones) or not issued.zones:
        zones, source = declared, "declared"
    else:
        zones, source = _union(issued.zones, declared), "country"
    found = {issued.country: zones} | {state: those for state, those in there.items() if state != issued.country}
    for name in issued.names:
        if name != issued.country and (not states or table.rows[name].area_code):
            found[name] = _union(found.get(name, ()), issued.zones)
    return Place(issued.country, tuple(found.items()), source)


def _zones_there(state: str, zone: str, table: Table) -> tuple[str, ...]:
    """The declared zone where the state has it; one that it has not is added to the state's own."""
    own = table.rows[state].zones
    return (zone,) if zone in own else _union(own, (zone,) if zone else ())


def _union(*many: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(zone for zones in many for zone in zones))


def _states(country: str, region: str, postcode: str, table: Table) -> tuple[str, ...]:
    """The states of this country that the form names, by code, by name or by postcode."""
    if not region and not postcode:
        return ()
    named = _named(country, region.strip(), table)
    return tuple(dict.fromkeys((*named, *(name for name in _by_postcode(country, postcode) if name in table.rows))))


@lru_cache(maxsize=8192)
def _named(country: str, region: str, table: Table) -> tuple[str, ...]:
    code = region.upper() if "-" in region else f"{country}-{region.upper()}"
    meant = {code, *(name for name, row in table.rows.items() if region and row.name.casefold() == region.casefold())}
    return tuple(name for name in sorted(meant) if name in table.rows and name.startswith(f"{country}-"))


def _by_postcode(country: str, postcode: str) -> tuple[str, ...]:
    """States by the first digits of a postcode, as many as the country's table goes by."""
    known = _postcodes()
    return next((found for n in (3, 4) if (found := known.get((country, postcode.strip()[:n])))), ())


def _code(e164: str) -> str:
    """The part of a number that says where it was issued: the area code, or the longest prefix we know."""
    if e164.startswith(NANP):
        return e164[:5]
    prefixes = _prefixes()
    return next((e164[:n] for n in range(8, 2, -1) if e164[:n] in prefixes), "")


@lru_cache(maxsize=4096)
def _issued(code: str, country: str, table: Table) -> Issued:
    country = FOLDED.get(country, country)
    if code in _area_codes():
        country, states, zones = _area_codes()[code]
        names = tuple(name for state in states if (name := f"{country}-{state}") in table.rows)
        return Issued(country, names or (country,), zones, True)
    if code in _prefixes():
        names, zones = _prefixes()[code]
        return Issued(law_of(country), names, zones, True)
    law = law_of(country)
    return Issued(law, (law,), country_zones(country, table), country != law)


@cache
def _area_codes() -> dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return {NANP + code: (country, _list(states), _list(zones)) for code, country, states, zones in _rows("nanp.tsv")}


@cache
def _prefixes() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {prefix: (_list(names), _list(zones)) for prefix, names, zones in _rows("prefixes.tsv")}


@cache
def _countries() -> dict[str, tuple[str, ...]]:
    return {country: _list(zones) for country, zones in _rows("countries.tsv")}


@cache
def _postcodes() -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for country, first, last, state in _rows("postcodes.tsv"):
        for number in range(int(first), int(last) + 1):
            key = (country, f"{number:0{len(first)}}")
            found[key] = (*found.get(key, ()), f"{country}-{state}")
    return found


def _list(column: str) -> tuple[str, ...]:
    return tuple(one for one in column.split(",") if one)


def _rows(name: str) -> list[list[str]]:
    text = (files("dialer") / "data" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
