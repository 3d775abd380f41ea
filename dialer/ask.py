"""Asks the gate about one lead: gathers the facts, decides, and leaves the decision row in the caller's transaction."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlmodel import Session, col, func, select

from campaign import ids
from campaign.database import after_commit
from campaign.file import Campaign
from campaign.jobs import Job
from campaign.once import Row
from campaign.phone import Phone, Undialable, parse
from campaign.records import Attempt, Consent, Decision, Lead
from dialer import known
from dialer.agreement import Agreement, agreement
from dialer.facts import Facts
from dialer.gate import Allow, Defer, Deny, Verdict, decide, rules_version
from dialer.known import Known
from dialer.law import Table
from dialer.outcomes import Then
from dialer.resolver import Declared, Place, resolve
from dialer.scrubbing import answers
from dialer.states import State

UNCOUNTED = (State.REFUSED,)
"""Attempts that never reached the carrier's network do not use up the lead's patience."""
COUNTED = (Attempt.direction == "outbound", col(Attempt.state).not_in(UNCOUNTED))
"""Calls of ours that use it up, as conditions of a query; those that people place to us use up nobody's."""


def decided(
    session: Session,
    lead: Lead,
    campaign: Campaign,
    version: int,
    now: datetime,
    read: Known | None = None,
    tired: Mapping[str, datetime] | None = None,
) -> tuple[Verdict, Decision]:
    """Gather, decide, record. The decision row commits with whatever the caller does about it."""
    verdict, columns = asked(session, lead, campaign, version, now, read, tired)
    row = Decision(**columns)
    session.add(row)
    return verdict, row


def asked(
    session: Session,
    lead: Lead,
    campaign: Campaign,
    version: int,
    now: datetime,
    read: Known | None = None,
    tired: Mapping[str, datetime] | None = None,
) -> tuple[Verdict, Row]:
    """Gather and decide; the decision's row is the caller's to keep.

    `read`: what was read for several leads at once. `tired`: caller IDs that have rung enough for now.
    """
    facts = gather(session, lead, campaign, now, read)
    verdict = decide(replace(facts, halts={**facts.halts, **(tired or {})}), campaign, now, lead.id)
    row: Row = {
        "id": ids.new("dec"),
        "lead_id": lead.id,
        "campaign": campaign.name,
        "campaign_version": version,
        "rules_version": rules_version(facts),
        "at": now,
        "verdict": _word(verdict),
        "until": verdict.until if isinstance(verdict, Defer) else None,
        "reason": verdict.reason,
        "trace": verdict.trace,
        "salt": secrets.token_hex(16),
        "sealed_at": None,
    }
    if any(found["rule"] == "scrubs" and found.get("until") for found in verdict.trace):
        after_commit(session, Job.SCRUB, lead.id)
    return verdict, row


def gather(session: Session, lead: Lead, campaign: Campaign, now: datetime, read: Known | None = None) -> Facts:
    """Everything the gate may know about this lead at `now`."""
    number = _number(lead, campaign)
    phone = number.e164 if isinstance(number, Phone) else None
    read = read or look_up(session, lead, campaign, now)
    attempts = read.attempts[phone] if phone else []
    counted = _counted(attempts)
    place = None if isinstance(number, Undialable) else locate(number, lead, read.table)
    given = _consent(read, lead, phone)
    return Facts(
        number=number,
        place=place,
        consent=None if given is None else given.given,
        suppression=_suppression(read, phone, campaign.name, lead.email),
        halts=read.halts,
        tried=sum(attempt.lead_id == lead.id for attempt in counted),
        rang=tuple(attempt.intent_at for attempt in counted),
        on_the_phone=any(attempt.settled_at is None for attempt in attempts),
        promised=lead.callback_at,
        last_caller=_last_caller(attempts, lead),
        answered=_answered(read, lead, phone),
        table=read.table,
        broke_off=lead.reason == f"retry_{Then.DROPPED}",
        scrubs=answers(session, phone) if phone and campaign.scrubs else {},
        agreement=_agreement(read, lead, given, place, campaign),
        refused_at=_refused_at(read, lead, phone),
        hung_up_at=_hung_up_at(read, lead, phone),
    )


def look_up(session: Session, lead: Lead, campaign: Campaign, now: datetime) -> Known:
    """What the database holds about this lead and its number."""
    number = _number(lead, campaign)
    phones = [number.e164] if isinstance(number, Phone) else []
    return known.about(session, [lead.id], phones, now, emails=[lead.email])


def is_still_known(session: Session, phone: str, read: Known) -> bool:
    """Whether nobody has rung the number, nor it us, since that was read: then what follows from calls still holds."""
    theirs = select(func.count()).where(Attempt.to_number == phone)
    return session.exec(theirs).one() == sum(one.to_number == phone for one in read.attempts[phone])


def earlier(session: Session, lead: Lead) -> int:
    """How often we have called this lead, at whatever number."""
    return session.exec(select(func.count()).select_from(Attempt).where(Attempt.lead_id == lead.id, *COUNTED)).one()


def locate(number: Phone, lead: Lead, table: Table) -> Place:
    """Where the lead may be, by its number and what its form says."""
    return resolve(number, Declared(lead.timezone, lead.region, lead.postcode), table)


def _number(lead: Lead, campaign: Campaign) -> Phone | Undialable:
    return parse(lead.phone or lead.phone_typed, lead.country, frozenset(campaign.countries))


def _counted(attempts: list[Attempt]) -> list[Attempt]:
    return [one for one in attempts if one.direction == "outbound" and one.state not in UNCOUNTED]


def _last_caller(attempts: list[Attempt], lead: Lead) -> str | None:
    """The number of ours this lead saw or rang last."""
    seen = [one for one in attempts if one.lead_id == lead.id and one.state not in UNCOUNTED]
    return seen[-1].from_number if seen else None


def _consent(read: Known, lead: Lead, phone: str | None) -> Consent | None:
    """The newest consent of this lead; one given for another number says nothing about this one."""
    newest = read.consents.get(lead.id)
    return None if newest and newest.given and newest.phone not in (None, phone) else newest


def _agreement(
    read: Known, lead: Lead, consent: Consent | None, place: Place | None, campaign: Campaign
) -> Agreement | None:
    if consent is None or not consent.given or place is None:
        return None
    return agreement(
        consent,
        country=place.country,
        submitted_at=lead.submitted_at,
        revoked_at=read.revoked.get(consent.id),
        lapses=partial(read.table.consent_expires, place.jurisdictions),
        strict=campaign.consent_evidence == "strict",
    )


def _refused_at(read: Known, lead: Lead, phone: str | None) -> datetime | None:
    """When this person last said no to anybody, since this lead came in: a form sent after a no is a new wish."""
    said_no = (one.at for one in (read.spoken[phone] if phone else []) if one.wanted == "declined")
    return next((at for at in said_no if at >= lead.received_at), None)


def _hung_up_at(read: Known, lead: Lead, phone: str | None) -> datetime | None:
    """When they last hung up on us since this lead came in, unless they asked for a call then or since."""
    hung_up = next((at for at in (read.hung_up[phone] if phone else []) if at >= lead.received_at), None)
    wished = (one.at for one in (read.spoken[phone] if phone else []) if one.wanted == "callback")
    return None if hung_up is None or any(at >= hung_up for at in wished) else hung_up


def _answered(read: Known, lead: Lead, phone: str | None) -> str | None:
    """How a conversation ended that this number had with the campaign for another lead since this one came in."""
    spoken = read.spoken[phone] if phone else []
    others = (one for one in spoken if one.campaign == lead.campaign and one.lead_id != lead.id)
    return next((one.next for one in others if one.at >= lead.received_at), None)


def _suppression(read: Known, phone: str | None, campaign: str, email: str) -> str | None:
    found = read.suppressed(phone, campaign, email) if phone else None
    return found.reason if found else None


def _word(verdict: Verdict) -> str:
    match verdict:
        case Allow():
            return "allow"
        case Defer():
            return "defer"
        case Deny():
            return "deny"
