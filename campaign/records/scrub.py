"""What a list (national do-not-call, reassigned numbers, litigators) said of a number when it was asked, append-only."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaign.records.base import instant, personal


class Scrub(SQLModel, table=True):
    id: str = Field(primary_key=True)
    phone: str = personal("", index=True)
    list: str
    """The list's name in the campaign file."""
    kind: str
    """`do_not_call`, `reassigned` or `litigator`."""
    checked_at: datetime = instant(index=True)
    as_of: datetime = instant()
    """Of which day the list's edition was: a file's own date, or when the service was asked."""
    list_version: str = ""
    """What the list calls its edition."""
    result: str
    """`clear` or `listed`."""
