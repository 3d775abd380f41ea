"""Reads a lead's whole story out of the records; the API serves it as JSON, the console as a page. Writes nothing."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlmodel import Session, SQLModel, col, select

from campaign.records import (
    Attempt,
    Booking,
    Call,
    CallEvent,
    Consent,
    Decision,
    Lead,
    OutboxEntry,
    Outcome,
    Promise,
    TextMessage,
    ToolUse,
    Turn,
)
from dialer import erasure
from webhooks.api import shapes
from webhooks.api.timeline import timeline

View = TypeVar("View", bound=BaseModel)


def page(session: Session, *, limit: int, before: str | None = None, status: str | None = None) -> shapes.LeadPage:
    """Leads, newest first (ids are time-ordered), from `before` on."""
    query = select(Lead).order_by(col(Lead.id).desc()).limit(limit + 1)
    if before:
        query = query.where(col(Lead.id) < before)
    if status:
        query = query.where(Lead.state == status)
    leads = list(session.exec(query))
    more = len(leads) > limit
    return shapes.LeadPage(leads=[line(lead) for lead in leads[:limit]], next=leads[limit - 1].id if more else None)


def line(lead: Lead) -> shapes.LeadLine:
    return shapes.LeadLine(**_line(lead))


def story(session: Session, lead: Lead) -> shapes.LeadStory:
    consents = _of(session, Consent, lead, Consent.recorded_at)
    decisions = _of(session, Decision, lead, Decision.at)
    attempts = _of(session, Attempt, lead, Attempt.intent_at)
    outcomes = _of(session, Outcome, lead, Outcome.at)
    bookings = _of(session, Booking, lead, Booking.created_at)
    outbox = _of(session, OutboxEntry, lead, OutboxEntry.created_at)
    promises = _of(session, Promise, lead, Promise.made_at)
    texts = _of(session, TextMessage, lead, TextMessage.created_at)
    calls = {call.attempt_id: call for call in _of(session, Call, lead, Call.started_at)}
    ids = [attempt.id for attempt in attempts]
    events = _by_attempt(
        session.exec(select(CallEvent).where(col(CallEvent.attempt_id).in_(ids)).order_by(col(CallEvent.received_at)))
    )
    turns = _by_attempt(session.exec(select(Turn).where(col(Turn.attempt_id).in_(ids)).order_by(col(Turn.seq))))
    tools = _by_attempt(
        session.exec(select(ToolUse).where(col(ToolUse.attempt_id).in_(ids)).order_by(col(ToolUse.started_ms)))
    )
    made = [
        _view(
            shapes.AttemptView,
            attempt,
            attempt_id=attempt.id,
            events=[_view(shapes.EventView, event) for event in events[attempt.id]],
            call=_call(calls.get(attempt.id), turns[attempt.id], tools[attempt.id]),
        )
        for attempt in attempts
    ]
    return _view(
        shapes.LeadStory,
        lead,
        **_line(lead),
        consents=[_view(shapes.ConsentView, row, consent_id=row.id) for row in consents],
        decisions=[_view(shapes.DecisionView, row, decision_id=row.id) for row in decisions],
        attempts=made,
        outcomes=[_view(shapes.OutcomeView, row, outcome_id=row.id) for row in outcomes],
        bookings=[_view(shapes.BookingView, row, booking_id=row.id) for row in bookings],
        promises=[_view(shapes.PromiseView, row, promise_id=row.id) for row in promises],
        texts=[_view(shapes.TextView, row, text_id=row.id) for row in texts],
        crm=[_view(shapes.CrmView, row, outbox_id=row.id) for row in outbox],
        timeline=timeline(lead, consents, decisions, made, outcomes, bookings, promises, texts, outbox),
    )


def _line(lead: Lead) -> dict[str, Any]:
    return {
        "lead_id": lead.id,
        "campaign": lead.campaign,
        "source": lead.source,
        "external_id": lead.external_id,
        "name": f"{lead.first_name} {lead.last_name}".strip(),
        "phone": None if erasure.is_erased(lead) else lead.phone or lead.phone_typed or None,
        "timezone": lead.timezone,
        "status": lead.state,
        "reason": lead.reason,
        "outcome": lead.outcome,
        "received_at": lead.received_at,
        "call_at": lead.due_at,
        "attempt_count": lead.attempts,
        "updated_at": lead.updated_at,
    }


def _call(call: Call | None, turns: list[Any], tools: list[Any]) -> shapes.CallView | None:
    if call is None:
        return None
    return _view(
        shapes.CallView,
        call,
        turns=[_view(shapes.TurnView, turn) for turn in turns],
        tools=[_view(shapes.ToolView, tool) for tool in tools],
    )


def _of(session: Session, table: Any, lead: Lead, order: Any) -> list[Any]:
    return list(session.exec(select(table).where(table.lead_id == lead.id).order_by(order)))


def _by_attempt(rows: Iterable[Any]) -> defaultdict[str, list[Any]]:
    grouped: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.attempt_id].append(row)
    return grouped


def _view(shape: type[View], row: SQLModel, **given: Any) -> View:
    """Copy the fields that a shape shares with a row; `given` wins and adds the rest."""
    shared = {name: getattr(row, name) for name in shape.model_fields if name not in given}
    return shape(**shared, **given)
