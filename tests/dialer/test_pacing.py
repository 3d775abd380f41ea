"""We ring no faster, on no more lines and for no more money than the campaign, its numbers and the account allow."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaign import ids
from campaign.database import Database
from campaign.file import Campaign, parse
from campaign.records import Attempt, Call, Lead, Pace
from campaign.settings import Settings
from dialer import pace, pacing
from dialer.pace import Bucket
from dialer.pacing import Held
from tests.dialer.stage import CAMPAIGN, Stage

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FRESH, RETRY = 1, 2


def ours(**changes: object) -> Settings:
    return Settings(_env_file=None, twilio_account_sid="AC1", **{"twilio_calls_per_second": 1000.0, **changes})  # type: ignore[arg-type]


def campaign(*, per_day: float = 100.0, **changes: object) -> Campaign:
    usual = parse(CAMPAIGN)
    pacing = usual.pacing.model_copy(update={"calls_per_second": 2.0, "concurrent_calls": 5} | changes)
    return usual.model_copy(
        update={"pacing": pacing, "budget": usual.budget.model_copy(update={"per_day_usd": per_day})}
    )


def rang(
    database: Database, at: datetime, *, over: bool = False, cost: float = 0.0, number: str = "+12125550100"
) -> str:
    lead_id, attempt_id = ids.new("lead"), ids.new("att")
    with database.transaction() as session:
        session.add(
            Lead(id=lead_id, campaign="solar-us", source="w", external_id=lead_id, received_at=at, updated_at=at)
        )
        session.flush()
        session.add(
            Attempt(
                id=attempt_id, lead_id=lead_id, campaign="solar-us", campaign_version=1, number=1, fence=1,
                to_number=attempt_id, from_number=number, intent_at=at, intent_real_at=at,
                settled_at=at if over else None,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            Call(
                attempt_id=attempt_id, lead_id=lead_id, campaign="solar-us", playbook="solar-us", playbook_sha256="",
                started_at=at, cost_usd=cost,
            )
        )  # fmt: skip
    return lead_id


def held(
    database: Database,
    now: datetime = NOW,
    *,
    priority: int = FRESH,
    settings: Settings | None = None,
    **changes: object,
) -> Held | None:
    settings = settings or ours()
    with database.transaction() as session:
        row = pacing.turn(session, settings, now)
        return pacing.held(session, campaign(**changes), settings, row, priority, now)  # type: ignore[arg-type]


# ---- the bucket -----------------------------------------------------------------------------------------------------


def test_r27_calls_of_an_account_leave_one_after_the_other() -> None:
    """R27: at a CPS of 1, never less than a second apart, no burst; after a pause the bucket holds one call, not many."""
    bucket, leaves = Bucket(NOW), []
    for _ in range(5):
        leaves.append(pace.opens(bucket, NOW))
        bucket = pace.taken(bucket, 1.0, NOW)
    assert [(at - NOW).total_seconds() for at in leaves] == [0, 1.25, 2.5, 3.75, 5]
    later = NOW + timedelta(minutes=5)
    assert pace.opens(pace.taken(bucket, 1.0, later), later) == later + timedelta(seconds=1.25)


def test_r27_a_queue_at_the_carrier_halves_the_rate_and_it_recovers() -> None:
    """R27: `queue_time` above 2 s twice in a row halves the rate; a quick call between the two forgives; +10 % a minute."""
    bucket = pace.told(pace.told(Bucket(NOW), 5000, NOW), 100, NOW)
    assert pace.rate(pace.told(bucket, 5000, NOW), 10, NOW) == pytest.approx(8.0)
    slow = pace.told(pace.told(bucket, 5000, NOW), 5000, NOW)
    assert pace.rate(slow, 10, NOW) == pytest.approx(4.0)
    assert pace.rate(slow, 10, NOW + timedelta(minutes=2)) == pytest.approx(5.6)
    assert pace.rate(slow, 10, NOW + timedelta(hours=1)) == pytest.approx(8.0)
    for _ in range(40):
        slow = pace.told(slow, 9000, NOW)
    assert pace.rate(slow, 10, NOW) == pytest.approx(8.0 * pace.SLOWEST)


def test_a_bucket_written_by_a_clock_that_was_wrong_does_not_stop_the_account() -> None:
    assert pace.opens(Bucket(NOW + timedelta(days=3)), NOW) == NOW


def test_workers_draw_from_one_bucket_whatever_becomes_of_redis(database: Database) -> None:
    """R27: eight threads take their places in one row; no two leave together, and nothing of it is kept in Redis."""
    settings, places = ours(twilio_calls_per_second=10.0), []

    def take() -> None:
        with database.transaction() as session:
            row = pacing.turn(session, settings, NOW)
            places.append(pacing.leave(row, settings, NOW))
            session.add(row)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(places) == [NOW + n * timedelta(milliseconds=125) for n in range(8)]


def test_a_fresh_lead_takes_its_place_in_the_next_second_and_a_retry_waits_for_room(database: Database) -> None:
    settings = ours(twilio_calls_per_second=2.0)
    with database.transaction() as session:
        row = pacing.turn(session, settings, NOW)
        pacing.leave(row, settings, NOW)
        session.add(row)
    assert held(database, settings=settings) is None
    assert held(database, settings=settings, priority=RETRY) == Held("paced")
    assert held(database, NOW + SECOND, settings=settings, priority=RETRY) is None


def test_r27_the_carriers_queue_is_heard_by_the_dial(stage: Stage) -> None:
    """R27, end to end: two answers with a long `queue_time`, and the account's row rings slower."""
    stage.twilio.faults(cps=0.2)
    for number in ("+12125550141", "+12125550142", "+12125550143", "+12125550144"):
        stage.dial(stage.lead(number))
    [row] = stage.all(Pace)
    assert row.factor == 0.5
    stage.twilio.faults(cps=1000)


# ---- lines ----------------------------------------------------------------------------------------------------------


def test_an_idle_campaign_may_ring(database: Database) -> None:
    assert held(database) is None


def test_r28_a_slot_is_held_until_the_call_is_over_and_freed_once(database: Database) -> None:
    """R28: a slot is a row that has not ended, so it is freed exactly once and the count is never negative."""
    for _ in range(5):
        rang(database, NOW - timedelta(minutes=1))
    rang(database, NOW - timedelta(minutes=1), over=True)
    assert held(database) == Held("lines_busy")
    assert held(database, concurrent_calls=6) is None


def test_the_last_lines_are_for_those_who_just_asked(database: Database) -> None:
    for _ in range(4):
        rang(database, NOW - timedelta(minutes=1))
    assert held(database) is None
    assert held(database, priority=RETRY) == Held("lines_busy")


def test_an_accounts_own_limit_binds_all_campaigns(database: Database) -> None:
    for _ in range(2):
        rang(database, NOW - timedelta(minutes=1))
    assert held(database, settings=ours(twilio_concurrent_calls=3)) == Held("lines_busy")
    assert held(database, settings=ours(twilio_concurrent_calls=4)) is None


def test_no_more_calls_than_people_at_work_can_take_over(database: Database) -> None:
    rang(database, NOW - timedelta(minutes=1))
    assert held(database, calls_per_person=1) == Held("lines_busy")
    assert held(database, calls_per_person=2) is None
    night = NOW + timedelta(hours=9)
    assert held(database, night, calls_per_person=2) == Held("lines_busy")


@pytest.mark.parametrize("rate", [2.0, 0.5])
def test_a_campaigns_calls_keep_their_distance(database: Database, rate: float) -> None:
    for _ in range(2):
        rang(database, NOW - timedelta(seconds=0.4), over=True)
    assert held(database, calls_per_second=rate) == Held("paced")
    assert held(database, calls_per_second=3.0) is None


# ---- numbers --------------------------------------------------------------------------------------------------------


def test_a_number_that_has_rung_enough_rests_and_another_takes_its_place(stage: Stage) -> None:
    """twilio.md section 12, design 4: hourly and daily pacing of each caller ID."""
    first, second = parse(CAMPAIGN).caller_ids
    now = NOW
    for minutes in (50, 30):
        rang(stage.database, now - timedelta(minutes=minutes), over=True, number=first)
    for hours in (20, 10, 5):
        rang(stage.database, now - timedelta(hours=hours), over=True, number=second)
    with stage.database.reading() as session:
        tired = pacing.tired(session, campaign(per_number_hour=2, per_number_day=4), now)
        assert tired == {f"caller:{first}": now + timedelta(minutes=10)}
        assert pacing.room(session, campaign(per_number_hour=2), ours(), now)[FRESH] > 0
        both = campaign(per_number_hour=2, per_number_day=3)
        assert pacing.tired(session, both, now)[f"caller:{second}"] == now + timedelta(hours=4)
        assert set(pacing.room(session, both, ours(), now).values()) == {0}


# ---- money ----------------------------------------------------------------------------------------------------------


def test_money_spent_today_holds_until_the_campaigns_next_day(database: Database) -> None:
    rang(database, NOW - timedelta(hours=1), over=True, cost=0.6)
    assert held(database, per_day=1.0) is None
    rang(database, NOW - timedelta(hours=2), over=True, cost=0.4)
    tomorrow = datetime(2026, 11, 26, tzinfo=ZoneInfo("America/New_York"))
    assert held(database, per_day=1.0) == Held("budget_spent", tomorrow)
    assert held(database, NOW + timedelta(days=1), per_day=1.0) is None


def test_r91_calls_under_way_have_their_money_set_aside(database: Database) -> None:
    """R91: what running calls may still cost is counted, so that calls placed together cannot overspend together."""
    rang(database, NOW - timedelta(minutes=1))
    assert held(database, per_day=6.0) is None
    rang(database, NOW - timedelta(minutes=1))
    assert held(database, per_day=6.0) == Held("budget_reserved")
    assert held(database, per_day=9.0) is None


def test_r91_ten_workers_at_once_do_not_pass_a_cap(stage: Stage) -> None:
    """R91: counted under the account's row, so the last line is given away once (PostgreSQL too)."""
    from campaign import store
    from campaign.clock import now as business_now

    text = CAMPAIGN.rstrip() + "\npacing: {concurrent_calls: 3, calls_per_second: 100}\n"
    with stage.database.transaction() as session:
        store.apply(session, parse(text), text, by="test", now=business_now())
    leads = []
    for n in range(10):
        stage.twilio.script(f"+12125551{n:03}", answer="human", ring_s=3)
        leads.append(stage.lead(f"+12125551{n:03}"))
    threads = [threading.Thread(target=stage.dial, args=(lead_id,)) for lead_id in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stage.all(Attempt)) == 3
    waiting = [lead for lead in stage.all(Lead) if lead.state == "scheduled"]
    assert {lead.reason for lead in waiting} == {"lines_busy"}
    assert all(lead.due_at is not None and lead.due_at <= business_now() for lead in waiting), "they keep their place"


def test_a_lead_that_has_cost_enough_is_left_alone(stage: Stage) -> None:
    lead_id = rang(stage.database, NOW - timedelta(hours=3), over=True, cost=11.0)
    with stage.database.transaction() as session:
        lead = session.get_one(Lead, lead_id)
        lead.state, lead.due_at, lead.attempts, lead.phone = "scheduled", NOW, 1, "+12125550141"
    assert stage.dial(lead_id) is None
    lead = stage.get(Lead, lead_id)
    assert (lead.state, lead.reason, stage.twilio.posts("+12125550141")) == ("unreachable", "lead_budget_spent", 0)
