"""Asks the gate about one lead: gathers the facts, decides, and leaves the decision row in the caller's transaction."""

import secrets
from datetime import datetime

from sqlmodel import Session, col, select

from campaign import ids
from campaign.file import Campaign
from campaign.phone import Phone, Undialable, parse
from campaign.records import Attempt, Consent, Decision, Halt, Lead, Outcome
from campaign.suppression import suppressed
from dialer.facts import Facts
from dialer.gate import RULES_VERSION, Allow, Defer, Deny, Verdict, decide
from dialer.places import locate
from dialer.states import State

UNCOUNTED = (State.REFUSED,)
"""Attempts that never reached the carrier's network do not use up the lead's patience."""


def ask(session: Session, lead: Lead, campaign: Campaign, version: int, now: datetime) -> Verdict:
    """May this lead be rung now? Used at intake; dialing uses `decided`, which also hands over the row."""
    return decided(session, lead, campaign, version, now)[0]


def decided(session: Session, lead: Lead, campaign: Campaign, version: int, now: datetime) -> tuple[Verdict, Decision]:
    """Gather, decide, record. The decision row commits with whatever the caller does about it."""
    verdict = decide(gather(session, lead, campaign, now), campaign, now, lead.id)
    row = Decision(
        id=ids.new("dec"),
        lead_id=lead.id,
        campaign=campaign.name,
        campaign_version=version,
        rules_version=RULES_VERSION,
        at=now,
        verdict=_word(verdict),
        until=verdict.until if isinstance(verdict, Defer) else None,
        reason=verdict.reason,
        trace=verdict.trace,
        salt=secrets.token_hex(16),
    )
    session.add(row)
    return verdict, row


def gather(session: Session, lead: Lead, campaign: Campaign, now: datetime) -> Facts:
    """Everything the gate may know about this lead at `now`."""
    number = parse(lead.phone or lead.phone_typed, lead.country, frozenset(campaign.countries))
    phone = number.e164 if isinstance(number, Phone) else None
    attempts = _attempts(session, lead, phone)
    counted = [attempt for attempt in attempts if attempt.state not in UNCOUNTED]
    mine = [attempt for attempt in counted if attempt.lead_id == lead.id]
    return Facts(
        number=number,
        place=None if isinstance(number, Undialable) else locate(number, lead.timezone),
        consent=_consent(session, lead, phone),
        suppression=_suppression(session, phone, campaign.name),
        halts=halts(session, now),
        tried=len(mine),
        rang=tuple(attempt.intent_at for attempt in counted),
        on_the_phone=any(attempt.settled_at is None for attempt in attempts),
        promised=lead.callback_at,
        last_caller=mine[-1].from_number if mine else None,
        answered=_answered(session, lead, phone),
    )


def halts(session: Session, now: datetime) -> dict[str, datetime | None]:
    """Brakes in force by scope."""
    return {halt.scope: halt.until for halt in session.exec(select(Halt)) if halt.until is None or halt.until > now}


def _attempts(session: Session, lead: Lead, phone: str | None) -> list[Attempt]:
    """Attempts to this number by any lead, oldest first."""
    if phone is None:
        return []
    return list(session.exec(select(Attempt).where(Attempt.to_number == phone).order_by(col(Attempt.intent_at))))


def _consent(session: Session, lead: Lead, phone: str | None) -> bool | None:
    """The newest consent of this lead; one given for another number says nothing about this one."""
    mine = select(Consent).where(Consent.lead_id == lead.id)
    newest = session.exec(mine.order_by(col(Consent.recorded_at).desc(), col(Consent.id).desc())).first()
    if newest is None or (newest.given and newest.phone not in (None, phone)):
        return None
    return newest.given


def _answered(session: Session, lead: Lead, phone: str | None) -> str | None:
    """How a conversation ended that this number had with the campaign for another lead since this one came in."""
    if phone is None:
        return None
    spoken = (
        select(Outcome.next)
        .join(Lead, col(Lead.id) == col(Outcome.lead_id))
        .where(Lead.phone == phone, Lead.campaign == lead.campaign, Lead.id != lead.id)
        .where(Outcome.reached == "human", Outcome.next != "retry", col(Outcome.at) >= lead.received_at)
    )
    return session.exec(spoken.order_by(col(Outcome.at).desc()).limit(1)).first()


def _suppression(session: Session, phone: str | None, campaign: str) -> str | None:
    found = suppressed(session, phone, campaign) if phone else None
    return found.reason if found else None


def _word(verdict: Verdict) -> str:
    match verdict:
        case Allow():
            return "allow"
        case Defer():
            return "defer"
        case Deny():
            return "deny"
