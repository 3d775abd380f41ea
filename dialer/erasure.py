"""Erases a person: every column marked personal, in every table that hangs on their leads, and the salts of what was sealed.

What the law asks to be kept stays: the facts of consents, decisions and calls without who it was, and stand-ins by which a
stop, a cap or a later question about the number still finds them. Copies elsewhere (CRM, calendar) are their owners'.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, LargeBinary
from sqlmodel import Session, SQLModel, and_, col, delete, or_, select, update

from campaign import audit, consents, stand_ins
from campaign.errors import Permanent
from campaign.records import (
    Attempt,
    AuditEntry,
    Call,
    Consent,
    ConsentEvent,
    InboundCall,
    InboxMessage,
    Lead,
    OutboxEntry,
    Scrub,
    Suppression,
    TextMessage,
    ToolUse,
    Turn,
)
from campaign.suppression import person, suppress
from dialer.states import DELETED, WITHDRAWN

ERASED = "erased"
KEPT_AS_STAND_IN = {Lead: ("phone", "external_id"), Consent: ("phone",), Attempt: ("to_number",)}
OF_LEAD: tuple[Any, ...] = (Consent, ConsentEvent, Attempt, Call, InboxMessage, InboundCall, TextMessage)
OF_ATTEMPT: tuple[Any, ...] = (Turn, ToolUse)
OF_NOBODY: dict[Any, tuple[Any, Any, Any]] = {
    InboundCall: (col(InboundCall.call_sid), col(InboundCall.caller), col(InboundCall.at)),
    TextMessage: (col(TextMessage.id), col(TextMessage.phone), col(TextMessage.created_at)),
}
"""Calls and texts that came from whoever, by their key, the person's number and when; those without a lead are theirs by the
number alone."""


def erase(
    session: Session,
    leads: Sequence[Lead],
    *,
    by: str,
    reason: str,
    now: datetime,
    phone: str | None = None,
    stop: bool = True,
) -> AuditEntry:
    """Erase these leads, of one person, and what came from their numbers without a lead; returns the audit row with its
    counts. Call inside a write transaction.

    `phone`: the number they were looked up by, which may have no lead.
    With `stop` the number and the address are suppressed, as stand-ins. Raises `Permanent` while one is on the phone or under a
    legal hold.
    """
    ids = [lead.id for lead in leads]
    _refuse(session, ids)
    phones = sorted({number for number in (phone, *(lead.phone for lead in leads)) if number})
    people = phones + sorted({person(lead.email) for lead in leads if lead.email})
    for who in people if stop else ():
        suppress(session, who, reason=ERASED, channel="erasure", now=now, by=by)
    session.flush()
    subject = stand_ins.of(session, people[0]) if people else ""
    counts = dict(_erase_rows(session, ids) + _forget(session, phones))
    for who in people:
        _stand_in(session, Suppression, Suppression.phone, who)
        _stand_in(session, Scrub, Scrub.phone, who)
    session.execute(
        update(OutboxEntry)
        .where(col(OutboxEntry.lead_id).in_(ids), col(OutboxEntry.state) != "done")
        .values(state="done", last_error=ERASED)
    )
    unsent = and_(col(TextMessage.lead_id).in_(ids), col(TextMessage.state) == "due")
    session.execute(update(TextMessage).where(unsent).values(state="withheld", reason=ERASED))
    session.expire_all()
    return audit.note(session, "erase", by=by, now=now, subject=subject, reason=reason, counts=counts)


def of_person(session: Session, phone: str) -> list[Lead]:
    """Every lead of a number in E.164 that still has its data, whatever its campaign."""
    return list(session.exec(select(Lead).where(Lead.phone == phone).order_by(col(Lead.id))))


def is_of_nobody(session: Session, phone: str) -> bool:
    """Whether a number without a lead has called or written to us."""
    return any(session.exec(select(table).where(_of_nobody(table, [phone]))).first() for table in OF_NOBODY)


def is_erased(lead: Lead) -> bool:
    return stand_ins.is_one(lead.external_id)


def _refuse(session: Session, ids: list[str]) -> None:
    held = select(Lead.id).where(col(Lead.id).in_(ids), col(Lead.id).in_(consents.held())).limit(1)
    if session.exec(held).first() is not None:
        raise Permanent("this person is under a legal hold; `firstring consent release` ends it", code="on_hold")
    live = select(Attempt.id).where(col(Attempt.lead_id).in_(ids), col(Attempt.settled_at).is_(None)).limit(1)
    if session.exec(live).first() is not None:
        raise Permanent(
            "this person is on the phone; opt them out, and erase when the call has ended", code="on_the_phone"
        )


def _erase_rows(session: Session, ids: list[str]) -> Counter[str]:
    """Recordings are only marked here; the carrier's copy goes with the next sweep."""
    attempts = list(session.exec(select(Attempt.id).where(col(Attempt.lead_id).in_(ids))))
    recorded = or_(col(Attempt.recording_status).is_(None), col(Attempt.recording_status) != DELETED)
    withdrawn = (
        update(Attempt)
        .where(col(Attempt.id).in_(attempts), col(Attempt.recording_sid).is_not(None), recorded)
        .values(recording_status=WITHDRAWN)
    )
    counts = Counter({"recording": _changed(session, withdrawn)})
    for table, mine in _tables(ids, attempts):
        for name in KEPT_AS_STAND_IN.get(table, ()):
            for value in session.exec(select(getattr(table, name)).where(mine).distinct()).all():
                _stand_in(session, table, getattr(table, name), value, mine)
        if emptied := empties(table):
            counts[str(table.__tablename__)] = _changed(session, update(table).where(mine).values(**emptied))
    return counts


def _forget(session: Session, phones: Sequence[str]) -> Counter[str]:
    """Calls and texts of these numbers that belong to no lead."""
    counts = Counter[str]()
    for table in OF_NOBODY:
        emptied = update(table).where(_of_nobody(table, phones)).values(**empties(table))
        counts[str(table.__tablename__)] = _changed(session, emptied)
    return counts


def _of_nobody(table: Any, phones: Sequence[str]) -> ColumnElement[bool]:
    _, number, _ = OF_NOBODY[table]
    return and_(col(table.lead_id).is_(None), number.in_(phones))


def _tables(ids: list[str], attempts: list[str]) -> Iterator[tuple[Any, ColumnElement[bool]]]:
    yield Lead, col(Lead.id).in_(ids)
    yield from ((table, table.lead_id.in_(ids)) for table in OF_LEAD)
    yield from ((table, table.attempt_id.in_(attempts)) for table in OF_ATTEMPT)


def empties(table: type[SQLModel]) -> dict[str, Any]:
    """What erasure writes: nothing, in each personal column that does not keep a stand-in, and in the salt."""
    kept = KEPT_AS_STAND_IN.get(table, ())
    columns = table.__table__.columns  # type: ignore[attr-defined]
    found = {column.key: _nothing(table, column) for column in columns if column.info.get("personal")}
    salted = {"salt": ""} if "salt" in columns and found else {}
    return {name: value for name, value in (found | salted).items() if name not in kept}


def _nothing(table: type[SQLModel], column: Any) -> Any:
    factory = table.model_fields[column.key].default_factory
    if factory is not None:
        return factory()  # type: ignore[call-arg]
    return None if column.nullable else b"" if isinstance(column.type, LargeBinary) else ""


def _stand_in(
    session: Session, table: Any, column: Any, value: str | None, mine: ColumnElement[bool] | None = None
) -> None:
    """Write a value's stand-in in its place; where the table has that row already, this one goes."""
    if not value or stand_ins.is_one(value):
        return
    put = stand_ins.of(session, value)
    if table is Suppression:
        there = select(Suppression.scope).where(Suppression.phone == put)
        session.execute(delete(Suppression).where(col(Suppression.phone) == value, col(Suppression.scope).in_(there)))
    where = column == value if mine is None else (column == value) & mine
    session.execute(update(table).where(where).values(**{column.key: put}))


def _changed(session: Session, statement: Any) -> int:
    done = session.execute(statement)
    assert isinstance(done, CursorResult)
    return done.rowcount
