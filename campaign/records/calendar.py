"""What we know of one salesperson's calendar: how far its changes were read, and what keeps us from reading it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaign.records.base import instant


class CalendarMirror(SQLModel, table=True):
    __tablename__ = "calendar_mirror"

    calendar: str = Field(primary_key=True)
    sync_token: str = ""
    """Google's mark of the last change read; empty means the next read is a full one."""
    synced_at: datetime | None = instant()
    due_at: datetime | None = instant(index=True)
    """When changes must be read again even if no push message asks for it."""
    problem: str = ""
    """Why the calendar cannot be used, in our words; empty when it can."""
    problem_at: datetime | None = instant()
