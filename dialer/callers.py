"""Which of our numbers the lead sees: the one they saw before, else one that belongs to the lead for good."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime


def usable(caller_ids: Sequence[str], halts: Mapping[str, datetime | None]) -> list[str]:
    """The campaign's numbers that are not resting or disabled, in the file's order."""
    return [number for number in caller_ids if f"caller:{number}" not in halts]


def choose(candidates: Sequence[str], last: str | None, lead_id: str) -> str:
    """The same number on a retry; for a first call one picked by the lead's id, so that the load spreads evenly."""
    if last is not None and last in candidates:
        return last
    digest = hashlib.sha256(lead_id.encode()).digest()
    return candidates[int.from_bytes(digest[:4]) % len(candidates)]
