"""Moves an attempt and its lead when something new is known, whoever told it: callback, answer, socket, reconciler.

Three things only: bind the CallSid (first writer wins), move the state through the table, and remember when to ask the
carrier if nobody tells us more. Runs inside the caller's transaction, on a locked attempt.
"""

from datetime import datetime, timedelta

import structlog
from sqlmodel import Session, col, select

from campaign import once
from campaign.database import after_commit
from campaign.jobs import Job
from campaign.records import Attempt, CallEvent, Lead
from dialer.states import CARRIER, LEAD, OVER, PATIENCE, RANK, TERMINAL, UNACCOUNTED, Contradiction, Moved, State, step

log = structlog.get_logger()

RING = timedelta(seconds=60)
"""Ring time allowed for before asking; campaigns ring 30 s by default and Twilio may add 5 s."""
DOUBLE = "double"
"""Kind of the event that keeps a second CallSid until it has been ended."""


def lock(session: Session, attempt_id: str) -> Attempt | None:
    """The attempt, held until the transaction ends (`BEGIN IMMEDIATE` holds everything on SQLite)."""
    query = select(Attempt).where(Attempt.id == attempt_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).first()


def adopt(session: Session, attempt: Attempt, call_sid: str, now: datetime) -> bool:
    """Bind the CallSid; True when it is this attempt's. A second one is an alarm, kept, and ended by `Job.MACHINE`."""
    if attempt.call_sid == call_sid:
        return True
    if attempt.call_sid is None:
        attempt.call_sid = call_sid
        session.add(attempt)
        session.flush()
        return True
    log.error("two calls for one attempt; ending the newer", attempt=attempt.id, kept=attempt.call_sid, other=call_sid)
    _end_double(session, attempt, call_sid, now)
    return False


def _end_double(session: Session, attempt: Attempt, call_sid: str, now: datetime) -> None:
    if first_time(session, f"{call_sid}/{DOUBLE}", attempt.id, DOUBLE, call_sid, now):
        after_commit(session, Job.MACHINE, attempt.id)


def first_time(
    session: Session,
    key: str,
    attempt_id: str,
    kind: str,
    word: str,
    now: datetime,
    *,
    sequence: int | None = None,
    sent_at: datetime | None = None,
) -> bool:
    """Store an event under its key before it has any effect; False when it was here already (R35)."""
    event = CallEvent(
        dedupe_key=key,
        attempt_id=attempt_id,
        kind=kind,
        word=word,
        sequence=sequence,
        sent_at=sent_at,
        received_at=now,
    )
    return once.insert(session, event)


def advance(session: Session, attempt: Attempt, told: State, now: datetime) -> bool:
    """Apply what was told; True when the attempt moved."""
    had = State(attempt.state)
    outcome = step(had, told)
    if isinstance(outcome, Contradiction):
        log.error("two different endings; the first one stands", attempt=attempt.id, had=outcome.had, told=outcome.told)
    if not isinstance(outcome, Moved):
        return False
    if had is State.UNKNOWN_NO_CALL:
        if not _reopen(session, attempt, now):
            return False
        had = State.UNKNOWN
    attempt.state = outcome.state.value
    _stamp(attempt, outcome.state, now)
    session.add(attempt)
    if LEAD[outcome.state] != LEAD[had]:
        _move_lead(session, attempt, outcome.state, now)
    return True


def told_by(word: str) -> State | None:
    """The carrier's word as our state; unknown words are stored by the caller and move nothing (R39)."""
    return CARRIER.get(word)


def look_again(attempt: Attempt, now: datetime) -> datetime | None:
    """When silence about this attempt has lasted too long."""
    state = State(attempt.state)
    if state in OVER:
        return None
    return now + PATIENCE[state] + (RING if state is State.RINGING else timedelta())


def _stamp(attempt: Attempt, state: State, now: datetime) -> None:
    if state in TERMINAL:
        attempt.ended_at = attempt.ended_at or now
    elif state is State.IN_PROGRESS:
        attempt.answered_at = attempt.answered_at or now
    elif state is State.RINGING:
        attempt.ringing_at = attempt.ringing_at or now
    if RANK[state] > 0 and state is not State.REFUSED:
        attempt.placed_at = attempt.placed_at or now
    attempt.reconcile_at = look_again(attempt, now)


def _move_lead(session: Session, attempt: Attempt, state: State, now: datetime) -> None:
    lead = session.get_one(Lead, attempt.lead_id)
    if lead.outcome is None and lead.state in LEAD.values():
        lead.state, lead.updated_at = LEAD[state], now
        session.add(lead)


def _reopen(session: Session, attempt: Attempt, now: datetime) -> bool:
    """A call we had given up on is there after all: its attempt is in flight again, and the lead is not redialled.

    Unless its number is on another call by now: then the late one is a second call, and is ended like any other.
    """
    others = select(Attempt.id).where(Attempt.to_number == attempt.to_number, Attempt.id != attempt.id)
    if attempt.call_sid and session.exec(others.where(col(Attempt.settled_at).is_(None))).first() is not None:
        log.error("a call given up on has appeared beside another; ending it", attempt=attempt.id)
        _end_double(session, attempt, attempt.call_sid, now)
        return False
    log.error("a call given up on has appeared; adopting it", attempt=attempt.id)
    attempt.settled_at = None
    lead = session.get_one(Lead, attempt.lead_id)
    if lead.state == "scheduled" and lead.outcome is None:
        lead.state, lead.due_at, lead.lease_until = LEAD[State.UNKNOWN], None, None
        session.add(lead)
    return True


def is_unaccounted(attempt: Attempt) -> bool:
    """No CallSid, and no proof that there is no call."""
    return attempt.call_sid is None and State(attempt.state) in UNACCOUNTED
