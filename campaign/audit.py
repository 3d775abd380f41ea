"""Leaves the row that says who changed what is kept about people, in the transaction that changes it."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from campaign import ids
from campaign.records import AuditEntry


def note(
    session: Session,
    action: str,
    *,
    by: str,
    now: datetime,
    counts: Mapping[str, int],
    subject: str = "",
    reason: str = "",
) -> AuditEntry:
    """`subject` is a stand-in, never a number. Call inside a write transaction."""
    entry = AuditEntry(
        id=ids.new("aud"), at=now, by=by, action=action, subject=subject, reason=reason, counts=dict(counts)
    )
    session.add(entry)
    return entry
