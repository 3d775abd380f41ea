"""Looks a lead's number up in the lists whose answer is due, keeps what they said, and wakes the lead.

A list that is away or out of date leaves the lead waiting: the gate asks again, and this with it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog
from sqlmodel import Session, col, select

from campaign import consents, ids, stand_ins, store
from campaign.database import Database, after_commit
from campaign.errors import FirstringError
from campaign.file import ScrubList
from campaign.jobs import Job
from campaign.phone import Phone, parse
from campaign.records import Lead, Scrub
from dialer import list_rules, lists

log = structlog.get_logger()
DUE = "scrub_stale"
Opened = Callable[[ScrubList, Mapping[str, str]], lists.Lookup]


def scrub(database: Database, lead_id: str, now: datetime, opened: Opened = lists.opened) -> int:
    """Returns how many answers were kept. The database is let go while the lists are asked."""
    with database.reading() as session:
        lead = session.get(Lead, lead_id)
        if lead is None or lead.phone is None or stand_ins.is_one(lead.phone):
            return 0
        number = parse(lead.phone, None, frozenset())
        campaign, _ = store.get(session, lead.campaign)
        known = answers(session, lead.phone)
        consent = consents.newest(session, lead_id)
    if not isinstance(number, Phone):
        return 0
    agreed_at = (consent.at or consent.recorded_at) if consent else None
    given, rows = lists.environment(), []
    for one in list_rules.due(campaign.scrubs, number.country, known, now):
        try:
            found = opened(one, given).look_up(lead.phone, agreed_at, now)
        except FirstringError as error:
            log.warning("a list could not be asked; its leads wait", list=one.list, code=error.code)
            continue
        if list_rules.fresh_until(one, number.country, found.as_of) <= now and not found.listed:
            log.warning("a list is out of date; its leads wait", list=one.list)
            continue
        rows.append(_row(one, lead.phone, found, now))
    _keep(database, lead_id, rows, now)
    return len(rows)


def answers(session: Session, phone: str) -> dict[str, list_rules.Answer]:
    """The newest answer of each list about a number."""
    rows = session.exec(
        select(Scrub)
        .where(col(Scrub.phone).in_(stand_ins.forms(session, phone)))
        .order_by(col(Scrub.checked_at), Scrub.id)
    )
    return {row.list: list_rules.Answer(row.as_of, row.result == "listed") for row in rows}


def _row(one: ScrubList, phone: str, found: lists.Found, now: datetime) -> Scrub:
    return Scrub(
        id=ids.new("scr"),
        phone=phone,
        list=one.list,
        kind=one.kind,
        checked_at=now,
        as_of=found.as_of,
        list_version=found.version,
        result="listed" if found.listed else "clear",
    )


def _keep(database: Database, lead_id: str, rows: list[Scrub], now: datetime) -> None:
    with database.transaction() as session:
        session.add_all(rows)
        lead = session.get(Lead, lead_id, with_for_update=True)
        if rows and lead is not None and lead.state == "scheduled" and lead.reason == DUE:
            lead.due_at = now
            session.add(lead)
            after_commit(session, Job.DIAL, lead_id)
