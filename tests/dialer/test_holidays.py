"""Holiday rules worked out for years nobody has written down, and the reviewed lists they must agree with."""

from datetime import date

import pytest

from dialer import law
from dialer.holidays import Holidays, easter, parse
from tests.dialer.shared import shared


def days(texts: list[str], observed: str, year: int) -> list[str]:
    return sorted(str(day)[5:] for day in parse(texts, observed).within(year))


@pytest.mark.parametrize(
    ("rule", "year", "day"),
    [
        ("07-04", 2027, "07-04"),
        ("3#MON-01", 2026, "01-19"),
        ("L#MON-05", 2027, "05-31"),
        ("L#MON-12", 2026, "12-28"),
        ("4#THU-11+1", 2026, "11-27"),
        ("E-2", 2027, "03-26"),
        ("E-47", 2028, "02-29"),
        ("E+1", 2027, "03-29"),
        ("ELECTION", 2026, "11-03"),
        ("2027-06-25", 2027, "06-25"),
    ],
)
def test_each_kind_of_rule(rule: str, year: int, day: str) -> None:
    assert days([rule], "none", year) == [day]


def test_no_election_in_odd_years_and_no_fifth_monday_every_month() -> None:
    assert days(["ELECTION", "5#MON-02", "2027-06-25", "02-29"], "none", 2025) == []


def test_easter_over_the_years() -> None:
    known = {1961: "04-02", 2000: "04-23", 2011: "04-24", 2024: "03-31", 2026: "04-05", 2038: "04-25", 2049: "04-18"}
    assert {year: str(easter(year))[5:] for year in known} == known


@pytest.mark.parametrize(
    ("observed", "found"),
    [
        ("none", ["07-04"]),
        ("sun_mon", ["07-04", "07-05"]),
        ("sat_fri_sun_mon", ["07-04", "07-05"]),
        ("next_weekday", ["07-04", "07-05"]),
    ],
)
def test_a_sunday_observed(observed: str, found: list[str]) -> None:
    assert days(["07-04"], observed, 2027) == found


def test_saturdays_move_either_way_and_over_the_years_end() -> None:
    assert days(["07-04"], "sat_fri_sun_mon", 2026) == ["07-03", "07-04"]
    assert "12-31" in days(["01-01"], "sat_fri_sun_mon", 2027), "New Year's Day 2028 is a Saturday"
    assert days(["12-25", "12-26"], "next_weekday", 2027) == ["12-25", "12-26", "12-27", "12-28"], "Saturday and Sunday"
    assert days(["12-25", "12-26"], "next_weekday", 2022) == ["12-25", "12-26", "12-27"], "Sunday and Monday"
    assert days(["04-25@none", "12-26"], "next_weekday", 2027) == ["04-25", "12-26", "12-27"]


def test_after_the_last_proclaimed_day_everything_is_closed() -> None:
    known = parse(["2027-06-25"], "none", date(2027, 12, 31))
    assert date(2027, 7, 1) not in known
    assert date(2028, 1, 1) in known
    assert date(2028, 1, 1) not in Holidays()


@pytest.mark.parametrize(
    "rule", ["13-01", "02-30", "6#MON-01", "3#MUN-01", "3#MON-13", "EASTER", "E2", "2027-13-01", ""]
)
def test_rules_nobody_knows_are_refused(rule: str) -> None:
    with pytest.raises(ValueError):
        parse([rule], "none")


def test_the_reviewed_lists_of_2026_to_2028() -> None:
    """compliance.md, section 3; Australia's list there leaves out what its states observe, which is checked by hand."""
    statutes = law.shipped().statutes
    for name, listed in shared("dnc_holidays_2026_2028.json").items():
        closed = statutes[name].holidays
        assert isinstance(closed, Holidays)
        found = {str(day) for year in (2026, 2027, 2028) for day in closed.within(year)}
        if name == "AU":
            observed = {"2026-04-27", "2026-12-28", "2027-04-26", "2027-12-27", "2027-12-28", "2028-01-03"}
            assert found - set(listed) == observed
            assert found >= set(listed)
        else:
            assert found == set(listed), name


def test_states_of_australia_observe_anzac_day_each_in_their_way() -> None:
    """25 April 2027 is a Sunday: Monday is a holiday in five states, and for whom the state is unknown."""
    statutes = law.shipped().statutes
    monday = date(2027, 4, 26)
    shut = {name for name in statutes if name.startswith("AU") and monday in statutes[name].holidays}
    assert shut == {"AU", "AU-NSW", "AU-ACT", "AU-QLD", "AU-SA", "AU-WA", "AU-NT"}
