"""A lead: one person's request to be called, and the row that says what happens next.

`state` and `due_at` are the truth about dialing; messages on Celery are only hints that name the id.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from campaign.records.base import instant, json_field, personal

OPEN = ("received", "scheduled", "dialing", "ringing", "in_call", "wrapping_up")
OUTCOMES = ("booked", "qualified", "not_qualified", "callback", "declined", "opted_out", "unreachable", "needs_human")


class Lead(SQLModel, table=True):
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        # The next to ring among a million that wait: a range scan for each campaign and priority, over waiting leads only.
        Index(
            "ix_lead_due",
            "campaign",
            "priority",
            "due_at",
            sqlite_where=text("state = 'scheduled'"),
            postgresql_where=text("state = 'scheduled'"),
        ),
        Index("ix_lead_state", "state"),
    )

    id: str = Field(primary_key=True)
    campaign: str = Field(index=True)
    source: str
    external_id: str
    """The sender's id of the lead; the message id when it gave none."""

    first_name: str = personal("")
    last_name: str = personal("")
    email: str = personal("")
    phone_typed: str = personal("")
    phone: str | None = personal(None, index=True)
    """E.164, or None when what was typed is no dialable number."""
    country: str = ""
    region: str = ""
    postcode: str = personal("")
    timezone: str = ""
    """IANA zone as declared by the form, or empty."""
    company: str = personal("")
    message: str = personal("")
    answers: dict[str, Any] = json_field(sa_column_kwargs={"info": {"personal": True}})
    extra: dict[str, Any] = json_field(sa_column_kwargs={"info": {"personal": True}})
    """Unknown fields of the payload, kept as they came."""
    submitted_at: datetime | None = instant()
    received_at: datetime = instant(index=True)

    state: str = "received"
    reason: str = ""
    """Why it is in this state, in our words."""
    priority: int = 1
    """0 promised callback, 1 fresh, 2 retry, 3 imported; lower is dialled first, and of fresh ones the newest."""
    due_at: datetime | None = instant()
    callback_at: datetime | None = instant()
    attempts: int = 0
    lease_until: datetime | None = instant()
    lease_owner: str | None = None
    fence: int = 0
    """Grows with every claim; a writer holding an older number lost its claim."""
    outcome: str | None = None
    outcome_at: datetime | None = instant()
    updated_at: datetime = instant()
