"""Who must not be called: opt-outs by voice, keypress, form, SMS or API, and imports; by number or by e-mail address."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from campaign.records.base import instant, personal


class Suppression(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("phone", "scope"),)

    id: str = Field(primary_key=True)
    phone: str = personal()
    """The number in E.164; `mailto:` and an address for a person under any number; the stand-in of either once erased."""
    scope: str = "global"
    """`global` or a campaign's name."""
    reason: str
    """`opted_out`, `wrong_number`, `carrier_blocked`, `import`, …"""
    channel: str
    """`voice`, `keypress`, `sms`, `form`, `api`, `console`, `cli`, `import`, `erasure`, `carrier`."""
    lead_id: str | None = None
    at: datetime = instant()
