"""How many calling decisions a core makes in a second, full trace included, and how long a number takes to place.

*Cold* makes every place's windows anew for each decision, *warm* keeps them by place as the product does. CPU seconds of this
process alone, so that other work on the machine blurs the numbers less.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import SQLModel

from campaign import store
from campaign.database import Database
from campaign.file import parse as parse_campaign
from campaign.phone import Phone, parse
from campaign.records import Attempt, Lead
from dialer import decision, gate, hours, law, preview
from dialer.decision import Asked, Terms
from dialer.resolver import Declared, Place, resolve
from tests.dialer.stage import CAMPAIGN

NUMBERS = ("+12123{}", "+13053{}", "+16053{}", "+18503{}", "+61412{}", "+442071{}", "+33162{}", "+17092{}")
"""One zone, a capped state, two zones, two zones and a cap, seven zones, Britain, France, Newfoundland."""
START = datetime(2026, 11, 23, tzinfo=UTC)
NOON = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Speeds:
    cold: float
    """Decisions a second."""
    warm: float
    resolve_us: float


def measure(decisions: int = 20_000, numbers: int = 20_000) -> Speeds:
    table, chance = law.shipped(), random.Random(1)
    typed = [chance.choice(NUMBERS).format(f"{chance.randrange(10**6):06}") for _ in range(numbers)]
    places = [place for one in typed if (place := _place(one, table))]
    asked = [_asked(chance, place) for place in places[: max(decisions // 4, 1)]]
    return Speeds(
        cold=_rate(lambda: _decide_cold(asked, table), len(asked)),
        warm=_rate(lambda: _decide_warm(asked, table), len(asked)),
        resolve_us=1e6 / _rate(lambda: [_place(one, table) for one in typed], len(typed)),
    )


def _place(typed: str, table: law.Table) -> Place | None:
    number = parse(typed, None, frozenset())
    return resolve(number, Declared(), table) if isinstance(number, Phone) else None


Question = tuple[Place, Asked, datetime]


def _asked(chance: random.Random, place: Place) -> Question:
    """A lead as they are: consent of yesterday, none to two calls since, a cap and a gap of the campaign's."""
    now = START + timedelta(minutes=chance.randrange(30 * 24 * 60))
    calls = sorted(now - timedelta(minutes=chance.randrange(10, 3000)) for _ in range(chance.randrange(3)))
    history = Asked((), tuple(calls), Terms(now - timedelta(days=1)), gap=timedelta(minutes=15), per_day=2)
    return place, history, now


def _decide_warm(asked: list[Question], table: law.Table) -> None:
    for place, history, now in asked:
        floor = tuple(hours.opening(zone, table.floor) for zone in place.zones)
        _answer(history, table.bounds(place.groups), floor, now)


def _decide_cold(asked: list[Question], table: law.Table) -> None:
    for place, history, now in asked:
        bounds = tuple(
            decision.bind.__wrapped__(table.statutes[name], zone, table.floor)
            for name, zones in place.groups
            for zone in zones
        )
        floor = tuple(hours.Opening(zone, table.floor) for zone in place.zones)
        _answer(history, bounds, floor, now)


def _answer(
    history: Asked, bounds: tuple[decision.Bound, ...], floor: tuple[hours.Opening, ...], now: datetime
) -> None:
    asked = Asked(bounds, history.attempts, history.consent, floor=floor, gap=history.gap, per_day=history.per_day)
    for finding in decision.decide(asked, gate.POLICY, now).findings:
        finding.row()


def _rate(work: Callable[[], object], count: int) -> float:
    began = time.process_time()
    work()
    return count / (time.process_time() - began)


CODES = ("212", "305", "605", "850", "512", "310", "303", "206")


@contextmanager
def waiting(leads: int) -> Iterator[Database]:
    """A database in which so many leads wait, a third of them called before, and a third of the forms name a place."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bench.db")
        SQLModel.metadata.create_all(database.engine)
        phones = [f"+1{chance.choice(CODES)}{chance.randrange(2_000_000, 9_999_999)}" for _ in range(leads)]
        with database.transaction() as session:
            store.apply(session, parse_campaign(CAMPAIGN), CAMPAIGN, by="bench", now=START)
            session.execute(insert(Lead), [_lead(chance, number, one) for number, one in enumerate(phones)])
            session.execute(insert(Attempt), [_call(chance, number, phones[number]) for number in range(0, leads, 3)])
        yield database
        database.dispose()


def _lead(chance: random.Random, number: int, phone: str) -> dict[str, Any]:
    lead = Lead(
        id=f"lead_{number}", campaign="solar-us", source="website", external_id=str(number), phone=phone, country="US",
        timezone=chance.choice(("", "America/New_York", "America/Chicago")), state="scheduled",
        postcode=f"{chance.randrange(99_999):05}" if chance.random() < 0.3 else "",
        received_at=START, updated_at=START, due_at=START,
    )  # fmt: skip
    return lead.model_dump()


def _call(chance: random.Random, number: int, phone: str) -> dict[str, Any]:
    at = NOON - timedelta(minutes=chance.randrange(5, 4000))
    call = Attempt(
        id=f"att_{number}", lead_id=f"lead_{number}", campaign="solar-us", campaign_version=1, number=1, fence=1,
        state="no_answer", to_number=phone, from_number="+12125550100", intent_at=at, intent_real_at=at, settled_at=at,
    )  # fmt: skip
    return call.model_dump()


def preview_s(leads: int = 100_000) -> tuple[float, float]:
    """Wall and CPU seconds of a preview over so many leads, under the rules in force and a draft."""
    draft = law.parse(law.text().replace("FS501.059", "FS501.059 (draft)"), source="draft")
    with waiting(leads) as database, database.reading() as session:
        began, busy = time.perf_counter(), time.process_time()
        found = preview.preview(session, draft, law.shipped(), NOON)
        assert found.leads == leads
        return time.perf_counter() - began, time.process_time() - busy


def rows(runs: int) -> list[str]:
    """The table of a section: medians over the runs, after one that nobody counts."""
    measure(2_000, 2_000)
    found = [measure() for _ in range(runs)]
    cold, warm, place = (
        statistics.median(getattr(one, name) for one in found) for name in ("cold", "warm", "resolve_us")
    )
    wall, busy = preview_s()
    return [
        "| | measured | wanted |",
        "|---|---|---|",
        f"| full decisions with trace, cold | {cold:,.0f}/s | 5,000/s |",
        f"| full decisions with trace, windows kept by place | {warm:,.0f}/s | 20,000/s |",
        f"| number parsed, refused or placed | {place:.0f} µs | 60 µs |",
        f"| preview of a draft over 100,000 leads in SQLite | {wall:.1f} s, {busy:.1f} s of them CPU | 10 s |",
    ]
