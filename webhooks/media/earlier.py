"""The earlier part of a call that comes back to us because nobody took it over: read from its rows, told to the session.

The call keeps one row: its beginning stands, its end and summary are still to come.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from campaign.errors import Permanent
from campaign.records import Attempt, Booking, Call, CallEvent, Turn
from dialer import handover
from dialer.states import UNRECORDED
from qualify import events as ev
from qualify.playbook import Playbook
from qualify.summary import answer_lines
from qualify.tools.desk import Desk

MS = timedelta(milliseconds=1)
SHORTEST = 60.0
"""Seconds that a conversation which comes back gets at least, whatever the first part has used."""


@dataclass(frozen=True, slots=True)
class Earlier:
    event: ev.CameBack
    answers: dict[str, Any]
    booking: Booking | None
    flags: list[dict[str, Any]]
    usage: dict[str, Any]
    latency: dict[str, Any]
    cost_usd: float
    turns: int

    def onto(self, desk: Desk) -> None:
        desk.answers.update(self.answers)
        desk.booking, desk.nobody_free = self.booking, not self.event.ordered

    def seconds_left(self, limit: float) -> float:
        return max(SHORTEST, limit - self.event.at_ms / 1000)

    def usd_left(self, limit: float) -> float:
        return max(limit * 0.2, limit - self.cost_usd)


def take_up(session: Session, attempt: Attempt, playbook: Playbook, now: datetime) -> Earlier | None:
    """None for a call's first conversation. Raises Permanent while the earlier one is not written down yet: come again."""
    call = session.get(Call, attempt.id)
    if call is None:
        return None
    if call.ended_at is None:
        raise Permanent("the earlier conversation is still being written down", code="still_open")
    found = _read(session, attempt, call, playbook, now)
    call.ended_at = call.ended_by = None
    call.summary = call.summary_by = ""
    session.add(call)
    return found


def _read(session: Session, attempt: Attempt, call: Call, playbook: Playbook, now: datetime) -> Earlier:
    turns = list(session.exec(select(Turn).where(Turn.attempt_id == attempt.id).order_by(col(Turn.seq))))
    booked = select(Booking).where(Booking.attempt_id == attempt.id, Booking.state == "confirmed")
    booking = session.exec(booked).first()
    facts = answer_lines(playbook, call.answers) + ("\n- A meeting is booked." if booking else "")
    event = ev.CameBack(
        turns=[(turn.role, turn.text) for turn in turns if turn.role != "note" and turn.text],
        at_ms=int((now - (call.started_at or now)) / MS),
        disclosed_ms=call.disclosed_at_ms,
        recorded=attempt.recording_sid is not None and attempt.recording_status not in UNRECORDED,
        ordered=_ordered(session, attempt),
        facts=facts.strip(),
        answered=list(call.answers),
        booked=booking is not None,
    )
    return Earlier(
        event,
        dict(call.answers),
        booking,
        list(call.flags),
        dict(call.usage),
        dict(call.latency),
        call.cost_usd,
        len(turns),
    )


def _ordered(session: Session, attempt: Attempt) -> bool:
    """Whether the last ring was a supervisor's order rather than the person's wish."""
    kinds = col(CallEvent.kind).in_((handover.TRANSFER, handover.TAKE_OVER))
    mine = select(CallEvent.kind).where(CallEvent.attempt_id == attempt.id, kinds)
    return session.exec(mine.order_by(col(CallEvent.sequence).desc())).first() == handover.TAKE_OVER
