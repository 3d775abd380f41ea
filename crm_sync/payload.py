"""What a CRM is told about an attempt or a lead: one neutral value, built from rows. Pure.

Adapters translate it; none of them reads rows. Texts are the lead's or the model's: not to be trusted as markup.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from campaign.file import Campaign
from campaign.records import Attempt, Booking, Call, Consent, Lead, Outcome

LEAD_FIELDS = frozenset(
    ("id", "external_id", "source", "campaign", "first_name", "last_name", "email", "phone", "country", "region")
) | {"postcode", "timezone", "company", "message", "state", "outcome", "reason"}

REASONS = {
    "no_consent": "no consent to be called was given",
    "suppressed": "this number asked not to be called",
    "not_a_phone_number": "this is not a phone number",
    "not_a_valid_number": "this number cannot exist",
    "country_not_allowed": "the campaign does not call this country",
    "broken_off": "the line broke in mid-conversation",
    "conversation_failed": "the conversation failed on our side",
    "attempts_exhausted": "all calls the campaign allows were made",
    "callback_promised": "asked to be called back, and we promised to",
    "put_through": "was put through to a colleague",
}
REPEATING = frozenset({"", "ok", "allowed", "answered", "opted_out"})


@dataclass(frozen=True, slots=True)
class Facts:
    """The rows behind one outbox entry; None where there is none."""

    lead: Lead
    campaign: Campaign
    consent: Consent | None = None
    attempt: Attempt | None = None
    call: Call | None = None
    booking: Booking | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class CrmContact:
    lead_id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    company: str
    mapped: Mapping[str, str]
    """The campaign's own properties, by the CRM's names."""


@dataclass(frozen=True, slots=True)
class CrmConsent:
    given: bool
    text: str
    version: str
    url: str
    ip: str
    method: str
    certificate_url: str
    seller: str
    at: datetime | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class CrmMeeting:
    starts_at: datetime
    ends_at: datetime
    timezone: str
    person: str
    event_link: str
    spoken: str
    """The time as the lead knows it."""


@dataclass(frozen=True, slots=True)
class CrmCall:
    attempt_id: str
    at: datetime
    duration_ms: int
    line: str
    """The attempt's state: completed, busy, no_answer, failed, canceled, …"""
    reached: str
    outcome: str
    """What it led to: a final outcome, `retry` or `callback`."""
    detail: str
    left_message: bool
    to_number: str
    from_number: str
    summary: str
    answers: tuple[tuple[str, str], ...]
    recording_url: str
    mapped: Mapping[str, str]
    direction: str = "outbound"


@dataclass(frozen=True, slots=True)
class CrmWrite:
    """Everything about one effect. `marker` is in every record made from it, so that a repeat recognises its own."""

    marker: str
    title: str
    brand: str
    state: str
    reason: str
    at: datetime
    call_back_by: str
    """Until when a person of the team owes the lead a call, in the team's time; empty when nobody does."""
    console_url: str
    contact: CrmContact
    consent: CrmConsent | None
    meeting: CrmMeeting | None
    call: CrmCall | None


def build(entity_id: str, facts: Facts, public_base: str, now: datetime) -> CrmWrite:
    """`entity_id` is the attempt's id, or the lead's for a lead that will not be called."""
    lead, campaign = facts.lead, facts.campaign
    call = _call(facts, public_base)
    result = call.outcome if call else lead.outcome or lead.state
    return CrmWrite(
        marker=entity_id,
        title=f"{campaign.seller.brand} AI call: {words(result)}"
        if call
        else f"{campaign.seller.brand}: {words(result)}",
        brand=campaign.seller.brand,
        state=lead.state,
        reason=lead.reason,
        at=call.at if call else lead.outcome_at or now,
        call_back_by=_owed(facts),
        console_url=f"{public_base}/console/leads/{lead.id}",
        contact=_contact(facts),
        consent=_consent(facts.consent),
        meeting=_meeting(facts.booking),
        call=call,
    )


def words(code: str) -> str:
    """`not_qualified` as people read it."""
    return code.replace("_", " ")


def why(reason: str) -> str:
    """A lead's reason as a salesperson reads it; nothing where it only repeats the outcome."""
    if reason in REPEATING:
        return ""
    cause, exhausted, _ = reason.partition("_exhausted")
    return f"{words(cause)}, no calls left" if exhausted else REASONS.get(reason, words(reason))


def text(value: Any) -> str:
    """An answer as text, whatever shape it was saved in."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case {"value": inner}:
            return text(inner)
        case list() | tuple():
            return ", ".join(text(one) for one in value)
        case dict():
            return "; ".join(f"{words(str(key))}: {text(one)}" for key, one in value.items())
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def spoken(at: datetime, zone: str) -> str:
    """`Tuesday, November 24 2026 at 10:00 AM (America/New_York)`."""
    try:
        local = at.astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        local, zone = at, "UTC"
    return f"{local:%A, %B} {local.day} {local.year} at {local.hour % 12 or 12}:{local:%M %p} ({zone})"


def _contact(facts: Facts) -> CrmContact:
    lead = facts.lead
    return CrmContact(
        lead_id=lead.id,
        first_name=lead.first_name,
        last_name=lead.last_name,
        email=lead.email,
        phone=lead.phone or "",
        company=lead.company,
        mapped=_mapped(facts.campaign.crm.properties, facts),
    )


def _call(facts: Facts, public_base: str) -> CrmCall | None:
    attempt, call, outcome = facts.attempt, facts.call, facts.outcome
    if attempt is None:
        return None
    theirs = attempt.direction == "inbound"
    reached = outcome.reached if outcome else call.reached if call else "unknown"
    recorded = attempt.recording_sid and attempt.recording_status not in ("absent", "deleted", "withdrawn", "failed")
    recording = f"{public_base}/console/recordings/{attempt.id}.wav" if recorded else ""
    return CrmCall(
        attempt_id=attempt.id,
        at=attempt.answered_at or attempt.placed_at or attempt.intent_at,
        duration_ms=_duration_ms(attempt),
        line=attempt.state,
        reached=reached,
        outcome=outcome.next if outcome else attempt.state,
        detail=attempt.disposition or (outcome.detail if outcome else ""),
        left_message=reached == "voicemail" and facts.campaign.voicemail.action == "message",
        to_number=attempt.from_number if theirs else attempt.to_number,
        from_number=attempt.to_number if theirs else attempt.from_number,
        summary=call.summary if call else "",
        answers=tuple((words(key).capitalize(), text(value)) for key, value in (call.answers if call else {}).items()),
        recording_url=recording,
        mapped=_mapped(facts.campaign.crm.call_properties, facts),
        direction=attempt.direction,
    )


def _owed(facts: Facts) -> str:
    lead = facts.lead
    due = lead.callback_at if lead.state == "needs_human" else None
    return spoken(due, facts.campaign.timezone) if due else ""


def _duration_ms(attempt: Attempt) -> int:
    if attempt.call_duration_s is not None:
        return attempt.call_duration_s * 1000
    if attempt.answered_at and attempt.ended_at:
        return max(0, int((attempt.ended_at - attempt.answered_at).total_seconds() * 1000))
    return 0


def _consent(row: Consent | None) -> CrmConsent | None:
    if row is None:
        return None
    return CrmConsent(
        given=row.given,
        text=row.text,
        version=row.version,
        url=row.url,
        ip=row.ip,
        method=row.method,
        certificate_url=row.certificate_url,
        seller=row.seller_legal_name,
        at=row.at,
        recorded_at=row.recorded_at,
    )


def _meeting(row: Booking | None) -> CrmMeeting | None:
    if row is None or row.state != "confirmed":
        return None
    when = spoken(row.starts_at, row.timezone)
    return CrmMeeting(row.starts_at, row.ends_at, row.timezone, row.person, row.event_link, when)


def _mapped(properties: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """Values of the campaign's own properties; empty ones are left out, so that they never blank what a CRM has."""
    found = {name: text(_source(source, facts)) for name, source in properties.items()}
    return {name: value for name, value in found.items() if value}


def _source(source: str, facts: Facts) -> Any:
    kind, dot, key = source.partition(".")
    answers = facts.call.answers if facts.call else {}
    match kind:
        case "answers" if dot:
            return answers.get(key, facts.lead.answers.get(key))
        case "extra" if dot:
            return facts.lead.extra.get(key)
        case "summary":
            return facts.call.summary if facts.call else ""
        case "meeting":
            return facts.booking.starts_at.isoformat() if facts.booking and facts.booking.state == "confirmed" else ""
        case _ if source in LEAD_FIELDS:
            return getattr(facts.lead, source)
        case _:
            return ""
