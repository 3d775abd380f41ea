"""Takes a due lead for one dial, in a single statement: nobody else can have it until the lease ends.

`FOR UPDATE SKIP LOCKED` on PostgreSQL; on SQLite the same statement is alone by `BEGIN IMMEDIATE`. The fence grows with
every claim. Claiming, deciding and writing the attempt are one transaction: a worker that dies in it claimed nothing.
"""

from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Session, col, or_, select, update

from campaign.records import Lead
from campaign.records.base import Instant

LEASE = timedelta(seconds=90)
"""Longer than a task may run (60 s), which is longer than a POST may take (10 s): reliability rule 17."""
_NOW = bindparam("now", type_=Instant())
_FREE = (
    select(Lead.id)
    .where(
        Lead.id == bindparam("lead_id"),
        Lead.state == "scheduled",
        col(Lead.due_at) <= _NOW,
        or_(col(Lead.lease_until).is_(None), col(Lead.lease_until) < _NOW),
    )
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
# Built once: most of a claim that comes too late would else be spent on making its statement.
_TAKING = (
    update(Lead)
    .where(col(Lead.id) == _FREE)
    .values(lease_until=bindparam("until", type_=Instant()), lease_owner=bindparam("owner"), fence=col(Lead.fence) + 1)
    .returning(Lead)
    .execution_options(populate_existing=True, synchronize_session=False)
)


def claim(session: Session, lead_id: str, owner: str, now: datetime) -> Lead | None:
    """The lead, leased to `owner`; None when it is not due, not waiting, or somebody else's."""
    return session.scalars(_TAKING, {"lead_id": lead_id, "owner": owner, "now": now, "until": now + LEASE}).first()
