"""Stop means stop: one call suppresses a number at once and everywhere, and closes whatever was still planned for it.

Who is meant stands in the row as a number in E.164, as `mailto:` and an address for a person under any number, or as the
stand-in of either once the data was erased; for one campaign or, as a rule, for all.
"""

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, or_, select, update

from campaign import consents, effects, ids, once, stand_ins
from campaign.database import after_commit
from campaign.jobs import Job
from campaign.records import Attempt, Lead, Suppression

CARRIER = "carrier"
"""The channel of numbers the carrier will not connect: nobody's wish, so a person's own stop takes its place."""
GLOBAL = "global"
MAILTO = "mailto:"


def person(email: str) -> str:
    """How a person known by an e-mail address stands in a row."""
    return MAILTO + email.strip().lower()


def suppress(
    session: Session,
    phone: str,
    *,
    reason: str,
    channel: str,
    now: datetime,
    lead_id: str | None = None,
    scope: str = GLOBAL,
    by: str = "",
    attempt_id: str | None = None,
) -> bool:
    """Record the suppression (once per number and scope), end every waiting lead of that number, revoke its consents, and
    have its calls ended; True when new. `phone` may be `person(email)`.

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
    if channel != CARRIER:
        campaign = None if scope == GLOBAL else scope
        consents.revoke(session, phone, channel=channel, now=now, campaign=campaign, by=by, attempt_id=attempt_id)
    _close_waiting(session, phone, scope, reason, now)
    live = select(Attempt.id).where(_rung_for(phone), col(Attempt.settled_at).is_(None))
    for live_id in session.exec(live):
        after_commit(session, Job.MACHINE, live_id)
    return new


def suppressed(session: Session, phone: str, campaign: str, email: str = "") -> Suppression | None:
    """The suppression that forbids calling this number or person for this campaign, if there is one; a person's own stop first."""
    known = stand_ins.forms(session, phone) + (stand_ins.forms(session, person(email)) if email else ())
    binding = or_(Suppression.scope == GLOBAL, Suppression.scope == campaign)
    query = select(Suppression).where(col(Suppression.phone).in_(known), binding)
    return session.exec(query.order_by(col(Suppression.channel) == CARRIER)).first()


def lift(session: Session, phone: str, scope: str = GLOBAL) -> int:
    """Take a suppression off the list, e.g. one that was imported by mistake; returns how many rows went. Revocations stay."""
    known = stand_ins.forms(session, phone)
    rows = session.exec(select(Suppression).where(col(Suppression.phone).in_(known), Suppression.scope == scope)).all()
    for row in rows:
        session.delete(row)
    return len(rows)


def _close_waiting(session: Session, phone: str, scope: str, reason: str, now: datetime) -> None:
    """Locked, so that a lead being dialled at this moment is either still waiting here or seen by its dial's last look."""
    waiting = select(Lead).where(_is_theirs(phone), col(Lead.state).in_(("received", "scheduled")))
    if scope != GLOBAL:
        waiting = waiting.where(Lead.campaign == scope)
    locked = waiting.order_by(col(Lead.id)).with_for_update().execution_options(populate_existing=True)
    for lead in session.exec(locked).all():
        lead.state = lead.outcome = "opted_out"
        lead.reason, lead.outcome_at, lead.due_at, lead.updated_at = reason, now, None, now
        session.add(lead)
        session.flush()
        effects.owe_lead(session, lead.id, now)


def _is_theirs(phone: str) -> ColumnElement[bool]:
    if phone.startswith(MAILTO):
        return func.lower(Lead.email) == phone.removeprefix(MAILTO)
    return col(Lead.phone) == phone


def _rung_for(phone: str) -> ColumnElement[bool]:
    if phone.startswith(MAILTO):
        return col(Attempt.lead_id).in_(select(Lead.id).where(_is_theirs(phone)))
    return col(Attempt.to_number) == phone
