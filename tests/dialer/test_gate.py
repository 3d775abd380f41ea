"""The gate's decision, rule by rule, as plain values; nothing here touches a database or a clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.file import Campaign, parse
from campaign.phone import Phone, Undialable
from dialer.callers import choose
from dialer.facts import Facts
from dialer.gate import Allow, Defer, Deny, decide
from dialer.resolver import Place
from tests.conftest import NOON
from tests.dialer.stage import CAMPAIGN

NEW_YORK = Place("US", (("US-NY", ("America/New_York",)),), "number")
SOLAR: Campaign = parse(CAMPAIGN)
OURS = "+12125550100"


def facts(**changes: Any) -> Facts:
    usual: dict[str, Any] = {
        "number": Phone("+12125550141", "US"),
        "place": NEW_YORK,
        "consent": True,
        "suppression": None,
        "halts": {},
        "tried": 0,
        "rang": (),
        "on_the_phone": False,
        "promised": None,
        "last_caller": None,
    }
    return Facts(**usual | changes)


def ago(**span: float) -> datetime:
    return NOON - timedelta(**span)


def test_a_lead_with_consent_in_hours_is_allowed_with_every_rule_in_the_trace() -> None:
    verdict = decide(facts(), SOLAR, NOON)
    assert isinstance(verdict, Allow)
    rules = [row["rule"] for row in verdict.trace]
    assert rules == [
        "number",
        "suppression",
        "consent",
        "scrubs",
        "attempts",
        "answered",
        "rules",
        "halts",
        "caller_id",
        "one_call",
        "consent_term",
        "hang_up",
        "clock",
        "not_before",
        "callback",
        "refusal_lock",
        "hours",
        "campaign_hours",
        "blackout",
        "gap",
        "rolling_cap",
        "per_day",
    ]
    assert verdict.caller_id in SOLAR.caller_ids


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"number": Undialable("premium_rate"), "place": None}, "premium_rate"),
        ({"number": Undialable("not_a_phone_number"), "place": None}, "not_a_phone_number"),
        ({"number": Phone(OURS, "US")}, "our_own_number"),
        ({"number": Phone("+12125550111", "US")}, "our_own_number"),
        ({"consent": None}, "no_consent"),
        ({"consent": False}, "no_consent"),
        ({"suppression": "opted_out"}, "suppressed"),
        ({"suppression": "carrier_invalid"}, "not_a_valid_number"),
        ({"tried": 12}, "attempts_exhausted"),
        ({"answered": "booked"}, "already_answered"),
        ({"place": Place("US", (), "country")}, "no_calling_hours"),
        ({"consent": None, "halts": {"account": None}}, "no_consent"),
    ],
)
def test_r17_denials(changes: dict[str, Any], reason: str) -> None:
    verdict = decide(facts(**changes), SOLAR, NOON)
    assert isinstance(verdict, Deny)
    assert verdict.reason == reason
    assert any(not row["passed"] and row["reason"] == reason for row in verdict.trace)


@pytest.mark.parametrize(
    ("changes", "reason", "until"),
    [
        ({"halts": {"account": None}}, "halted", NOON + timedelta(seconds=60)),
        ({"halts": {"campaign:solar-us": NOON + timedelta(hours=1)}}, "halted", NOON + timedelta(hours=1)),
        ({"halts": {"country:US": None}}, "halted", NOON + timedelta(seconds=60)),
        ({"halts": dict.fromkeys([f"caller:{one}" for one in SOLAR.caller_ids])}, "no_caller_id", None),
        ({"on_the_phone": True}, "already_in_a_call", NOON + timedelta(seconds=60)),
        ({"rang": (ago(minutes=5),)}, "too_soon", NOON + timedelta(minutes=10)),
        ({"rang": (ago(hours=3), ago(hours=2))}, "per_day_cap", datetime(2026, 11, 26, 14, 0, tzinfo=UTC)),
    ],
)
def test_deferrals(changes: dict[str, Any], reason: str, until: datetime | None) -> None:
    verdict = decide(facts(**changes), SOLAR, NOON)
    assert isinstance(verdict, Defer)
    assert verdict.reason == reason
    assert until is None or verdict.until == until


def test_the_houses_rolling_caps_bind_where_the_law_has_none() -> None:
    campaign = SOLAR.model_copy(update={"retries": SOLAR.retries.model_copy(update={"per_day": 10, "per_7_days": 4})})
    day = decide(facts(rang=(ago(hours=9), ago(hours=5), ago(hours=3))), campaign, NOON)
    assert isinstance(day, Defer)
    assert (day.reason, day.until) == ("rolling_cap", NOON + timedelta(hours=21))
    week = decide(facts(rang=tuple(ago(days=days) for days in (6, 5, 4, 3))), campaign, NOON)
    assert isinstance(week, Defer)
    assert week.reason == "rolling_cap"


def test_a_line_that_broke_in_mid_conversation_is_rung_back_without_the_gap() -> None:
    assert isinstance(decide(facts(rang=(ago(minutes=5),)), SOLAR, NOON), Defer)
    assert isinstance(decide(facts(rang=(ago(minutes=5),), broke_off=True), SOLAR, NOON), Allow)


def test_other_brakes_do_not_bind() -> None:
    other = {"campaign:dental-au": None, "country:AU": None, "caller:+12125550100": None}
    verdict = decide(facts(halts=other), SOLAR, NOON)
    assert isinstance(verdict, Allow)
    assert verdict.caller_id == "+12125550109"


def test_at_night_it_waits_for_the_campaigns_morning() -> None:
    verdict = decide(facts(), SOLAR, NOON + timedelta(hours=10))
    assert isinstance(verdict, Defer)
    assert (verdict.reason, verdict.until) == ("outside_campaign_hours", datetime(2026, 11, 26, 14, 0, tzinfo=UTC))


def test_a_promised_callback_sets_our_manners_aside_but_no_floor_and_no_stop() -> None:
    evening = datetime(
        2026, 11, 26, 1, 30, tzinfo=UTC
    )  # 20:30 in New York: past the campaign's close, before the floor's
    recent = {"rang": (evening - timedelta(minutes=5),) * 3, "tried": 15}
    assert isinstance(decide(facts(promised=evening, **recent), SOLAR, evening), Allow)
    assert isinstance(decide(facts(promised=evening, suppression="opted_out"), SOLAR, evening), Deny)
    late = evening + timedelta(minutes=45)
    assert isinstance(decide(facts(promised=late, rang=()), SOLAR, late), Defer), "the floor closes at 21:00"
    stale = decide(facts(promised=evening - timedelta(hours=2)), SOLAR, evening)
    assert isinstance(stale, Defer), "an hour after its time a promise is an ordinary call"


@given(
    hour=st.integers(0, 24 * 14),
    rang=st.lists(st.integers(1, 60 * 48), max_size=4),
    tried=st.integers(0, 5),
)
def test_what_is_deferred_is_allowed_when_its_time_comes(hour: int, rang: list[int], tried: int) -> None:
    now = NOON + timedelta(hours=hour)
    asked = facts(rang=tuple(sorted(now - timedelta(minutes=minutes) for minutes in rang)), tried=tried)
    verdict = decide(asked, SOLAR, now)
    if isinstance(verdict, Defer):
        assert verdict.until > now
        assert isinstance(decide(asked, SOLAR, verdict.until), Allow)


def test_the_caller_id_stays_the_same_for_a_lead_and_spreads_over_leads() -> None:
    pool = ["+12125550100", "+12125550109"]
    assert {choose(pool, None, f"lead_{n}") for n in range(50)} == set(pool)
    assert all(choose(pool, pool[1], f"lead_{n}") == pool[1] for n in range(9))
    assert choose(pool[:1], pool[1], "lead_1") == pool[0], "a disabled number gives way"
