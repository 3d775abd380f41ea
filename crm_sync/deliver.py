"""`Job.DELIVER`: tell the CRM about one outbox entry. Asked any number of times, it is told once.

The rows are read at the moment of delivery, so what is sent is what is true then. The database is let go before the CRM
is called. Every outcome is written down; nothing is lost by a crash at any point.
"""

import random
from datetime import datetime
from typing import Any, assert_never

import structlog
from sqlmodel import Session, col, select

from campaign import store
from campaign.database import Database
from campaign.errors import FirstringError, Retryable
from campaign.records import Attempt, Booking, Call, Consent, Lead, OutboxEntry, Outcome
from campaign.settings import Settings
from crm_sync import choice, outbox
from crm_sync.payload import CrmWrite, Facts, build
from crm_sync.schedule import Again, PauseAll, Review, after

log = structlog.get_logger()


def deliver(database: Database, settings: Settings, outbox_id: str, now: datetime) -> None:
    """Raises `Permanent` when the settings name no usable CRM; the CRM's own trouble ends in the row, not here.

    Without a CRM outcomes stay in our own console, and the outbox is emptied.
    """
    if settings.crm == "none":
        with database.transaction(patient=True) as session:
            if (entry := outbox.claim(session, outbox_id, now)) is not None:
                outbox.done(session, entry, now, None)
        return
    adapter = choice.adapter(settings)
    try:
        with database.transaction(patient=True) as session:
            entry = outbox.claim(session, outbox_id, now)
        if entry is None:
            return

        def remember(**ids: Any) -> None:
            with database.transaction(patient=True) as session:
                if not outbox.remember(session, entry, ids):
                    raise Retryable("another worker has this entry now", code="claim_lost")

        try:
            with database.reading() as session:
                write = build(entry.entity_id, _facts(session, entry), settings.public_base, now)
            flags = adapter.deliver(entry.id, write, entry.remote, remember)
        except FirstringError as error:
            _failed(database, entry, error, now)
        except Exception as error:
            _failed(database, entry, Retryable(type(error).__name__, code="crm_bug"), now)
            raise
        else:
            _delivered(database, entry, write, flags, now)
    finally:
        adapter.close()


def _delivered(database: Database, entry: OutboxEntry, write: CrmWrite, flags: list[str], now: datetime) -> None:
    with database.transaction(patient=True) as session:
        outbox.done(session, entry, now, "; ".join(flags) or None)
    log.info("CRM told", outbox_id=entry.id, entity_id=write.marker, tries=entry.tries, flags=flags)


def _failed(database: Database, entry: OutboxEntry, error: FirstringError, now: datetime) -> None:
    known = {key: value for key, value in error.data.items() if key in ("status", "category", "reason", "properties")}
    problem = " ".join([f"{error.code}: {error}", *(f"{key}={value}" for key, value in known.items() if value)])
    verdict = after(error, entry.tries, now, random.random())
    with database.transaction(patient=True) as session:
        match verdict:
            case Again(at):
                outbox.again(session, entry, at, problem)
            case PauseAll(until):
                outbox.pause(session, entry, until, problem)
            case Review():
                outbox.review(session, entry, problem)
            case other:
                assert_never(other)
    log.warning("CRM not told", outbox_id=entry.id, tries=entry.tries, code=error.code, verdict=type(verdict).__name__)


def _facts(session: Session, entry: OutboxEntry) -> Facts:
    lead = session.get_one(Lead, entry.lead_id)
    campaign, _version = store.get(session, lead.campaign)
    attempt = session.get(Attempt, entry.entity_id) if entry.effect == "crm.call" else None
    return Facts(
        lead=lead,
        campaign=campaign,
        consent=session.exec(
            select(Consent).where(Consent.lead_id == lead.id).order_by(col(Consent.recorded_at).desc()).limit(1)
        ).first(),
        attempt=attempt,
        call=session.get(Call, attempt.id) if attempt else None,
        booking=_booking(session, lead.id, attempt),
        outcome=session.exec(select(Outcome).where(Outcome.attempt_id == attempt.id)).first() if attempt else None,
    )


def _booking(session: Session, lead_id: str, attempt: Attempt | None) -> Booking | None:
    """The meeting agreed in this call; for a lead without a call, the one to come."""
    agreed = select(Booking).where(Booking.lead_id == lead_id, Booking.state == "confirmed")
    if attempt is not None:
        agreed = agreed.where(Booking.attempt_id == attempt.id)
    return session.exec(agreed.order_by(col(Booking.created_at).desc()).limit(1)).first()
