"""Stop means stop, by API or console: suppress the number, end what was planned, and name the calls to be ended now."""

from datetime import datetime

from sqlmodel import Session, col, select

from campaign import effects
from campaign.records import Attempt, Lead
from campaign.suppression import suppress

WAITING = ("received", "scheduled", "blocked")


def stop(session: Session, lead: Lead, *, channel: str, now: datetime, by: str = "") -> list[str]:
    """Opt the lead out; returns the attempts of its number that are on the line, whose conversations may say goodbye.

    Call inside a write transaction. `suppress` sees to it that they end whether or not they hear of it.
    """
    if lead.phone is None:
        _close(session, lead, now)
        return []
    suppress(session, lead.phone, reason="opted_out", channel=channel, now=now, lead_id=lead.id, by=by)
    if lead.state == "blocked":
        _close(session, lead, now)
    live = select(Attempt.id).where(
        Attempt.to_number == lead.phone, col(Attempt.ended_at).is_(None), col(Attempt.settled_at).is_(None)
    )
    return list(session.exec(live))


def _close(session: Session, lead: Lead, now: datetime) -> None:
    if lead.state in WAITING:
        lead.state = lead.outcome = lead.reason = "opted_out"
        lead.outcome_at, lead.due_at, lead.updated_at = now, None, now
        session.add(lead)
        effects.owe_lead(session, lead.id, now)
