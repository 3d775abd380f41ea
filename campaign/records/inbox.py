"""Webhooks as received: stored once, answered, then worked. The raw body survives whatever parsing makes of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from campaign.records.base import blob, instant, json_field, personal


class InboxMessage(SQLModel, table=True):
    __tablename__ = "inbox_message"
    __table_args__ = (UniqueConstraint("door", "source", "message_id"),)

    id: str = Field(primary_key=True)
    door: str
    """`leads`, `google`, …"""
    source: str
    message_id: str
    """The sender's id for this delivery; a repeat finds the first row."""
    content_type: str = ""
    headers: dict[str, Any] = json_field()
    body: bytes = blob(sa_column_kwargs={"info": {"personal": True}})
    body_sha256: str = personal()
    received_at: datetime = instant(index=True)
    state: str = Field(default="received", index=True)
    """`received`, `worked` or `review` (authentic, but a person must look at it)."""
    lead_id: str | None = None
    problem: str | None = None
