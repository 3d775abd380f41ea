"""What happened to a consent after it was captured: append-only, sealed into the campaign's chain like the consent."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from campaign.records.base import instant, personal, to_be_sealed


class ConsentEvent(SQLModel, table=True):
    __tablename__ = "consent_event"
    __table_args__ = (to_be_sealed("consent_event"),)

    id: str = Field(primary_key=True)
    consent_id: str = Field(foreign_key="consent.id", index=True)
    lead_id: str = Field(foreign_key="lead.id", index=True)
    campaign: str
    kind: str
    """`used_for_call`, `revoked`, `disputed` (a legal hold) or `settled` (its end)."""
    at: datetime = instant()
    channel: str = ""
    """Of a revocation: `voice`, `keypress`, `sms`, `form`, `api`, `console`, `cli`, `import`."""
    attempt_id: str | None = None
    words: str = personal("")
    """What the person said, where it is known."""
    by: str = ""
    salt: str
    sealed_at: datetime | None = instant()
