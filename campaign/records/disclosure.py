"""That the AI disclosure was heard in a call, and where in it: one append-only row an attempt, sealed like a consent."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaign.records.base import instant, to_be_sealed


class Disclosure(SQLModel, table=True):
    __table_args__ = (to_be_sealed("disclosure"),)

    id: str = Field(primary_key=True)
    lead_id: str = Field(foreign_key="lead.id", index=True)
    attempt_id: str = Field(foreign_key="attempt.id", unique=True)
    campaign: str
    at: datetime = instant()
    """When the mandatory part of the greeting had been heard."""
    offset_ms: int
    """The same, from the media stream's start."""
    language: str = ""
    playbook_sha256: str
    """The script whose words they were."""
    salt: str
    sealed_at: datetime | None = instant()
