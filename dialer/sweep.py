"""Once a second: wakes what is due, adopts what was lost, closes what died. Every step may run twice and in any number
of workers; it only names rows whose owner then finds out whether there is anything to do. Losing Redis costs one sweep.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlmodel import Session, and_, col, or_, select

from campaign import store
from campaign.database import Database
from campaign.jobs import Job
from campaign.records import Attempt, Call, CallEvent, OutboxEntry, Suppression
from campaign.settings import Settings
from dialer import order
from dialer.known import halts
from dialer.machine import GOODBYE, HOLDER_FIRST, LEFT, NEVER_BEGAN
from dialer.order import HINTED
from dialer.states import OVER, WITHDRAWN, State

log = structlog.get_logger()

BATCH = 200
SUMMARY_LATE = timedelta(seconds=10)
MEDIA_DIED = timedelta(seconds=20)
LINE_LEFT = timedelta(seconds=10)
"""How long after a conversation's end the line may stay up before the carrier is asked."""
REPEAT, DIAL_REPEAT = timedelta(seconds=5), timedelta(seconds=2)
"""How soon a row is named again. A lead that found no room is first in line for the next one."""
QUEUED_LONG = timedelta(minutes=1)
RECORDING_LATE = timedelta(minutes=1)
RINGING = (State.QUEUED.value, State.INITIATED.value, State.RINGING.value)

Found = tuple[Job, str]
Look = Callable[[Session, datetime], Iterator[Found]]
Upkeep = Callable[[Session, datetime], object]
"""What is written once a sweep, in a transaction of its own (the calendar frees expired holds); a list names jobs."""


class Recently:
    """Remembers what this process has named lately, so that a busy queue is not filled with copies."""

    def __init__(self) -> None:
        self._until: dict[Found, datetime] = {}
        self._lock = threading.Lock()

    def is_new(self, found: Found, now: datetime) -> bool:
        with self._lock:
            if len(self._until) > 10_000:
                self._until = {key: until for key, until in self._until.items() if until > now}
            if self._until.get(found, now) > now:
                return False
            self._until[found] = now + (DIAL_REPEAT if found[0] is Job.DIAL else REPEAT)
            return True


def sweep(
    database: Database,
    settings: Settings,
    send: Callable[[Job, str], None],
    recently: Recently,
    upkeep: Sequence[Upkeep],
    now: datetime,
    *,
    full: bool = False,
) -> int:
    """One round; returns how many jobs were sent. Each step stands alone: one that fails costs its own rows a round.

    `full`: no media process has room for another conversation, or enough leads are named already, so nobody is named.
    """
    with database.reading() as session:  # one for all: connecting and ending cost more than most of these looks
        due = _step("due", partial(_looked, session, partial(_due, settings), now)) if not full else []
        reads = [due, *(_step(look.__name__, partial(_looked, session, look, now)) for look in LOOKS)]
    writes = [_step(work.__name__, partial(_worked, database, work, now)) for work in (_died, _hurry, *upkeep)]
    new = [item for found in (*reads, *writes) for item in found if recently.is_new(item, now)]
    for job, entity_id in new:
        send(job, entity_id)
    return len(new)


def _step(name: str, step: Callable[[], list[Found]]) -> list[Found]:
    try:
        return step()
    except Exception as error:  # whatever one step meets, the others are what keeps leads from being lost
        log.error("a step of the sweep failed", step=name, kind=type(error).__name__, exc_info=True)
        return []


def _looked(session: Session, look: Look, now: datetime) -> list[Found]:
    try:
        return list(look(session, now))
    except Exception:
        session.rollback()  # or the looks behind it would fail with it
        raise


def _worked(database: Database, work: Upkeep, now: datetime) -> list[Found]:
    with database.transaction(patient=True) as session:
        found = work(session, now)
    return found if isinstance(found, list) else []


def _due(settings: Settings, session: Session, now: datetime) -> Iterator[Found]:
    yield from ((Job.DIAL, lead_id) for lead_id in order.due(session, settings, now))


def _unaccounted(session: Session, now: datetime) -> Iterator[Found]:
    query = select(Attempt.id).where(col(Attempt.reconcile_at) <= now, col(Attempt.settled_at).is_(None)).limit(BATCH)
    yield from ((Job.RECONCILE, attempt_id) for attempt_id in session.exec(query))


def _unsettled(session: Session, now: datetime) -> Iterator[Found]:
    over = col(Attempt.state).in_([state.value for state in OVER])
    query = select(Attempt.id).where(over, col(Attempt.settled_at).is_(None)).limit(BATCH)
    yield from ((Job.SETTLE, attempt_id) for attempt_id in session.exec(query))


def _outbox(session: Session, now: datetime) -> Iterator[Found]:
    query = (
        select(OutboxEntry.id)
        .where(OutboxEntry.state == "due", col(OutboxEntry.due_at) <= now - HINTED)
        .where(or_(col(OutboxEntry.lease_until).is_(None), col(OutboxEntry.lease_until) < now))
        .order_by(col(OutboxEntry.due_at))
        .limit(BATCH)
    )
    yield from ((Job.DELIVER, entry_id) for entry_id in session.exec(query))


def _unsummarised(session: Session, now: datetime) -> Iterator[Found]:
    query = select(Call.attempt_id).where(col(Call.ended_at) <= now - SUMMARY_LATE, Call.summary_by == "").limit(BATCH)
    yield from ((Job.WRAP_UP, attempt_id) for attempt_id in session.exec(query))


def _braked(session: Session, now: datetime) -> Iterator[Found]:
    """Calls still ringing under a brake are taken back (R29)."""
    if not halts(session, now):
        return
    query = select(Attempt.id).where(col(Attempt.state).in_(RINGING)).limit(BATCH)
    yield from ((Job.MACHINE, attempt_id) for attempt_id in session.exec(query))


def _queued_long(session: Session, now: datetime) -> Iterator[Found]:
    """Calls that the carrier has not begun to ring: their window may close before it does (R30)."""
    query = select(Attempt.id).where(Attempt.state == State.QUEUED, col(Attempt.intent_at) <= now - QUEUED_LONG)
    yield from ((Job.MACHINE, attempt_id) for attempt_id in session.exec(query.limit(BATCH)))


def _stopped(session: Session, now: datetime) -> Iterator[Found]:
    """Calls of numbers that said stop: those that ring are taken back, those that talk had their time for a goodbye."""
    binds = and_(
        col(Suppression.phone) == col(Attempt.to_number),
        or_(col(Suppression.scope) == "global", col(Suppression.scope) == col(Attempt.campaign)),
    )
    talking = and_(Attempt.state == State.IN_PROGRESS, col(Suppression.at) <= now - GOODBYE)
    query = (
        select(Attempt.id)
        .join(Suppression, binds)
        .where(col(Attempt.settled_at).is_(None), or_(col(Attempt.state).in_(RINGING), talking))
        .limit(BATCH)
    )
    yield from ((Job.MACHINE, attempt_id) for attempt_id in session.exec(query))


def _answered_by_machines(session: Session, now: datetime) -> Iterator[Found]:
    """Calls that go on although a machine answered: whoever holds them has had time to act."""
    told = col(CallEvent.received_at).between(now - 10 * HOLDER_FIRST, now - HOLDER_FIRST)
    query = (
        select(Attempt.id)
        .join(CallEvent, col(CallEvent.attempt_id) == col(Attempt.id))
        .where(Attempt.state == State.IN_PROGRESS, CallEvent.kind == "amd", told)
        .where(col(CallEvent.word).startswith("machine") | (CallEvent.word == "fax"))
        .limit(BATCH)
    )
    yield from ((Job.MACHINE, attempt_id) for attempt_id in session.exec(query))


def _left(session: Session, now: datetime) -> Iterator[Found]:
    """Lines that are up although nobody of ours is on them, or for longer than their campaign lets a call last."""
    limits = {row.name: int(row.config["budget"]["max_call_seconds"]) for row in store.active(session)}
    too_long = [
        and_(Attempt.campaign == name, col(Attempt.answered_at) <= now - timedelta(seconds=seconds) - LEFT)
        for name, seconds in limits.items()
    ]
    never_began = and_(col(Call.attempt_id).is_(None), col(Attempt.answered_at) <= now - NEVER_BEGAN)
    query = (
        select(Attempt.id)
        .outerjoin(Call, col(Call.attempt_id) == col(Attempt.id))
        .where(Attempt.state == State.IN_PROGRESS, col(Attempt.settled_at).is_(None))
        .where(or_(never_began, col(Call.ended_at) <= now - LEFT, *too_long))
        .limit(BATCH)
    )
    yield from ((Job.MACHINE, attempt_id) for attempt_id in session.exec(query))


def _recordings(session: Session, now: datetime) -> Iterator[Found]:
    late = and_(col(Attempt.ended_at) <= now - RECORDING_LATE, Attempt.recording_status == "in-progress")
    query = select(Attempt.id).where(or_(late, Attempt.recording_status == WITHDRAWN)).limit(BATCH)
    yield from ((Job.RECORDING, attempt_id) for attempt_id in session.exec(query))


LOOKS: tuple[Look, ...] = (
    _unaccounted,
    _unsettled,
    _outbox,
    _unsummarised,
    _braked,
    _queued_long,
    _stopped,
    _answered_by_machines,
    _left,
    _recordings,
)


def _died(session: Session, now: datetime) -> list[Found]:
    """Conversations whose line ended while nobody wrote their end: their media process is gone, and they are closed."""
    query = (
        select(Call)
        .join(Attempt, col(Attempt.id) == col(Call.attempt_id))
        .where(col(Call.ended_at).is_(None), col(Attempt.ended_at) <= now - MEDIA_DIED)
        .limit(BATCH)
    )
    dead = list(session.exec(query))
    for call in dead:
        call.ended_at, call.ended_by = now, call.ended_by or "system"
        session.add(call)
    return [(Job.WRAP_UP, call.attempt_id) for call in dead]


def _hurry(session: Session, now: datetime) -> list[Found]:
    """The conversation is over and the carrier has not said so: ask now, twice at most; a transferred call may go on."""
    query = (
        select(Attempt)
        .join(Call, col(Call.attempt_id) == col(Attempt.id))
        .where(Attempt.state == State.IN_PROGRESS, col(Attempt.settled_at).is_(None))
        .where(col(Call.ended_at).between(now - 2 * LINE_LEFT, now - LINE_LEFT))
        .limit(BATCH)
    )
    found: list[Found] = []
    for attempt in session.exec(query):
        attempt.reconcile_at = now
        session.add(attempt)
        found.append((Job.RECONCILE, attempt.id))
    return found
