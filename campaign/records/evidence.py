"""The hash chain of a campaign: salted digests of consents, decisions and outcomes, in order, each bound to the one before.

Personal data lies outside; erasing it and its salt leaves the chain whole and proves nothing about the person any more.
"""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from campaign.records.base import instant


class ChainEntry(SQLModel, table=True):
    __tablename__ = "chain_entry"
    __table_args__ = (UniqueConstraint("kind", "ref_id"),)

    campaign: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    kind: str
    """`consent`, `consent_event`, `decision`, `disclosure` or `outcome`."""
    ref_id: str
    digest: str
    """sha256(salt + canonical JSON of the row)."""
    prev_sha256: str
    sha256: str
    sealed_at: datetime = instant()
