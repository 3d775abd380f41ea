"""What becomes of a consent after it was captured, as append-only events beside it: used for a call, revoked, held in a dispute."""

import secrets
from datetime import datetime

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from campaign import ids, stand_ins
from campaign.records import Consent, ConsentEvent

USED, REVOKED = "used_for_call", "revoked"
DISPUTED, SETTLED = "disputed", "settled"
"""A legal hold: from the one until the other nothing of the lead is deleted."""


def revoke(
    session: Session,
    phone: str,
    *,
    channel: str,
    now: datetime,
    campaign: str | None = None,
    by: str = "",
    attempt_id: str | None = None,
) -> int:
    """Every consent given for this number, of one campaign or of all, is revoked from now on; returns how many were new."""
    known = select(ConsentEvent.id).where(ConsentEvent.consent_id == Consent.id, ConsentEvent.kind == REVOKED)
    standing = select(Consent).where(col(Consent.phone).in_(stand_ins.forms(session, phone)), Consent.given)
    if campaign is not None:
        standing = standing.where(Consent.campaign == campaign)
    rows = session.exec(standing.where(~known.exists())).all()
    for row in rows:
        note(session, row, REVOKED, now, channel=channel, by=by, attempt_id=attempt_id)
    return len(rows)


def note(
    session: Session,
    consent: Consent,
    kind: str,
    now: datetime,
    *,
    channel: str = "",
    by: str = "",
    attempt_id: str | None = None,
) -> None:
    event = ConsentEvent(
        id=ids.new("cev"),
        consent_id=consent.id,
        lead_id=consent.lead_id,
        campaign=consent.campaign,
        kind=kind,
        at=now,
        channel=channel,
        attempt_id=attempt_id,
        by=by,
        salt=secrets.token_hex(16),
    )
    session.add(event)


def hold(session: Session, phone: str, kind: str, *, by: str, now: datetime) -> int:
    """Note on every consent of a number that it is disputed, or settled again; returns how many."""
    rows = session.exec(select(Consent).where(col(Consent.phone).in_(stand_ins.forms(session, phone)))).all()
    for row in rows:
        note(session, row, kind, now, by=by)
    return len(rows)


def held() -> SelectOfScalar[str]:
    """Ids of leads under a legal hold, as a query."""
    after = aliased(ConsentEvent)
    settled = select(after).where(
        col(after.consent_id) == ConsentEvent.consent_id, col(after.kind) == SETTLED, col(after.at) >= ConsentEvent.at
    )
    return select(ConsentEvent.lead_id).where(ConsentEvent.kind == DISPUTED, ~settled.exists())


def newest(session: Session, lead_id: str) -> Consent | None:
    """The lead's last word on being called, as captured."""
    mine = select(Consent).where(Consent.lead_id == lead_id)
    return session.exec(mine.order_by(col(Consent.recorded_at).desc(), col(Consent.id).desc()).limit(1)).first()
