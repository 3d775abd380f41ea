"""Fetches the truth about an attempt nobody told us about, by reference/twilio.md section 14: list, adopt, or give up.

A call we may have placed is looked for by both numbers, queued calls included, on a widening schedule; what is found is
adopted, a second one ended. Only a listing two minutes after the intent that finds nothing may say there is no call,
and then the lead waits for another day. Attempts with a CallSid are fetched and moved like any callback would.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session, col, select

from campaign.database import Database, after_commit
from campaign.errors import Permanent, Retryable
from campaign.jobs import Job
from campaign.records import Attempt
from dialer import settle
from dialer.advance import adopt, advance, is_unaccounted, lock, look_again, told_by
from dialer.carrier import Carrier, CarrierCall
from dialer.states import OVER, TERMINAL, State

log = structlog.get_logger()

LOOKS_S = (2, 5, 15, 30, 60, 120)
"""When to list, in seconds after the intent; the listing can lag behind the truth (R9)."""
BEFORE, AFTER = timedelta(seconds=5), timedelta(minutes=2)
"""A call made by the POST was created this close to the intent, clock skew included."""
DOWN = timedelta(seconds=15)
MISSES = 6
"""Fetches of a known CallSid that may come back empty before the call is taken for failed."""


def reconcile(database: Database, carrier: Carrier, attempt_id: str, now: datetime) -> None:
    """Look once, if it is time to."""
    with database.reading() as session:
        attempt = session.get(Attempt, attempt_id)
    if attempt is None or attempt.reconcile_at is None or attempt.reconcile_at > now or State(attempt.state) in OVER:
        return
    try:
        found = _look(carrier, attempt)
    except (Retryable, Permanent) as error:
        log.warning("the carrier could not be asked", attempt=attempt_id, code=error.code, **error.data)
        _later(database, attempt_id, now + DOWN)
        return
    with database.transaction() as session:
        locked = lock(session, attempt_id)
        if locked is not None and State(locked.state) not in OVER:
            _learn(session, locked, found, now)


def is_candidate(call: CarrierCall, attempt: Attempt) -> bool:
    """Created by this POST, as far as times tell. The sandbox stamps business time, Twilio real time: either fits."""
    if call.created_at is None:
        return True
    starts = (attempt.intent_at, attempt.intent_real_at)
    return any(start - BEFORE <= call.created_at <= start + AFTER for start in starts)


def next_look(attempt: Attempt, now: datetime) -> datetime | None:
    """The next time on the schedule; None when it has run out."""
    times = [attempt.intent_at + timedelta(seconds=seconds) for seconds in LOOKS_S]
    return next((at for at in times if at > now), None)


def _look(carrier: Carrier, attempt: Attempt) -> list[CarrierCall]:
    if attempt.call_sid is None:
        return [call for call in carrier.find(attempt.to_number, attempt.from_number) if is_candidate(call, attempt)]
    call = carrier.fetch(attempt.call_sid)
    return [call] if call else []


def _learn(session: Session, attempt: Attempt, found: Sequence[CarrierCall], now: datetime) -> None:
    """Apply one look; a message may have come while we asked, so the attempt's own CallSid is asked for again."""
    attempt.reconcile_tries += 1
    attempt.reconcile_at = look_again(attempt, now)
    session.add(attempt)
    mine = sorted(_unowned(session, attempt, found), key=lambda call: (call.created_at or now, call.call_sid))
    if attempt.call_sid is not None:
        known = next((call for call in mine if call.call_sid == attempt.call_sid), None)
        _believe(session, attempt, known, now) if known else _missed(session, attempt, now)
    elif mine:
        adopt(session, attempt, mine[0].call_sid, now)
        _believe(session, attempt, mine[0], now)
        after_commit(session, Job.MACHINE, attempt.id)
    else:
        _not_found(session, attempt, now)
    for other in mine:
        adopt(session, attempt, other.call_sid, now)
    if State(attempt.state) in OVER:
        settle.at_once(session, attempt, now)


def _unowned(session: Session, attempt: Attempt, found: Sequence[CarrierCall]) -> list[CarrierCall]:
    sids = [call.call_sid for call in found]
    owned = select(Attempt.call_sid).where(col(Attempt.call_sid).in_(sids), Attempt.id != attempt.id)
    taken = set(session.exec(owned))
    return [call for call in found if call.call_sid not in taken]


def _believe(session: Session, attempt: Attempt, call: CarrierCall, now: datetime) -> None:
    told = told_by(call.status)
    if told is None:
        log.warning("a call status we do not know", attempt=attempt.id, word=call.status)
        return
    if told in TERMINAL:
        attempt.call_duration_s = call.duration_s if attempt.call_duration_s is None else attempt.call_duration_s
        attempt.answered_by = attempt.answered_by or call.answered_by
        attempt.price_usd = abs(call.price) if call.price is not None else attempt.price_usd
    attempt.reconcile_tries = 0
    advance(session, attempt, told, now)


def _missed(session: Session, attempt: Attempt, now: datetime) -> None:
    log.warning("the carrier does not show the call", attempt=attempt.id, tries=attempt.reconcile_tries)
    if attempt.reconcile_tries >= MISSES:
        advance(session, attempt, State.FAILED, now)


def _not_found(session: Session, attempt: Attempt, now: datetime) -> None:
    if not is_unaccounted(attempt):
        return
    again = next_look(attempt, now)
    if again is None:
        log.error("no call found for an attempt; not redialled today", attempt=attempt.id)
        advance(session, attempt, State.UNKNOWN_NO_CALL, now)
        return
    advance(session, attempt, State.UNKNOWN, now)
    attempt.reconcile_at = again


def _later(database: Database, attempt_id: str, at: datetime) -> None:
    with database.transaction() as session:
        attempt = lock(session, attempt_id)
        if attempt is not None and State(attempt.state) not in OVER:
            attempt.reconcile_at = at
            session.add(attempt)
