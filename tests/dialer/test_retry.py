"""When to ring again: waits with jitter, caps, gap and another part of the day, as plain values. (compliance.md, section 6)"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import Permanent
from campaign.file import Campaign, Retries, parse
from dialer.decision import Asked, Cap, Statute, bind
from dialer.hours import CLOSED
from dialer.outcomes import RETRIED, Then
from dialer.retry import PROMPT, RetryAt, Stop, after, share
from tests.conftest import NOON
from tests.dialer.stage import CAMPAIGN

NEW_YORK = ("America/New_York",)
PLAIN = {"jitter": 0}


def policy(minutes: float = 60, **given: Any) -> Retries:
    """One wait for every ending and nothing else in the way, with changes."""
    wide = {"gap_minutes": 0, "per_day": 10, "per_24_hours": 10, "per_7_days": 50, "max_attempts": 20, "day_parts": []}
    waits = {then.value: {"after_minutes": [minutes] * 9, "jitter": 0} for then in RETRIED}
    return Retries.model_validate(waits | wide | given)


def asked(retries: Retries, *rang: datetime, zones: tuple[str, ...] = NEW_YORK, caps: tuple[Cap, ...] = ()) -> Asked:
    """What the core is asked about somebody rung at these times; their hours, of which there are none, do not matter."""
    statute = Statute("US", (CLOSED,) * 7, caps=caps)
    day = timedelta(days=1)
    return Asked(
        bounds=tuple(bind(statute, zone, statute.week) for zone in zones),
        attempts=tuple(sorted(rang)),
        gap=timedelta(minutes=retries.gap_minutes),
        per_day=retries.per_day,
        caps=(Cap(retries.per_24_hours, day), Cap(retries.per_7_days, 7 * day)),
    )


def again(retries: Retries, *ago_minutes: float, now: datetime = NOON, attempt: str = "") -> datetime:
    """When somebody is rung again who was rung so many minutes ago, local time New York."""
    question = asked(retries, *(now - timedelta(minutes=minutes) for minutes in ago_minutes))
    found = after(Then.NO_ANSWER, 0, 1, retries, now, question, attempt)
    assert isinstance(found, RetryAt)
    return found.at


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(NEW_YORK[0]))


def test_a_wait_is_longer_by_a_share_that_the_attempt_decides() -> None:
    jittered = policy(no_answer={"after_minutes": [100], "jitter": 0.2})
    first = again(jittered, 0, attempt="att_1")
    assert first == again(jittered, 0, attempt="att_1") != again(jittered, 0, attempt="att_2")
    waits = [(again(jittered, 0, attempt=f"att_{n}") - NOON).total_seconds() / 60 for n in range(200)]
    assert min(waits) >= 100
    assert max(waits) < 120
    assert sum(minutes < 110 for minutes in waits) in range(70, 131)
    assert all(0 <= share(f"att_{n}") < 1 for n in range(50))


@pytest.mark.parametrize(
    ("given_", "ago", "at"),
    [
        ({}, (0,), "2026-11-25 13:00"),
        ({"gap_minutes": 240}, (0,), "2026-11-25 16:00"),
        ({"per_24_hours": 3}, (0, 300, 900), "2026-11-25 21:00"),
        ({"per_24_hours": 3}, (0, 300, 1500), "2026-11-25 13:00"),
        ({"per_7_days": 2}, (0, 1440), "2026-12-01 12:00"),
        ({"per_day": 2}, (0, 300), "2026-11-26 00:00"),
        ({"per_day": 2}, (0, 800), "2026-11-25 13:00"),
    ],
    ids=["wait", "gap", "rolling day", "aged out", "rolling week", "local day", "yesterday's"],
)
def test_caps_and_gap_move_a_call_forward(given_: dict[str, Any], ago: tuple[float, ...], at: str) -> None:
    assert again(policy(**given_), *ago) == local(at)


def test_what_the_law_counts_is_planned_for_as_well() -> None:
    """The core would hold the call back at its time; whoever looks at the lead should see that before."""
    house, state = policy(), Cap(2, timedelta(hours=24))
    question = asked(house, NOON - timedelta(hours=5), NOON, caps=(state,))
    assert after(Then.NO_ANSWER, 0, 2, house, NOON, question) == RetryAt(NOON + timedelta(hours=19))


PARTS = ["08:00-11:00", "11:00-14:00", "14:00-17:00", "17:00-21:00"]


@pytest.mark.parametrize(
    ("called", "minutes", "at"),
    [
        ("2026-11-25 09:00", 60, "2026-11-25 11:00"),
        ("2026-11-25 09:00", 150, "2026-11-25 11:30"),
        ("2026-11-25 09:00", 1440, "2026-11-26 11:00"),
        ("2026-11-25 18:00", 1440, "2026-11-27 08:00"),
        ("2026-11-25 20:00", 120, "2026-11-26 08:00"),
        ("2026-11-25 09:00", 1380, "2026-11-26 11:00"),
        ("2026-11-25 09:00", 30, "2026-11-25 09:30"),
        ("2026-11-25 06:00", 60, "2026-11-25 08:00"),
        ("2026-10-31 09:00", 1440, "2026-11-01 11:00"),
    ],
    ids=["same part", "another part", "next day", "evening", "night", "morning", "prompt", "from night", "DST ends"],
)
def test_nobody_is_rung_twice_running_in_the_same_part_of_the_day(called: str, minutes: float, at: str) -> None:
    assert again(policy(minutes, day_parts=PARTS), 0, now=local(called)) == local(at)


def test_calls_moved_to_a_parts_beginning_are_spread() -> None:
    moved = [
        again(policy(60, day_parts=PARTS), 0, now=local("2026-11-25 09:00"), attempt=f"att_{n}") for n in range(50)
    ]
    assert min(moved) >= local("2026-11-25 11:00")
    assert max(moved) < local("2026-11-25 11:20")
    assert len(set(moved)) == 50


MOMENTS = st.lists(st.integers(0, 60 * 24 * 8), min_size=1, max_size=8)


@given(
    ago=MOMENTS,
    hour=st.integers(0, 24 * 400),
    earlier=st.integers(0, 2),
    then=st.sampled_from(RETRIED),
    zones=st.sampled_from([NEW_YORK, ("Australia/Perth", "Australia/Sydney"), ("America/Chicago", "America/New_York")]),
    attempt=st.text(max_size=4),
)
def test_the_house_defaults_hold_whatever_was_before(
    ago: list[int], hour: int, earlier: int, then: Then, zones: tuple[str, ...], attempt: str
) -> None:
    """2 a local day, 3 in 24 hours, 7 in 7 days, 120 minutes apart, another part of the day."""
    now, house = NOON + timedelta(hours=hour), Retries()
    rang = tuple(sorted(now - timedelta(minutes=minutes) for minutes in ago))
    found = after(then, earlier, 1, house, now, asked(house, *rang, zones=zones), attempt)
    if isinstance(found, Stop):
        return
    at = found.at
    assert at >= max(now, rang[-1] + timedelta(minutes=5 if then is Then.DROPPED else 120))
    assert sum(moment > at - timedelta(hours=24) for moment in rang) < 3
    assert sum(moment > at - timedelta(days=7) for moment in rang) < 7
    for zone in map(ZoneInfo, zones):
        assert sum(moment.astimezone(zone).date() == at.astimezone(zone).date() for moment in rang) < 2
        parts = [_part(moment.astimezone(zone)) for moment in (at, rang[-1])]
        assert at - rang[-1] < PROMPT or parts[0] != parts[1]


def _part(moment: datetime) -> str | None:
    clock = f"{moment:%H:%M}"
    return next((part for part in PARTS if part[:5] <= clock < part[6:]), None)


@pytest.mark.parametrize(
    ("channel", "then", "outcome", "reason"),
    [
        ("sms", Then.NO_ANSWER, "unreachable", "try_sms"),
        ("email", Then.VOICEMAIL, "unreachable", "try_email"),
        ("person", Then.BUSY, "needs_human", "busy_exhausted"),
        ("stop", Then.DROPPED, "unreachable", "dropped_exhausted"),
        (None, Then.DROPPED, "needs_human", "dropped_exhausted"),
        (None, Then.BUSY, "unreachable", "busy_exhausted"),
    ],
)
def test_what_follows_the_last_attempt(channel: str | None, then: Then, outcome: str, reason: str) -> None:
    one = {"after_minutes": [], **({"then": channel} if channel else {})}
    assert after(then, 0, 1, policy(**{then.value: one}), NOON, Asked(())) == Stop(outcome, reason)


def test_twelve_attempts_are_all_a_lead_gets() -> None:
    assert after(Then.BUSY, 0, 12, Retries(), NOON, Asked(())) == Stop("unreachable", "attempts_exhausted")


def test_a_policy_comes_back_from_the_database_as_it_was_applied() -> None:
    text = CAMPAIGN.replace("retries: {", "retries: {day_parts: ['08:00-12:00', '12:00-21:00'], per_7_days: 4, ")
    applied = parse(text)
    assert applied.retries.day_parts == (("08:00", "12:00"), ("12:00", "21:00"))
    assert Campaign.model_validate(applied.model_dump(mode="json")) == applied


@pytest.mark.parametrize(
    "retries",
    ["day_parts: ['08:00-12:00', '11:00-13:00']", "day_parts: ['8-9']", "busy: {after_minutes: [-1]}", "per_7_days: 0"],
)
def test_a_policy_that_makes_no_sense_is_refused_with_its_line(retries: str) -> None:
    with pytest.raises(Permanent, match=r"campaign:10: retries"):
        parse(
            CAMPAIGN.replace(
                "retries: {busy: {after_minutes: [30, 120], jitter: 0}, gap_minutes: 15}", f"retries: {{{retries}}}"
            )
        )
