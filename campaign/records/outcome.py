"""What came of each attempt, append-only: first whether a person was reached, then what they wanted."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaign.records.base import instant, to_be_sealed


class Outcome(SQLModel, table=True):
    __table_args__ = (to_be_sealed("outcome"),)

    id: str = Field(primary_key=True)
    lead_id: str = Field(foreign_key="lead.id", index=True)
    attempt_id: str | None = Field(default=None, foreign_key="attempt.id", unique=True)
    campaign: str
    reached: str
    """human, voicemail, screening, machine, nobody, failed."""
    wanted: str | None = None
    """One of `lead.OUTCOMES`; None unless a human was reached."""
    next: str
    """What it led to: a final outcome, or `retry`, `callback`."""
    detail: str = ""
    at: datetime = instant()
    salt: str
    sealed_at: datetime | None = instant()
