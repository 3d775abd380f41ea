"""Campaigns as applied: every apply is a new version, old ones stay as evidence of what ruled a past call."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from campaign.records.base import instant, json_field


class CampaignVersion(SQLModel, table=True):
    __tablename__ = "campaign_version"

    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    document: str
    """The YAML as applied."""
    sha256: str
    config: dict[str, Any] = json_field()
    """The validated document with defaults filled in; read it through `campaign.file.Campaign`."""
    applied_at: datetime = instant()
    applied_by: str = ""
    active: bool = Field(default=True, index=True)


class Source(SQLModel, table=True):
    """A door `POST /leads/{name}`; names are unique per installation."""

    name: str = Field(primary_key=True)
    campaign: str = Field(index=True)
    kind: str
