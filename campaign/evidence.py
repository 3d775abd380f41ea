"""Seals consents, decisions, outcomes and suppressions into one hash chain per campaign, and verifies it.

Rows are written unsealed by whoever caused them; one periodic job appends them in order, so no transaction on the way to a
call waits for a chain. A chain entry holds `sha256(salt + canonical row)`, never the row.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from campaign.records import ChainEntry, Consent, Decision, Outcome

SEALED: dict[str, type[Any]] = {"consent": Consent, "decision": Decision, "outcome": Outcome}
GENESIS = "0" * 64


def digest(row: SQLModel) -> str:
    """Salted digest of a row's content; `salt` is the row's own secret, erased together with its personal data."""
    content = row.model_dump(mode="json")
    salt = content.pop("salt")
    return hashlib.sha256((salt + json.dumps(content, sort_keys=True, separators=(",", ":"))).encode()).hexdigest()


def link(prev_sha256: str, kind: str, ref_id: str, row_digest: str) -> str:
    return hashlib.sha256(f"{prev_sha256}|{kind}|{ref_id}|{row_digest}".encode()).hexdigest()


def seal(session: Session, now: datetime, limit: int = 500) -> int:
    """Append unsealed rows (oldest id first) to their campaign's chain; returns how many. Call inside a write transaction."""
    sealed = 0
    heads: dict[str, ChainEntry | None] = {}
    for kind, table in SEALED.items():
        known = select(ChainEntry.ref_id).where(ChainEntry.kind == kind, ChainEntry.ref_id == table.id)
        for row in session.exec(select(table).where(~known.exists()).order_by(table.id).limit(limit)):
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
            session.add(entry)
            heads[row.campaign] = entry
            sealed += 1
    return sealed


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
        elif row.salt and digest(row) != entry.digest:
            yield f"entry {entry.seq}: {entry.kind} {entry.ref_id} was changed"
        prev = entry.sha256


def _head(session: Session, campaign: str) -> ChainEntry | None:
    return session.exec(
        select(ChainEntry).where(ChainEntry.campaign == campaign).order_by(col(ChainEntry.seq).desc()).limit(1)
    ).first()
