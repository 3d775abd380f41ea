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


def _day(inputs: Inputs, name: str) -> str:
    return str(inputs.get(name, "?"))[:10]


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


def _listed(words: Any) -> str:
    return " and ".join(str(word).replace("_", " ") for word in words or ())


def _span(hours: float) -> str:
    return f"{hours / 24:g} days" if hours > 24 and hours % 24 == 0 else f"{hours:g} hours"


def _rolling(inputs: Inputs) -> str:
    caps = [
        f"{cap['calls']} of at most {cap['allowed']} calls in {_span(cap['hours'])}" for cap in inputs.get("caps", ())
    ]
    return "; ".join(caps) if caps else "The law here counts no calls"


def _callback(inputs: Inputs) -> str:
    if not inputs.get("at"):
        return "No callback was asked for"
    return (
        "The callback they asked for"
        if inputs.get("honoured")
        else "A callback was asked for, at a time that is not lawful"
    )


def _scrubs(inputs: Inputs) -> str:
    names = inputs.get("asked", ())
    return f"Not on {', '.join(names)}" if names else "This campaign asks no lists"


PASSED: Mapping[str, Callable[[Inputs], str]] = {
    "number": lambda inputs: f"A number we can call, in a country of this campaign ({inputs.get('country', '?')})",
    "suppression": lambda _: "Nobody asked us to stop calling this number",
    "consent": _consent,
    "scrubs": _scrubs,
    "attempts": _attempts,
    "answered": lambda _: "Nobody has spoken to this person since the form came in",
    "halts": lambda _: "Calling is switched on",
    "caller_id": lambda inputs: f"{inputs.get('usable', '?')} of {inputs.get('configured', '?')} caller numbers usable",
    "one_call": lambda _: "Not on the phone with us already",
    "per_day": lambda inputs: f"{inputs.get('today', 0)} of at most {inputs.get('allowed', '?')} calls made today",
    "gap": _gap,
    "hours": _hours,
    "rules": lambda inputs: f"The calling rules of {_listed(inputs.get('places'))} are known",
    "consent_term": lambda inputs: "The consent still stands" if inputs else "No consent that could lapse",
    "clock": lambda _: "Our clock is not behind an earlier call",
    "not_before": lambda _: "Nothing asks for a later time",
    "callback": _callback,
    "refusal_lock": lambda inputs: (
        "The pause after their no is over" if inputs.get("refused_at") else "They have not said no"
    ),
    "hang_up": lambda inputs: (
        "They hung up on us, which the law here does not ask about" if inputs else "They have not hung up on us"
    ),
    "campaign_hours": lambda inputs: (
        "They asked for this time, so the campaign's hours step back"
        if inputs.get("yields")
        else "Within the campaign's hours"
    ),
    "blackout": lambda _: "Calling is not suspended there",
    "rolling_cap": _rolling,
}
# By a rule's own reason where it has several, else by the rule.
STOPPED: Mapping[str, Callable[[Inputs], str]] = {
    "no_consent": lambda inputs: (
        "The person did not agree to be called" if inputs.get("consent") is False else "No consent came with this lead"
    ),
    "consent_incomplete": lambda inputs: (
        f"The law here wants proof of consent; the form did not deliver: {', '.join(inputs.get('missing', ()))}"
    ),
    "consent_expired": lambda inputs: f"The consent of {_day(inputs, 'at')} ran out on {_day(inputs, 'expires_at')}",
    "consent_revoked": lambda inputs: f"The consent was taken back on {_day(inputs, 'revoked_at')}",
    "scrub_stale": lambda inputs: f"To be looked up first in {', '.join(inputs.get('due', ()))}",
    "attempts": lambda inputs: f"All {inputs.get('allowed', '?')} allowed calls were made",
    "per_day": lambda inputs: f"Called {inputs.get('today', '?')} times today, which is as often as we may",
    "hours": lambda inputs: (
        f"Outside calling hours in {' and '.join(zone.replace('_', ' ') for zone in inputs.get('zones', ()))}"
    ),
    "rolling_cap": _rolling,
}
VERDICTS = {"allow": "May be called", "defer": "Must wait", "deny": "Must not be called"}


def sentence(row: Row) -> str:
    """What one rule found, e.g. "0 of at most 6 calls made so far"."""
    rule, inputs = str(row.get("rule", "")), row.get("inputs") or {}
    written = PASSED.get(rule) if row.get("passed") else STOPPED.get(str(row.get("reason"))) or STOPPED.get(rule)
    if written:
        said = written(inputs)
    else:
        said = plain(row.get("reason") or rule)
        said = said[:1].upper() + said[1:]
    return f"{said}: {row['detail']}" if row.get("detail") else said


def verdict(word: str) -> str:
    return VERDICTS.get(word, plain(word).capitalize())
