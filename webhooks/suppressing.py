"""Changes of the suppression list from outside, by command or API: lists taken in, single entries, removals; all audited."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from sqlmodel import Session, col, select

from campaign import audit, stand_ins, store, suppression_list
from campaign.database import Database
from campaign.errors import Permanent
from campaign.records import Suppression
from campaign.suppression import GLOBAL, lift, suppress
from campaign.suppression_list import Entry, Fault

TOGETHER = 100
"""Lines of one transaction: a long list holds up nobody's call."""
FOREIGN = "is a stand-in of another installation, whose numbers cannot be recognised here"


@dataclass(slots=True)
class Report:
    added: int = 0
    known: int = 0
    refused: list[Fault] = field(default_factory=list)


def take_in(database: Database, lines: Iterable[str], *, country: str, by: str, now: datetime) -> Report:
    """Read a list; what can be read is suppressed, what cannot is told line by line. Raises `Permanent` for its header."""
    with database.reading() as session:
        campaigns = frozenset(row.name for row in store.active(session))
    report, found = Report(), suppression_list.read(lines, campaigns, country)
    while batch := list(islice(found, TOGETHER)):
        with database.transaction(patient=True) as session:
            for entry in batch:
                _take(session, entry, report, now)
    counts = {"added": report.added, "known": report.known, "refused": len(report.refused)}
    with database.transaction(patient=True) as session:
        audit.note(session, "suppression_import", by=by, now=now, counts=counts)
    return report


def add(session: Session, entry: Entry, *, channel: str, by: str, now: datetime) -> bool:
    """Suppress one number or person; True when new."""
    _known_scope(session, entry.scope)
    _ours(session, entry.phone)
    new = suppress(session, entry.phone, reason=entry.reason, channel=channel, now=now, scope=entry.scope, by=by)
    subject = stand_ins.of(session, entry.phone)
    audit.note(
        session, "suppression_add", by=by, now=now, subject=subject, reason=entry.reason, counts={"added": int(new)}
    )
    return new


def remove(session: Session, entry: Entry, *, by: str, now: datetime) -> int:
    """Take an entry off the list; needs a reason, which is kept. Revoked consents stay revoked: the person must agree anew."""
    if not entry.reason.strip():
        raise Permanent("say why (--reason): it is kept as evidence", code="no_reason")
    gone = lift(session, entry.phone, entry.scope)
    subject = stand_ins.of(session, entry.phone)
    audit.note(
        session, "suppression_remove", by=by, now=now, subject=subject, reason=entry.reason, counts={"removed": gone}
    )
    return gone


def export(session: Session) -> Iterator[list[str]]:
    """The whole list, oldest first."""
    rows = session.exec(select(Suppression).order_by(col(Suppression.at), col(Suppression.id)))
    return suppression_list.write(rows)


def _take(session: Session, entry: Entry | Fault, report: Report, now: datetime) -> None:
    if isinstance(entry, Fault):
        report.refused.append(entry)
    elif stand_ins.is_one(entry.phone) and not stand_ins.is_ours(session, entry.phone):
        report.refused.append(Fault(entry.line, FOREIGN))
    elif suppress(session, entry.phone, reason=entry.reason, channel="import", now=now, scope=entry.scope):
        report.added += 1
    else:
        report.known += 1


def _known_scope(session: Session, scope: str) -> None:
    if scope != GLOBAL and store.newest(session, scope) is None:
        raise Permanent(f"no campaign is called {scope!r}; leave the scope out to bind all", code="no_campaign")


def _ours(session: Session, phone: str) -> None:
    if stand_ins.is_one(phone) and not stand_ins.is_ours(session, phone):
        raise Permanent(FOREIGN, code="foreign_stand_in")
