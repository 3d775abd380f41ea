"""Effects owed to the outside (CRM): written in the transaction that caused them, delivered until done, never lost.

An entry holds ids only; whoever delivers it reads the rows then, so the other side is always told what is true.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from campaign.records.base import instant, json_field


class OutboxEntry(SQLModel, table=True):
    __tablename__ = "outbox_entry"
    __table_args__ = (UniqueConstraint("effect", "entity_id", "version"), Index("ix_outbox_due", "state", "due_at"))

    id: str = Field(primary_key=True)
    effect: str
    """`crm.call` (a finished attempt) or `crm.lead` (a lead that will not be called, an opt-out)."""
    entity_id: str
    version: int = 1
    lead_id: str = Field(foreign_key="lead.id", index=True)
    state: str = "due"
    """`due`, `done` or `review` (a person must look)."""
    due_at: datetime = instant()
    tries: int = 0
    lease_until: datetime | None = instant()
    last_error: str | None = None
    remote: dict[str, Any] = json_field()
    """Ids the other side gave: `{contact_id, call_id}`; written as soon as known, so that a repeat finds them."""
    created_at: datetime = instant()
    done_at: datetime | None = instant()
