"""The jurisdiction table: what it says of places that have tripped others, and what its loader refuses, with the line."""

from datetime import UTC, datetime
from typing import Any

import pytest

from campaign.errors import Permanent
from dialer import law
from dialer.holidays import Holidays
from dialer.hours import spans

HEAD = 'version: "1"\nreviewed: 2026-11-22\nfloor: {all: ["08:00-21:00"]}\njurisdictions:\n'
US = '  US: {name: US, windows: {all: ["08:00-21:00"]}, confidence: A}\n'


def week(name: str) -> tuple[Any, ...]:
    return law.shipped().statutes[name].week


def test_all_reviewed_jurisdictions_are_there_with_states_of_australia() -> None:
    rows = law.shipped().rows
    countries = {"US", "CA", "AU", "NZ", "GB", "IE", "DE", "FR", "EU", "IN", "SG"}
    assert {name for name in rows if "-" not in name} == countries
    assert sum(name.startswith("US-") for name in rows) == 51
    assert sum(name.startswith("AU-") for name in rows) == 8
    assert "EU" not in law.shipped().statutes, "duties only: its members have hours of their own"


def test_hours_for_an_artificial_voice() -> None:
    day = spans([("09:00", "21:00")])
    assert week("US-SD") == (day,) * 5 + ((), ()), "weekdays only, whatever a person may do on Saturdays"
    assert week("US-CA") == (day,) * 7
    assert week("US-IN")[0] == spans([("09:00", "20:00")])
    assert week("US-TX")[6] == spans([("12:00", "21:00")])
    assert week("US-GA") == week("US"), "a state without hours of its own has its country's"
    assert week("FR")[0] == spans([("10:00", "13:00"), ("14:00", "20:00")])
    nebraska = law.shipped().statutes["US-NE"]
    assert nebraska.on_holidays == spans([("13:00", "21:00")])


def test_caps_locks_callbacks_and_consent() -> None:
    table = law.shipped()
    capped = {name for name, found in table.statutes.items() if found.caps}
    assert capped == {"US-FL", "US-OK", "US-MD", "US-OR", "FR"}
    assert (table.statutes["FR"].refusal_lock_days, table.statutes["US-WA"].refusal_lock_days) == (60, 365)
    allowed = {name for name, found in table.statutes.items() if found.callback == "allowed"}
    assert allowed == {"US", "US-NY", "US-TX", "US-UT", "GB", "FR"}
    assert table.statutes["AU"].callback == "express_only"
    given = datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert table.consent_expires(["AU-QLD"], given) == datetime(2027, 2, 28, 9, tzinfo=UTC)
    assert table.consent_expires(["US-FL"], given) is None


def test_rows_below_b_and_those_that_block_want_a_name() -> None:
    rows = law.shipped().rows
    assert all(rows[name].unsure for name in ("US-GA", "US-AL", "NZ", "IE", "US-WY"))
    assert not any(rows[name].unsure for name in ("US", "US-NY", "US-FL", "US-OR", "AU", "GB", "FR", "DE"))


def test_every_list_of_holidays_is_known_for_the_next_years() -> None:
    for name, statute in law.shipped().statutes.items():
        if isinstance(statute.holidays, Holidays) and statute.holidays:
            assert 5 <= len(statute.holidays.within(2027)) <= 25, name


@pytest.mark.parametrize(
    ("row", "line", "what"),
    [
        ('{name: X, windows: {all: ["09:00-08:00"]}, confidence: A}', 6, "ends before it starts"),
        ('{name: X, windows: {all: ["09:00-25:00"]}, confidence: A}', 6, "not a window"),
        ('{name: X, windows: {all: ["09:00-12:00", "11:00-15:00"]}, confidence: A}', 6, "overlap"),
        ('{name: X, windows: {mon-fri: ["09:00-12:00"]}, confidence: A}', 6, "sat, sun not named"),
        ('{name: X, windows: {all: ["09:00-12:00"], sun: []}, confidence: A}', 6, "sun is named twice"),
        ("{name: X, windows: {all: []}, confidence: A}", 6, "closed on every day"),
        ('{name: X, windows: {all: ["07:00-12:00"]}, confidence: A}', 6, "when US is closed"),
        ("{name: X, zones: [America/Nowhere], confidence: A}", 6, "unknown time zone"),
        ('{name: X, holidays: ["3#FOO-01"], confidence: A}', 6, "unknown holiday rule"),
        ("{name: X, observed: sometimes, confidence: A}", 6, "unknown way to observe"),
        ("{name: X, caps: [{calls: 0, hours: 24}], confidence: A}", 6, "greater than or equal to 1"),
        ("{name: X, callback: allowed, confidence: A}", 6, "widens hours for a callback"),
        ("{name: X, widnows: {}, confidence: A}", 6, "no such key"),
        ("{name: X, confidence: D}", 6, "Input should be"),
        ("{name: X}", 6, "is required"),
    ],
)
def test_nonsense_is_refused_with_its_line(row: str, line: int, what: str) -> None:
    with pytest.raises(Permanent, match=what) as refused:
        law.parse(HEAD + US + f"  US-XX: {row}\n", source="rules.yaml")
    assert str(refused.value).startswith(f"rules.yaml:{line}: jurisdictions.US-XX")


def test_a_part_of_no_country_is_refused() -> None:
    with pytest.raises(Permanent, match="is a part of QQ, which has no row"):
        law.parse(HEAD + "  QQ-X1: {name: X, confidence: A}\n".replace("X1", "XX"), source="rules.yaml")
