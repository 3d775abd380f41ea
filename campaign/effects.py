"""What the CRM is owed, written in the transaction that caused it; `crm_sync` delivers until it is done."""

from datetime import datetime

from sqlmodel import Session, col, or_, select

from campaign import ids
from campaign.database import after_commit
from campaign.jobs import Job
from campaign.records import OutboxEntry

CALL, LEAD = "crm.call", "crm.lead"


def owe_call(session: Session, attempt_id: str, lead_id: str, now: datetime) -> None:
    """A finished attempt: told once, whatever becomes of the lead."""
    if _newest(session, CALL, attempt_id) is None:
        _owe(session, CALL, attempt_id, lead_id, 1, now)


def owe_lead(session: Session, lead_id: str, now: datetime) -> None:
    """A lead that ended without a call to tell of. Told again when it was told something else before: a blocked lead may
    still opt out. An entry that nobody has tried yet says what is true when it is delivered."""
    known = _newest(session, LEAD, lead_id)
    if known is None or known.state != "due" or known.tries:
        _owe(session, LEAD, lead_id, lead_id, known.version + 1 if known else 1, now)


def due_again(session: Session, entry_id: str, now: datetime) -> int:
    """One entry, or without a name every one in review, from the start; how many. One being delivered right now is left."""
    query = select(OutboxEntry).where(OutboxEntry.id == entry_id if entry_id else OutboxEntry.state == "review")
    free = or_(col(OutboxEntry.lease_until).is_(None), col(OutboxEntry.lease_until) < now)
    rows = list(session.exec(query.where(free)))
    for row in rows:
        row.state, row.due_at, row.tries, row.lease_until = "due", now, 0, None
        session.add(row)
        after_commit(session, Job.DELIVER, row.id)
    return len(rows)


def _newest(session: Session, effect: str, entity_id: str) -> OutboxEntry | None:
    mine = select(OutboxEntry).where(OutboxEntry.effect == effect, OutboxEntry.entity_id == entity_id)
    return session.exec(mine.order_by(col(OutboxEntry.version).desc()).limit(1)).first()


def _owe(session: Session, effect: str, entity_id: str, lead_id: str, version: int, now: datetime) -> None:
    entry = OutboxEntry(
        id=ids.new("obx"),
        effect=effect,
        entity_id=entity_id,
        version=version,
        lead_id=lead_id,
        due_at=now,
        created_at=now,
    )
    session.add(entry)
    after_commit(session, Job.DELIVER, entry.id)
