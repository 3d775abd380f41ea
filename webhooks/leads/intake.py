"""From authentic messages to leads that are queued, scheduled or blocked, with consent and decision, in one transaction.

Leads that arrive together share it: ten statements for any number of them (measured on PostgreSQL: one lead by itself costs
15 ms of server time in statements of its own). A repeat, by message id or by the sender's own lead id, finds the first lead
and changes nothing; the database's unique constraints decide, so two at once cannot both win.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, Literal, assert_never
from zoneinfo import available_timezones

from sqlmodel import Session, col, select, update

from campaign import effects, ids, once, phone
from campaign.database import after_commit
from campaign.file import Campaign
from campaign.jobs import Job
from campaign.records import Consent, Decision, InboxMessage, Lead, Suppression
from campaign.suppression import suppress
from dialer import known
from dialer.ask import asked
from dialer.gate import Allow, Defer, Deny, Verdict
from webhooks.leads.payload import ConsentForm, LeadForm

ZONES = available_timezones()
DOOR = "leads"
FRESH, BACKLOG = 1, 3
"""A lead of just now, and one of an imported list: `Lead.priority`."""
FIELDS = ("first_name", "last_name", "email", "region", "postcode", "company", "message", "answers", "submitted_at")


@dataclass(frozen=True, slots=True)
class Message:
    """An authentic delivery, before anything in it is understood."""

    source: str
    message_id: str
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that was understood, and the campaign behind its door."""

    campaign: Campaign
    version: int
    message: Message
    form: LeadForm
    priority: int = FRESH

    @property
    def key(self) -> tuple[str, str]:
        return self.message.source, self.message.message_id

    @property
    def external_key(self) -> tuple[str, str]:
        return self.message.source, self.form.external_id or self.message.message_id


@dataclass(frozen=True, slots=True)
class Accepted:
    lead_id: str
    status: Literal["queued", "scheduled", "duplicate", "blocked"]
    call_at: datetime | None
    reason: str


def accept(session: Session, arrivals: Sequence[Arrival], now: datetime) -> list[Accepted]:
    """Keep every message and, unless it is a repeat, make its lead and ask the gate; one answer for each, in their order."""
    told = _told_before(session, arrivals)
    known_leads = _known_leads(session, [one for one in arrivals if one.key not in told])
    fresh: dict[tuple[str, str], Arrival] = {}
    for one in arrivals:
        if one.key not in told and one.external_key not in known_leads:
            fresh.setdefault(one.external_key, one)
    made = _make(session, [fresh[key] for key in sorted(fresh)], now)
    # Whoever else had the same lead in hand at this moment has committed it by now.
    lost = [one for key, one in fresh.items() if key not in made]
    known_leads |= _known_leads(session, lost) if lost else {}
    _keep(session, arrivals, {**known_leads, **{key: answer.lead_id for key, (_, answer) in made.items()}}, told, now)
    first = {id(one): answer for one, answer in made.values()}
    firsts = _firsts(session, {*told.values(), *known_leads.values()} - {""})
    return [first.get(id(one)) or _duplicate(one, told, known_leads, made, firsts) for one in arrivals]


def keep_for_review(session: Session, message: Message, problem: str, now: datetime) -> None:
    """An authentic message that we could not read: nothing is lost, a person must look at it."""
    row = InboxMessage(**_inbox_row(message, now), state="review", problem=problem)
    if not once.insert(session, row):
        session.execute(
            update(InboxMessage)
            .where(col(InboxMessage.door) == DOOR, col(InboxMessage.source) == message.source)
            .where(col(InboxMessage.message_id) == message.message_id, col(InboxMessage.lead_id).is_(None))
            .values(state="review", problem=problem)
        )


# ---- repeats --------------------------------------------------------------------------------------------------------


def _told_before(session: Session, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], str]:
    """Messages that have led to a lead already, and to which."""
    led = InboxMessage.door == DOOR, col(InboxMessage.lead_id).is_not(None)
    columns = col(InboxMessage.source), col(InboxMessage.message_id), col(InboxMessage.lead_id)
    return _leads_by(session, columns, {one.key for one in arrivals}, *led)


def _known_leads(session: Session, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], str]:
    """Leads that the senders have told us of under the same id."""
    columns = col(Lead.source), col(Lead.external_id), col(Lead.id)
    return _leads_by(session, columns, {one.external_key for one in arrivals})


def _leads_by(
    session: Session, columns: tuple[Any, Any, Any], keys: set[tuple[str, str]], *where: Any
) -> dict[tuple[str, str], str]:
    """Lead ids by source and id; `columns` are those of source, id and lead.

    Sources and ids are asked for apart, and what no sender said is dropped: pairs are an OR of as many terms to PostgreSQL, which
    then reads its table whole (measured: 14 ms for twenty among 5,000 rows, 2 ms so).
    """
    if not keys:
        return {}
    of_source, of_id, _ = columns
    among = of_source.in_({source for source, _ in keys}), of_id.in_({own_id for _, own_id in keys})
    found = session.exec(select(*columns).where(*among, *where))
    return {(source, own_id): lead_id for source, own_id, lead_id in found if (source, own_id) in keys}


def _firsts(session: Session, lead_ids: Iterable[str]) -> dict[str, datetime | None]:
    wanted = sorted(lead_ids)
    return dict(session.exec(select(Lead.id, Lead.due_at).where(col(Lead.id).in_(wanted))).all()) if wanted else {}


def _duplicate(
    arrival: Arrival,
    told: Mapping[tuple[str, str], str],
    known_leads: Mapping[tuple[str, str], str],
    made: Mapping[tuple[str, str], tuple[Arrival, Accepted]],
    firsts: Mapping[str, datetime | None],
) -> Accepted:
    lead_id = told.get(arrival.key) or known_leads.get(arrival.external_key)
    if lead_id is None:  # its twin came in the same moment
        twin = made[arrival.external_key][1]
        return Accepted(twin.lead_id, "duplicate", twin.call_at, "already_received")
    return Accepted(lead_id, "duplicate", firsts.get(lead_id), "already_received")


# ---- new leads ------------------------------------------------------------------------------------------------------


def _make(
    session: Session, arrivals: Sequence[Arrival], now: datetime
) -> dict[tuple[str, str], tuple[Arrival, Accepted]]:
    """The leads that are new to the database as well, each with its consent and the gate's decision."""
    if not arrivals:
        return {}
    leads = [_lead(one, now) for one in arrivals]
    consents = {
        lead.id: _consent(one.campaign, lead, one.form.consent, now)
        for one, lead in zip(arrivals, leads, strict=True)
        if one.form.consent
    }
    phones = {lead.phone for lead in leads if lead.phone}
    read = known.about(session, (), phones, now, emails=[lead.email for lead in leads], consents=consents)
    stops = {
        lead.id: lead.phone
        for one, lead in zip(arrivals, leads, strict=True)
        if one.form.consent and one.form.consent.revoked and lead.phone
    }
    for number in stops.values():  # the row can only name a lead that is in the database: it is written behind them
        read.suppressions[number].append(Suppression(id="", phone=number, reason="opted_out", channel="form", at=now))
    answers: dict[str, tuple[Arrival, Accepted]] = {}
    rows, decisions = [], []
    for one, lead in zip(arrivals, leads, strict=True):
        verdict, decision = asked(session, lead, one.campaign, one.version, now, read)
        answer = _answer(lead, verdict, now)
        answers[lead.id] = one, answer
        rows.append(lead.model_copy(update=_state(answer)))
        decisions.append(decision)
    inserted = once.insert_all(session, Lead, rows)
    once.insert_all(session, Consent, (row for row in consents.values() if row.lead_id in inserted))
    once.insert_all(session, Decision, (row for row in decisions if row["lead_id"] in inserted))
    for lead_id, number in stops.items():
        mine = lead_id if lead_id in inserted else None
        suppress(session, number, reason="opted_out", channel="form", now=now, lead_id=mine)
    for lead_id in inserted:
        match answers[lead_id][1].status:
            case "queued":
                after_commit(session, Job.DIAL, lead_id)
            case "blocked":
                effects.owe_lead(session, lead_id, now)
    return {one.external_key: (one, answer) for lead_id, (one, answer) in answers.items() if lead_id in inserted}


def _lead(arrival: Arrival, now: datetime) -> Lead:
    form, campaign = arrival.form, arrival.campaign
    number = _number(campaign, form)
    dialled = number if isinstance(number, phone.Phone) else None
    zone = form.timezone if form.timezone in ZONES else ""
    extra = dict(form.model_extra or {})
    if form.timezone and not zone:
        extra["timezone"] = form.timezone
    return once.draft(
        Lead,
        id=ids.new("lead"),
        campaign=campaign.name,
        source=arrival.message.source,
        external_id=arrival.external_key[1],
        phone_typed=form.phone,
        phone=dialled.e164 if dialled else None,
        country=dialled.country if dialled else form.country.upper(),
        timezone=zone,
        extra=extra,
        priority=arrival.priority,
        received_at=now,
        updated_at=now,
        **{name: getattr(form, name) for name in FIELDS},
    )


def _number(campaign: Campaign, form: LeadForm) -> phone.Phone | phone.Undialable:
    """Only a two-letter country helps to read a national number; anything else leaves the campaign's own."""
    country = form.country if len(form.country) == 2 else None
    return phone.parse(form.phone, country, frozenset(campaign.countries))


def _consent(campaign: Campaign, lead: Lead, form: ConsentForm, now: datetime) -> Consent:
    return once.draft(
        Consent,
        id=ids.new("con"),
        lead_id=lead.id,
        campaign=campaign.name,
        seller_legal_name=campaign.seller.legal_name,
        phone=lead.phone,
        text_sha256=hashlib.sha256(form.text.encode()).hexdigest(),
        recorded_at=now,
        more=dict(form.model_extra or {}) or None,
        salt=secrets.token_hex(16),
        **form.model_dump(include=set(ConsentForm.model_fields) - {"revoked"}),
    )


def _state(answer: Accepted) -> dict[str, Any]:
    """Of a lead whose sender is told this."""
    state = "blocked" if answer.status == "blocked" else "scheduled"
    return {"state": state, "due_at": answer.call_at, "reason": answer.reason}


def _answer(lead: Lead, verdict: Verdict, now: datetime) -> Accepted:
    match verdict:
        case Allow():
            return Accepted(lead.id, "queued", now, "")
        case Defer():
            return Accepted(lead.id, "scheduled", verdict.until, verdict.reason)
        case Deny():
            return Accepted(lead.id, "blocked", None, verdict.reason)
        case _:
            assert_never(verdict)


# ---- the inbox ------------------------------------------------------------------------------------------------------


def _keep(
    session: Session,
    arrivals: Sequence[Arrival],
    leads: Mapping[tuple[str, str], str],
    told: Mapping[tuple[str, str], str],
    now: datetime,
) -> None:
    """Every message with the lead it led to; one that was kept for a person to look at is worked now."""
    new = {one.key: one for one in arrivals if one.key not in told}
    rows = [
        _inbox_row(one.message, now) | {"state": "worked", "lead_id": leads[one.external_key], "problem": None}
        for _, one in sorted(new.items(), key=itemgetter(0))
    ]
    kept = once.insert_all(session, InboxMessage, rows)
    for row in rows:
        if row["id"] not in kept:
            session.execute(
                update(InboxMessage)
                .where(col(InboxMessage.door) == DOOR, col(InboxMessage.source) == row["source"])
                .where(col(InboxMessage.message_id) == row["message_id"], col(InboxMessage.lead_id).is_(None))
                .values(state="worked", lead_id=row["lead_id"], problem=None)
            )


def _inbox_row(message: Message, now: datetime) -> dict[str, Any]:
    return {
        "id": ids.new("msg"),
        "door": DOOR,
        "source": message.source,
        "message_id": message.message_id,
        "content_type": message.content_type[:200],
        "headers": message.headers,
        "body": message.body,
        "body_sha256": hashlib.sha256(message.body).hexdigest(),
        "received_at": now,
    }
