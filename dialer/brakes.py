"""Turns a refusal of the carrier into the brake it calls for, and says whether one stops a call at the last moment."""

import re
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session, col, update

from campaign import once
from campaign.errors import Permanent
from campaign.phone import Phone, parse
from campaign.records import Attempt, Halt
from campaign.suppression import suppressed
from dialer.errors import WHY, Remedy, refusal
from dialer.known import halts

log = structlog.get_logger()

SCOPE = re.compile(r"account|campaign:[a-z0-9][a-z0-9_-]{0,62}|caller:\+[1-9]\d{6,14}|country:[A-Z]{2}")
CALLER_REST = timedelta(minutes=15)
# A brake of the carrier's wears off by itself: whether somebody has mended what it said is found out by one more create.
TERMS: dict[Remedy, timedelta] = {
    Remedy.HALT_ACCOUNT: timedelta(minutes=10),
    Remedy.HALT_CAMPAIGN: timedelta(hours=1),
    Remedy.DISABLE_CALLER: timedelta(days=1),
    Remedy.HOLD_COUNTRY: timedelta(days=1),
}


def pull(session: Session, attempt: Attempt, code: int, now: datetime) -> None:
    """Stop what a refused create says must stop: account, campaign, caller ID or country (table 13.1)."""
    remedy = refusal(code)
    scope = {
        Remedy.HALT_ACCOUNT: "account",
        Remedy.HALT_CAMPAIGN: f"campaign:{attempt.campaign}",
        Remedy.DISABLE_CALLER: f"caller:{attempt.from_number}",
        Remedy.HOLD_COUNTRY: f"country:{_country(attempt.to_number)}",
    }.get(remedy)
    if scope is not None:
        kind = scope.partition(":")[0]
        log.error("dialing halted by the carrier's answer", scope_kind=kind, code=code, why=WHY.get(code, ""))
        _hold(session, scope, f"carrier_{code}", now, now + TERMS[remedy])


def stop(session: Session, scope: str, reason: str, now: datetime) -> None:
    """The kill switch: no new call for this scope from this commit on, and ringing ones are taken back, until `release`.

    Workers ask before each POST (R31), the sweep takes back what rings (R29); both read this row and nothing else.
    """
    if not SCOPE.fullmatch(scope):
        raise Permanent(f"no such scope: {scope!r}; account, campaign:NAME, caller:+1… or country:US", code="bad_scope")
    session.merge(Halt(scope=scope, reason=reason, at=now, until=None))
    log.error("dialing stopped by hand", scope_kind=scope.partition(":")[0], why=reason)


def release(session: Session, scope: str) -> bool:
    """Let go, whoever pulled it; False when no such brake is in force."""
    row = session.get(Halt, scope)
    if row is None:
        return False
    session.delete(row)
    log.warning("brake released", scope_kind=scope.partition(":")[0])
    return True


def rest_caller(session: Session, number: str, now: datetime) -> None:
    """Let a caller ID rest a while after a network declined it."""
    _hold(session, f"caller:{number}", "declined_by_network", now, now + CALLER_REST)


def _hold(session: Session, scope: str, reason: str, now: datetime, until: datetime) -> None:
    """Never shortens a brake in force, and leaves one without an end to whoever pulled it. Workers may pull one together."""
    if not once.insert(session, Halt(scope=scope, reason=reason, at=now, until=until)):
        session.execute(
            update(Halt)
            .where(col(Halt.scope) == scope, col(Halt.until) < until)
            .values(reason=reason, at=now, until=until)
        )


def stops(session: Session, attempt: Attempt, now: datetime) -> bool:
    """Whether a brake that binds this attempt is in force right now (R31)."""
    country = f"country:{_country(attempt.to_number)}"
    scopes = {"account", f"campaign:{attempt.campaign}", f"caller:{attempt.from_number}", country}
    return not scopes.isdisjoint(halts(session, now))


def withdrawn(session: Session, attempt: Attempt, now: datetime) -> bool:
    """Whether a stop or a brake forbids this attempt right now, whatever the gate said before."""
    return suppressed(session, attempt.to_number, attempt.campaign) is not None or stops(session, attempt, now)


def _country(number: str) -> str:
    parsed = parse(number, None, frozenset())
    return parsed.country if isinstance(parsed, Phone) else "unknown"
