"""Deletes what has been kept long enough, campaign by campaign, a batch a round: recordings, words said, then the person.

Run by beat. What a campaign's file says rules; a lead under a legal hold keeps everything. Each round that deletes leaves
an audit row with its counts.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, null
from sqlmodel import Session, col, delete, or_, select, update

from campaign import audit, consents, store
from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import Campaign
from campaign.records import (
    OPEN,
    Attempt,
    Call,
    ConsentEvent,
    InboundCall,
    InboxMessage,
    Lead,
    TextMessage,
    ToolUse,
    Turn,
)
from dialer import erasure
from dialer.states import UNRECORDED, WITHDRAWN

BATCH = 200
BY = "retention"


def run(database: Database, now: datetime) -> dict[str, int]:
    """One round over all campaigns; returns how many rows of each kind went."""
    total: dict[str, int] = {}
    with database.reading() as session:
        names = [row.name for row in store.active(session)]
    for name in names:
        with database.transaction(patient=True) as session:
            campaign, _ = store.get(session, name)
            for kind, count in _round(session, campaign, now).items():
                total[kind] = total.get(kind, 0) + count
    return total


def _round(session: Session, campaign: Campaign, now: datetime) -> dict[str, int]:
    keep = campaign.retention
    counts = {
        "recordings": _recordings(session, campaign.name, now - timedelta(days=keep.recordings_days)),
        "transcripts": _transcripts(session, campaign.name, now - timedelta(days=keep.transcripts_days)),
        "unread_messages": _unread(session, campaign, now - timedelta(days=keep.transcripts_days)),
        "calls_of_nobody": _of_nobody(session, InboundCall, campaign, now - timedelta(days=keep.transcripts_days)),
        "texts_of_nobody": _of_nobody(session, TextMessage, campaign, now - timedelta(days=keep.transcripts_days)),
        "people": _people(session, campaign.name, now - timedelta(days=keep.details_days), now),
    }
    gone = {kind: count for kind, count in counts.items() if count}
    if gone:
        audit.note(session, "retention", by=BY, now=now, subject=campaign.name, counts=gone)
    return gone


def _recordings(session: Session, campaign: str, before: datetime) -> int:
    """Marked here, deleted at the carrier by the sweep, which tries until it is done."""
    due = (
        select(Attempt.id)
        .where(Attempt.campaign == campaign, col(Attempt.ended_at) < before, col(Attempt.recording_sid).is_not(None))
        .where(or_(col(Attempt.recording_status).is_(None), col(Attempt.recording_status).not_in(UNRECORDED)))
        .where(col(Attempt.lead_id).not_in(consents.held()))
        .limit(BATCH)
    )
    found = list(session.exec(due))
    marked = update(Attempt).where(col(Attempt.id).in_(found)).values(recording_status=WITHDRAWN)
    return _changed(session, marked)


def _transcripts(session: Session, campaign: str, before: datetime) -> int:
    words = select(Turn.id).where(Turn.attempt_id == Call.attempt_id)
    due = (
        select(Call.attempt_id)
        .where(Call.campaign == campaign, col(Call.ended_at) < before)
        .where(or_(words.exists(), col(Call.tape).is_not(None)))
        .where(col(Call.lead_id).not_in(consents.held()))
        .limit(BATCH)
    )
    found = list(session.exec(due))
    session.execute(delete(Turn).where(col(Turn.attempt_id).in_(found)))
    session.execute(update(ToolUse).where(col(ToolUse.attempt_id).in_(found)).values(arguments={}, result={}))
    return _changed(session, update(Call).where(col(Call.attempt_id).in_(found)).values(tape=null(), brief=""))


def _unread(session: Session, campaign: Campaign, before: datetime) -> int:
    """Messages that never became a lead: nobody's retention would find them."""
    doors = [source.name for source in campaign.sources]
    theirs = col(InboxMessage.source).in_(doors), col(InboxMessage.lead_id).is_(None)
    due = col(InboxMessage.received_at) < before, InboxMessage.body_sha256 != ""
    return _emptied(session, InboxMessage, col(InboxMessage.id), *theirs, *due)


def _of_nobody(session: Session, table: Any, campaign: Campaign, before: datetime) -> int:
    """Calls and texts of people without a lead; those to a number of no campaign go with the first that is due."""
    key, number, at = erasure.OF_NOBODY[table]
    theirs = col(table.campaign).in_((campaign.name, "")), col(table.lead_id).is_(None)
    return _emptied(session, table, key, *theirs, at < before, number != "")


def _emptied(session: Session, table: Any, key: Any, *where: Any) -> int:
    """A batch of the rows that are due: what is personal in them goes."""
    due = list(session.exec(select(key).where(*where).limit(BATCH)))
    return _changed(session, update(table).where(key.in_(due)).values(**erasure.empties(table)))


def _people(session: Session, campaign: str, before: datetime, now: datetime) -> int:
    """From the last call, use or change on. Stops stay, as they always do."""
    rung = select(Attempt.id).where(Attempt.lead_id == Lead.id, col(Attempt.intent_at) >= before)
    used = select(ConsentEvent.id).where(ConsentEvent.lead_id == Lead.id, col(ConsentEvent.at) >= before)
    due = (
        select(Lead)
        .where(Lead.campaign == campaign, col(Lead.updated_at) < before, col(Lead.received_at) < before)
        .where(col(Lead.state).not_in(OPEN), ~col(Lead.external_id).startswith("#"))
        .where(~rung.exists(), ~used.exists(), col(Lead.id).not_in(consents.held()))
        .limit(BATCH)
    )
    erased = 0
    for lead in session.exec(due).all():
        try:
            erasure.erase(session, [lead], by=BY, reason="past its retention", now=now, stop=False)
        except Permanent:
            continue  # an attempt that was never settled: a person must look at that first
        erased += 1
    return erased


def _changed(session: Session, statement: Any) -> int:
    done = session.execute(statement)
    assert isinstance(done, CursorResult)
    return done.rowcount
