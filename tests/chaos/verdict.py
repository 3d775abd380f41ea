"""What must be true when the wind has fallen. Reads the database and the carrier's, calendar's and CRM's own memory."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlmodel import col, select

from campaign import evidence, store
from campaign.database import Database
from campaign.records import Attempt, Booking, Call, Lead, OutboxEntry, Outcome
from tests.journeys.stack import FINAL, Stack

ATTEMPT = re.compile(r"/twilio/(att_[A-Za-z0-9]+)/")


def unrest(database: Database, accepted: list[str], now: datetime) -> list[str]:
    """What is still on its way; empty once everything has come to rest."""
    with database.reading() as session:
        leads = session.exec(select(Lead)).all()
        unsettled = session.exec(select(Attempt).where(col(Attempt.settled_at).is_(None))).all()
        owed = session.exec(select(OutboxEntry).where(OutboxEntry.state == "due")).all()
        open_calls = session.exec(select(Call).where(col(Call.ended_at).is_(None))).all()
    moving = [f"lead {lead.id} {lead.state} {lead.reason}" for lead in leads if not rests(lead, now)]
    moving += [f"attempt {attempt.id} {attempt.state}" for attempt in unsettled]
    moving += [f"owed to the CRM: {entry.effect} {entry.tries} {entry.last_error}" for entry in owed]
    moving += [f"call open: {call.attempt_id}" for call in open_calls]
    return moving + [f"accepted, not kept: {lost}" for lost in set(accepted) - {lead.id for lead in leads}]


def rests(lead: Lead, now: datetime) -> bool:
    waits = lead.state == "scheduled" and lead.due_at is not None and lead.due_at > now
    return lead.state in FINAL or (waits and bool(lead.reason))


def faults(stack: Stack, database: Database) -> Iterator[str]:
    """One sentence per promise that was broken."""
    carrier = stack.seen("twilio", "calls")
    with database.reading() as session:
        attempts = {attempt.id: attempt for attempt in session.exec(select(Attempt))}
        outcomes = Counter(session.exec(select(Outcome.attempt_id).where(col(Outcome.attempt_id).is_not(None))))
        bookings = session.exec(select(Booking).where(Booking.state == "confirmed")).all()
        broken = [fault for row in store.active(session) for fault in evidence.faults(session, row.name)]
    yield from carrier_faults(carrier, attempts)
    yield from (f"the chain of evidence: {fault}" for fault in broken)
    yield from (f"{attempt}: {count} outcomes" for attempt, count in outcomes.items() if count > 1)
    yield from crm_faults(stack.seen("hubspot", "objects")["calls"], attempts)
    yield from calendar_faults(stack.seen("google", "events"), bookings)


def carrier_faults(carrier: dict[str, Any], attempts: dict[str, Attempt]) -> Iterator[str]:
    if carrier["alive"]:
        yield f"{carrier['alive']} calls are alive at the carrier"
    per_attempt: Counter[str] = Counter()
    per_person: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for call in carrier["calls"]:
        if call["direction"] != "outbound-api":
            continue
        match = ATTEMPT.search(str(call["order"]))
        attempt = match.group(1) if match else "?"
        per_attempt[attempt] += 1
        if attempt not in attempts:
            yield f"the carrier has a call of an attempt nobody wrote down: {attempt}"
        times = [moment["at"] for moment in call["timeline"]]
        per_person[call["to"]].append((min(times), max(times)))
    yield from (f"{attempt}: {count} calls" for attempt, count in per_attempt.items() if count > 1)
    for spans in per_person.values():
        for (_, ended), (began, _) in pairwise(sorted(spans)):
            if began < ended:
                yield f"somebody was on two calls at once, {ended - began:.2f} s long"


def crm_faults(written: list[dict[str, Any]], attempts: dict[str, Attempt]) -> Iterator[str]:
    bodies = [str(record) for record in written]
    for attempt in attempts:
        if (count := sum(attempt in body for body in bodies)) > 1:
            yield f"{attempt}: {count} records in the CRM"


def calendar_faults(events: list[dict[str, Any]], bookings: list[Booking] | Any) -> Iterator[str]:
    confirmed = {event["id"] for event in events if event["status"] == "confirmed"}
    ours = {booking.event_id for booking in bookings}
    yield from (f"a meeting we confirmed is not in the calendar: {lost}" for lost in ours - confirmed)
    yield from (f"a meeting in the calendar nobody confirmed: {stray}" for stray in confirmed - ours)
