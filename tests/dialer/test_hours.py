"""Calling hours against an oracle that knows nothing but wall clocks and steps minute by minute."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.file import Hours
from dialer.hours import FLOOR, GUARD, interval, local_dates, next_day, next_open

NINE_TO_EIGHT = Hours.model_validate({"mon-fri": ["09:00-20:00"], "sat": ["10:00-12:00", "13:00-15:30"]})
ROUND_THE_CLOCK = Hours.model_validate({"all": ["00:00-24:00"]})
NIGHTS = Hours.model_validate({"all": ["00:00-04:00", "22:00-24:00"]})
ZONES = ["America/New_York", "America/Los_Angeles", "Australia/Lord_Howe", "Australia/Perth", "America/Phoenix"]
CASES = Path(__file__).parents[2].parent / "shared" / "data" / "hours_cases.json"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def is_open(layers: list[Hours], zones: list[str], moment: datetime) -> bool:
    """The wall clock of every zone lies in a window of every layer, now and for the guard's length to come."""
    for zone in zones:
        for ahead in (timedelta(0), GUARD - timedelta(seconds=1)):
            wall = (moment + ahead).astimezone(ZoneInfo(zone))
            for layer in layers:
                spans = layer.on(wall.weekday())
                if not any(a <= wall.time() and (b == time(0) or wall.time() < b) for a, b in spans):
                    return False
    return True


@given(
    start=st.integers(0, 212 * 1440),
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True),
    layers=st.sampled_from([[FLOOR], [FLOOR, NINE_TO_EIGHT], [NINE_TO_EIGHT], [ROUND_THE_CLOCK]]),
)
def test_never_outside_the_wall_clock_and_never_later_than_need_be(
    start: int, zones: list[str], layers: list[Hours]
) -> None:
    now = utc("2026-10-01T00:00:00") + timedelta(minutes=start)
    found = next_open(layers, zones, now)
    moment, last = now, min(found or now + timedelta(days=14), now + timedelta(days=4))
    while moment < last:  # nothing before the answer is open; near clock changes we may only be later than the oracle
        assert not is_open(layers, zones, moment) or near_change(zones, moment), moment
        moment += timedelta(minutes=1)
    if found is not None:
        assert found >= now
        assert is_open(layers, zones, found)


def near_change(zones: list[str], moment: datetime) -> bool:
    day = timedelta(hours=3)
    infos = [ZoneInfo(zone) for zone in zones]
    return any((moment - day).astimezone(i).utcoffset() != (moment + day).astimezone(i).utcoffset() for i in infos)


@given(
    day=st.sampled_from([date(2026, 11, 1), date(2027, 3, 14), date(2027, 4, 4), date(2026, 10, 4), date(2026, 12, 1)]),
    zone=st.sampled_from(ZONES),
    opens=st.integers(0, 1439),
    length=st.integers(1, 1440),
)
def test_an_interval_is_inside_the_wall_clock_window_at_every_minute(
    day: date, zone: str, opens: int, length: int
) -> None:
    """W1-W8: open at the later instant, close at the earlier, both at the jump."""
    closes = min(opens + length, 1440)
    first, last = time(opens // 60, opens % 60), time(0) if closes == 1440 else time(closes // 60, closes % 60)
    found = interval(zone, day, first, last)
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
    """C01, C03: open at 08:00 sharp; 20:58:30 is the last second at which an answer is sure to come before 21:00."""
    zone = ["America/New_York"]
    assert next_open([FLOOR], zone, utc("2026-11-23T12:59:00")) == utc("2026-11-23T13:00:00")
    assert next_open([FLOOR], zone, utc("2026-11-24T01:58:29")) == utc("2026-11-24T01:58:29")
    assert next_open([FLOOR], zone, utc("2026-11-24T01:58:30")) == utc("2026-11-24T13:00:00")
    assert next_open([FLOOR], zone, utc("2026-11-24T02:00:00")) == utc("2026-11-24T13:00:00")


def test_the_strictest_of_all_zones_rules() -> None:
    """C05: the Florida panhandle may be on Central time."""
    both = ["America/Chicago", "America/New_York"]
    assert next_open([FLOOR], both, utc("2026-11-23T13:05:00")) == utc("2026-11-23T14:00:00")
    assert next_open([FLOOR], both, utc("2026-11-24T02:30:00")) == utc("2026-11-24T14:00:00")


def test_a_campaign_narrows_and_the_floor_stands_whatever_it_says() -> None:
    zone = ["America/New_York"]
    assert next_open([FLOOR, NINE_TO_EIGHT], zone, utc("2026-11-28T17:30:00")) == utc("2026-11-28T18:00:00")
    assert next_open([FLOOR, NINE_TO_EIGHT], zone, utc("2026-11-29T17:30:00")) == utc("2026-11-30T14:00:00")
    assert next_open([FLOOR, ROUND_THE_CLOCK], zone, utc("2026-11-29T06:00:00")) == utc("2026-11-29T13:00:00")
    assert next_open([FLOOR, NIGHTS], zone, utc("2026-11-29T06:00:00")) is None, "no common opening: no call"
    assert next_open([FLOOR], [], utc("2026-11-29T16:00:00")) is None, "no zone: no call"


def test_midnight_is_no_gap_between_two_windows() -> None:
    assert next_open([NIGHTS], ["America/New_York"], utc("2026-11-24T04:59:30")) == utc("2026-11-24T04:59:30")


def test_tomorrow_is_when_every_zone_has_it() -> None:
    zones = ["America/New_York", "America/Los_Angeles"]
    assert next_day(zones, utc("2026-11-24T17:00:00")) == utc("2026-11-25T08:00:00")
    assert local_dates(zones, utc("2026-11-24T06:00:00")) == {
        ("America/New_York", date(2026, 11, 24)),
        ("America/Los_Angeles", date(2026, 11, 23)),
    }


def test_the_windows_of_the_shared_cases() -> None:
    if not CASES.exists():
        pytest.skip(f"no shared cases beside this checkout ({CASES.name})")
    for case in json.loads(CASES.read_text())["windows"]:
        opens, closes = (time.fromisoformat(case[key]) for key in ("open", "close"))
        found = interval(case["zone"], date.fromisoformat(case["date"]), opens, closes)
        expected = case["expected"] and [datetime.fromisoformat(text) for text in case["expected"]]
        assert (found and list(found)) == expected, case["id"]
