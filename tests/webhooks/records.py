"""A finished, booked call in the records, as dialer and conversation leave it."""

from datetime import datetime, timedelta
from typing import Any

from campaign import clock, ids
from campaign.database import Database
from campaign.records import Attempt, Booking, Call, CallEvent, Lead, OutboxEntry, Outcome, ToolUse, Turn


def tell_a_call(database: Database, lead_id: str) -> str:
    """A finished, booked call in the records."""
    now = clock.now()
    later = now + timedelta(seconds=90)
    attempt_id = ids.new("att")
    with database.transaction() as session:
        attempt = _attempt(
            attempt_id,
            lead_id,
            now,
            state="completed",
            disposition="answered",
            call_sid="CA" + "2" * 32,
            placed_at=now,
            ringing_at=now + timedelta(seconds=1),
            answered_at=now + timedelta(seconds=5),
            ended_at=later,
            settled_at=later,
            answered_by="human",
            call_duration_s=85,
            recording_sid="RE" + "3" * 32,
        )
        session.add(attempt)
        session.flush()
        booking = {"starts_at": later + timedelta(days=1), "ends_at": later + timedelta(days=1, minutes=30)}
        session.add_all(
            [
                CallEvent(dedupe_key="k", attempt_id=attempt_id, kind="status", word="completed", received_at=later),
                Call(
                    attempt_id=attempt_id,
                    lead_id=lead_id,
                    campaign="solar-us",
                    playbook="solar-us",
                    playbook_sha256="0" * 64,
                    started_at=now + timedelta(seconds=6),
                    ended_at=later,
                    ended_by="agent",
                    reached="human",
                    wanted="booked",
                    summary="Wants solar.",
                    summary_by="ledger",
                    disclosed_at_ms=3100,
                    answers={"homeowner": True},
                    digest={
                        "wants": "panels by spring",
                        "objections": ["the price"],
                        "next_step": "Meet",
                        "by": "ledger",
                    },
                    settings={"voice": "marin", "speed": 1.1, "model_used": "gpt-realtime-2.1-2026-10-01"},
                    latency={
                        "first_audio": {"n": 2, "p50": 640, "p95": 910, "max": 910, "budget": 700, "over_budget": 1},
                        "queue": {"n": 2, "p50": 30, "p95": 40, "max": 40},
                        "tools": {"n": 2, "p50": 0, "p95": 0, "max": 0},
                        "over_budget": ["first_audio"],
                        "trouble": {"late_deltas": 2, "slot_conflicts": 0},
                    },
                ),
                Turn(
                    attempt_id=attempt_id,
                    seq=1,
                    role="agent",
                    text="Hi Dana,",
                    unheard="this is",
                    started_ms=0,
                    ended_ms=900,
                ),
                Turn(attempt_id=attempt_id, seq=2, role="caller", text="Yes?", started_ms=950, ended_ms=1500),
                ToolUse(
                    attempt_id=attempt_id,
                    call_id="c1",
                    name="schedule",
                    arguments={"kind": "meeting"},
                    result={"status": "booked"},
                    started_ms=60_000,
                    took_ms=210,
                ),
                Outcome(
                    id=ids.new("oc"),
                    lead_id=lead_id,
                    attempt_id=attempt_id,
                    campaign="solar-us",
                    reached="human",
                    wanted="booked",
                    next="booked",
                    at=later,
                    salt="s",
                ),
                Booking(
                    id=ids.new("bk"),
                    attempt_id=attempt_id,
                    lead_id=lead_id,
                    campaign="solar-us",
                    person="Sal",
                    calendar="sal@example.com",
                    timezone="America/New_York",
                    state="confirmed",
                    event_id="e1",
                    created_at=later,
                    **booking,
                ),
                OutboxEntry(
                    id=ids.new("out"),
                    effect="crm.call",
                    entity_id=attempt_id,
                    lead_id=lead_id,
                    due_at=later,
                    created_at=later,
                ),
            ]
        )
        row = session.get_one(Lead, lead_id)
        row.state = row.outcome = "booked"
        session.add(row)
    return attempt_id


def begin_a_call(database: Database, lead_id: str) -> str:
    """A call on which our agent is talking, in the records."""
    now = clock.now()
    attempt_id = ids.new("att")
    with database.transaction() as session:
        session.add(_attempt(attempt_id, lead_id, now, state="in_progress", call_sid="CA" + "4" * 32, answered_at=now))
        session.flush()
        session.add(
            Call(attempt_id=attempt_id, lead_id=lead_id, campaign="solar-us", playbook="solar-us", playbook_sha256="0" * 64,
                 started_at=now)
        )  # fmt: skip
        row = session.get_one(Lead, lead_id)
        row.state = "in_call"
        session.add(row)
    return attempt_id


def _attempt(attempt_id: str, lead_id: str, now: datetime, **more: Any) -> Attempt:
    """The lead's first, meant at this moment."""
    return Attempt(
        id=attempt_id,
        lead_id=lead_id,
        campaign="solar-us",
        campaign_version=1,
        number=1,
        fence=1,
        to_number="+12125550101",
        from_number="+12125550100",
        intent_at=now,
        intent_real_at=now,
        **more,
    )
