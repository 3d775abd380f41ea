"""Windows of one place, as plain values: half-open, guarded, exact about clock changes; and the time zone data itself."""

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign import zones
from campaign.errors import Permanent
from campaign.file import DAYS, Hours
from dialer.hours import DAY, Opening, interval, midnight_after, next_day, spans, week

FLOOR = week({day: [("08:00", "21:00")] for day in DAYS}, DAYS)
NIGHTS = week(Hours.model_validate({"all": ["00:00-04:00", "22:00-24:00"]}).windows, DAYS)
ZONES = ["America/New_York", "America/Los_Angeles", "Australia/Lord_Howe", "Australia/Perth", "America/Phoenix"]
GUARD = timedelta(seconds=90)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def opens(opening: Opening, moment: str, guard: timedelta = GUARD) -> datetime | None:
    return opening.next(utc(moment), guard, utc(moment) + timedelta(days=90))


@given(
    day=st.sampled_from([date(2026, 11, 1), date(2027, 3, 14), date(2027, 4, 4), date(2026, 10, 4), date(2026, 12, 1)]),
    zone=st.sampled_from(ZONES),
    opens=st.integers(0, 1439),
    length=st.integers(1, 1440),
)
def test_an_interval_is_inside_the_wall_clock_window_at_every_minute(
    day: date, zone: str, opens: int, length: int
) -> None:
    """compliance.md W1-W8: open at the later instant, close at the earlier, both at the jump."""
    closes = min(opens + length, DAY)
    first, last = time(opens // 60, opens % 60), time(0) if closes == DAY else time(closes // 60, closes % 60)
    found = interval(zone, day, opens, closes)
    if found is None:
        return
    moment = found[0]
    while moment < found[1]:
        wall = moment.astimezone(ZoneInfo(zone))
        assert wall.date() == day
        assert first <= wall.time()
        assert last == time(0) or wall.time() < last
        moment += timedelta(minutes=1)


def test_half_open_and_guarded() -> None:
    """Open at 08:00 sharp; 20:58:29 is the last second at which an answer is sure to come before 21:00."""
    here = Opening("America/New_York", FLOOR)
    assert opens(here, "2026-11-23T12:59:00") == utc("2026-11-23T13:00:00")
    assert opens(here, "2026-11-24T01:58:29") == utc("2026-11-24T01:58:29")
    assert opens(here, "2026-11-24T01:58:30") == utc("2026-11-24T13:00:00")
    assert opens(here, "2026-11-24T01:59:59", timedelta(0)) == utc("2026-11-24T01:59:59")
    assert opens(here, "2026-11-24T02:00:00", timedelta(0)) == utc("2026-11-24T13:00:00")


def test_a_window_shorter_than_the_guard_is_none() -> None:
    blink = Opening("America/New_York", (((540, 541),),) * 7)
    assert opens(blink, "2026-11-24T10:00:00") is None
    assert opens(blink, "2026-11-24T10:00:00", timedelta(0)) == utc("2026-11-24T14:00:00")


def test_midnight_is_no_gap_between_two_windows() -> None:
    assert opens(Opening("America/New_York", NIGHTS), "2026-11-24T04:59:30") == utc("2026-11-24T04:59:30")


def test_a_holiday_is_closed_or_has_hours_of_its_own() -> None:
    day = frozenset({date(2026, 11, 26)})
    closed = Opening("America/New_York", FLOOR, day)
    late = Opening("America/New_York", FLOOR, day, ((780, 1260),))
    assert opens(closed, "2026-11-26T03:00:00") == utc("2026-11-27T13:00:00")
    assert opens(late, "2026-11-26T03:00:00") == utc("2026-11-26T18:00:00")
    assert opens(Opening("America/New_York", ((),) * 7), "2026-11-26T03:00:00") is None


def test_spans_are_in_order_and_joined_where_they_touch() -> None:
    assert spans([("12:00", "17:00"), ("09:00", "12:00"), ("18:00", "24:00")]) == ((540, 1020), (1080, DAY))
    assert spans([("18:00", "00:00")]) == ((1080, DAY),), "midnight is the day's end"


def test_tomorrow_is_when_every_zone_has_it() -> None:
    assert next_day(["America/New_York", "America/Los_Angeles"], utc("2026-11-24T17:00:00")) == utc(
        "2026-11-25T08:00:00"
    )
    assert midnight_after("America/New_York", utc("2026-11-24T06:00:00")) == utc("2026-11-25T05:00:00")


def test_zones_come_from_the_pinned_package_whatever_the_system_has() -> None:
    """A fresh process that imports any part of ours, the sandbox too, has no system search path left."""
    for package in ("campaign", "sandbox"):
        said = f"import {package}, zoneinfo; print(zoneinfo.TZPATH)"
        assert subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout == "()\n"


def test_wrong_zone_data_is_told_and_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert zones.faults() == []
    zones.require()
    monkeypatch.setattr(zones, "WITNESSES", {"America/Vancouver": -8})
    with pytest.raises(Permanent, match=r"America/Vancouver is -7 h.*install tzdata 2026\.6 or newer"):
        zones.require()


def test_system_files_are_refused_as_a_source() -> None:
    said = (
        "import zoneinfo; from campaign import zones; zoneinfo.reset_tzpath(to=('/usr/share/zoneinfo',)); "
        "zoneinfo.ZoneInfo.clear_cache(); print(zones.faults()[0])"
    )
    shown = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout
    assert "system's files" in shown
