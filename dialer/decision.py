"""The next lawful moment to ring: every timed rule over every place the person may be in, as one fixed point. Pure.

`decide(asked, policy, now)` answers Allow, Defer(until, reason) or Deny(reason), each with a trace of all rules. Every rule
is a step that only moves a moment forward, to the first one it is content with; they are asked in turn until none moves it,
so the answer is the earliest moment that suits them all. Whether a number, a consent or a brake forbids the call altogether
is the gate's business (`dialer/gate.py`), which asks this core last and again at the instant of dialing.
(compliance.md, section 8)
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from campaign.zones import zone
from dialer.holidays import Holidays
from dialer.hours import CLOSED, Interval, Opening, Span, Week, begins, joint, next_day

SKEW = timedelta(minutes=5)
"""A consent stamped by another machine's clock may lie this far ahead; further is a date nobody can have agreed on."""
NO_TIME = timedelta(0)
LONGEST_DAY = timedelta(hours=26)
"""Longer than any day of a calendar: those on which the clock goes back have 25 hours."""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `calls` in any `span` of elapsed time: rolling, not by the calendar."""

    calls: int
    span: timedelta


@dataclass(frozen=True, slots=True, eq=False)
class Statute:
    """What a jurisdiction asks of the clock; from its row in `data/jurisdictions.yaml`, or from a file of cases."""

    name: str
    week: Week
    """Windows for an artificial voice."""
    holidays: frozenset[date] | Holidays = frozenset()
    on_holidays: tuple[Span, ...] = CLOSED
    caps: tuple[Cap, ...] = ()
    callback: Literal["allowed", "never", "express_only"] = "never"
    """Whether a recorded request to be called back may widen the windows, inside the floor."""
    refusal_lock_days: int = 0
    no_recall: bool = False
    """Whoever ended a call of ours is not called again."""


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A jurisdiction's rules as they bind in one zone."""

    statute: Statute
    zone: str
    hours: Opening
    promised: Opening
    """The hours for a callback that was asked for, where the statute lets a request widen them. Holidays stay closed."""


@lru_cache(maxsize=4096)
def bind(statute: Statute, zone_name: str, floor: Week) -> Bound:
    """The one `Bound` of a statute in a zone; it remembers the days it was asked about."""
    hours = Opening(zone_name, statute.week, statute.holidays, statute.on_holidays)
    if statute.callback == "never":
        return Bound(statute, zone_name, hours, hours)
    return Bound(statute, zone_name, hours, Opening(zone_name, floor, statute.holidays, statute.on_holidays))


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a consent stands. A lead without one has no terms: the gate has asked already whether it needs any."""

    given_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """A call the person asked for; `express`: on record as their own request, which Australia asks for."""

    at: datetime
    express: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """One lead at one instant, as far as the clock is concerned."""

    bounds: tuple[Bound, ...]
    """Every jurisdiction in every zone the person may be in."""
    attempts: tuple[datetime, ...] = ()
    """When this number was tried, by any lead, oldest first."""
    consent: Terms | None = None
    callback: Callback | None = None
    not_before: datetime | None = None
    refused_at: datetime | None = None
    """When the person last said no."""
    hung_up_at: datetime | None = None
    """When the person last ended a call of ours, and has not asked for another since."""
    floor: tuple[Opening, ...] = ()
    """Never left, not even for a callback."""
    campaign: tuple[Opening, ...] = ()
    """The campaign's own hours. All of these must be open."""
    blackouts: tuple[Interval, ...] = ()
    gap: timedelta = NO_TIME
    per_day: int | None = None
    """Calls per day of the person's own calendar."""
    caps: tuple[Cap, ...] = ()
    """The house's own, beside those of the statutes."""


@dataclass(frozen=True, slots=True)
class Policy:
    guard: timedelta = timedelta(seconds=90)
    """Off the end of lawful hours: ring time and greeting."""
    campaign_guard: timedelta = NO_TIME
    horizon: timedelta = timedelta(days=90)
    tolerance: timedelta = timedelta(minutes=60)
    """A callback may use its privileges this long after its time."""
    promise_over_manners: bool = True
    """Whether campaign hours, gap and the house's caps step back for a call the person asked for; statutes never do."""


@dataclass(slots=True)
class Finding:
    """What one rule says. Not passed and no `until` is a denial."""

    rule: str
    passed: bool
    reason: str = ""
    until: datetime | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    detail: str = ""

    def row(self, binding: bool = False) -> dict[str, Any]:
        row: dict[str, Any] = {"rule": self.rule, "inputs": self.inputs, "passed": self.passed, "detail": self.detail}
        if self.passed:
            return row
        row |= {"reason": self.reason, "until": self.until.isoformat() if self.until else None}
        return row | {"binding": True} if binding else row


@dataclass(frozen=True, slots=True)
class Allow:
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class Defer:
    findings: list[Finding]
    reason: str
    """Of the rule that holds longest on its own."""
    until: datetime
    """When all rules are content."""


@dataclass(frozen=True, slots=True)
class Deny:
    findings: list[Finding]
    reason: str


@dataclass(frozen=True, slots=True)
class Try:
    """One way to look for a moment: as an ordinary call, or as the callback that was asked for."""

    asked: Asked
    policy: Policy
    promised: bool
    last: datetime

    @property
    def manners(self) -> bool:
        return not (self.promised and self.policy.promise_over_manners)


def decide(asked: Asked, policy: Policy, now: datetime) -> Allow | Defer | Deny:
    """The earliest moment from `now` on that suits every rule, within the policy's horizon."""
    lasting = _lasting(asked, now)
    found, reason, way = _answer(asked, policy, now, lasting)
    if way is None:
        hours = Finding("hours", False, reason, detail="no place, hence no hours")
        return Deny([*lasting, hours] if all(one.passed for one in lasting) else [*lasting], reason)
    findings = [*lasting, *(rule.finding(way, now, found == now) for rule in RULES)]
    if found is None:
        return Deny(findings, reason)
    if found == now:
        return Allow(findings)
    longest = max((one for one in findings if one.until), key=lambda one: one.until or now)
    return Defer(findings, longest.reason, found)


def moment(asked: Asked, policy: Policy, now: datetime) -> tuple[datetime | None, str]:
    """What `decide` would say, without a trace: the moment, or None with the reason. For many leads at once."""
    found, reason, _ = _answer(asked, policy, now, _lasting(asked, now))
    return found, reason


def rested(asked: Asked, now: datetime) -> datetime:
    """The first moment from `now` on that suits gap and caps, at whatever hour: for planning a call, not for placing it."""
    last = now + Policy().horizon
    return _settled(Try(asked, Policy(), False, last), now, PATIENCE) or last


def _answer(
    asked: Asked, policy: Policy, now: datetime, lasting: Sequence[Finding]
) -> tuple[datetime | None, str, Try | None]:
    """The moment or the reason for none, and how it was looked for; nobody looks without consent or place."""
    for one in lasting:
        if not one.passed:
            return None, one.reason, None
    if not asked.bounds:
        return None, "no_calling_hours", None
    way, found = _earliest(asked, policy, now)
    if found is None:
        return None, "no_window_in_horizon", way
    if asked.consent and asked.consent.expires_at and asked.consent.expires_at <= found:
        return None, "consent_expires_before_next_window", way
    return found, "", way


def _earliest(asked: Asked, policy: Policy, now: datetime) -> tuple[Try, datetime | None]:
    """A callback first tries for its own time; when that is not lawful, it is an ordinary call from its time on."""
    last = now + policy.horizon
    if asked.callback:
        kept = Try(asked, policy, True, last)
        found = _settled(kept, now, RULES)
        if found is not None and found <= asked.callback.at + policy.tolerance:
            return kept, found
    ordinary = Try(asked, policy, False, last)
    return ordinary, _settled(ordinary, now, RULES)


def _settled(way: Try, now: datetime, rules: Sequence["Rule"]) -> datetime | None:
    moment = now
    while moment <= way.last:
        before = moment
        for rule in rules:
            later = rule.step(way, moment)
            if later is None:
                return None
            moment = later
        if moment == before:
            return moment
    return None


def within_hours(way: Try, moment: datetime) -> bool:
    """Whether the moment lies in lawful hours, in the campaign's, and in no blackout."""
    return all(step(way, moment) == moment for step in (_hours, _campaign, _blackouts))


def _lasting(asked: Asked, now: datetime) -> tuple[Finding, ...]:
    """What no waiting mends."""
    return _consent(asked.consent, now), _hang_up(asked)


def _consent(terms: Terms | None, now: datetime) -> Finding:
    """Whether the consent stands now; whether it still will at the moment found is asked when there is one."""
    if terms is None:
        return Finding("consent_term", True)
    inputs = {name: at and at.isoformat() for name in TERMS if (at := getattr(terms, name))}
    if terms.revoked_at:
        return Finding("consent_term", False, "consent_revoked", inputs=inputs)
    if terms.given_at and terms.given_at > now + SKEW:
        return Finding("consent_term", False, "consent_dated_in_the_future", inputs=inputs)
    if terms.expires_at and terms.expires_at <= now:
        return Finding("consent_term", False, "consent_expired", inputs=inputs)
    return Finding("consent_term", True, inputs=inputs)


TERMS = ("given_at", "expires_at", "revoked_at")


def _hang_up(asked: Asked) -> Finding:
    """In one place that they may be in is enough: whoever hung up on us is left alone there. (compliance.md, section 2)"""
    if asked.hung_up_at is None:
        return Finding("hang_up", True)
    forbidden = sorted({one.statute.name for one in asked.bounds if one.statute.no_recall})
    inputs = {"hung_up_at": asked.hung_up_at.isoformat(), "forbidden_in": forbidden}
    return Finding("hang_up", not forbidden, "hung_up", inputs=inputs)


def _clock(way: Try, moment: datetime) -> datetime:
    """An attempt later than now means that this clock went back: wait until it has caught up."""
    attempts = way.asked.attempts
    return max(moment, attempts[-1]) if attempts else moment


def _not_before(way: Try, moment: datetime) -> datetime:
    return max(moment, way.asked.not_before) if way.asked.not_before else moment


def _callback(way: Try, moment: datetime) -> datetime:
    return max(moment, way.asked.callback.at) if way.asked.callback else moment


def _refusal(way: Try, moment: datetime) -> datetime:
    """After a no, so many full days of the person's own calendar pass before the next call."""
    refused = way.asked.refused_at
    for bound in way.asked.bounds if refused else ():
        if refused and (days := bound.statute.refusal_lock_days):
            said_on = refused.astimezone(zone(bound.zone)).date()
            moment = max(moment, begins(bound.zone, said_on + timedelta(days=days + 1)))
    return moment


def _hours(way: Try, moment: datetime) -> datetime | None:
    return joint(_openings(way), way.policy.guard).next(moment, way.last)


def _openings(way: Try) -> tuple[Opening, ...]:
    if not way.promised:
        return (*(bound.hours for bound in way.asked.bounds), *way.asked.floor)
    return (*(_for_a_promise(way, bound) for bound in way.asked.bounds), *way.asked.floor)


def _for_a_promise(way: Try, bound: Bound) -> Opening:
    express = way.asked.callback is not None and way.asked.callback.express
    return bound.promised if express or bound.statute.callback == "allowed" else bound.hours


def _campaign(way: Try, moment: datetime) -> datetime | None:
    if not way.asked.campaign or not way.manners:
        return moment
    return joint(way.asked.campaign, way.policy.campaign_guard).next(moment, way.last)


def _blackouts(way: Try, moment: datetime) -> datetime:
    for start, end in sorted(way.asked.blackouts):
        if start <= moment < end:
            moment = end
    return moment


def _gap(way: Try, moment: datetime) -> datetime:
    attempts = way.asked.attempts
    return max(moment, attempts[-1] + way.asked.gap) if attempts and way.manners else moment


def _rolling(way: Try, moment: datetime) -> datetime:
    attempts = way.asked.attempts
    for cap in _caps(way) if attempts else ():
        live = len(attempts) - bisect_right(attempts, moment - cap.span)
        if live >= cap.calls:
            moment = attempts[-cap.calls] + cap.span
    return moment


def _caps(way: Try) -> tuple[Cap, ...]:
    """The house's own step back for a call the person asked for; those of statutes never do."""
    return (*(way.asked.caps if way.manners else ()), *_named(way.asked.bounds)[2])


def _per_day(way: Try, moment: datetime) -> datetime:
    allowed, attempts = way.asked.per_day, way.asked.attempts
    if allowed is None or not attempts or not way.manners:
        return moment
    lately = attempts[bisect_right(attempts, moment - LONGEST_DAY) :]
    if len(lately) < allowed:
        return moment
    full = {name for name in _named(way.asked.bounds)[0] if _today(name, lately, moment) >= allowed}
    return next_day(full, moment) if full else moment


def _today(name: str, attempts: Sequence[datetime], moment: datetime) -> int:
    info = zone(name)
    day = moment.astimezone(info).date()
    return sum(at.astimezone(info).date() == day for at in attempts)


@lru_cache(maxsize=4096)
def _named(bounds: tuple[Bound, ...]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Cap, ...]]:
    """The zones, the places by jurisdiction and zone, and the caps of all of them, each once."""
    zones = dict.fromkeys(bound.zone for bound in bounds)
    places = (f"{bound.statute.name} {bound.zone}" for bound in bounds)
    return tuple(zones), tuple(places), tuple(dict.fromkeys(cap for bound in bounds for cap in bound.statute.caps))


Step = Callable[[Try, datetime], datetime | None]


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    reason: str
    step: Step
    inputs: Callable[[Try, datetime], dict[str, Any]]

    def finding(self, way: Try, now: datetime, content: bool) -> Finding:
        """What the rule says about `now` alone; `content` when all rules are known to be."""
        inputs = self.inputs(way, now)
        until = now if content else self.step(way, now)
        if until == now:
            return Finding(self.name, True, inputs=inputs)
        detail = "" if until else f"no opening within {way.policy.horizon.days} days"
        return Finding(self.name, False, self.reason, until, inputs, detail)


def _hours_inputs(way: Try, now: datetime) -> dict[str, Any]:
    zones, places, _ = _named(way.asked.bounds)
    return {"zones": list(zones), "places": list(places), "promised": way.promised}


def _gap_inputs(way: Try, now: datetime) -> dict[str, Any]:
    attempts = way.asked.attempts
    gap = way.asked.gap.total_seconds() / 60
    return {"gap_minutes": gap, "last": attempts[-1].isoformat() if attempts else None}


def _rolling_inputs(way: Try, now: datetime) -> dict[str, Any]:
    attempts = way.asked.attempts
    caps = [
        {
            "calls": len(attempts) - bisect_right(attempts, now - cap.span),
            "allowed": cap.calls,
            "hours": cap.span.total_seconds() / 3600,
        }
        for cap in _caps(way)
    ]
    return {"caps": caps}


def _per_day_inputs(way: Try, now: datetime) -> dict[str, Any]:
    attempts = way.asked.attempts
    lately = attempts[bisect_right(attempts, now - LONGEST_DAY) :]
    today = max((_today(name, lately, now) for name in _named(way.asked.bounds)[0]), default=0) if lately else 0
    return {"today": today, "allowed": way.asked.per_day}


def _at(name: str) -> Callable[[Try, datetime], dict[str, Any]]:
    def inputs(way: Try, now: datetime) -> dict[str, Any]:
        at = getattr(way.asked, name)
        return {name: at.isoformat()} if at else {}

    return inputs


def _callback_inputs(way: Try, now: datetime) -> dict[str, Any]:
    callback = way.asked.callback
    return {"at": callback.at.isoformat(), "honoured": way.promised} if callback else {}


def _campaign_inputs(way: Try, now: datetime) -> dict[str, Any]:
    return {"zones": [opening.zone for opening in way.asked.campaign], "yields": not way.manners}


PATIENCE: tuple[Rule, ...] = (
    Rule("gap", "too_soon", _gap, _gap_inputs),
    Rule("rolling_cap", "rolling_cap", _rolling, _rolling_inputs),
    Rule("per_day", "per_day_cap", _per_day, _per_day_inputs),
)
"""How often a person is rung, whatever the hour."""
RULES: tuple[Rule, ...] = (
    Rule("clock", "clock_went_back", _clock, lambda way, now: {}),
    Rule("not_before", "not_before", _not_before, _at("not_before")),
    Rule("callback", "callback_promised", _callback, _callback_inputs),
    Rule("refusal_lock", "refused_lately", _refusal, _at("refused_at")),
    Rule("hours", "outside_calling_hours", _hours, _hours_inputs),
    Rule("campaign_hours", "outside_campaign_hours", _campaign, _campaign_inputs),
    Rule("blackout", "blackout", _blackouts, lambda way, now: {"known": len(way.asked.blackouts)}),
    *PATIENCE,
)
