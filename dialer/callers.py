"""Which of our numbers the lead sees: the one they saw before, else one from their own area that stays theirs for good.

Nearest first: same area code, same state, same country. Among equally near ones the lead's id decides, so that the load
spreads evenly and the choice is always the same.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import IntEnum

from campaign.phone import Phone, parse
from dialer import law
from dialer.resolver import NANP, Declared, resolve


class Distance(IntEnum):
    AREA = 0
    STATE = 1
    COUNTRY = 2
    ABROAD = 3


def usable(caller_ids: Sequence[str], halts: Mapping[str, datetime | None]) -> list[str]:
    """The campaign's numbers that are not resting or disabled, in the file's order."""
    return [number for number in caller_ids if f"caller:{number}" not in halts]


def choose(candidates: Sequence[str], last: str | None, lead_id: str, number: str = "") -> str:
    """The same number on a retry; for a first call the nearest to the lead's `number`, picked by the lead's id."""
    if last is not None and last in candidates:
        return last
    if len(candidates) == 1:
        return candidates[0]
    nearest = min(distance(candidate, number) for candidate in candidates)
    near = [candidate for candidate in candidates if distance(candidate, number) is nearest]
    digest = hashlib.sha256(lead_id.encode()).digest()
    return near[int.from_bytes(digest[:4]) % len(near)]


def distance(caller_id: str, number: str) -> Distance:
    """How far a number of ours is from the lead's, as their area codes tell."""
    ours, theirs = parse(caller_id, None, frozenset()), parse(number, None, frozenset())
    if not isinstance(ours, Phone) or not isinstance(theirs, Phone):
        return Distance.ABROAD
    if caller_id.startswith(NANP) and caller_id[:5] == number[:5]:
        return Distance.AREA
    here, there = (resolve(number, Declared(), law.shipped()) for number in (ours, theirs))
    if here.country != there.country:
        return Distance.ABROAD
    states = set(here.jurisdictions) & set(there.jurisdictions) - {here.country}
    return Distance.STATE if states else Distance.COUNTRY
