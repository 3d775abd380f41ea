"""Seals consents, decisions and outcomes into one hash chain per campaign, and verifies it.

Rows are written unsealed by whoever caused them; one periodic job appends them in order, so no transaction on the way to a
call waits for a chain. A chain entry holds `sha256(salt + canonical row)`, never the row.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from campaign import once
from campaign.records import ChainEntry, Consent, Decision, Outcome

SEALED: dict[str, type[Any]] = {"consent": Consent, "decision": Decision, "outcome": Outcome}
GENESIS = "0" * 64


def digest(row: SQLModel) -> str:
    """Salted digest of a row's content; `salt` is the row's own secret, erased together with its personal data.

    What is not set is left out, so that a column added later changes no digest of a row sealed before.
    """
    content = {name: value for name, value in row.model_dump(mode="json").items() if value is not None}
    salt = content.pop("salt")
    return hashlib.sha256((salt + json.dumps(content, sort_keys=True, separators=(",", ":"))).encode()).hexdigest()


def link(prev_sha256: str, kind: str, ref_id: str, row_digest: str) -> str:
    return hashlib.sha256(f"{prev_sha256}|{kind}|{ref_id}|{row_digest}".encode()).hexdigest()


def seal(session: Session, now: datetime, limit: int = 500) -> int:
    """Append unsealed rows (oldest id first) to their campaign's chain; returns how many. Call inside a write transaction.

    Where another sealer has just appended, this one stops: the next round goes on behind it.
    """
    sealed = 0
    heads: dict[str, ChainEntry | None] = {}
    for kind, table in SEALED.items():
        for row in session.exec(_unsealed(kind, table).order_by(table.id).limit(limit)).all():
            head = heads.get(row.campaign) or _head(session, row.campaign)
            prev = head.sha256 if head else GENESIS
            row_digest = digest(row)
            entry = ChainEntry(
                campaign=row.campaign,
                seq=head.seq + 1 if head else 1,
                kind=kind,
                ref_id=row.id,
                digest=row_digest,
                prev_sha256=prev,
                sha256=link(prev, kind, row.id, row_digest),
                sealed_at=now,
            )
            if not once.insert(session, entry):
                return sealed
            heads[row.campaign] = entry
            sealed += 1
    return sealed


def is_due(session: Session) -> bool:
    """Whether anything waits to be sealed; asked first, so that an idle round takes no write lock."""
    waiting = (_unsealed(kind, table).limit(1) for kind, table in SEALED.items())
    return any(session.exec(query).first() is not None for query in waiting)


def faults(session: Session, campaign: str) -> Iterator[str]:
    """Walk the chain; one line per break. A sealed row that changed or vanished is a break."""
    prev = GENESIS
    entries = session.exec(select(ChainEntry).where(ChainEntry.campaign == campaign).order_by(col(ChainEntry.seq)))
    for number, entry in enumerate(entries, start=1):
        if entry.seq != number or entry.prev_sha256 != prev:
            yield f"entry {entry.seq}: does not follow the one before it"
        if entry.sha256 != link(entry.prev_sha256, entry.kind, entry.ref_id, entry.digest):
            yield f"entry {entry.seq}: hash does not match its content"
        row = session.get(SEALED[entry.kind], entry.ref_id)
        if row is None:
            yield f"entry {entry.seq}: {entry.kind} {entry.ref_id} is gone"
        elif not _erased(row) and digest(row) != entry.digest:
            yield f"entry {entry.seq}: {entry.kind} {entry.ref_id} was changed"
        prev = entry.sha256


def _unsealed(kind: str, table: type[Any]) -> SelectOfScalar[Any]:
    known = select(ChainEntry.ref_id).where(ChainEntry.kind == kind, ChainEntry.ref_id == table.id)
    return select(table).where(~known.exists())


def _erased(row: Any) -> bool:
    """Salt and personal data are gone together; a row that never held any has nothing to erase."""
    personal = [column.key for column in row.__table__.columns if column.info.get("personal")]
    return not row.salt and bool(personal) and not any(getattr(row, name) for name in personal)


def _head(session: Session, campaign: str) -> ChainEntry | None:
    return session.exec(
        select(ChainEntry).where(ChainEntry.campaign == campaign).order_by(col(ChainEntry.seq).desc()).limit(1)
    ).first()
