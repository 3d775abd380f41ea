"""A call's recording: begun, discarded, or looked up when its last callback never came (R77-R82).

A person who takes back their consent is heard at once: that is written down before the carrier is asked to delete, so a
carrier that is down, a process that dies or a callback that comes late change nothing about it.
"""

from datetime import datetime
from typing import Any, Protocol

import structlog
from sqlmodel import Session

from campaign.database import Database
from campaign.records import Attempt
from dialer.advance import first_time, lock
from dialer.carrier import Carrier, CarrierRecording
from dialer.states import DELETED, RECORDED, UNRECORDED, WITHDRAWN

log = structlog.get_logger()

BEGAN = "began"
"""Word of the event that says when, by our clock, a recording was asked for: where in it something was said follows."""


class Records(Protocol):
    """What recording takes of the carrier."""

    def start_recording(self, call_sid: str, status_callback: str) -> str | None: ...

    def discard_recording(self, call_sid: str, recording_sid: str | None) -> Any: ...


def start(database: Database, carrier: Records, attempt_id: str, callback: str, now: datetime) -> None:
    """Begin to record, and keep the sid: callbacks may be late. A call that can't be recorded leaves an entry (R78, R79)."""
    with database.reading() as session:
        attempt = session.get(Attempt, attempt_id)
    if attempt is None or attempt.call_sid is None or attempt.recording_status in UNRECORDED:
        return
    sid = carrier.start_recording(attempt.call_sid, callback)
    with database.transaction() as session:
        locked = lock(session, attempt_id)
        if locked is None:
            return
        if sid is None:
            first_time(session, f"{attempt.call_sid}/recording", attempt_id, "recording", "not_started", now)
            return
        first_time(session, f"{sid}/{BEGAN}", attempt_id, "recording", BEGAN, now)
        if locked.recording_sid is None:
            locked.recording_sid = sid
            locked.recording_status = locked.recording_status or "in-progress"
            session.add(locked)


def discard(database: Database, carrier: Records, attempt_id: str, now: datetime) -> None:
    """Consent was taken back: stop, delete, and believe no later callback (R82). Raises what the carrier raises."""
    with database.transaction() as session:
        attempt = lock(session, attempt_id)
        if attempt is None or attempt.call_sid is None or attempt.recording_status == DELETED:
            return
        call_sid, recording_sid = attempt.call_sid, attempt.recording_sid
        attempt.recording_status = WITHDRAWN
        session.add(attempt)
        first_time(session, f"{call_sid}/recording/withdrawn", attempt_id, "recording", WITHDRAWN, now)
    carrier.discard_recording(call_sid, recording_sid)
    with database.transaction() as session:
        attempt = lock(session, attempt_id)
        if attempt is not None:
            attempt.recording_status = DELETED
            session.add(attempt)
            first_time(session, f"{call_sid}/recording/deleted", attempt_id, "recording", DELETED, now)


def look_up(database: Database, carrier: Carrier, attempt_id: str, now: datetime) -> None:
    """Fetch the recording of an ended call and keep what it has come to; delete one that nobody may keep."""
    with database.reading() as session:
        attempt = session.get(Attempt, attempt_id)
    if attempt is not None and attempt.recording_status == WITHDRAWN:
        return discard(database, carrier, attempt_id, now)
    if attempt is None or attempt.recording_sid is None or attempt.recording_status in RECORDED:
        return
    found = carrier.recording(attempt.recording_sid)
    with database.transaction() as session:
        locked = lock(session, attempt_id)
        if locked is not None and locked.recording_status not in RECORDED | UNRECORDED:
            _keep(session, locked, found)


def _keep(session: Session, attempt: Attempt, found: CarrierRecording | None) -> None:
    attempt.recording_status = found.status if found else "absent"
    attempt.recording_duration_s = found.duration_s if found else attempt.recording_duration_s
    session.add(attempt)
