"""How many lines, how fast and for how much money a campaign may ring. Not a question of law: a lead held here just waits.

Asked in the claim's transaction, where SQLite has one writer; on PostgreSQL two workers may overshoot by one call each.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from campaign.file import Campaign
from campaign.records import Attempt, Call

LINE_WAIT = timedelta(seconds=3)


def held(session: Session, campaign: Campaign, now: datetime) -> tuple[datetime, str] | None:
    """Until when this campaign's next call must wait, and why; None when it may ring now."""
    if _lines(session, campaign) >= campaign.pacing.concurrent_calls:
        return now + LINE_WAIT, "lines_busy"
    window, allowed = _rate(campaign.pacing.calls_per_second)
    if _placed_since(session, campaign, now - window) >= allowed:
        return now + window, "paced"
    midnight = _midnight(campaign, now)
    if _spent_since(session, campaign, midnight) >= campaign.budget.per_day_usd:
        return _midnight(campaign, midnight + timedelta(hours=36)), "budget_spent"
    return None


def _rate(per_second: float) -> tuple[timedelta, int]:
    """A window and how many calls fit into it: one second, or longer for less than one call a second."""
    seconds = max(1.0, 1.0 / per_second)
    return timedelta(seconds=seconds), max(1, int(per_second * seconds))


def _lines(session: Session, campaign: Campaign) -> int:
    mine = select(func.count()).where(Attempt.campaign == campaign.name, col(Attempt.settled_at).is_(None))
    return session.exec(mine).one()


def _placed_since(session: Session, campaign: Campaign, since: datetime) -> int:
    mine = select(func.count()).where(Attempt.campaign == campaign.name, col(Attempt.intent_at) > since)
    return session.exec(mine).one()


def _spent_since(session: Session, campaign: Campaign, since: datetime) -> float:
    mine = select(func.coalesce(func.sum(Call.cost_usd), 0.0))
    return float(session.exec(mine.where(Call.campaign == campaign.name, col(Call.started_at) >= since)).one())


def _midnight(campaign: Campaign, moment: datetime) -> datetime:
    """The start of the campaign's own day that `moment` lies in."""
    zone = ZoneInfo(campaign.timezone)
    return datetime.combine(moment.astimezone(zone).date(), time(0), zone)
