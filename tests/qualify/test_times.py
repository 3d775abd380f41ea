"""Times: as people say them, and as they are said to people."""

from datetime import UTC, datetime

import pytest

from qualify import when
from qualify.spoken import ordinal, say_time

SUNDAY_NOON = datetime(2026, 11, 22, 17, 3, tzinfo=UTC)  # 12:03 in New York


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("tomorrow after four", "2026-11-23T16:00:00-05:00"),
        ("Tomorrow at four.", "2026-11-23T16:00:00-05:00"),
        ("in two hours", "2026-11-22T14:05:00-05:00"),
        ("in half an hour", "2026-11-22T12:35:00-05:00"),
        ("monday morning", "2026-11-23T10:00:00-05:00"),
        ("half past three", "2026-11-22T15:30:00-05:00"),
        ("quarter to five", "2026-11-22T16:45:00-05:00"),
        ("tomorrow at 10 a.m.", "2026-11-23T10:00:00-05:00"),
        ("next Tuesday at 2:30 pm", "2026-11-24T14:30:00-05:00"),
        ("November 24th at 3", "2026-11-24T15:00:00-05:00"),
        ("the 24th at eleven", "2026-11-24T11:00:00-05:00"),
        ("day after tomorrow at noon", "2026-11-24T12:00:00-05:00"),
        ("tomorrow morning around nine", "2026-11-23T09:00:00-05:00"),
        ("tonight", "2026-11-22T18:00:00-05:00"),
        ("2026-11-24T16:00", "2026-11-24T16:00:00-05:00"),
        ("at five", "2026-11-22T17:00:00-05:00"),
        ("friday", "2026-11-27T10:00:00-05:00"),
        ("Tuesday morning", "2026-11-24T10:00:00-05:00"),
        ("next week", "2026-11-23T10:00:00-05:00"),
        ("next week on Wednesday", "2026-11-25T10:00:00-05:00"),
        ("a week from Tuesday", "2026-12-01T10:00:00-05:00"),
        ("Tuesday week at ten", "2026-12-01T10:00:00-05:00"),
        ("first thing tomorrow", "2026-11-23T09:00:00-05:00"),
        ("after work", "2026-11-22T17:30:00-05:00"),
        ("tomorrow after lunch", "2026-11-23T14:00:00-05:00"),
        ("late afternoon tomorrow", "2026-11-23T16:30:00-05:00"),
        ("end of day", "2026-11-22T17:00:00-05:00"),
        ("5ish", "2026-11-22T17:00:00-05:00"),
        ("half four", "2026-11-22T16:30:00-05:00"),
        ("twenty minutes from now", "2026-11-22T12:25:00-05:00"),
        ("give me an hour", "2026-11-22T13:05:00-05:00"),
        ("in a couple hours", "2026-11-22T14:05:00-05:00"),
        ("in one and a half hours", "2026-11-22T13:35:00-05:00"),
        ("in an hour and a half", "2026-11-22T13:35:00-05:00"),
        ("in 2.5 hours", "2026-11-22T14:35:00-05:00"),
        ("in a little while", "2026-11-22T13:05:00-05:00"),
        ("later today", "2026-11-22T15:05:00-05:00"),
        ("today at nine", "2026-11-22T21:00:00-05:00"),
        ("December first at ten", "2026-12-01T10:00:00-05:00"),
        ("Thursday the third", "2026-12-03T10:00:00-05:00"),
        ("the twenty-fourth at eleven", "2026-11-24T11:00:00-05:00"),
        ("not before four tomorrow", "2026-11-23T16:00:00-05:00"),
        ("how about four", "2026-11-22T16:00:00-05:00"),
    ],
)
def test_phrases_become_instants(phrase: str, expected: str):
    found = when.parse(phrase, "America/New_York", SUNDAY_NOON)
    assert found is not None
    assert found.isoformat() == expected


NO_TIME = (
    "",
    "whenever",
    "I don't know",
    "never",
    "purple",
    "before four",
    "between three and five",
    "in an hour or two",
    "the weekend",
    "later this week",
    "at the end of the week",
    "next month",
    "midnight",
    "I have two kids",
    "Friday the third",
)


def test_next_week_counts_from_its_monday():
    """Asked on a Tuesday, "Wednesday next week" is not tomorrow."""
    tuesday = datetime(2026, 11, 24, 17, 3, tzinfo=UTC)
    found = when.parse("Wednesday next week at three", "America/New_York", tuesday)
    assert found is not None
    assert found.isoformat() == "2026-12-02T15:00:00-05:00"


@pytest.mark.parametrize("phrase", NO_TIME)
def test_what_names_no_time_is_not_guessed(phrase: str):
    assert when.parse(phrase, "America/New_York", SUNDAY_NOON) is None


def test_the_zone_is_the_persons():
    found = when.parse("tomorrow at four", "Australia/Sydney", SUNDAY_NOON)  # there it is Monday already
    assert found is not None
    assert found.isoformat() == "2026-11-24T16:00:00+11:00"


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("en-US", "America/New_York", "Tuesday, November 24th at 10:00 AM"),
        ("en-AU", "Australia/Sydney", "Wednesday 25 November at 2:00 am"),
        ("en-US", "America/Los_Angeles", "Tuesday, November 24th at 7:00 AM"),
        ("es", "Europe/Madrid", "martes 24 de noviembre a las 4:00 de la tarde"),
    ],
)
def test_said_in_the_persons_zone_and_locale(language: str, zone: str, said: str):
    assert say_time(datetime(2026, 11, 24, 15, 0, tzinfo=UTC), zone, language) == said


def test_ordinals():
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 31)] == [
        "1st",
        "2nd",
        "3rd",
        "4th",
        "11th",
        "12th",
        "13th",
        "21st",
        "22nd",
        "23rd",
        "31st",
    ]
