"""One attempt to ring a lead: at most one call at the carrier, ever. Committed before the POST; settled exactly once.

A lead who rings one of our numbers makes an attempt as well, of the other direction: the numbers keep their meaning.
"""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from campaign.records.base import instant, personal


class Attempt(SQLModel, table=True):
    __table_args__ = (
        # One unsettled attempt per number, whatever dies: the database says no to a second call.
        Index(
            "uq_attempt_in_flight",
            "to_number",
            unique=True,
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_attempt_from", "from_number", "intent_at"),
    )

    id: str = Field(primary_key=True)
    lead_id: str = Field(foreign_key="lead.id", index=True)
    campaign: str
    campaign_version: int
    decision_id: str | None = None
    number: int
    """1 for the first attempt of the lead."""
    fence: int
    state: str = Field(default="placing", index=True)
    """placing, queued, initiated, ringing, in_progress, then completed, busy, no_answer, failed, canceled, refused, or unknown:
    `dialer/states.py` has the table."""
    direction: str = "outbound"
    """`outbound`, or `inbound`: the person rang us."""
    to_number: str = personal(index=True)
    """The person's number, whoever rang whom."""
    from_number: str = personal()
    """The number of ours that they see or rang."""
    call_sid: str | None = Field(default=None, unique=True)

    intent_at: datetime = instant(index=True)
    """Business time just before the POST."""
    intent_real_at: datetime = instant()
    """The same instant on the real clock, for comparing with the carrier's stamps."""
    placed_at: datetime | None = instant()
    ringing_at: datetime | None = instant()
    answered_at: datetime | None = instant()
    ended_at: datetime | None = instant()
    settled_at: datetime | None = instant()
    """When the outcome was applied to the lead; from then on nothing changes it."""
    reconcile_at: datetime | None = instant(index=True)
    """When the truth must be fetched from the carrier if nobody told us by then."""
    reconcile_tries: int = 0

    queue_time_ms: int | None = None
    call_duration_s: int | None = None
    sip_code: int | None = None
    error_code: int | None = None
    answered_by: str | None = None
    machine_detection_ms: int | None = None
    disposition: str | None = None
    """Our word for how it went on the line: see `dialer/outcomes.py`."""

    token_sha256: str | None = None
    token_used_at: datetime | None = instant()
    recording_sid: str | None = None
    recording_status: str | None = None
    recording_duration_s: int | None = None
    price_usd: float | None = None


class CallEvent(SQLModel, table=True):
    """Every signed message about an attempt, stored before it has any effect; a repeat finds its row."""

    __tablename__ = "call_event"

    dedupe_key: str = Field(primary_key=True)
    """`CallSid/CallbackSource/SequenceNumber`, or the like for messages without a sequence."""
    attempt_id: str = Field(foreign_key="attempt.id", index=True)
    kind: str
    """`status`, `amd`, `recording`, `stream`, `voice`, `connect_end`, …"""
    word: str
    """The message's own status word, e.g. `ringing`."""
    sequence: int | None = None
    sent_at: datetime | None = instant()
    received_at: datetime = instant()
