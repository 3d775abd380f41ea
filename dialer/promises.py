"""Callbacks people asked for: each promise is a row, and is kept when a call was placed for it in time, else broken.

The lead's own `callback_at` and priority bring the call about; what stands here says afterwards whether we kept our word.
A promise nobody waits for any more (they rang us, or said stop) is void.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlmodel import Session, col, select

from campaign import ids
from campaign.records import OPEN, Attempt, Lead, Promise

log = structlog.get_logger()

EARLY = timedelta(minutes=2)
KEPT_WITHIN = timedelta(minutes=15)
"""A call placed this soon after the promised time keeps the promise."""
FORGOTTEN = timedelta(minutes=60)
"""A call placed later than this is no longer counted as the promised one, not even as a late one."""
BATCH = 200


@dataclass(frozen=True, slots=True)
class Judged:
    """`late_s`: from the promised time to the call, negative when it came a little before."""

    state: Literal["open", "kept", "broken"]
    late_s: int | None = None


def judge(due_at: datetime, placed: Iterable[datetime], now: datetime) -> Judged:
    """What became of a promise, given when calls to the person were placed."""
    near = sorted(at for at in placed if due_at - EARLY <= at <= due_at + FORGOTTEN)
    if near:
        late = near[0] - due_at
        return Judged("kept" if late <= KEPT_WITHIN else "broken", round(late.total_seconds()))
    return Judged("broken" if now > due_at + KEPT_WITHIN else "open")


def make(session: Session, lead: Lead, attempt: Attempt, due_at: datetime, now: datetime) -> None:
    """They were told a time; what was promised before is replaced by it."""
    for earlier in _open(session, lead.id):
        _close(session, earlier, "void", None, now)
    session.add(
        Promise(
            id=ids.new("prm"),
            lead_id=lead.id,
            campaign=lead.campaign,
            attempt_id=attempt.id,
            due_at=due_at,
            made_at=now,
        )
    )
    session.flush()


def settle(session: Session, lead: Lead, now: datetime) -> None:
    """Judge this lead's open promises by the calls placed so far."""
    for promise in _open(session, lead.id):
        _settle(session, promise, lead, now)


def overdue(session: Session, now: datetime) -> None:
    """Judge promises whose time is over, whatever kept the call from being placed. Run by the sweep."""
    late = (
        select(Promise, Lead)
        .join(Lead, col(Lead.id) == col(Promise.lead_id))
        .where(Promise.state == "open", col(Promise.due_at) < now - KEPT_WITHIN)
        .order_by(col(Promise.due_at))
        .limit(BATCH)
    )
    for promise, lead in session.exec(late).all():
        _settle(session, promise, lead, now)


def _settle(session: Session, promise: Promise, lead: Lead, now: datetime) -> None:
    judged = judge(promise.due_at, _placed(session, promise), now)
    state: str = judged.state
    if judged.late_s is None and (lead.state not in OPEN or lead.callback_at != promise.due_at):
        state = "void" if _released(session, promise, lead) else state
    if state != "open":
        _close(session, promise, state, judged.late_s, now)


def _released(session: Session, promise: Promise, lead: Lead) -> bool:
    """They said stop, or rang us themselves, after it was made."""
    if lead.state == "opted_out":
        return True
    rang_us = select(Attempt.id).where(
        Attempt.lead_id == lead.id, Attempt.direction == "inbound", col(Attempt.intent_at) > promise.made_at
    )
    return lead.callback_at != promise.due_at and session.exec(rang_us).first() is not None


def _placed(session: Session, promise: Promise) -> list[datetime]:
    calls = select(Attempt.placed_at).where(
        Attempt.lead_id == promise.lead_id,
        Attempt.direction == "outbound",
        col(Attempt.placed_at) > promise.made_at,
    )
    return [at for at in session.exec(calls) if at is not None]


def _open(session: Session, lead_id: str) -> list[Promise]:
    return list(session.exec(select(Promise).where(Promise.lead_id == lead_id, Promise.state == "open")))


def _close(session: Session, promise: Promise, state: str, late_s: int | None, now: datetime) -> None:
    promise.state, promise.late_s, promise.settled_at = state, late_s, now
    session.add(promise)
    if state == "broken":
        log.error("a promised callback was broken", lead=promise.lead_id, promise=promise.id, late_s=late_s)
