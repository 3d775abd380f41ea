"""Settles an attempt once its call is over and its conversation is written down, or has been waited for long enough."""

from datetime import datetime, timedelta

from sqlmodel import Session

from campaign.database import Database
from campaign.records import Attempt, Call
from dialer import ending
from dialer.advance import lock
from dialer.states import OVER, State

WAITED = timedelta(seconds=60)
"""How long after the end a summary may keep the outcome waiting."""
STREAM_ONLY = timedelta(seconds=20)
"""How long after the end the row of a call whose stream was let in may be missing."""


def settle(database: Database, attempt_id: str, now: datetime) -> bool:
    """Apply the outcome; False when there is nothing to do (yet)."""
    with database.transaction(patient=True) as session:
        attempt = lock(session, attempt_id)
        return attempt is not None and State(attempt.state) in OVER and at_once(session, attempt, now)


def at_once(session: Session, attempt: Attempt, now: datetime) -> bool:
    """A locked attempt that has ended is settled in its transaction, once, unless its conversation's account is yet to come."""
    if attempt.settled_at is not None:
        return False
    call = session.get(Call, attempt.id)
    if not is_ready(attempt, call, now):
        return False
    _apply(session, attempt, call, now)
    return True


def is_ready(attempt: Attempt, call: Call | None, now: datetime) -> bool:
    since = now - (attempt.ended_at or attempt.intent_at)
    if call is None:
        return attempt.token_used_at is None or since >= STREAM_ONLY
    return (call.ended_at is not None and bool(call.summary_by)) or since >= WAITED


def _apply(session: Session, attempt: Attempt, call: Call | None, now: datetime) -> None:
    """A conversation nobody closed died with its media process: that is our end of the line."""
    if call is not None and call.ended_at is None:
        call.ended_at, call.ended_by = now, call.ended_by or "system"
        session.add(call)
    ending.apply(session, attempt, call, now)
