"""Text messages: those we owe (written with what caused them, posted at most once) and those that people sent us."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from campaign.records.base import instant, personal


class TextMessage(SQLModel, table=True):
    __tablename__ = "text_message"
    __table_args__ = (UniqueConstraint("kind", "entity_id"), Index("ix_text_message_due", "state", "due_at"))

    id: str = Field(primary_key=True)
    kind: str
    """`missed_call`, `confirmation`, `reminder`; `received` for theirs."""
    entity_id: str
    """What it is about: an attempt, a booking; the carrier's sid for theirs. One text of a kind about one thing, ever."""
    lead_id: str | None = Field(default=None, foreign_key="lead.id", index=True)
    campaign: str = ""
    phone: str = personal(index=True)
    """The person's."""
    our_number: str = ""
    body: str = personal("")
    language: str = ""
    state: str
    """`due`, `sending`, then `sent`, `delivered`, `undelivered`, `failed`, `withheld` or `unknown` (posted, and nobody knows:
    never posted again); `received` for theirs."""
    reason: str = ""
    """Why it was withheld or failed, or the keyword of one of theirs."""
    error_code: int | None = None
    message_sid: str | None = Field(default=None, unique=True)
    tries: int = 0
    due_at: datetime = instant()
    created_at: datetime = instant()
    posted_at: datetime | None = instant()
    told_at: datetime | None = instant()
    """When the carrier last said what became of it."""
