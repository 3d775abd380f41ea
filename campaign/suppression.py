"""Stop means stop: one call suppresses a number at once and everywhere, and closes whatever was still planned for it."""

from datetime import datetime

from sqlmodel import Session, col, or_, select

from campaign import ids
from campaign.records import Lead, Suppression


def suppress(
    session: Session,
    phone: str,
    *,
    reason: str,
    channel: str,
    now: datetime,
    lead_id: str | None = None,
    scope: str = "global",
) -> bool:
    """Record the suppression (once per number and scope) and end every waiting lead of that number; True when new.

    A lead that is on the phone right now keeps its state: its call is being ended and will settle as opted out.
    """
    known = session.exec(select(Suppression).where(Suppression.phone == phone, Suppression.scope == scope)).first()
    if known is None:
        session.add(
            Suppression(
                id=ids.new("sup"), phone=phone, scope=scope, reason=reason, channel=channel, lead_id=lead_id, at=now
            )
        )
    waiting = select(Lead).where(Lead.phone == phone, col(Lead.state).in_(("received", "scheduled")))
    if scope != "global":
        waiting = waiting.where(Lead.campaign == scope)
    for lead in session.exec(waiting):
        lead.state = lead.outcome = "opted_out"
        lead.reason, lead.outcome_at, lead.due_at, lead.updated_at = reason, now, None, now
        session.add(lead)
    session.flush()
    return known is None


def suppressed(session: Session, phone: str, campaign: str) -> Suppression | None:
    """The suppression that forbids calling this number for this campaign, if there is one."""
    return session.exec(
        select(Suppression).where(
            Suppression.phone == phone, or_(Suppression.scope == "global", Suppression.scope == campaign)
        )
    ).first()
