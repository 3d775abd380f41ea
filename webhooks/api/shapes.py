"""What the JSON API answers: a lead, and everything that was decided and done about it, oldest first."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class LeadLine(BaseModel):
    """One lead in a list."""

    lead_id: str
    campaign: str
    source: str
    external_id: str
    name: str
    phone: str | None
    timezone: str = Field(description="The lead's own, as it came with the form; empty when it did not")
    status: str = Field(
        description="received, scheduled, blocked, dialing, ringing, in_call, wrapping_up or an outcome"
    )
    reason: str = Field(description="Why it is in this state, in one word of ours")
    outcome: str | None
    received_at: datetime
    call_at: datetime | None = Field(description="When the next call is due")
    attempt_count: int
    updated_at: datetime | None


class Moment(BaseModel):
    """One thing that happened, for reading the story from top to bottom."""

    at: datetime
    kind: str = Field(description="received, consent, decision, attempt, event, call, outcome, booking, crm")
    what: str
    ref: str = Field(description="Id of the row that holds the details")


class ConsentView(BaseModel):
    consent_id: str
    given: bool
    text: str
    text_sha256: str
    version: str
    url: str
    ip: str
    user_agent: str
    method: str
    certificate_url: str
    at: datetime | None
    recorded_at: datetime


class DecisionView(BaseModel):
    decision_id: str
    at: datetime
    verdict: str
    reason: str
    until: datetime | None
    campaign_version: int
    rules_version: str
    trace: list[dict[str, Any]] = Field(description="Each rule with its inputs, whether it passed, and why")


class EventView(BaseModel):
    kind: str
    word: str
    sequence: int | None
    sent_at: datetime | None
    received_at: datetime


class TurnView(BaseModel):
    role: str
    text: str
    unheard: str
    started_ms: int
    ended_ms: int


class ToolView(BaseModel):
    name: str
    arguments: dict[str, Any]
    result: dict[str, Any]
    started_ms: int
    took_ms: int


class CallView(BaseModel):
    started_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    reached: str
    wanted: str | None
    disclosed_at_ms: int | None
    summary: str
    summary_by: str
    answers: dict[str, Any]
    playbook: str
    playbook_sha256: str
    model: str
    cost_usd: float
    latency: dict[str, Any]
    flags: list[dict[str, Any]]
    turns: list[TurnView]
    tools: list[ToolView]


class AttemptView(BaseModel):
    attempt_id: str
    number: int
    state: str
    disposition: str | None
    decision_id: str | None
    call_sid: str | None
    to_number: str | None
    from_number: str | None
    intent_at: datetime
    placed_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    settled_at: datetime | None
    answered_by: str | None
    sip_code: int | None
    error_code: int | None
    call_duration_s: int | None
    recording_sid: str | None
    price_usd: float | None
    events: list[EventView]
    call: CallView | None


class OutcomeView(BaseModel):
    outcome_id: str
    attempt_id: str | None
    at: datetime
    reached: str
    wanted: str | None
    next: str
    detail: str


class BookingView(BaseModel):
    booking_id: str
    attempt_id: str | None
    state: str
    person: str
    calendar: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    event_id: str
    event_link: str


class CrmView(BaseModel):
    outbox_id: str
    effect: str
    entity_id: str
    state: str
    tries: int
    due_at: datetime
    done_at: datetime | None
    last_error: str | None
    remote: dict[str, Any]


class LeadStory(LeadLine):
    """A lead with its whole decision timeline."""

    email: str
    country: str
    company: str
    message: str
    answers: dict[str, Any]
    extra: dict[str, Any]
    submitted_at: datetime | None
    callback_at: datetime | None
    outcome_at: datetime | None
    consents: list[ConsentView]
    decisions: list[DecisionView]
    attempts: list[AttemptView]
    outcomes: list[OutcomeView]
    bookings: list[BookingView]
    crm: list[CrmView]
    timeline: list[Moment]


class LeadPage(BaseModel):
    leads: list[LeadLine] = Field(description="Newest first")
    next: str | None = Field(description="Pass as `before` for the next page; null at the end")


class OptedOut(BaseModel):
    lead_id: str
    status: str
    suppressed: bool = Field(description="False when the lead has no callable number to suppress")
