"""What the gate said, each time it was asked: allow, deny or defer, with every rule, its inputs and the rule version."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from campaign.records.base import instant, json_field, to_be_sealed


class Decision(SQLModel, table=True):
    __table_args__ = (to_be_sealed("decision"),)

    id: str = Field(primary_key=True)
    lead_id: str = Field(foreign_key="lead.id", index=True)
    campaign: str
    campaign_version: int
    rules_version: str
    at: datetime = instant()
    verdict: str
    """`allow`, `deny` or `defer`."""
    until: datetime | None = instant()
    reason: str
    """The binding rule's reason."""
    trace: list[dict[str, Any]] = json_field(list)
    """One row a rule: `{rule, inputs, passed, detail}`; inputs hold no personal data."""
    salt: str
    sealed_at: datetime | None = instant()
