"""How fast, on how many lines and for how much money we may ring. Not a question of law: a lead held here keeps its place.

`turn` locks the account's one row, so that what is counted after it stays true until the claim's transaction has written
its attempt: no worker overshoots, and losing Redis changes nothing. A slot is an attempt that has not ended; it cannot be
freed twice. Promised and fresh leads go first: the last lines and an already promised place in the next second are theirs.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import case
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from campaign import once, roster
from campaign.file import Campaign
from campaign.records import Attempt, Call, Lead, Pace
from campaign.settings import Settings
from dialer import pace
from dialer.pace import Bucket

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AHEAD = timedelta(seconds=1)
"""How far in the future a promised or fresh lead may take its place; its worker waits for it."""
KEPT_FREE = 0.2
"""Share of a campaign's lines that retries and imported leads leave to those who just asked."""
ACCOUNT_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Held:
    """Not now. `until` None: the lead stays due, and is looked at again as soon as there is room."""

    reason: str
    until: datetime | None = None


def turn(session: Session, settings: Settings, now: datetime) -> Pace:
    """The account's row, ours until the transaction ends."""
    name = f"{settings.twilio_account_sid}@{urlsplit(settings.twilio_api_url).hostname}"
    mine = select(Pace).where(Pace.name == name).with_for_update().execution_options(populate_existing=True)
    row = session.exec(mine).first()
    if row is None:
        once.insert(session, Pace(name=name, next_at=now))
        row = session.exec(mine).one()
    return row


def held(
    session: Session, campaign: Campaign, settings: Settings, row: Pace, priority: int, now: datetime
) -> Held | None:
    """Why this campaign's next call must wait; None when it may ring. `row` is this transaction's `turn`."""
    window, allowed = _window(campaign.pacing.calls_per_second)
    midnight = _midnight(campaign, now)
    counts = (_lines(campaign), _placed_since(campaign, now - window), _spent_since(campaign, midnight))
    lines, placed, spent = session.exec(select(*(one.scalar_subquery() for one in counts))).one()
    if lines >= _allowed_lines(campaign, priority, now) or _account_is_busy(session, settings):
        return Held("lines_busy")
    if placed >= allowed:
        return Held("paced")
    if pace.opens(_bucket(row), now) > now + (AHEAD if priority <= 1 else timedelta()):
        return Held("paced")
    if spent >= campaign.budget.per_day_usd:
        return Held("budget_spent", _midnight(campaign, midnight + timedelta(hours=36)))
    if lines and spent + (lines + 1) * campaign.budget.per_call_usd > campaign.budget.per_day_usd:
        return Held("budget_reserved")
    return None


def leave(row: Pace, settings: Settings, now: datetime) -> datetime:
    """Take the next place: when the call may leave."""
    bucket = _bucket(row)
    _keep(row, pace.taken(bucket, settings.twilio_calls_per_second, now))
    return pace.opens(bucket, now)


def told(session: Session, settings: Settings, queue_ms: int, now: datetime) -> None:
    """The carrier says how long it keeps a call waiting (R27)."""
    if queue_ms <= pace.SLOW_MS:
        quick = select(Pace.slow_in_a_row).where(Pace.slow_in_a_row > 0)
        if session.exec(quick).first() is None:
            return
    row = turn(session, settings, now)
    _keep(row, pace.told(_bucket(row), queue_ms, now))
    session.add(row)


def tired(session: Session, campaign: Campaign, now: datetime) -> dict[str, datetime]:
    """Caller IDs that have rung often enough for this hour or day, and until when they rest: read like brakes by the gate."""
    recent = case((col(Attempt.intent_at) > now - HOUR, 1), else_=0)
    rang = (
        select(Attempt.from_number, func.sum(recent), func.count())
        .where(col(Attempt.from_number).in_(campaign.caller_ids), col(Attempt.intent_at) > now - DAY)
        .where(Attempt.direction == "outbound")  # calls that people place to it are no use of it
        .group_by(Attempt.from_number)
    )
    limits = campaign.pacing
    found: dict[str, datetime] = {}
    for number, hour, day in session.exec(rang):
        if day >= limits.per_number_day:
            found[number] = _rung(session, number, limits.per_number_day) + DAY
        elif hour >= limits.per_number_hour:
            found[number] = _rung(session, number, limits.per_number_hour) + HOUR
    return {f"caller:{number}": until for number, until in found.items()}


def room(session: Session, campaign: Campaign, settings: Settings, now: datetime) -> Mapping[int, int]:
    """How many more leads of each priority or better may be named for the next second; nothing while all numbers rest."""
    if len(tired(session, campaign, now)) == len(campaign.caller_ids) or _budget_is_gone(session, campaign, now):
        return dict.fromkeys(range(4), 0)
    fast = math.ceil(1.5 * min(campaign.pacing.calls_per_second, settings.twilio_calls_per_second))
    lines = session.exec(_lines(campaign)).one()
    return {priority: max(0, min(fast, _allowed_lines(campaign, priority, now) - lines)) for priority in range(4)}


def spent_on(session: Session, lead: Lead) -> float:
    """US dollars of all calls with this lead."""
    mine = select(func.coalesce(func.sum(Call.cost_usd), 0.0)).where(Call.lead_id == lead.id)
    return float(session.exec(mine).one())


def _bucket(row: Pace) -> Bucket:
    return Bucket(row.next_at, row.factor, row.slow_in_a_row, row.eased_at)


def _keep(row: Pace, bucket: Bucket) -> None:
    row.next_at, row.factor = bucket.next_at, bucket.factor
    row.slow_in_a_row, row.eased_at = bucket.slow_in_a_row, bucket.eased_at


def _allowed_lines(campaign: Campaign, priority: int, now: datetime) -> int:
    """The campaign's own limit, and as many calls as there are people at work to take them over, where it asks for that."""
    limits = campaign.pacing
    lines = limits.concurrent_calls
    if limits.calls_per_person:
        lines = min(lines, int(limits.calls_per_person * len(roster.on_duty(campaign, now))))
    return lines if priority <= 1 else lines - math.floor(KEPT_FREE * lines)


def _account_is_busy(session: Session, settings: Settings) -> bool:
    most = settings.twilio_concurrent_calls
    return bool(most) and session.exec(_lines(None)).one() >= max(1, math.floor(ACCOUNT_SHARE * most))


def _window(per_second: float) -> tuple[timedelta, int]:
    """A window and how many calls fit into it: one second, or longer for less than one call a second."""
    seconds = max(1.0, 1.0 / per_second)
    return timedelta(seconds=seconds), max(1, int(per_second * seconds))


def _lines(campaign: Campaign | None) -> SelectOfScalar[int]:
    """Calls that are under way, or may be for all we know."""
    under_way = select(func.count()).where(col(Attempt.settled_at).is_(None), col(Attempt.ended_at).is_(None))
    return under_way if campaign is None else under_way.where(Attempt.campaign == campaign.name)


def _placed_since(campaign: Campaign, since: datetime) -> SelectOfScalar[int]:
    return select(func.count()).where(Attempt.campaign == campaign.name, col(Attempt.intent_at) > since)


def _rung(session: Session, number: str, calls_ago: int) -> datetime:
    """When the number rang for the n-th time before now."""
    ours = select(Attempt.intent_at).where(Attempt.from_number == number, Attempt.direction == "outbound")
    return session.exec(ours.order_by(col(Attempt.intent_at).desc()).offset(calls_ago - 1).limit(1)).one()


def _spent_since(campaign: Campaign, since: datetime) -> SelectOfScalar[float]:
    mine = select(func.coalesce(func.sum(Call.cost_usd), 0.0))
    return mine.where(Call.campaign == campaign.name, col(Call.started_at) >= since)


def _budget_is_gone(session: Session, campaign: Campaign, now: datetime) -> bool:
    spent = session.exec(_spent_since(campaign, _midnight(campaign, now))).one()
    return spent >= campaign.budget.per_day_usd


def _midnight(campaign: Campaign, moment: datetime) -> datetime:
    """The start of the campaign's own day that `moment` lies in."""
    zone = ZoneInfo(campaign.timezone)
    return datetime.combine(moment.astimezone(zone).date(), time(0), zone)
