"""Sixteen people want one hour: on every database exactly one gets it, and the calendar shows that one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from calendar_sync.calendar import Calendar
from calendar_sync.errors import SlotTaken
from calendar_sync.slots import Slot
from campaign.database import Database
from campaign.file import Campaign
from campaign.records import Booking, Lead

SAL = "sal@example.com"
NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
TEN = Slot("Sal", SAL, datetime(2027, 3, 2, 15, tzinfo=UTC), datetime(2027, 3, 2, 15, 30, tzinfo=UTC))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url, pool_size=20)
    yield opened
    opened.dispose()


def book(calendar: Calendar, campaign: Campaign, lead: Lead, slot: Slot) -> Booking:
    return calendar.book(campaign, lead, f"att_{lead.id}", slot, zone="America/New_York", summary="", now=NOW)


def rows(database: Database, kind: Any) -> list[Any]:
    with database.reading() as session:
        return list(session.exec(select(kind)))


def test_sixteen_at_once_one_wins(
    calendar: Calendar, campaign: Campaign, google: Any, database: Database, new_lead: Any
) -> None:
    leads = [new_lead(email=f"lead{n}@example.com") for n in range(16)]
    shifts = [timedelta(minutes=10 * (n % 3)) for n in range(16)]

    def try_to_book(lead: Lead, shift: timedelta) -> Booking | SlotTaken:
        try:
            return book(calendar, campaign, lead, Slot("Sal", SAL, TEN.starts_at + shift, TEN.ends_at + shift))
        except SlotTaken as error:
            return error

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(try_to_book, leads, shifts))
    won = [one for one in outcomes if isinstance(one, Booking)]
    assert len(won) == 1
    assert len(google.events()) == 1
    assert [row.state for row in rows(database, Booking)].count("confirmed") == 1
    neighbour = Slot("Sal", SAL, won[0].ends_at, won[0].ends_at + timedelta(minutes=30))
    assert book(calendar, campaign, leads[0], neighbour).state == "confirmed"
    other = Slot("Kim", "kim@example.com", won[0].starts_at, won[0].ends_at)
    assert book(calendar, campaign, leads[1], other).state == "confirmed"
    calendar.cancel(won[0].id, NOW)
    assert book(calendar, campaign, leads[2], Slot("Sal", SAL, won[0].starts_at, won[0].ends_at)).state == "confirmed"
