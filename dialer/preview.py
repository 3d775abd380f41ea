"""What a draft of the calling rules would do, before it is in force: to the leads that wait, and to the calls of the past days.

Every lead is asked twice, under the rules in force and under the draft, by the same core that decides at the dial. Leads of one
place with nothing behind them have one answer, which is worked out once. Rows are read in bulk: 100,000 leads take seconds.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

from sqlmodel import Session, col, select

from campaign import store
from campaign.file import Campaign
from campaign.phone import Phone
from campaign.records import Attempt, Consent, Lead
from dialer import decision, gate
from dialer.agreement import Agreement
from dialer.ask import COUNTED
from dialer.facts import Facts
from dialer.law import Table
from dialer.resolver import Declared, Place, resolve

REMEMBERED = timedelta(days=40)
"""How far back earlier calls are read: longer than any cap's span."""
AHEAD = 48
"""Hours for which calls are expected."""
WAITING = ("received", "scheduled")
NEVER = "refused"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lead that may be rung, with what the clock wants to know of it."""

    id: str
    campaign: str
    phone: str
    country: str
    declared: Declared
    calls: tuple[datetime, ...] = ()
    given_at: datetime | None = None
    promised: datetime | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """One lead under both rules; None: it would not be called at all, for the reason."""

    id: str
    where: tuple[str, ...]
    before: datetime | None
    after: datetime | None
    reason: str

    @property
    def how(self) -> str:
        if self.before == self.after:
            return "unchanged"
        if self.after is None:
            return NEVER
        if self.before is None:
            return "allowed"
        return "earlier" if self.after < self.before else "later"


@dataclass(slots=True)
class Preview:
    leads: int = 0
    moved: Counter[str] = field(default_factory=Counter)
    """`unchanged`, `earlier`, `later`, `refused`, `allowed`."""
    places: dict[str, Counter[str]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    """Why those are refused that the draft refuses."""
    examples: dict[str, list[Moved]] = field(default_factory=dict)
    hours: list[tuple[datetime, int, int]] = field(default_factory=list)
    """Calls expected in each coming hour, now and under the draft, as fast as the campaigns' pacing lets them go."""


@dataclass(slots=True)
class Backtest:
    """Calls that were placed, asked about under the draft."""

    calls: int = 0
    kept: int = 0
    waits: Counter[str] = field(default_factory=Counter)
    """By jurisdiction: would have been placed later."""
    refused: Counter[str] = field(default_factory=Counter)
    """By reason: would not have been placed."""


def preview(session: Session, draft: Table, rules: Table, now: datetime) -> Preview:
    """Every open lead under the rules in force and under the draft."""
    campaigns = _campaigns(session)
    ask = _Asker(campaigns)
    found = Preview()
    arrivals: list[tuple[str, datetime | None, datetime | None]] = []
    for lead in waiting(session, now):
        before, _, _ = ask.about(lead, rules, now)
        after, reason, place = ask.about(lead, draft, now)
        moved = Moved(lead.id, place.jurisdictions, before, after, reason)
        found.leads += 1
        found.moved[moved.how] += 1
        arrivals.append((lead.campaign, before, after))
        if moved.how != "unchanged":
            for name in moved.where:
                found.places.setdefault(name, Counter())[moved.how] += 1
            found.examples.setdefault(moved.how, [])
            if len(found.examples[moved.how]) < 5:
                found.examples[moved.how].append(moved)
        if moved.how == NEVER:
            found.reasons[reason] += 1
    found.hours = list(_expected(arrivals, campaigns, now))
    return found


def backtest(session: Session, draft: Table, now: datetime, days: int) -> Backtest:
    """The calls of the past days, each with what was behind it then, under the draft."""
    ask = _Asker(_campaigns(session))
    found = Backtest()
    since = now - timedelta(days=days)
    earlier = _calls(session, since - REMEMBERED)
    for lead, at in _placed(session, since):
        behind = tuple(call for call in earlier.get(lead.phone, ()) if call < at)
        when, reason, place = ask.about(_then(lead, behind), draft, at)
        found.calls += 1
        if when is None:
            found.refused[reason] += 1
        elif when == at:
            found.kept += 1
        else:
            found.waits.update(place.jurisdictions)
    return found


def _then(lead: Waiting, calls: tuple[datetime, ...]) -> Waiting:
    return Waiting(lead.id, lead.campaign, lead.phone, lead.country, lead.declared, calls, lead.given_at)


class _Asker:
    """Asks the core about leads, and remembers the answers of those with nothing behind them."""

    def __init__(self, campaigns: Mapping[str, Campaign]) -> None:
        self.campaigns = campaigns
        self.accepted = {name: {row.rules for row in one.acknowledged} for name, one in campaigns.items()}
        self.alike: dict[object, tuple[datetime | None, str]] = {}

    def about(self, lead: Waiting, table: Table, now: datetime) -> tuple[datetime | None, str, Place]:
        """When it would be called, or None with the reason; and where it may be."""
        place = resolve(Phone(lead.phone, lead.country), lead.declared, table)
        ends = lead.given_at and table.consent_expires(place.jurisdictions, lead.given_at)
        if lead.calls or lead.promised or lead.not_before or ends:
            agreed = Agreement(lead.given_at, ends) if lead.given_at else None
            return *self._ask(lead, table, place, agreed, now), place
        key = (id(table), place.groups, lead.campaign, now)
        if key not in self.alike:
            self.alike[key] = self._ask(lead, table, place, None, now)
        return *self.alike[key], place

    def _ask(
        self, lead: Waiting, table: Table, place: Place, agreed: Agreement | None, now: datetime
    ) -> tuple[datetime | None, str]:
        if reason := self._unusable(lead, table, place):
            return None, reason
        facts = Facts(
            number=Phone(lead.phone, lead.country),
            place=place,
            consent=True,
            suppression=None,
            halts={},
            tried=0,
            rang=lead.calls,
            on_the_phone=False,
            promised=lead.promised,
            last_caller=None,
            table=table,
            agreement=agreed,
        )
        asked = replace(gate.asked(facts, self.campaigns[lead.campaign]), not_before=lead.not_before)
        return decision.moment(asked, gate.POLICY, now)

    def _unusable(self, lead: Waiting, table: Table, place: Place) -> str:
        for name in place.jurisdictions:
            if name not in table.statutes:
                return "no_rules_for_this_place"
            if table.rows[name].unsure and name not in self.accepted[lead.campaign]:
                return "rules_not_acknowledged"
        return ""


def waiting(session: Session, now: datetime) -> Iterator[Waiting]:
    """The leads that wait for a call, with their history, in bulk."""
    calls = _calls(session, now - REMEMBERED)
    given = _consents(session)
    columns = (Lead.id, Lead.campaign, Lead.phone, Lead.country, Lead.timezone, Lead.region, Lead.postcode)
    timing = (Lead.received_at, Lead.callback_at, Lead.due_at, Lead.reason)
    query = select(*columns, *timing).where(col(Lead.state).in_(WAITING), col(Lead.phone).is_not(None))  # type: ignore[call-overload]
    for one in session.execute(query):
        retried = one.due_at if one.reason.startswith("retry_") else None
        yield Waiting(
            one.id,
            one.campaign,
            one.phone,
            one.country,
            _declared(one.timezone, one.region, one.postcode),
            calls.get(one.phone, ()),
            given.get(one.id, one.received_at),
            one.callback_at,
            retried,
        )


def _placed(session: Session, since: datetime) -> Iterator[tuple[Waiting, datetime]]:
    query = (
        select(Attempt.intent_at, Attempt.to_number, Lead)
        .join(Lead, col(Lead.id) == col(Attempt.lead_id))
        .where(Attempt.direction == "outbound", col(Attempt.intent_at) >= since)
        .order_by(col(Attempt.intent_at))
    )
    for at, number, lead in session.exec(query):
        declared = _declared(lead.timezone, lead.region, lead.postcode)
        yield Waiting(lead.id, lead.campaign, number, lead.country, declared), at


@lru_cache(maxsize=65536)
def _declared(zone: str, region: str, postcode: str) -> Declared:
    return Declared(zone, region, postcode)


def _calls(session: Session, since: datetime) -> dict[str, tuple[datetime, ...]]:
    """Our calls by number, oldest first."""
    query = select(Attempt.to_number, Attempt.intent_at).where(col(Attempt.intent_at) > since, *COUNTED)
    found: dict[str, list[datetime]] = {}
    for number, at in session.execute(query.order_by(col(Attempt.intent_at))):
        found.setdefault(number, []).append(at)
    return {number: tuple(at) for number, at in found.items()}


def _consents(session: Session) -> dict[str, datetime]:
    """When the newest consent of each lead was given, where the form says so."""
    query = select(Consent.lead_id, Consent.at).where(Consent.given, col(Consent.at).is_not(None))
    return {row.lead_id: row.at for row in session.execute(query.order_by(col(Consent.recorded_at)))}


def _campaigns(session: Session) -> dict[str, Campaign]:
    return {row.name: store.read(row) for row in store.active(session)}


def _expected(
    arrivals: Iterable[tuple[str, datetime | None, datetime | None]], campaigns: Mapping[str, Campaign], now: datetime
) -> Iterator[tuple[datetime, int, int]]:
    """What falls due in each hour goes out as fast as pacing allows; the rest waits for the next hour."""
    first = now.replace(minute=0, second=0, microsecond=0)
    due = [Counter[tuple[str, int]](), Counter[tuple[str, int]]()]
    for name, *moments in arrivals:
        for counted, at in zip(due, moments, strict=True):
            if at is not None and (hour := int((at - first) / timedelta(hours=1))) < AHEAD:
                counted[name, hour] += 1
    room = {name: int(one.pacing.calls_per_second * 3600) for name, one in campaigns.items()}
    left = [Counter[str](), Counter[str]()]
    for hour in range(AHEAD):
        rung = [0, 0]
        for side in (0, 1):
            for name in campaigns:
                queued = left[side][name] + due[side][name, hour]
                going = min(queued, room[name])
                rung[side] += going
                left[side][name] = queued - going
        if any(rung):
            yield first + timedelta(hours=hour), rung[0], rung[1]
