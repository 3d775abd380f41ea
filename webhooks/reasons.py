"""A gate's trace as plain sentences, one per rule, for people who tune campaigns rather than read code. Pure.

A rule that is not listed reads as its own name, so a new rule shows at once, if less nicely.
"""

from collections.abc import Callable, Mapping
from typing import Any

from webhooks.words import plain

Row = Mapping[str, Any]
Inputs = Mapping[str, Any]


def _attempts(inputs: Inputs) -> str:
    return f"{inputs.get('tried', 0)} of at most {inputs.get('allowed', '?')} calls made so far"


def _consent(inputs: Inputs) -> str:
    return (
        "Consent to be called is on record" if inputs.get("consent") else "This campaign calls without recorded consent"
    )


def _gap(inputs: Inputs) -> str:
    if not inputs.get("last"):
        return "No earlier call to keep a distance from"
    if not inputs.get("gap_minutes"):
        return "This campaign keeps no distance between calls"
    return f"At least {inputs.get('gap_minutes', 0):g} minutes since the last call"


def _hours(inputs: Inputs) -> str:
    zones = " and ".join(zone.replace("_", " ") for zone in inputs.get("zones", ()))
    promised = "; the person asked for this time" if inputs.get("promised") else ""
    return f"Within calling hours in {zones}{promised}" if zones else "Within calling hours"


PASSED: Mapping[str, Callable[[Inputs], str]] = {
    "number": lambda inputs: f"A number we can call, in a country of this campaign ({inputs.get('country', '?')})",
    "suppression": lambda _: "Nobody asked us to stop calling this number",
    "consent": _consent,
    "attempts": _attempts,
    "answered": lambda _: "Nobody has spoken to this person since the form came in",
    "halts": lambda _: "Calling is switched on",
    "caller_id": lambda inputs: f"{inputs.get('usable', '?')} of {inputs.get('configured', '?')} caller numbers usable",
    "one_call": lambda _: "Not on the phone with us already",
    "per_day": lambda inputs: f"{inputs.get('today', 0)} of at most {inputs.get('allowed', '?')} calls made today",
    "gap": _gap,
    "hours": _hours,
}
STOPPED: Mapping[str, Callable[[Inputs], str]] = {
    "consent": lambda inputs: (
        "The person did not agree to be called" if inputs.get("consent") is False else "No consent came with this lead"
    ),
    "attempts": lambda inputs: f"All {inputs.get('allowed', '?')} allowed calls were made",
    "per_day": lambda inputs: f"Called {inputs.get('today', '?')} times today, which is as often as we may",
    "hours": lambda inputs: (
        f"Outside calling hours in {' and '.join(zone.replace('_', ' ') for zone in inputs.get('zones', ()))}"
    ),
}
VERDICTS = {"allow": "May be called", "defer": "Must wait", "deny": "Must not be called"}


def sentence(row: Row) -> str:
    """What one rule found, e.g. "0 of at most 6 calls made so far"."""
    rule, inputs = str(row.get("rule", "")), row.get("inputs") or {}
    written = (PASSED if row.get("passed") else STOPPED).get(rule)
    if written:
        said = written(inputs)
    else:
        said = plain(row.get("reason") or rule)
        said = said[:1].upper() + said[1:]
    return f"{said}: {row['detail']}" if row.get("detail") else said


def verdict(word: str) -> str:
    return VERDICTS.get(word, plain(word).capitalize())
