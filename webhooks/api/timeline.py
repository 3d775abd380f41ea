"""One lead's story as lines in order of time: what came in, what was decided and why, what happened on the line.

Sentences are plain words for people; `ref` leads to the row with the details. Pure: rows in, lines out.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from campaign.records import Booking, Consent, Decision, Lead, OutboxEntry, Outcome, Promise, TextMessage
from webhooks.api.shapes import AttemptView, Moment
from webhooks.words import plain

VERDICTS = {"allow": "may be called now", "deny": "must not be called", "defer": "must wait"}


def timeline(
    lead: Lead,
    consents: Sequence[Consent],
    decisions: Sequence[Decision],
    attempts: Sequence[AttemptView],
    outcomes: Sequence[Outcome],
    bookings: Sequence[Booking],
    promises: Sequence[Promise],
    texts: Sequence[TextMessage],
    outbox: Sequence[OutboxEntry],
) -> list[Moment]:
    moments = [Moment(at=lead.received_at, kind="received", what=f"Form received from {lead.source}", ref=lead.id)]
    for consent in consents:
        what = "Consent given" if consent.given else "Consent not given"
        moments.append(Moment(at=consent.recorded_at, kind="consent", what=what, ref=consent.id))
    calls = {attempt.decision_id: attempt.number for attempt in attempts}
    zone = ZoneInfo(lead.timezone or "UTC")
    for row in decisions:
        moments.append(Moment(at=row.at, kind="decision", what=_verdict(row, calls.get(row.id), zone), ref=row.id))
    for attempt in attempts:
        moments.extend(_attempt(attempt))
    for outcome in outcomes:
        found = outcome.wanted or outcome.reached
        what = f"Outcome: {plain(found)}" + (f"; next: {plain(outcome.next)}" if outcome.next != found else "")
        moments.append(Moment(at=outcome.at, kind="outcome", what=what, ref=outcome.id))
    for booking in bookings:
        moments.append(
            Moment(
                at=booking.created_at,
                kind="booking",
                what=f"Meeting {booking.state} with {booking.person}",
                ref=booking.id,
            )
        )
    for promise in promises:
        moments.extend(_promise(promise, zone))
    moments += [Moment(at=row.told_at or row.due_at, kind="text", what=_text(row), ref=row.id) for row in texts]
    for entry in outbox:
        moments.append(Moment(at=entry.done_at or entry.created_at, kind="crm", what=_crm(entry), ref=entry.id))
    return sorted(moments, key=lambda moment: moment.at)


def _promise(row: Promise, zone: ZoneInfo) -> Iterator[Moment]:
    what = f"Promised to call at {row.due_at.astimezone(zone):%a %d %b, %H:%M %Z}"
    yield Moment(at=row.made_at, kind="promise", what=what, ref=row.id)
    after = {
        "kept": f"Promise kept: called {_late(row.late_s)}",
        "broken": f"Promise broken: {'not called' if row.late_s is None else f'called {_late(row.late_s)}'}",
        "void": "Promise no longer waited for",
    }.get(row.state)
    if after and row.settled_at:
        yield Moment(at=row.settled_at, kind="promise", what=after, ref=row.id)


def _late(seconds: int | None) -> str:
    if not seconds:
        return "to the second"
    amount = f"{abs(seconds)} s" if abs(seconds) < 120 else f"{abs(seconds) // 60} min"
    return f"{amount} {'early' if seconds < 0 else 'after the time'}"


def _text(row: TextMessage) -> str:
    if row.kind == "received":
        return "Text message received" + (f": {row.reason.upper()}" if row.reason else "")
    why = f" ({plain(row.reason)})" if row.reason else ""
    return f"Text message, {plain(row.kind)}: {plain(row.state)}{why}"


def _verdict(row: Decision, call: int | None, zone: ZoneInfo) -> str:
    checked = f"Rules checked again before call {call}" if call else "Rules checked"
    until = f" until {row.until.astimezone(zone):%a %d %b, %H:%M %Z}" if row.until else ""
    why = f": {plain(row.reason)}" if row.reason and row.verdict != "allow" else ""
    return f"{checked}: {VERDICTS.get(row.verdict, row.verdict)}{until}{why}"


def _attempt(attempt: AttemptView) -> Iterator[Moment]:
    begins = "They rang us" if attempt.direction == "inbound" else f"Call {attempt.number} placed"
    steps: list[tuple[datetime | None, str, str]] = [
        (attempt.placed_at or attempt.intent_at, "attempt", begins),
        (attempt.ringing_at, "event", "Ringing"),
        (
            attempt.answered_at,
            "event",
            "Answered" + (f" by {plain(attempt.answered_by)}" if attempt.answered_by else ""),
        ),
        (attempt.ended_at, "event", f"Line closed: {plain(attempt.disposition or attempt.state)}"),
    ]
    if attempt.call:
        steps += [
            (attempt.call.started_at, "call", "Conversation begins"),
            (attempt.call.ended_at, "call", "Conversation ends" + _by(attempt.call.ended_by)),
        ]
    for at, kind, what in steps:
        if at:
            yield Moment(at=at, kind=kind, what=what, ref=attempt.attempt_id)


def _by(who: Any) -> str:
    return f", ended by {plain(who)}" if who else ""


def _crm(entry: OutboxEntry) -> str:
    match entry.state:
        case "done":
            return "Written to the CRM"
        case "review":
            return "The CRM refused it; a person must look"
        case _:
            return "Owed to the CRM" + (f", {entry.tries} tries so far" if entry.tries else "")
