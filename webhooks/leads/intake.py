"""One transaction from an authentic message to a lead that is queued, scheduled or blocked, with consent and decision.

A repeat, by message id or by the sender's own lead id, finds the first lead and changes nothing; the database's unique
constraints decide, so two at once cannot both win. What cannot be parsed is kept in the inbox for a person to look at.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, assert_never
from zoneinfo import available_timezones

from sqlmodel import Session, select

from campaign import effects, ids, once, phone
from campaign.database import after_commit
from campaign.file import Campaign
from campaign.jobs import Job
from campaign.records import Consent, InboxMessage, Lead
from dialer.ask import ask
from dialer.gate import Allow, Defer, Deny
from webhooks.leads.payload import ConsentForm, LeadForm

ZONES = available_timezones()
DOOR = "leads"


@dataclass(frozen=True, slots=True)
class Message:
    """An authentic delivery, before anything in it is understood."""

    source: str
    message_id: str
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accepted:
    lead_id: str
    status: Literal["queued", "scheduled", "duplicate", "blocked"]
    call_at: datetime | None
    reason: str


def accept(
    session: Session, campaign: Campaign, version: int, message: Message, form: LeadForm, now: datetime
) -> Accepted:
    """Keep the message and, unless it is a repeat, make its lead and ask the gate."""
    inbox, fresh = _inbox(session, message, now)
    if not fresh and inbox.lead_id:
        return _duplicate(session, inbox.lead_id)
    lead, fresh = _lead(session, campaign, message, form, now)
    inbox.state, inbox.lead_id, inbox.problem = "worked", lead.id, None
    session.add(inbox)
    if not fresh:
        return _duplicate(session, lead.id)
    if form.consent:
        session.add(_consent(campaign, lead, form.consent, now))
    session.flush()
    return _decide(session, campaign, version, lead, now)


def keep_for_review(session: Session, message: Message, problem: str, now: datetime) -> None:
    """An authentic message that we could not read: nothing is lost, a person must look at it."""
    inbox, fresh = _inbox(session, message, now)
    if fresh or not inbox.lead_id:
        inbox.state, inbox.problem = "review", problem
        session.add(inbox)


def _inbox(session: Session, message: Message, now: datetime) -> tuple[InboxMessage, bool]:
    row = InboxMessage(
        id=ids.new("msg"),
        door=DOOR,
        source=message.source,
        message_id=message.message_id,
        content_type=message.content_type[:200],
        headers=message.headers,
        body=message.body,
        body_sha256=hashlib.sha256(message.body).hexdigest(),
        received_at=now,
    )
    if once.insert(session, row):
        return row, True
    same = select(InboxMessage).where(
        InboxMessage.door == DOOR, InboxMessage.source == message.source, InboxMessage.message_id == message.message_id
    )
    return session.exec(same).one(), False


def _lead(session: Session, campaign: Campaign, message: Message, form: LeadForm, now: datetime) -> tuple[Lead, bool]:
    number = _number(campaign, form)
    dialled = number if isinstance(number, phone.Phone) else None
    zone = form.timezone if form.timezone in ZONES else ""
    extra = dict(form.model_extra or {})
    if form.consent and form.consent.model_extra:
        extra["consent"] = form.consent.model_extra
    if form.timezone and not zone:
        extra["timezone"] = form.timezone
    row = Lead(
        id=ids.new("lead"),
        campaign=campaign.name,
        source=message.source,
        external_id=form.external_id or message.message_id,
        phone_typed=form.phone,
        phone=dialled.e164 if dialled else None,
        country=dialled.country if dialled else form.country.upper(),
        timezone=zone,
        extra=extra,
        received_at=now,
        updated_at=now,
        **form.model_dump(
            include={
                "first_name",
                "last_name",
                "email",
                "region",
                "postcode",
                "company",
                "message",
                "answers",
                "submitted_at",
            }
        ),
    )
    if once.insert(session, row):
        return row, True
    same = select(Lead).where(Lead.source == row.source, Lead.external_id == row.external_id)
    return session.exec(same).one(), False


def _number(campaign: Campaign, form: LeadForm) -> phone.Phone | phone.Undialable:
    """Only a two-letter country helps to read a national number; anything else leaves the campaign's own."""
    country = form.country if len(form.country) == 2 else None
    return phone.parse(form.phone, country, frozenset(campaign.countries))


def _consent(campaign: Campaign, lead: Lead, form: ConsentForm, now: datetime) -> Consent:
    return Consent(
        id=ids.new("con"),
        lead_id=lead.id,
        campaign=campaign.name,
        seller_legal_name=campaign.seller.legal_name,
        phone=lead.phone,
        text_sha256=hashlib.sha256(form.text.encode()).hexdigest(),
        recorded_at=now,
        salt=secrets.token_hex(16),
        **form.model_dump(include=set(ConsentForm.model_fields)),
    )


def _decide(session: Session, campaign: Campaign, version: int, lead: Lead, now: datetime) -> Accepted:
    verdict = ask(session, lead, campaign, version, now)
    match verdict:
        case Allow():
            lead.state, lead.due_at, lead.reason = "scheduled", now, ""
            after_commit(session, Job.DIAL, lead.id)
            accepted = Accepted(lead.id, "queued", now, "")
        case Defer():
            lead.state, lead.due_at, lead.reason = "scheduled", verdict.until, verdict.reason
            accepted = Accepted(lead.id, "scheduled", verdict.until, verdict.reason)
        case Deny():
            lead.state, lead.due_at, lead.reason = "blocked", None, verdict.reason
            accepted = Accepted(lead.id, "blocked", None, verdict.reason)
            effects.owe_lead(session, lead.id, now)
        case _:
            assert_never(verdict)
    session.add(lead)
    return accepted


def _duplicate(session: Session, lead_id: str) -> Accepted:
    first = session.get_one(Lead, lead_id)
    return Accepted(first.id, "duplicate", first.due_at, "already_received")
