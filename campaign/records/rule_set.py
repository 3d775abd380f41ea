"""Calling rules as they were published: the newest row is in force, a roll-back is a new row with an older document."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaign.records.base import instant


class RuleSet(SQLModel, table=True):
    __tablename__ = "rule_set"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """1, 2, 3 …; 0 means the table that comes with the product and has no row."""
    name: str
    """The document's own version."""
    document: str
    sha256: str
    published_at: datetime = instant()
    published_by: str
    why: str
    diff: str
    """What changed against the rules before, a line a field."""
    restores: int | None = None
    """The number whose document a roll-back brought back."""
