"""Two transactions at one instant on each database: nobody's booking is taken back, and nobody's is refused for nothing."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from calendar_sync import holds
from calendar_sync.slots import Slot
from campaign.database import Database
from campaign.records import Booking, CalendarCell, CalendarMirror, Lead

SAL = "sal@example.com"
NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
TEN = Slot("Sal", SAL, datetime(2027, 3, 2, 15, tzinfo=UTC), datetime(2027, 3, 2, 15, 30, tzinfo=UTC))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url, pool_size=20)
    yield opened
    opened.dispose()


def beside(database: Database, first: Callable[[Session], Any], second: Callable[[Session], Any]) -> None:
    """`second` begins while `first` has done its work and not committed; both must end well."""
    faults: list[BaseException] = []

    def run() -> None:
        try:
            with database.transaction() as session:
                second(session)
        except BaseException as error:
            faults.append(error)

    thread = threading.Thread(target=run)
    with database.transaction() as session:
        first(session)
        session.flush()
        thread.start()
        thread.join(0.3)  # long enough to read and to wait for our lock; shorter only makes the test easier
    thread.join(10)
    assert not faults


def test_a_hold_that_runs_out_as_it_is_confirmed_stays_booked(
    database: Database, new_lead: Callable[..., Lead]
) -> None:
    lead = new_lead()
    with database.transaction() as session:
        booking = holds.hold(
            session,
            TEN,
            campaign="solar-us",
            lead_id=lead.id,
            attempt_id=f"att_{lead.id}",
            zone="America/New_York",
            buffer=timedelta(),
            now=NOW,
        )
    late = NOW + holds.HOLD + timedelta(seconds=1)
    beside(
        database,
        lambda session: holds.confirm(session, booking, link="", invited=False),
        lambda session: holds.release_expired(session, late),
    )
    with database.reading() as session:
        assert session.get_one(Booking, booking.id).state == "confirmed"
        assert len(session.exec(select(CalendarCell)).all()) == 6


def test_the_first_two_bookings_of_a_calendar_both_wake_its_sync(database: Database) -> None:
    beside(
        database,
        lambda session: holds.wake(session, SAL, NOW + timedelta(minutes=5)),
        lambda session: holds.wake(session, SAL, NOW + timedelta(minutes=1)),
    )
    with database.reading() as session:
        assert session.get_one(CalendarMirror, SAL).due_at == NOW + timedelta(minutes=1)
