"""Applies an ending to the lead: outcome row, next step, what the CRM is told; once, in the caller's transaction."""

import secrets
from datetime import datetime, timedelta
from typing import assert_never

import structlog
from sqlmodel import Session, col, func, select

from campaign import effects, ids, once, store
from campaign.file import Campaign
from campaign.phone import Phone, parse
from campaign.records import OPEN, Attempt, Booking, Call, Lead, Outcome, Suppression
from campaign.suppression import CARRIER, suppressed
from dialer import ask, brakes, caller_health, gate, handover, hours, promises, retry, rule_sets, texts
from dialer.outcomes import Ending, Line, Talk, Then, conclude, unmapped
from dialer.states import State

log = structlog.get_logger()

CALLBACK_DEFAULT = timedelta(hours=4)
"""When somebody asked to be rung back and no time was understood."""
LEFT_ALONE = timedelta(days=7)
INBOUND = "inbound"
AFTER_THEIRS = timedelta(minutes=15)
"""How long after a call of theirs that came to nothing we do not ring them."""
DENIED_AS = {
    "attempts_exhausted": "unreachable",
    "suppressed": "opted_out",
    "hung_up": "needs_human",
    "not_a_valid_number": "unreachable",
    "lead_budget_spent": "unreachable",
}
"""How a lead ends that the gate denies after it had been called; before any call it is simply blocked."""


def apply(session: Session, attempt: Attempt, call: Call | None, now: datetime) -> Ending:
    """Settle a locked attempt that is over: from here on nothing changes its outcome."""
    lead = session.get_one(Lead, attempt.lead_id)
    if call is not None and call.wanted is None and _agreed(session, attempt.id):
        call.reached, call.wanted = "human", "booked"  # the account was lost with its process; the meeting stands
        session.add(call)
    theirs = attempt.direction == INBOUND and call is None
    ending = _unspoken(session, attempt) if theirs else conclude(_line(attempt), _talk(call))
    if (code := unmapped(_line(attempt))) is not None:
        log.error("the carrier said what no row of the outcomes table knows", alarm="unmapped", code=code)
    attempt.disposition, attempt.settled_at, attempt.reconcile_at = ending.disposition, now, None
    session.add(attempt)
    session.flush()
    promises.settle(session, lead, now)
    _next(session, lead, attempt, ending, now)
    _keep(session, lead, attempt, ending, now)
    caller_health.review(session, attempt, store.get(session, attempt.campaign)[0], now)
    if call is not None or lead.state != "scheduled":
        effects.owe_call(session, attempt.id, lead.id, now)
    return ending


def wait(
    session: Session, lead: Lead, until: datetime, reason: str, now: datetime, *, priority: int | None = None
) -> None:
    """Back in line: due at `until`, claimed by nobody."""
    lead.state, lead.reason, lead.due_at, lead.lease_until, lead.lease_owner = "scheduled", reason, until, None, None
    lead.priority = lead.priority if priority is None else priority
    lead.updated_at = now
    session.add(lead)


def deny(session: Session, lead: Lead, reason: str, now: datetime) -> None:
    """The gate says no for good."""
    outcome = "opted_out" if reason == "suppressed" else DENIED_AS.get(reason) if lead.attempts else None
    if outcome is None:
        lead.state, lead.reason, lead.due_at, lead.lease_until, lead.updated_at = "blocked", reason, None, None, now
        lead.outcome = lead.outcome_at = None
        session.add(lead)
    else:
        _finish(session, lead, outcome, reason, now)
    effects.owe_lead(session, lead.id, now)


def _next(session: Session, lead: Lead, attempt: Attempt, ending: Ending, now: datetime) -> None:
    stop = suppressed(session, attempt.to_number, attempt.campaign)
    if stop is not None and stop.reason not in gate.CARRIER_SUPPRESSIONS and ending.wanted != "booked":
        return _finish(session, lead, "opted_out", stop.reason, now)
    if attempt.direction == INBOUND and _nothing_new(lead, ending):
        return _as_before(session, lead, now)
    # A request that was never processed has not kept the promise, so the promise keeps its privileges.
    lead.callback_at = lead.callback_at if ending.then in (Then.CALLBACK, Then.AGAIN) else None
    match ending.then:
        case Then.FINAL:
            _finish(session, lead, ending.wanted or "needs_human", ending.disposition, now)
            _follow_up(session, lead, attempt, now)
            if ending.wanted == "booked":
                texts.owe_after_booking(session, lead, attempt, store.get(session, lead.campaign)[0], now)
        case Then.CALLBACK:
            _promise(session, lead, attempt, now)
        case Then.AGAIN:
            lead.attempts = attempt.number - 1 if attempt.state == State.REFUSED else attempt.number
            wait(session, lead, retry.backoff(_refused_in_a_row(session, lead), now), ending.disposition, now)
        case Then.NEXT_DAY:
            wait(session, lead, _tomorrow(session, lead, attempt, now), ending.disposition, now, priority=2)
        case Then.INVALID | Then.BLOCKED:
            _bar(session, lead, attempt, "carrier_invalid" if ending.then is Then.INVALID else "carrier_blocked", now)
            _finish(session, lead, "unreachable", ending.disposition, now)
        case Then.REST_CALLER:
            brakes.rest_caller(session, attempt.from_number, now)
            wait(session, lead, now + LEFT_ALONE, ending.disposition, now, priority=2)
        case Then.REVIEW:
            _finish(session, lead, "needs_human", ending.disposition, now)
        case Then.BUSY | Then.NO_ANSWER | Then.VOICEMAIL | Then.SCREENING | Then.FAILED | Then.TRANSIENT | Then.DROPPED:
            _retry(session, lead, attempt, ending.then, now)
        case _:
            assert_never(ending.then)


def _retry(session: Session, lead: Lead, attempt: Attempt, then: Then, now: datetime) -> None:
    campaign: Campaign = store.get(session, lead.campaign)[0]
    alike = select(func.count()).select_from(Outcome)
    earlier = session.scalar(alike.where(col(Outcome.lead_id) == lead.id, col(Outcome.detail) == then.value))
    facts = ask.gather(session, lead, campaign, now)
    asked = gate.asked(facts, campaign)
    match retry.after(then, earlier or 0, facts.tried, campaign.retries, now, asked, attempt.id):
        case retry.RetryAt(at):
            wait(session, lead, at, f"retry_{then.value}", now, priority=2)
        case retry.Stop(outcome, reason):
            _finish(session, lead, outcome, reason, now)
    texts.owe_after_missed(session, lead, attempt, campaign, then.value, facts.tried, now)


def _unspoken(session: Session, attempt: Attempt) -> Ending:
    """They rang us and the agent never spoke: a colleague took the call, or they rang off before anybody did."""
    if handover.bridged(session, attempt.id):
        return Ending("human", "put_through", Then.FINAL, "needs_human")
    return Ending("nobody", "rang_off", Then.REVIEW)


def _nothing_new(lead: Lead, ending: Ending) -> bool:
    """Nothing was agreed; or the meeting that stands was only talked about."""
    return ending.wanted is None or (lead.outcome == "booked" and ending.wanted in ("qualified", "not_qualified"))


def _as_before(session: Session, lead: Lead, now: datetime) -> None:
    """They rang us and nothing new came of it: what was planned for them stays, only not within the next minutes."""
    if lead.state not in OPEN:
        return
    lead.outcome, lead.outcome_at = ("callback", now) if lead.callback_at else (None, None)
    wait(session, lead, max(lead.due_at or now, now + AFTER_THEIRS), "they_rang_us", now)


def _promise(session: Session, lead: Lead, attempt: Attempt, now: datetime) -> None:
    """Scheduled again, first in line; until it is dialled the outcome says why."""
    lead.callback_at = lead.callback_at if lead.callback_at and lead.callback_at > now else now + CALLBACK_DEFAULT
    promises.make(session, lead, attempt, lead.callback_at, now)
    lead.outcome, lead.outcome_at = "callback", now
    wait(session, lead, lead.callback_at, "callback_promised", now, priority=0)


def _follow_up(session: Session, lead: Lead, attempt: Attempt, now: datetime) -> None:
    """What a person of the team owes this lead: a call by a certain time, or nothing after they have talked."""
    if lead.state != "needs_human":
        return
    campaign, _ = store.get(session, attempt.campaign)
    if handover.bridged(session, attempt.id):
        lead.reason = "put_through"
    elif (due := handover.owed_at(session, attempt.id, session.get(Call, attempt.id), campaign, now)) is not None:
        lead.reason, lead.callback_at = "callback_promised", due
    session.add(lead)


def _finish(session: Session, lead: Lead, outcome: str, reason: str, now: datetime) -> None:
    lead.state = lead.outcome = outcome
    lead.reason, lead.outcome_at, lead.updated_at = reason, now, now
    lead.due_at = lead.lease_until = lead.lease_owner = None
    session.add(lead)


def _keep(session: Session, lead: Lead, attempt: Attempt, ending: Ending, now: datetime) -> None:
    """The append-only row. A call given up on may still appear and end: its row does not take the attempt's place."""
    given_up = ending.then is Then.NEXT_DAY
    session.add(
        Outcome(
            id=ids.new("out"),
            lead_id=lead.id,
            attempt_id=None if given_up else attempt.id,
            campaign=lead.campaign,
            reached=ending.reached,
            wanted=ending.wanted,
            next=lead.outcome or "retry",
            detail=ending.then.value,
            at=now,
            salt=secrets.token_hex(16),
        )
    )


def _bar(session: Session, lead: Lead, attempt: Attempt, reason: str, now: datetime) -> None:
    """Nobody dials this number again: the carrier said it is none, or forbids it."""
    once.insert(
        session,
        Suppression(
            id=ids.new("sup"), phone=attempt.to_number, reason=reason, channel=CARRIER, lead_id=lead.id, at=now
        ),
    )


def _agreed(session: Session, attempt_id: str) -> bool:
    """Whether a meeting was agreed in this call, whatever became of its conversation's own account."""
    booked = select(Booking.id).where(Booking.attempt_id == attempt_id, Booking.state == "confirmed")
    return session.exec(booked).first() is not None


def _refused_in_a_row(session: Session, lead: Lead) -> int:
    newest_first = select(Attempt.state).where(Attempt.lead_id == lead.id).order_by(col(Attempt.intent_at).desc())
    states = session.exec(newest_first)
    count = 0
    for state in states:
        if state != State.REFUSED:
            break
        count += 1
    return count


def _tomorrow(session: Session, lead: Lead, attempt: Attempt, now: datetime) -> datetime:
    zones = _zones(session, lead, attempt)
    return hours.next_day(zones, now) if zones else now + timedelta(days=1)


def _zones(session: Session, lead: Lead, attempt: Attempt) -> tuple[str, ...]:
    number = parse(attempt.to_number, None, frozenset())
    return ask.locate(number, lead, rule_sets.in_force(session)).zones if isinstance(number, Phone) else ()


def _line(attempt: Attempt) -> Line:
    return Line(
        State(attempt.state), attempt.sip_code, attempt.error_code, attempt.answered_by, attempt.call_duration_s
    )


def _talk(call: Call | None) -> Talk | None:
    return None if call is None else Talk(call.reached, call.wanted, call.ended_by)
