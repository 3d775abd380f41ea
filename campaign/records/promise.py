"""Callbacks people asked for on the phone, each kept or broken: one row a promise, beside the lead's own due time."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from campaign.records.base import instant


class Promise(SQLModel, table=True):
    __table_args__ = (Index("ix_promise_open", "state", "due_at"),)

    id: str = Field(primary_key=True)
    lead_id: str = Field(foreign_key="lead.id", index=True)
    campaign: str
    attempt_id: str = Field(foreign_key="attempt.id", unique=True)
    """The call in which it was made."""
    due_at: datetime = instant()
    made_at: datetime = instant()
    state: str = "open"
    """`open`, `kept`, `broken`, or `void`: nobody waits for it any more."""
    settled_at: datetime | None = instant()
    late_s: int | None = None
    """Seconds between the promised time and the call that was placed for it; None when there was none."""
