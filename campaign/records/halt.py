"""Brakes that stop dialing at once: the whole account, a campaign, a caller ID or a country, each with its reason."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaign.records.base import instant


class Halt(SQLModel, table=True):
    scope: str = Field(primary_key=True)
    """`account`, `campaign:NAME`, `caller:+1…`, `country:US`."""
    reason: str
    at: datetime = instant()
    until: datetime | None = instant()
