"""The conversation of an attempt: who spoke, what was heard, which tools ran, what came of it. `qualify/` writes, all read."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from campaign.records.base import blob, instant, json_field, personal


class Call(SQLModel, table=True):
    __table_args__ = (Index("ix_call_day", "campaign", "started_at"),)

    attempt_id: str = Field(primary_key=True, foreign_key="attempt.id")
    lead_id: str = Field(foreign_key="lead.id", index=True)
    campaign: str
    playbook: str
    playbook_sha256: str
    prompt_sha256: str = ""
    model: str = ""
    voice: str = ""
    language: str = ""
    settings: dict[str, Any] = json_field()
    """How the agent spoke and listened: voice, speed, effort, noise reduction, turn detection, models as used."""
    stream_sid: str | None = None
    started_at: datetime | None = instant()
    ended_at: datetime | None = instant()
    ended_by: str | None = None
    """`caller`, `agent`, `system` or `carrier`."""
    reached: str = "unknown"
    """First stage: human, voicemail, screening, machine, nobody, failed, unknown."""
    wanted: str | None = None
    """Second stage: one of `lead.OUTCOMES`, or None when nobody was reached."""
    disclosed_at_ms: int | None = None
    """When the AI disclosure had been heard, in ms from the stream's start."""
    summary: str = personal("")
    summary_by: str = ""
    """`model` or `ledger` (deterministic, when the model failed)."""
    digest: dict[str, Any] = json_field(sa_column_kwargs={"info": {"personal": True}})
    """The summary's parts: wants, objections, next step, and the ledger's facts; `by` as `summary_by`."""
    brief: str = personal("")
    """What a colleague who is to take this call over hears about it; empty while nobody was asked to."""
    answers: dict[str, Any] = json_field(sa_column_kwargs={"info": {"personal": True}})
    usage: dict[str, Any] = json_field()
    cost_usd: float = 0.0
    latency: dict[str, Any] = json_field()
    flags: list[dict[str, Any]] = json_field(list, sa_column_kwargs={"info": {"personal": True}})
    """Claims without a tool behind them, reconnects, refused updates: `{flag, detail}`."""
    tape: bytes | None = blob(sa_column_kwargs={"info": {"personal": True}})
    """zlib-compressed JSON lines of session events, audio left out, for replay."""


class Turn(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("attempt_id", "seq"),)

    id: int | None = Field(default=None, primary_key=True)
    attempt_id: str = Field(foreign_key="attempt.id", index=True)
    seq: int
    role: str
    """`agent`, `caller` or `note` (what the system did)."""
    text: str = personal("")
    """For the agent: only what was heard."""
    unheard: str = personal("")
    """For the agent: what was generated but cut off."""
    started_ms: int
    ended_ms: int


class ToolUse(SQLModel, table=True):
    """The ledger: what each tool was asked and what it really did."""

    __tablename__ = "tool_use"
    __table_args__ = (UniqueConstraint("attempt_id", "call_id"),)

    id: int | None = Field(default=None, primary_key=True)
    attempt_id: str = Field(foreign_key="attempt.id", index=True)
    call_id: str
    name: str
    arguments: dict[str, Any] = json_field(sa_column_kwargs={"info": {"personal": True}})
    result: dict[str, Any] = json_field(sa_column_kwargs={"info": {"personal": True}})
    started_ms: int
    took_ms: int
