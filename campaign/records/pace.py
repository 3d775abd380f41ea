"""How fast one account's calls may leave: a token bucket as one row, so that every worker draws from the same and Redis may go."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaign.records.base import instant


class Pace(SQLModel, table=True):
    name: str = Field(primary_key=True)
    """Account and region: `AC…@api.twilio.com`."""
    next_at: datetime = instant()
    """The first instant at which the next call may leave."""
    factor: float = 1.0
    """What is left of the rate since the carrier's own queue grew; it recovers with time."""
    slow_in_a_row: int = 0
    """Calls in a row that the carrier kept waiting."""
    eased_at: datetime | None = instant()
    """When the rate was last cut."""
