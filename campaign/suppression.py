"""Stop means stop: one call suppresses a number at once and everywhere, and closes whatever was still planned for it."""

from datetime import datetime

from sqlmodel import Session, col, or_, select, update

from campaign import effects, ids, once
from campaign.database import after_commit
from campaign.jobs import Job
from campaign.records import Attempt, Lead, Suppression

CARRIER = "carrier"
"""The channel of numbers the carrier will not connect: nobody's wish, so a person's own stop takes its place."""


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
    """Record the suppression (once per number and scope), end every waiting lead of that number, and have its calls ended;
    True when new.

    A lead that is on the phone right now keeps its state: its call is being ended and will settle as opted out.
    """
    row = Suppression(
        id=ids.new("sup"), phone=phone, scope=scope, reason=reason, channel=channel, lead_id=lead_id, at=now
    )
    new = once.insert(session, row)
    if not new and channel != CARRIER:
        session.execute(
            update(Suppression)
            .where(col(Suppression.phone) == phone, col(Suppression.scope) == scope)
            .where(col(Suppression.channel) == CARRIER)
            .values(reason=reason, channel=channel, lead_id=lead_id, at=now)
        )
    _close_waiting(session, phone, scope, reason, now)
    live = select(Attempt.id).where(Attempt.to_number == phone, col(Attempt.settled_at).is_(None))
    for attempt_id in session.exec(live):
        after_commit(session, Job.MACHINE, attempt_id)
    return new


def _close_waiting(session: Session, phone: str, scope: str, reason: str, now: datetime) -> None:
    """Locked, so that a lead being dialled at this moment is either still waiting here or seen by its dial's last look."""
    waiting = select(Lead).where(Lead.phone == phone, col(Lead.state).in_(("received", "scheduled")))
    if scope != "global":
        waiting = waiting.where(Lead.campaign == scope)
    locked = waiting.order_by(col(Lead.id)).with_for_update().execution_options(populate_existing=True)
    for lead in session.exec(locked).all():
        lead.state = lead.outcome = "opted_out"
        lead.reason, lead.outcome_at, lead.due_at, lead.updated_at = reason, now, None, now
        session.add(lead)
        session.flush()
        effects.owe_lead(session, lead.id, now)


def suppressed(session: Session, phone: str, campaign: str) -> Suppression | None:
    """The suppression that forbids calling this number for this campaign, if there is one; a person's own stop first."""
    binding = or_(Suppression.scope == "global", Suppression.scope == campaign)
    query = select(Suppression).where(Suppression.phone == phone, binding)
    return session.exec(query.order_by(col(Suppression.channel) == CARRIER)).first()
