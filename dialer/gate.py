"""May we ring this lead now? One pure decision, taken at intake and again at the instant of dialing, failing closed.

Every rule is asked every time and leaves a row in the trace, so "why did or didn't we call" always has an answer.
A denial is for good; a deferral names the first instant at which all timed rules will be content.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from campaign.file import Campaign
from campaign.phone import Undialable
from dialer import callers, hours
from dialer.facts import Facts

RULES_VERSION = "house-1/tzdata-2026f"
LOOK_AGAIN = timedelta(seconds=60)
"""When to ask again about a brake without an end, or a number that is on the phone."""
PROMISE_KEPT = timedelta(minutes=60)
"""A promised callback may use the promise's privileges this long after its time."""

# A suppression's reason becomes the lead's reason; a number that turned out bad is not an opt-out.
CARRIER_SUPPRESSIONS = {"carrier_invalid": "not_a_valid_number", "carrier_blocked": "carrier_blocked"}


@dataclass(frozen=True, slots=True)
class Allow:
    trace: list[dict[str, Any]]
    caller_id: str
    reason: str = "allowed"


@dataclass(frozen=True, slots=True)
class Defer:
    trace: list[dict[str, Any]]
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Deny:
    trace: list[dict[str, Any]]
    reason: str


Verdict = Allow | Defer | Deny


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says. Not passed and no `until` is a denial."""

    rule: str
    passed: bool
    reason: str = ""
    until: datetime | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    detail: str = ""

    def row(self) -> dict[str, Any]:
        row = {"rule": self.rule, "inputs": self.inputs, "passed": self.passed, "detail": self.detail}
        if self.passed:
            return row
        return row | {"reason": self.reason, "until": self.until.isoformat() if self.until else None}


Rule = Callable[[Facts, Campaign, datetime], Finding]


def decide(facts: Facts, campaign: Campaign, now: datetime, lead_id: str = "") -> Verdict:
    """Ask every rule; the first denial wins, then the latest deferral."""
    findings = [rule(facts, campaign, now) for rule in _asked(facts)]
    trace = [finding.row() for finding in findings]
    failed = [finding for finding in findings if not finding.passed]
    for finding in failed:
        if finding.until is None:
            return Deny(trace, finding.reason)
    waits = [(finding.until, finding.reason) for finding in failed if finding.until is not None]
    if waits:
        latest, reason = max(waits, key=lambda wait: wait[0])
        return Defer(trace, reason, _settled(facts, campaign, latest))
    caller_id = callers.choose(callers.usable(campaign.caller_ids, facts.halts), facts.last_caller, lead_id)
    return Allow(trace, caller_id)


def _asked(facts: Facts) -> Sequence[Rule]:
    """A number that is none has no place, hence no hours: its other rules are asked, its hours are not."""
    return (*LASTING, *BRAKES) if isinstance(facts.number, Undialable) else (*LASTING, *BRAKES, *TIMED)


def _settled(facts: Facts, campaign: Campaign, start: datetime) -> datetime:
    """Move forward until no timed rule objects; each step only moves on, and hours give up by denying."""
    moment = start
    while True:
        findings = [rule(facts, campaign, moment) for rule in TIMED]
        later = max((finding.until for finding in findings if finding.until), default=moment)
        if later <= moment:
            return moment
        moment = later


def _number(facts: Facts, campaign: Campaign, _now: datetime) -> Finding:
    if isinstance(facts.number, Undialable):
        return Finding("number", False, facts.number.reason, inputs={"countries": list(campaign.countries)})
    inputs = {"country": facts.number.country, "countries": list(campaign.countries)}
    ours = {*campaign.caller_ids, *(person.phone for person in campaign.people)}
    if facts.number.e164 in ours:
        return Finding("number", False, "our_own_number", inputs=inputs)
    return Finding("number", True, inputs=inputs)


def _consent(facts: Facts, campaign: Campaign, _now: datetime) -> Finding:
    inputs = {"consent": facts.consent, "required": campaign.consent_required}
    if facts.consent:
        return Finding("consent", True, inputs=inputs)
    if facts.consent is None and not campaign.consent_required:
        return Finding("consent", True, inputs=inputs, detail=campaign.allow_unconsented_reason)
    return Finding("consent", False, "no_consent", inputs=inputs)


def _suppression(facts: Facts, _campaign: Campaign, _now: datetime) -> Finding:
    if facts.suppression is None:
        return Finding("suppression", True)
    reason = CARRIER_SUPPRESSIONS.get(facts.suppression, "suppressed")
    return Finding("suppression", False, reason, inputs={"suppressed_for": facts.suppression})


def _attempts(facts: Facts, campaign: Campaign, now: datetime) -> Finding:
    inputs = {"tried": facts.tried, "allowed": campaign.retries.max_attempts}
    if facts.tried < campaign.retries.max_attempts or _promise_due(facts, now):
        return Finding("attempts", True, inputs=inputs)
    return Finding("attempts", False, "attempts_exhausted", inputs=inputs)


def _answered(facts: Facts, _campaign: Campaign, _now: datetime) -> Finding:
    """A form sent twice is one wish: once the person has been spoken to, the other copy is not rung about."""
    if facts.answered is None:
        return Finding("answered", True)
    return Finding("answered", False, "already_answered", inputs={"came_to": facts.answered})


def _halts(facts: Facts, campaign: Campaign, now: datetime) -> Finding:
    scopes = ["account", f"campaign:{campaign.name}"]
    if facts.place:
        scopes.append(f"country:{facts.place.country}")
    found = {scope: facts.halts[scope] for scope in scopes if scope in facts.halts}
    if not found:
        return Finding("halts", True, inputs={"asked": scopes})
    until = max(end or now + LOOK_AGAIN for end in found.values())
    return Finding("halts", False, "halted", until, inputs={"in_force": sorted(found)})


def _caller(facts: Facts, campaign: Campaign, now: datetime) -> Finding:
    left = len(callers.usable(campaign.caller_ids, facts.halts))
    inputs = {"usable": left, "configured": len(campaign.caller_ids)}
    if left:
        return Finding("caller_id", True, inputs=inputs)
    ends = [facts.halts[f"caller:{number}"] or now + LOOK_AGAIN for number in campaign.caller_ids]
    return Finding("caller_id", False, "no_caller_id", min(ends), inputs=inputs)


def _one_call(facts: Facts, _campaign: Campaign, now: datetime) -> Finding:
    if not facts.on_the_phone:
        return Finding("one_call", True)
    return Finding("one_call", False, "already_in_a_call", now + LOOK_AGAIN)


def _day_cap(facts: Facts, campaign: Campaign, now: datetime) -> Finding:
    zones = facts.place.zones if facts.place else frozenset[str]()
    allowed = campaign.retries.per_day
    today = hours.local_dates(zones, now)
    counts = [sum((zone, day) in hours.local_dates({zone}, at) for at in facts.rang) for zone, day in today]
    inputs = {"today": max(counts, default=0), "allowed": allowed}
    if max(counts, default=0) < allowed or _promise_due(facts, now):
        return Finding("per_day", True, inputs=inputs)
    return Finding("per_day", False, "per_day_cap", hours.next_day(zones, now), inputs=inputs)


def _gap(facts: Facts, campaign: Campaign, now: datetime) -> Finding:
    inputs = {"gap_minutes": campaign.retries.gap_minutes, "last": facts.rang[-1].isoformat() if facts.rang else None}
    until = facts.rang[-1] + timedelta(minutes=campaign.retries.gap_minutes) if facts.rang else now
    if until <= now or _promise_due(facts, now):
        return Finding("gap", True, inputs=inputs)
    return Finding("gap", False, "too_soon", until, inputs=inputs)


def _hours(facts: Facts, campaign: Campaign, now: datetime) -> Finding:
    place = facts.place
    zones = place.zones if place else frozenset[str]()
    promised = _promise_due(facts, now)
    inputs = {"zones": sorted(zones), "source": place.source if place else "", "promised": promised}
    layers = [hours.FLOOR] if promised else [hours.FLOOR, campaign.hours]
    opens = hours.next_open(layers, zones, now)
    if opens is None:
        return Finding("hours", False, "no_calling_hours", inputs=inputs, detail="no common opening within 14 days")
    if opens == now:
        return Finding("hours", True, inputs=inputs)
    return Finding("hours", False, "outside_calling_hours", opens, inputs=inputs)


def _promise_due(facts: Facts, now: datetime) -> bool:
    """The person asked for this call at this time: our own manners (gap, caps, the campaign's wish) step back."""
    return facts.promised is not None and facts.promised <= now <= facts.promised + PROMISE_KEPT


LASTING: tuple[Rule, ...] = (_number, _suppression, _consent, _attempts, _answered)
BRAKES: tuple[Rule, ...] = (_halts, _caller, _one_call)
TIMED: tuple[Rule, ...] = (_day_cap, _gap, _hours)
