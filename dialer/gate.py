"""May we ring this lead now? One pure decision, taken at intake and again at the instant of dialing, failing closed.

Every rule is asked every time and leaves a row in the trace, so "why did or didn't we call" always has an answer.
A denial is for good; a deferral names the first instant at which all timed rules will be content. Which instants are
lawful is the core's to say (`dialer/decision.py`); here stand the rules that know no clock, and what the core is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from campaign import zones
from campaign.file import DAYS, Campaign
from campaign.phone import Phone, Undialable
from dialer import callers, decision, hours, list_rules
from dialer.agreement import objection, stated
from dialer.decision import Asked, Callback, Cap, Finding, Policy, Terms
from dialer.facts import Facts
from dialer.hours import opening
from dialer.law import Table
from dialer.resolver import Place

LOOK_AGAIN = timedelta(seconds=60)
"""When to ask again about a brake without an end, or a number that is on the phone."""
POLICY = Policy()
DAY = timedelta(hours=24)
FOR_EVER = datetime.max.replace(tzinfo=UTC)

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
Rule = Callable[[Facts, Campaign, datetime], Finding]


def rules_version(facts: Facts) -> str:
    """The version of the rules a decision was made with, the zone data's included."""
    return f"{facts.table.version}/tzdata-{zones.version()}"


def decide(facts: Facts, campaign: Campaign, now: datetime, lead_id: str = "") -> Verdict:
    """Ask every rule; the first denial wins, then the latest deferral."""
    findings = [rule(facts, campaign, now) for rule in (*LASTING, *BRAKES)]
    resumes = max((one.until for one in findings if one.until), default=now)
    if isinstance(facts.number, Undialable):  # a number that is none has no place, hence no hours
        return _verdict(findings, None, facts, campaign, now, lead_id)
    question = asked(facts, campaign)
    timed = decision.decide(question, POLICY, now)
    if resumes > now and isinstance(timed, decision.Allow | decision.Defer):
        timed = _from_then_on(timed, decision.decide(question, POLICY, resumes), resumes)
    return _verdict(findings, timed, facts, campaign, now, lead_id)


Timed = decision.Allow | decision.Defer | decision.Deny


def _from_then_on(now: Timed, then: Timed, resumes: datetime) -> Timed:
    """What the clock says once the brakes are off, explained by what it says now."""
    match then:
        case decision.Allow():
            return decision.Defer(now.findings, "", resumes)
        case decision.Defer(until=until):
            return decision.Defer(now.findings, "", until)
        case decision.Deny():
            return then


def _verdict(
    findings: list[Finding], timed: Timed | None, facts: Facts, campaign: Campaign, now: datetime, lead_id: str
) -> Verdict:
    """A denial of the gate's own rules comes first, then one of the clock's, then the latest deferral."""
    own = next((one for one in findings if not one.passed and one.until is None), None)
    findings = [*findings, *(timed.findings if timed else ())]
    failed = [one for one in findings if not one.passed]
    binding = own or max(failed, key=lambda one: one.until or FOR_EVER, default=None)
    trace = [one.row(one is binding) for one in findings]
    if own:
        return Deny(trace, own.reason)
    if isinstance(timed, decision.Deny):
        return Deny(trace, timed.reason)
    if binding and isinstance(timed, decision.Defer):
        return Defer(trace, binding.reason, timed.until)
    number = "" if isinstance(facts.number, Undialable) else facts.number.e164
    caller_id = callers.choose(callers.usable(campaign.caller_ids, facts.halts), facts.last_caller, lead_id, number)
    return Allow(trace, caller_id)


def asked(facts: Facts, campaign: Campaign) -> Asked:
    """What the core is asked about this lead: the law of every place it may be in, and the campaign's own manners."""
    week = hours.week(campaign.hours.windows, DAYS)
    return replace(
        lawful(facts),
        campaign=tuple(opening(zone, week) for zone in (facts.place.zones if facts.place else ())),
        gap=timedelta(0) if facts.broke_off else timedelta(minutes=campaign.retries.gap_minutes),
        per_day=campaign.retries.per_day,
        caps=(Cap(campaign.retries.per_24_hours, DAY), Cap(campaign.retries.per_7_days, 7 * DAY)),
    )


def lawful(facts: Facts) -> Asked:
    """The law's part of the question."""
    given = facts.agreement
    return replace(
        _hours(facts.place, facts.table),
        attempts=facts.rang,
        consent=Terms(given.at, given.expires_at, given.revoked_at) if given else None,
        callback=Callback(facts.promised, express=facts.consent is True) if facts.promised else None,
        refused_at=facts.refused_at,
        hung_up_at=facts.hung_up_at,
    )


def for_a_callback(place: Place, table: Table, at: datetime) -> datetime | None:
    """The first lawful moment for a call the person asked for at `at`; None when there is none."""
    return decision.moment(replace(_hours(place, table), callback=Callback(at)), POLICY, at)[0]


def _hours(place: Place | None, table: Table) -> Asked:
    """What a place's hours are asked with. One without rules of its own leaves nothing to ask: no hours, hence no call."""
    if place is None:
        return Asked(bounds=())
    known = all(name in table.statutes for name, _ in place.groups)
    return Asked(
        bounds=table.bounds(place.groups if known else ()),
        floor=tuple(opening(zone, table.floor) for zone in place.zones),
        blackouts=table.suspended(place.jurisdictions),
    )


def _number(facts: Facts, campaign: Campaign, _now: datetime) -> Finding:
    if isinstance(facts.number, Undialable):
        return Finding("number", False, facts.number.reason, inputs={"countries": list(campaign.countries)})
    inputs = {"country": facts.number.country, "countries": list(campaign.countries)}
    ours = {*campaign.caller_ids, *(person.phone for person in campaign.people)}
    if facts.number.e164 in ours:
        return Finding("number", False, "our_own_number", inputs=inputs)
    return Finding("number", True, inputs=inputs)


def _consent(facts: Facts, campaign: Campaign, now: datetime) -> Finding:
    inputs: dict[str, Any] = {"consent": facts.consent, "required": campaign.consent_required}
    if facts.agreement is not None and (reason := objection(facts.agreement, now)):
        return Finding("consent", False, reason, inputs=inputs | stated(facts.agreement))
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


def _scrubs(facts: Facts, campaign: Campaign, now: datetime) -> Finding:
    """Fails closed: a list that was not asked lately enough is asked first, one that names the number forbids."""
    country = facts.number.country if isinstance(facts.number, Phone) else ""
    due = [one.list for one in list_rules.due(campaign.scrubs, country, facts.scrubs, now)]
    inputs = {"asked": [one.list for one in list_rules.asked(campaign.scrubs, country)], "due": due}
    reason = list_rules.forbidden(campaign.scrubs, country, facts.scrubs, consented=bool(facts.consent))
    if reason:
        return Finding("scrubs", False, reason, inputs=inputs)
    return Finding("scrubs", not due, "scrub_stale" if due else "", now + LOOK_AGAIN if due else None, inputs)


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
    if not isinstance(facts.number, Undialable):
        scopes.append(f"country:{facts.number.country}")
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


def _rules(facts: Facts, campaign: Campaign, _now: datetime) -> Finding:
    """Every place has a row, and rows we are not sure of were acknowledged by a named person in the campaign's file."""
    names = facts.place.jurisdictions if facts.place else ()
    inputs = {"places": list(names), "version": facts.table.version}
    if missing := [name for name in names if name not in facts.table.statutes]:
        return Finding("rules", False, "no_rules_for_this_place", inputs=inputs, detail=", ".join(missing))
    taken = {one.rules for one in campaign.acknowledged}
    if unsure := [name for name in names if facts.table.rows[name].unsure and name not in taken]:
        return Finding("rules", False, "rules_not_acknowledged", inputs=inputs, detail=", ".join(unsure))
    return Finding("rules", True, inputs=inputs)


def _promise_due(facts: Facts, now: datetime) -> bool:
    """The person asked for this call at this time: the campaign's count of attempts steps back."""
    return facts.promised is not None and facts.promised <= now <= facts.promised + POLICY.tolerance


def shut_now(facts: Facts, campaign: Campaign, now: datetime) -> bool:
    """Whether a call that rings only now is out of hours; one that may still be answered in time is let be."""
    ask = asked(facts, campaign)
    way = decision.Try(ask, Policy(guard=timedelta(0)), _promise_due(facts, now), now)
    return not ask.bounds or not decision.within_hours(way, now)


LASTING: tuple[Rule, ...] = (_number, _suppression, _consent, _scrubs, _attempts, _answered, _rules)
BRAKES: tuple[Rule, ...] = (_halts, _caller, _one_call)
