"""One dial, from claim to record: claim → gate at this instant → decision → attempt row, committed → exactly one POST.

Whatever dies, the attempt row says what may have happened: no POST happens before it is committed, none after it has
grown stale, and none twice unless the first provably was not processed (R1, R3, R18). The database is let go meanwhile.
"""

import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from campaign import clock, consents, ids, store
from campaign.database import Database
from campaign.file import Campaign
from campaign.records import Attempt, Consent, Decision, Lead
from campaign.settings import Settings
from dialer import ask, brakes, ending, order, pacing
from dialer.advance import adopt, advance, lock, look_again
from dialer.carrier import Carrier, NotSent, Order, Placed, Placing, Refusal, Throttled, Unclear
from dialer.claim import claim
from dialer.errors import NOT_SENT
from dialer.gate import LOOK_AGAIN, Allow, Defer, Deny
from dialer.states import State

log = structlog.get_logger()

FRESH = timedelta(seconds=20)
"""A POST later than this after its attempt row is not made: a paused worker must not place a call others gave up on."""
TRIES = 5
FIRST_WAIT_S = 0.2


@dataclass(frozen=True, slots=True)
class Intent:
    """A committed attempt, ready to be placed."""

    attempt_id: str
    order: Order
    real_at: datetime
    wait: timedelta
    """Until its place in the account's second."""


def dial(database: Database, settings: Settings, carrier: Carrier, lead_id: str, owner: str) -> str | None:
    """Ring this lead if it is due and the gate allows; the attempt's id when a call was tried."""
    try:
        intent = _intend(database, settings, lead_id, owner, clock.now())
    except IntegrityError:  # the index on unsettled attempts: this number is being rung for another lead
        _postpone(database, lead_id, clock.now() + LOOK_AGAIN)
        return None
    if intent is None:
        return None
    time.sleep(intent.wait.total_seconds())
    placing = _place(database, carrier, intent)
    _record(database, settings, intent.attempt_id, placing, clock.now())
    return intent.attempt_id


def _intend(database: Database, settings: Settings, lead_id: str, owner: str, now: datetime) -> Intent | None:
    """Whatever can be read before the account's turn is: all dials wait for it, and only what they count needs it."""
    real_now = clock.real_now()
    with database.transaction() as session:
        lead = claim(session, lead_id, owner, now)
        if lead is None:
            return None
        campaign, version = store.get(session, lead.campaign)
        if pacing.spent_on(session, lead) >= campaign.budget.per_lead_usd:
            ending.deny(session, lead, "lead_budget_spent", now)
            return None
        read, number = ask.look_up(session, lead, campaign, now), 1 + ask.earlier(session, lead)
        row = pacing.turn(session, settings, now)
        hold = pacing.held(session, campaign, settings, row, lead.priority, now) or order.gives_way(session, lead, now)
        if hold:
            ending.wait(session, lead, hold.until or lead.due_at or now, hold.reason, now)
            return None
        if not ask.is_still_known(session, lead.phone or "", read):
            read = ask.look_up(session, lead, campaign, now)
        tired = pacing.tired(session, campaign, now)
        verdict, decision = ask.decided(session, lead, campaign, version, now, read, tired)
        match verdict:
            case Allow():
                session.flush()
                leaves = pacing.leave(row, settings, now)
                session.add(row)
                attempt = _attempt(lead, decision, number, verdict.caller_id, now, real_now)
                _keep(session, lead, attempt, read.consents.get(lead.id), now)
                return Intent(attempt.id, _order(attempt, campaign, settings), attempt.intent_real_at, leaves - now)
            case Defer():
                ending.wait(session, lead, verdict.until, verdict.reason, now)
            case Deny():
                ending.deny(session, lead, verdict.reason, now)
    return None


def _attempt(lead: Lead, decision: Decision, number: int, caller_id: str, now: datetime, real_now: datetime) -> Attempt:
    """The row that stands for the call before there is one."""
    attempt = Attempt(
        id=ids.new("att"),
        lead_id=lead.id,
        campaign=lead.campaign,
        campaign_version=decision.campaign_version,
        decision_id=decision.id,
        number=number,
        fence=lead.fence,
        to_number=lead.phone or "",
        from_number=caller_id,
        intent_at=now,
        intent_real_at=real_now,
    )
    attempt.reconcile_at = look_again(attempt, now)
    return attempt


def _keep(session: Session, lead: Lead, attempt: Attempt, consent: Consent | None, now: datetime) -> None:
    """The call, the lead that is on it, and what it was agreed by."""
    session.add(attempt)
    lead.state, lead.reason, lead.due_at = "dialing", "", None
    lead.outcome = lead.outcome_at = None
    lead.attempts, lead.updated_at = attempt.number, now
    session.add(lead)
    session.flush()
    if consent is not None:
        consents.note(session, consent, consents.USED, now, attempt_id=attempt.id)


def _order(attempt: Attempt, campaign: Campaign, settings: Settings) -> Order:
    return Order(
        to=attempt.to_number,
        from_=attempt.from_number,
        base=f"{settings.public_base}/twilio/{attempt.id}",
        ring_seconds=campaign.budget.ring_seconds,
        max_call_seconds=campaign.budget.max_call_seconds,
    )


def _place(database: Database, carrier: Carrier, intent: Intent) -> Placing:
    """POST, and again only after an answer that proves the last one was not processed."""
    wait = FIRST_WAIT_S
    for _ in range(TRIES):
        if not _may_place(database, intent):
            return NotSent("withdrawn")
        placing = carrier.place(intent.order)
        if not isinstance(placing, Throttled | NotSent):
            return placing
        time.sleep(wait * random.uniform(0.9, 1.1))
        wait *= 2
    return placing


def _may_place(database: Database, intent: Intent) -> bool:
    """Still placing, still fresh, and neither a brake nor a stop since the claim (R31, reliability rule 7)."""
    if clock.real_now() - intent.real_at > FRESH:
        return False
    with database.reading() as session:
        attempt = session.get_one(Attempt, intent.attempt_id)
        return attempt.state == State.PLACING and not brakes.withdrawn(session, attempt, clock.now())


def _record(database: Database, settings: Settings, attempt_id: str, placing: Placing, now: datetime) -> None:
    """What the POST came to. A callback may have been first; then there is a call, whatever the answer says."""
    with database.transaction() as session:
        attempt = lock(session, attempt_id)
        if attempt is None:
            return
        match placing:
            case Placed(call_sid, queue_ms):
                if adopt(session, attempt, call_sid, now):
                    attempt.queue_time_ms = queue_ms
                    session.add(attempt)
                    advance(session, attempt, State.QUEUED, now)
                    pacing.told(session, settings, queue_ms or 0, now)
            case Refusal(code):
                _refused(session, attempt, code, now)
            case Throttled():
                _refused(session, attempt, 429, now)
            case NotSent():
                _refused(session, attempt, NOT_SENT, now)
            case Unclear(why):
                log.warning("the carrier's answer was lost; reconciling", attempt=attempt_id, why=why)
                advance(session, attempt, State.UNKNOWN, now)


def _refused(session: Session, attempt: Attempt, code: int, now: datetime) -> None:
    """A definite no: the brake it calls for, and the lead's next step, in one transaction."""
    if not advance(session, attempt, State.REFUSED, now):
        return
    log.warning("the carrier refused the call", attempt=attempt.id, code=code)
    attempt.error_code = code
    brakes.pull(session, attempt, code, now)
    ending.apply(session, attempt, None, now)


def _postpone(database: Database, lead_id: str, until: datetime) -> None:
    with database.transaction() as session:
        lead = session.get(Lead, lead_id, with_for_update=True)
        if lead is not None and lead.state == "scheduled":
            ending.wait(session, lead, until, "already_in_a_call", clock.now())
