"""How our numbers fare: a number that networks block, or that hardly anybody answers any more, rests and others take over.

Looked at after each call, over the number's last calls of the last day. Networks' blocks always rest it; few answers only
while the campaign has another number to call from. (reference/twilio.md sections 12 and 13.2)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session, col, select, update

from campaign import once
from campaign.file import Campaign
from campaign.records import Attempt, Halt
from dialer import callers, table
from dialer.known import halts
from dialer.states import State

log = structlog.get_logger()

WINDOW = timedelta(days=1)
SEEN = 50
"""Calls looked at, the newest."""
BLOCKS = 3
ENOUGH = 40
"""Calls without which a rate of answers says nothing."""
LOWEST_RATE = 0.08
BLOCKED_REST, UNANSWERED_REST = timedelta(days=1), timedelta(hours=12)
BLOCKED = frozenset(
    row.word
    for where in ("sip", "alert")
    for row in table.rows(where).values()
    if row.action in ("rest_caller", "blocked")
)
"""Dispositions that say a network or its analytics turned the call away: SIP 403, 603, 607, 608 and their like."""


@dataclass(frozen=True, slots=True)
class Health:
    calls: int
    answered: int
    blocked: int

    @property
    def rate(self) -> float | None:
        return self.answered / self.calls if self.calls else None


@dataclass(frozen=True, slots=True)
class Rest:
    reason: str
    lasts: timedelta


def judge(health: Health, *, others: int) -> Rest | None:
    """Whether a number should rest. `others`: numbers of the campaign that can be used beside it."""
    if health.blocked >= BLOCKS:
        return Rest("blocked_by_networks", BLOCKED_REST)
    if others and health.calls >= ENOUGH and health.answered < LOWEST_RATE * health.calls:
        return Rest("few_answers", UNANSWERED_REST)
    return None


def of(session: Session, number: str, since: datetime, limit: int | None = None) -> Health:
    """Over the newest calls of ours that reached the network; two columns of each, for it is asked after every call."""
    mine = (
        select(Attempt.answered_at, Attempt.disposition)
        .where(Attempt.from_number == number, col(Attempt.intent_at) >= since)
        .where(Attempt.direction == "outbound", Attempt.state != State.REFUSED)
    )
    seen = session.exec(mine.order_by(col(Attempt.intent_at).desc()).limit(limit)).all()
    answered = sum(answered_at is not None for answered_at, _ in seen)
    return Health(len(seen), answered, blocked=sum(word in BLOCKED for _, word in seen))


def review(session: Session, attempt: Attempt, campaign: Campaign, now: datetime) -> None:
    """After a settled call: let its number rest if it should. One that rests already is left as it is."""
    if attempt.direction != "outbound" or attempt.answered_at is not None:
        return
    if attempt.disposition not in BLOCKED and len(campaign.caller_ids) == 1:  # only another block could rest it
        return
    number, in_force = attempt.from_number, halts(session, now)
    others = [one for one in callers.usable(campaign.caller_ids, in_force) if one != number]
    rest = judge(of(session, number, now - WINDOW, SEEN), others=len(others))
    if rest is None or in_force.get(f"caller:{number}", now) is None:
        return
    _rest(session, number, rest, now)


def _rest(session: Session, number: str, rest: Rest, now: datetime) -> None:
    """Longer than a brake in force, never shorter; one without an end stays whoever pulled it's."""
    scope, until = f"caller:{number}", now + rest.lasts
    if once.insert(session, Halt(scope=scope, reason=rest.reason, at=now, until=until)):
        log.error("a caller ID rests", scope_kind="caller", why=rest.reason, hours=rest.lasts.total_seconds() / 3600)
        return
    shorter = update(Halt).where(col(Halt.scope) == scope, col(Halt.until) < now + rest.lasts / 2)
    session.execute(shorter.values(reason=rest.reason, at=now, until=until))
