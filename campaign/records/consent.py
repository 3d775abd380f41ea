"""Consent as captured: one immutable row per capture. What happens to it later (use, revocation) are rows beside it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaign.records.base import instant, personal


class Consent(SQLModel, table=True):
    id: str = Field(primary_key=True)
    lead_id: str = Field(foreign_key="lead.id", index=True)
    campaign: str
    seller_legal_name: str
    phone: str | None = personal(None, index=True)
    given: bool
    text: str = ""
    """The words shown to the person."""
    text_sha256: str = ""
    version: str = ""
    url: str = ""
    ip: str = personal("")
    user_agent: str = personal("")
    method: str = ""
    """`checkbox`, `button`, `signature`, `spoken`, …"""
    certificate_url: str = ""
    at: datetime | None = instant()
    """When the person agreed, as the form says."""
    recorded_at: datetime = instant()
    salt: str
