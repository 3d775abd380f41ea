"""Looks up a recording whose last callback never came, so that the call's page does not wait for it for ever (R80)."""

from datetime import datetime

from sqlmodel import Session

from campaign.database import Database
from campaign.records import Attempt
from dialer.advance import lock
from dialer.carrier import Carrier, CarrierRecording

SETTLED = frozenset({"completed", "absent", "deleted"})


def look_up(database: Database, carrier: Carrier, attempt_id: str, now: datetime) -> None:
    """Fetch the recording of an ended call and keep what it has come to."""
    with database.reading() as session:
        attempt = session.get(Attempt, attempt_id)
    if attempt is None or attempt.recording_sid is None or attempt.recording_status in SETTLED:
        return
    found = carrier.recording(attempt.recording_sid)
    with database.transaction() as session:
        locked = lock(session, attempt_id)
        if locked is not None and locked.recording_status not in SETTLED:
            _keep(session, locked, found)


def _keep(session: Session, attempt: Attempt, found: CarrierRecording | None) -> None:
    attempt.recording_status = found.status if found else "absent"
    attempt.recording_duration_s = found.duration_s if found else attempt.recording_duration_s
    session.add(attempt)
