"""The transfer roster of a campaign: who of its people has a phone and works now, or works next. Pure.

Numbers come from here and from nowhere else: not from the model, a form, or whoever orders a transfer. (twilio.md R88)
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from campaign.file import Campaign, Person

WEEK = 8
"""Days looked ahead: whoever works at all works within a week."""


def on_duty(campaign: Campaign, now: datetime) -> list[Person]:
    """People with a phone whose working hours are open in their own zone, in the file's order."""
    return [person for person in campaign.people if person.phone and at_work(person, campaign, now)]


def find(campaign: Campaign, name: str) -> Person | None:
    """The person of this name, if they have a phone."""
    return next((person for person in campaign.people if person.phone and person.name == name), None)


def at_work(person: Person, campaign: Campaign, now: datetime) -> bool:
    return any(start <= now < end for start, end in _windows(person, campaign, now, days=1))


def next_duty(campaign: Campaign, after: datetime) -> datetime | None:
    """When somebody of the campaign is at work next, at `after` or later; None when nobody ever works."""
    starts = (
        max(start, after)
        for person in campaign.people
        for start, end in _windows(person, campaign, after, days=WEEK)
        if end > after
    )
    return min(starts, default=None)


def _windows(person: Person, campaign: Campaign, day: datetime, days: int) -> list[tuple[datetime, datetime]]:
    """Working hours as instants, from the local day of `day` on. A time that a clock change skips moves with the clock."""
    zone = ZoneInfo(person.timezone or campaign.timezone)
    first = day.astimezone(zone).date()
    windows = []
    for ahead in range(days):
        date = first + timedelta(days=ahead)
        for start, end in person.hours.on(date.weekday()):
            last = date + timedelta(days=1) if end.hour == end.minute == 0 else date
            windows.append(
                (datetime.combine(date, start, tzinfo=zone), datetime.combine(last, end, tzinfo=zone)),
            )
    return windows
