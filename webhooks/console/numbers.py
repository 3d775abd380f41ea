"""`/console/numbers`: the caller IDs of every campaign, how they fare, who rang them, and how promises were kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from sqlalchemy import func
from sqlmodel import Session as Reading
from sqlmodel import col, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from campaign import clock, store
from campaign.file import Campaign
from campaign.phone import Phone, parse
from campaign.records import Halt, InboundCall, Promise
from dialer import caller_health, law, resolver
from dialer.caller_health import Health
from webhooks import ground, pages
from webhooks.console import sessions
from webhooks.console.door import Session

router = APIRouter(prefix="/console", include_in_schema=False)
WEEK = timedelta(days=7)
NEWEST = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One number; `until` is None for a rest without an end."""

    number: str
    campaigns: list[str]
    area: str
    health: Health
    resting: str
    until: datetime | None
    rang: int


@dataclass(frozen=True, slots=True)
class Shown:
    lines: list[Line]
    calls: list[InboundCall]
    promises: dict[str, int]


@router.get("/numbers")
async def numbers(request: Request, session: Session) -> Response:
    here = ground.of(request)

    def shown() -> Shown:
        with here.database.reading() as reading:
            return read(reading, clock.now())

    return pages.page(
        request,
        "numbers.html",
        shown=await run_in_threadpool(shown),
        form_token=sessions.form_token(here.settings, session),
    )


def read(reading: Reading, now: datetime) -> Shown:
    """Numbers in the order of the campaigns' files, calls newest first."""
    campaigns = [Campaign.model_validate(row.config) for row in store.active(reading)]
    owners: dict[str, list[str]] = {}
    for campaign in campaigns:
        for number in campaign.caller_ids:
            owners.setdefault(number, []).append(campaign.name)
    halts = {halt.scope: halt for halt in reading.exec(select(Halt)) if halt.until is None or halt.until > now}
    recent = select(InboundCall.called, func.count()).where(col(InboundCall.at) >= now - WEEK)
    rang = dict(list(reading.exec(recent.group_by(InboundCall.called))))
    lines = []
    for number, names in owners.items():
        halt = halts.get(f"caller:{number}")
        health = caller_health.of(reading, number, now - WEEK)
        resting, until = (halt.reason, halt.until) if halt else ("", None)
        lines.append(Line(number, names, area(number), health, resting, until, rang.get(number, 0)))
    calls = list(reading.exec(select(InboundCall).order_by(col(InboundCall.at).desc()).limit(NEWEST)))
    kept = dict(list(reading.exec(select(Promise.state, func.count()).group_by(Promise.state))))
    return Shown(lines, calls, kept)


def area(number: str) -> str:
    """Where a number belongs: `NY, US`."""
    found = parse(number, None, frozenset())
    if not isinstance(found, Phone):
        return ""
    place = resolver.resolve(found, resolver.Declared(), law.shipped())
    states = sorted(name.partition("-")[2] for name in place.jurisdictions if "-" in name)
    return ", ".join([*(["/".join(states)] if states else []), place.country])
