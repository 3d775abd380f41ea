"""Consent as captured: one immutable row per capture. What happens to it later (use, revocation) are rows beside it."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from campaign.records.base import JSON_COLUMN, instant, personal, to_be_sealed


class Consent(SQLModel, table=True):
    __table_args__ = (to_be_sealed("consent"),)

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
    channels: list[str] | None = Field(default=None, sa_type=JSON_COLUMN)
    """What was agreed to (`ai_voice`, `live_voice`, `sms`, …); None where the form did not say and only its words do."""
    period: str | None = None
    """For how long, as stated to the person: an ISO 8601 duration like `P6M`."""
    purpose: str | None = None
    certificate_vendor: str | None = None
    more: dict[str, Any] | None = Field(
        default=None, sa_type=JSON_COLUMN, sa_column_kwargs={"info": {"personal": True}}
    )
    """Whatever else the form told about the capture (control, snapshot, session, …), as it came."""
    recorded_at: datetime = instant()
    salt: str
    sealed_at: datetime | None = instant()
