"""What the JSON API answers: a lead, and everything that was decided and done about it, oldest first."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


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
    kind: str = Field(
        description="received, consent, decision, attempt, event, call, outcome, booking, promise, text, crm"
    )
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
    digest: dict[str, Any] = Field(description="The summary's parts: wants, objections, next step, and the facts")
    answers: dict[str, Any]
    playbook: str
    playbook_sha256: str
    model: str
    settings: dict[str, Any] = Field(
        description="Voice, speed, effort, noise reduction, turn detection, transcription and the model snapshot used"
    )
    cost_usd: float
    latency: dict[str, Any]
    flags: list[dict[str, Any]]
    turns: list[TurnView]
    tools: list[ToolView]


class AttemptView(BaseModel):
    attempt_id: str
    number: int
    direction: str = Field(description="outbound, or inbound: the person rang us")
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


class PromiseView(BaseModel):
    """A callback the person asked for on the phone."""

    promise_id: str
    attempt_id: str = Field(description="The call in which it was made")
    made_at: datetime
    due_at: datetime
    state: str = Field(description="open, kept, broken, or void: nobody waits for it any more")
    late_s: int | None = Field(description="Seconds from the promised time to the call; null without one")
    settled_at: datetime | None


class TextView(BaseModel):
    """A text message, ours or theirs."""

    text_id: str
    kind: str = Field(description="missed_call, confirmation, reminder; received for one of theirs")
    state: str
    reason: str
    error_code: int | None
    body: str
    due_at: datetime
    posted_at: datetime | None
    told_at: datetime | None


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
    promises: list[PromiseView]
    texts: list[TextView]
    crm: list[CrmView]
    timeline: list[Moment]


class LeadPage(BaseModel):
    leads: list[LeadLine] = Field(description="Newest first")
    next: str | None = Field(description="Pass as `before` for the next page; null at the end")


class OptedOut(BaseModel):
    lead_id: str
    status: str
    suppressed: bool = Field(description="False when the lead has no callable number to suppress")


class Erasure(BaseModel):
    """Who asks for an erasure, and why; kept as evidence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: str = Field(min_length=1, max_length=60, pattern="^[^\x00]*$")
    reason: str = Field(min_length=1, max_length=254, pattern="^[^\x00]*$")


class Erased(BaseModel):
    lead_ids: list[str] = Field(description="All leads of the person's number")
    counts: dict[str, int] = Field(description="Rows of each kind whose personal data is gone")


class OrderTaken(BaseModel):
    """The conversation was told."""

    attempt_id: str
    order: str
