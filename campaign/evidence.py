"""Seals consents, what became of them, decisions, disclosures and outcomes into one hash chain per campaign, and verifies it.

Rows are written unsealed by whoever caused them; one periodic job appends them in order, so no transaction on the way to a
call waits for a chain. A chain entry holds `sha256(salt + canonical row)`, never the row.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from campaign import once, stand_ins
from campaign.records import ChainEntry, Consent, ConsentEvent, Decision, Disclosure, Outcome

SEALED: dict[str, type[Any]] = {
    "consent": Consent,
    "consent_event": ConsentEvent,
    "decision": Decision,
    "disclosure": Disclosure,
    "outcome": Outcome,
}
GENESIS = "0" * 64


def content(row: SQLModel) -> dict[str, Any]:
    """What of a row is sealed: everything but its salt and the sealer's mark.

    What is not set is left out, so that a column added later changes no digest of a row sealed before.
    """
    dumped = row.model_dump(mode="json", exclude={"salt", "sealed_at"})
    return {name: value for name, value in dumped.items() if value is not None}


def digest_of(salt: str, content: dict[str, Any]) -> str:
    """sha256 of the salt and the content as JSON with sorted keys and no blanks, in hex."""
    return hashlib.sha256((salt + json.dumps(content, sort_keys=True, separators=(",", ":"))).encode()).hexdigest()


def digest(row: Any) -> str:
    """Salted digest of a row's content; `salt` is the row's own secret, erased together with its personal data."""
    return digest_of(row.salt, content(row))


def link(prev_sha256: str, kind: str, ref_id: str, row_digest: str) -> str:
    return hashlib.sha256(f"{prev_sha256}|{kind}|{ref_id}|{row_digest}".encode()).hexdigest()


def seal(session: Session, now: datetime, limit: int = 500) -> int:
    """Append unsealed rows (oldest id first) to their campaign's chain; returns how many. Call inside a write transaction.

    In a statement for all: in a rush of leads, one for each row took more than a core (measured at 500 leads a second).
    Where another sealer has appended meanwhile, this one appends nothing: the next round goes on behind it.
    """
    heads: dict[str, ChainEntry | None] = {}
    entries: list[ChainEntry] = []
    for kind, table in SEALED.items():
        for row in session.exec(_unsealed(kind, table).order_by(table.id).limit(limit)).all():
            head = heads.get(row.campaign) or _head(session, row.campaign)
            prev = head.sha256 if head else GENESIS
            row_digest = digest(row)
            entry = once.draft(
                ChainEntry,
                campaign=row.campaign,
                seq=head.seq + 1 if head else 1,
                kind=kind,
                ref_id=row.id,
                digest=row_digest,
                prev_sha256=prev,
                sha256=link(prev, kind, row.id, row_digest),
                sealed_at=now,
            )
            heads[row.campaign] = entry
            entries.append(entry)
    if not entries or not once.insert_whole(session, entries):
        return 0
    _mark(session, entries, now)
    return len(entries)


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


def proof(session: Session, kind: str, row: Any) -> dict[str, Any]:
    """What proves a row: its content, salt and chain entry, from which anybody can compute the digests again.

    `state` is `matches`, `changed` (the row is not what was sealed), `not_sealed` (too fresh) or `erased`.
    """
    entry = session.exec(select(ChainEntry).where(ChainEntry.kind == kind, ChainEntry.ref_id == row.id)).first()
    found = {"kind": kind, "ref_id": row.id, "campaign": row.campaign, "salt": row.salt, "content": content(row)}
    if entry is None:
        return found | {"state": "not_sealed"}
    kept = entry.model_dump(mode="json", include={"seq", "digest", "prev_sha256", "sha256", "sealed_at"})
    return found | kept | {"state": _state(row, entry)}


def _state(row: Any, entry: ChainEntry) -> str:
    if _erased(row):
        return "erased"
    intact = digest(row) == entry.digest and link(entry.prev_sha256, entry.kind, row.id, entry.digest) == entry.sha256
    return "matches" if intact else "changed"


def _unsealed(kind: str, table: type[Any]) -> SelectOfScalar[Any]:
    """Rows without a mark. A worker of an older release marks nothing, so the chain itself has the last word."""
    known = select(ChainEntry.ref_id).where(ChainEntry.kind == kind, ChainEntry.ref_id == table.id)
    return select(table).where(col(table.sealed_at).is_(None), ~known.exists())


def _mark(session: Session, entries: list[ChainEntry], now: datetime) -> None:
    for kind in {entry.kind for entry in entries}:
        table = SQLModel.metadata.tables[kind]
        sealed = [entry.ref_id for entry in entries if entry.kind == kind]
        session.execute(sa.update(table).where(table.c.id.in_(sealed)).values(sealed_at=now))


def _erased(row: Any) -> bool:
    """Salt and personal data are gone together, but for stand-ins; a row that never held any has nothing to erase."""
    personal = [column.key for column in row.__table__.columns if column.info.get("personal")]
    left = [value for name in personal if (value := getattr(row, name))]
    erased = all(isinstance(one, str) and stand_ins.is_one(one) for one in left)
    return not row.salt and bool(personal) and erased


def _head(session: Session, campaign: str) -> ChainEntry | None:
    return session.exec(
        select(ChainEntry).where(ChainEntry.campaign == campaign).order_by(col(ChainEntry.seq).desc()).limit(1)
    ).first()
