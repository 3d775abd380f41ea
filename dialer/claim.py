"""Takes a due lead for one dial, in a single statement: nobody else can have it until the lease ends.

`FOR UPDATE SKIP LOCKED` on PostgreSQL; on SQLite the same statement is alone by `BEGIN IMMEDIATE`. The fence grows with
every claim. Claiming, deciding and writing the attempt are one transaction: a worker that dies in it claimed nothing.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, or_, select, update

from campaign.records import Lead

LEASE = timedelta(seconds=90)
"""Longer than a task may run (60 s), which is longer than a POST may take (10 s): reliability rule 17."""


def claim(session: Session, lead_id: str, owner: str, now: datetime) -> Lead | None:
    """The lead, leased to `owner`; None when it is not due, not waiting, or somebody else's."""
    free = (
        select(Lead.id)
        .where(
            Lead.id == lead_id,
            Lead.state == "scheduled",
            col(Lead.due_at) <= now,
            or_(col(Lead.lease_until).is_(None), col(Lead.lease_until) < now),
        )
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taking = (
        update(Lead)
        .where(col(Lead.id) == free)
        .values(lease_until=now + LEASE, lease_owner=owner, fence=Lead.fence + 1)
        .returning(Lead)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return session.scalars(taking).first()
