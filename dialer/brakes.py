"""Turns a refusal of the carrier into the brake it calls for, and says whether one stops a call at the last moment."""

from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from campaign.phone import Phone, parse
from campaign.records import Attempt, Halt
from dialer.ask import halts
from dialer.errors import WHY, Remedy, refusal

log = structlog.get_logger()

CALLER_REST = timedelta(minutes=15)


def pull(session: Session, attempt: Attempt, code: int, now: datetime) -> None:
    """Stop what a refused create says must stop: account, campaign, caller ID or country (table 13.1)."""
    scope = {
        Remedy.HALT_ACCOUNT: "account",
        Remedy.HALT_CAMPAIGN: f"campaign:{attempt.campaign}",
        Remedy.DISABLE_CALLER: f"caller:{attempt.from_number}",
        Remedy.HOLD_COUNTRY: f"country:{_country(attempt.to_number)}",
    }.get(refusal(code))
    if scope is not None:
        kind = scope.partition(":")[0]
        log.error("dialing halted by the carrier's answer", scope_kind=kind, code=code, why=WHY.get(code, ""))
        session.merge(Halt(scope=scope, reason=f"carrier_{code}", at=now))


def rest_caller(session: Session, number: str, now: datetime) -> None:
    """Let a caller ID rest a while after a network declined it."""
    if session.get(Halt, f"caller:{number}") is None:
        session.merge(Halt(scope=f"caller:{number}", reason="declined_by_network", at=now, until=now + CALLER_REST))


def stops(session: Session, attempt: Attempt, now: datetime) -> bool:
    """Whether a brake that binds this attempt is in force right now (R31)."""
    scopes = {"account", f"campaign:{attempt.campaign}", f"caller:{attempt.from_number}"}
    return not scopes.isdisjoint(halts(session, now))


def _country(number: str) -> str:
    parsed = parse(number, None, frozenset())
    return parsed.country if isinstance(parsed, Phone) else "unknown"
