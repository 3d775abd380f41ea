"""Who is rung next: promised callbacks, then fresh leads (the newest first), then retries, then imported lists.

Read for each campaign and priority by itself, as far as there is room for calls: a range of one index, however many wait
(a million: docs/measurements.md), and whoever is not named keeps their place. A bulk import never stands before a fresh lead.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlmodel import Session, col, or_, select

from campaign import store
from campaign.records import Lead
from campaign.settings import Settings
from dialer import pacing
from dialer.known import halts
from dialer.pacing import Held

PROMISED, FRESH, RETRY, IMPORTED = range(4)
HINTED = timedelta(seconds=1)
"""A lead due this recently has its own hint on the way."""


def due(session: Session, settings: Settings, now: datetime) -> Iterator[str]:
    """Leads to be rung within the next second, best first. Under a brake on the account or the campaign nobody is named."""
    in_force = halts(session, now)
    if "account" in in_force:
        return
    campaigns = [store.read(row) for row in store.active(session)]
    ringing = [one for one in campaigns if f"campaign:{one.name}" not in in_force]
    room = {one.name: pacing.room(session, one, settings, now) for one in ringing}
    named = dict.fromkeys(room, 0)
    for priority in (PROMISED, FRESH, RETRY, IMPORTED):
        for campaign in ringing:
            most = room[campaign.name][priority] - named[campaign.name]
            for lead_id in waiting(session, campaign.name, priority, now - HINTED, now, most):
                named[campaign.name] += 1
                yield lead_id


def waiting(session: Session, campaign: str, priority: int, due_by: datetime, now: datetime, most: int) -> list[str]:
    """Unclaimed leads of one campaign and priority that were due by then, in the order in which they are rung."""
    if most <= 0:
        return []
    order = col(Lead.due_at).desc() if priority == FRESH else col(Lead.due_at)
    query = (
        select(Lead.id)
        .where(Lead.state == "scheduled", Lead.campaign == campaign, Lead.priority == priority)
        .where(col(Lead.due_at) <= due_by)
        .where(or_(col(Lead.lease_until).is_(None), col(Lead.lease_until) < now))
        .order_by(order)
        .limit(most)
    )
    return list(session.exec(query))


def gives_way(session: Session, lead: Lead, now: datetime) -> Held | None:
    """Somebody of this campaign who goes before this lead is due, and came a moment too early for a place.

    Whoever can wait leaves them the next one; else a list takes every place of a campaign that rings once a second, since
    a place is free only just after the first in line was refused it (measured: 5 s for a fresh lead).
    """
    before = (PROMISED, FRESH) if lead.priority >= RETRY else ()
    waits = any(waiting(session, lead.campaign, priority, now, now, 1) for priority in before)
    return Held("paced") if waits else None
