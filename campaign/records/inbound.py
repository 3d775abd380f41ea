"""Calls that people placed to our numbers, whoever they were; those of known leads have an attempt as well."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaign.records.base import instant, personal


class InboundCall(SQLModel, table=True):
    __tablename__ = "inbound_call"

    call_sid: str = Field(primary_key=True)
    caller: str = personal(index=True)
    """E.164, or what the carrier gave instead (`anonymous`)."""
    called: str
    """The number of ours."""
    campaign: str = ""
    """Empty when no campaign has the number."""
    lead_id: str | None = Field(default=None, foreign_key="lead.id", index=True)
    attempt_id: str | None = Field(default=None, foreign_key="attempt.id", index=True)
    answer: str
    """How it was answered: `agent`, `team`, `message`, or `held` while another call with this person ends."""
    rung: int = 0
    """Colleagues rung for a caller without an attempt."""
    at: datetime = instant(index=True)
