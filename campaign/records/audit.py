"""Who changed what is kept about people: erasures, retention runs, changes of the suppression list. Append-only."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaign.records.base import instant, json_field


class AuditEntry(SQLModel, table=True):
    __tablename__ = "audit_entry"

    id: str = Field(primary_key=True)
    at: datetime = instant(index=True)
    by: str
    """A person's or a process's name."""
    action: str
    """`erase`, `retention`, `suppression_add`, `suppression_import`, `suppression_remove`."""
    subject: str = ""
    """Whom it concerned, as a stand-in; never the number itself."""
    reason: str = ""
    counts: dict[str, int] = json_field()
    """How many rows of each kind."""
