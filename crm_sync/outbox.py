"""The outbox's rows: claiming one under a lease, in order per contact, and writing down how it went.

The lease outlives the worker's hard time limit, so a claimed entry is either worked by one worker or nobody's. `tries`
is the fence: a writer whose number is no longer the row's lost its claim. Call inside a write transaction.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select, update
from sqlmodel.sql.expression import SelectOfScalar

from campaign.database import after_commit
from campaign.jobs import Job
from campaign.records import Lead, OutboxEntry

LEASE = timedelta(seconds=90)
BEHIND = timedelta(seconds=2)


def claim(session: Session, outbox_id: str, now: datetime) -> OutboxEntry | None:
    """The entry, ours for `LEASE`; None when not due, somebody else's, or behind an open one of the same contact."""
    entry = session.get(OutboxEntry, outbox_id)
    if entry is None or entry.state != "due" or entry.due_at > now:
        return None
    first = _earlier(session, entry)
    if first is not None:
        entry.due_at = max(first.due_at, now) + BEHIND
        session.add(entry)
        return None
    taken = session.exec(
        update(OutboxEntry)
        .where(
            col(OutboxEntry.id) == outbox_id,
            col(OutboxEntry.state) == "due",
            sa.or_(col(OutboxEntry.lease_until).is_(None), col(OutboxEntry.lease_until) < now),
        )
        .values(lease_until=now + LEASE, tries=col(OutboxEntry.tries) + 1)
    )
    if not taken.rowcount:
        return None
    session.refresh(entry)
    return entry


def remember(session: Session, entry: OutboxEntry, ids: Mapping[str, Any]) -> bool:
    """Add to what the other side told us; False when the claim was lost."""
    entry.remote = {**entry.remote, **ids}
    return _write(session, entry, remote=entry.remote)


def done(session: Session, entry: OutboxEntry, now: datetime, note: str | None) -> None:
    """Delivered; the contact's next entry may go, and so may those that only waited for the CRM to come back."""
    if not _write(session, entry, state="done", done_at=now, lease_until=None, last_error=note):
        return
    lead = session.get_one(Lead, entry.lead_id)
    waiting = _open_entries().where(col(OutboxEntry.lease_until).is_(None)).order_by(col(OutboxEntry.created_at))
    others = list(session.exec(waiting.where(_same_contact(lead)).limit(1)))
    if entry.tries > 1:
        others += session.exec(waiting.where(col(OutboxEntry.last_error).startswith("crm_unavailable")).limit(50))
    for other in others:
        other.due_at = min(other.due_at, now)
        session.add(other)
        after_commit(session, Job.DELIVER, other.id)


def again(session: Session, entry: OutboxEntry, at: datetime, problem: str) -> None:
    _write(session, entry, due_at=at, lease_until=None, last_error=problem)


def review(session: Session, entry: OutboxEntry, problem: str) -> None:
    _write(session, entry, state="review", lease_until=None, last_error=problem)


def pause(session: Session, entry: OutboxEntry, until: datetime, problem: str) -> None:
    """Everything waits; this try does not count."""
    if _write(session, entry, due_at=until, lease_until=None, last_error=problem, tries=entry.tries - 1):
        session.exec(
            update(OutboxEntry)
            .where(
                col(OutboxEntry.state) == "due", col(OutboxEntry.due_at) < until, col(OutboxEntry.lease_until).is_(None)
            )
            .values(due_at=until)
        )


def _write(session: Session, entry: OutboxEntry, **values: Any) -> bool:
    written = session.exec(
        update(OutboxEntry)
        .where(col(OutboxEntry.id) == entry.id, col(OutboxEntry.state) == "due", col(OutboxEntry.tries) == entry.tries)
        .values(**values)
    )
    return bool(written.rowcount)


def _earlier(session: Session, entry: OutboxEntry) -> OutboxEntry | None:
    """The oldest open entry of the same person before this one: a CRM must hear of a person's calls in order."""
    lead = session.get_one(Lead, entry.lead_id)
    before = sa.or_(
        col(OutboxEntry.created_at) < entry.created_at,
        sa.and_(col(OutboxEntry.created_at) == entry.created_at, col(OutboxEntry.id) < entry.id),
    )
    return session.exec(
        _open_entries()
        .where(before, _same_contact(lead))
        .order_by(col(OutboxEntry.created_at), col(OutboxEntry.id))
        .limit(1)
    ).first()


def _open_entries() -> SelectOfScalar[OutboxEntry]:
    """Joined with their leads; few, however many leads there are."""
    return select(OutboxEntry).join(Lead, col(Lead.id) == OutboxEntry.lead_id).where(OutboxEntry.state == "due")


def _same_contact(lead: Lead) -> sa.ColumnElement[bool]:
    same = [col(Lead.id) == lead.id]
    if lead.phone:
        same.append(col(Lead.phone) == lead.phone)
    if lead.email:
        same.append(sa.func.lower(Lead.email) == lead.email.lower())
    return sa.or_(*same)
