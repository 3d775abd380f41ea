"""The jurisdiction table: reviewed rows (`data/jurisdictions.yaml`) read strictly, with line numbers for whatever is wrong.

A row says when an artificial voice may ring, on what consent, with which duties, from which source and how sure we are. A
state's row binds on top of its country's and may only narrow its hours. Pure but for reading our own data.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from campaign import yaml_file
from campaign.file import DAYS, Zone, days_of, span_of
from dialer import holidays, hours
from dialer.decision import Bound, Cap, Statute, bind
from dialer.hours import Interval, Span, Week

SHIPPED = "jurisdictions.yaml"
SURE = ("A", "B")
"""Confidence that needs nobody's acknowledgement."""
HOLIDAY = "hol"
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Windows(Part):
    """`{mon-sat: ["08:00-20:00"], sun: [], hol: []}`: every day of the week named once, holidays closed unless given."""

    days: dict[str, tuple[tuple[str, str], ...]]

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            raise ValueError('windows look like {mon-fri: ["09:00-20:00"], sat: [], sun: []}')
        days: dict[str, list[tuple[str, str]]] = {}
        for key, texts in given.items():
            for day in [HOLIDAY] if key == HOLIDAY else days_of(str(key)):
                if day in days:
                    raise ValueError(f"{day} is named twice")
                days[day] = _apart(day, [span_of(text) for text in texts or []])
        if missing := [day for day in DAYS if day not in days]:
            raise ValueError(f"{', '.join(missing)} not named; write [] for a closed day")
        return {"days": days}

    @property
    def week(self) -> Week:
        return hours.week(self.days, DAYS)

    @property
    def on_holidays(self) -> tuple[Span, ...]:
        return hours.spans(self.days.get(HOLIDAY, ()))


def _apart(day: str, given: list[tuple[str, str]]) -> list[tuple[str, str]]:
    ordered = sorted(given)
    for (first, closes), (opens, last) in pairwise(ordered):
        if opens < closes:
            raise ValueError(f"windows {first}-{closes} and {opens}-{last} of {day} overlap")
    return ordered


class RollingCap(Part):
    calls: int = Field(ge=1)
    hours: float = Field(gt=0, le=24 * 366)
    scope: Literal["subject"] | None = None
    """Calls about the same subject; counted over all of them, which is stricter."""
    unless: str | None = None
    """An exception the law makes; not used."""


class Abandoned(Part):
    percent: float | None = None
    days: int | None = None
    greeting_s: float | None = None
    redial_after_hours: float | None = None


class Row(Part):
    name: str
    zones: tuple[Zone, ...] = ()
    members: tuple[Country, ...] = ()
    """Countries whose own rows this one's duties add to."""
    windows: Windows | None = None
    ai_windows: Windows | None = None
    holidays: tuple[str, ...] = ()
    observed: str = "none"
    holidays_known_until: date | None = None
    """Where days are proclaimed year by year: later days are closed until somebody has added them."""
    caps: tuple[RollingCap, ...] = ()
    refusal_lock_days: int = Field(0, ge=0)
    callback: Literal["allowed", "never", "express_only"] = "never"
    consent: str = ""
    consent_expires_months: int | None = Field(None, ge=1)
    """Where an express consent that states no period lapses."""
    exempt_if_consented: bool = False
    area_code: Literal["presumes", "reliance"] | None = None
    recording: Literal["one_party", "all_parties", "notice"] | None = None
    recorded_messages_banned: str = ""
    ai_disclosure: str = ""
    identify_within_s: int | None = None
    lists: dict[str, int] = {}
    """Lists to be checked against, each with the greatest age in days of a check."""
    abandoned: Abandoned | None = None
    duties: tuple[str, ...] = ()
    no_recall_after_hang_up: bool = False
    emergency_blackouts: bool = False
    flag: Literal["counsel", "block"] | None = None
    retain_years: int | None = None
    note: str = ""
    sources: tuple[str, ...] = ()
    confidence: Literal["A", "B", "C", "U"]
    reviewed: date | None = None

    @field_validator("holidays")
    @classmethod
    def _known_rules(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        holidays.parse(list(given), "none")
        return given

    @field_validator("observed")
    @classmethod
    def _known_observance(cls, given: str) -> str:
        holidays.parse([], given)
        return given

    @property
    def unsure(self) -> bool:
        """Whether a named person must acknowledge the row before a campaign may use it."""
        return self.confidence not in SURE or self.flag == "block"


class Blackout(Part):
    """A stretch in which nobody in a place may be called: a governor's day, a state of emergency."""

    rules: str = Field(pattern=r"^[A-Z]{2}(-[A-Z]{2,3})?$")
    """A row; a country's covers its states."""
    start: AwareDatetime
    end: AwareDatetime
    reason: str = Field(min_length=3)

    @model_validator(mode="after")
    def _forward(self) -> "Blackout":
        if self.end <= self.start:
            raise ValueError("a blackout ends after it starts")
        return self


class Document(Part):
    version: str
    reviewed: date
    floor: Windows
    blackouts: tuple[Blackout, ...] = ()
    jurisdictions: dict[Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z]{2,3})?$")], Row]


@dataclass(frozen=True, eq=False)
class Table:
    """The rows with what follows from them. One object a version: what is derived is kept with it."""

    version: str
    reviewed: date
    floor: Week
    rows: dict[str, Row]
    blackouts: tuple[Blackout, ...] = ()

    @cached_property
    def statutes(self) -> dict[str, Statute]:
        """What the clock needs, for every row that has hours, its own or its country's."""
        return {name: found for name in self.rows if (found := self._statute(name))}

    def country_of(self, name: str) -> str:
        return name.partition("-")[0]

    def _statute(self, name: str) -> Statute | None:
        row, country = self.rows[name], self.rows.get(self.country_of(name), self.rows[name])
        windows = next((one for one in (row.ai_windows, row.windows, country.ai_windows, country.windows) if one), None)
        if windows is None:
            return None
        closed = row if row.holidays else country
        caps = {(cap.calls, cap.hours) for one in (row, country) for cap in one.caps}
        return Statute(
            name=name,
            week=windows.week,
            holidays=holidays.parse(list(closed.holidays), closed.observed, closed.holidays_known_until),
            on_holidays=windows.on_holidays,
            caps=tuple(Cap(calls, timedelta(hours=span)) for calls, span in sorted(caps)),
            callback=row.callback,
            refusal_lock_days=max(row.refusal_lock_days, country.refusal_lock_days),
            no_recall=row.no_recall_after_hang_up or country.no_recall_after_hang_up,
        )

    def bounds(self, groups: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[Bound, ...]:
        """Every jurisdiction in each of its zones; the same objects each time, so that they remember their days."""
        return _bounds(self, groups)

    def suspended(self, names: Iterable[str]) -> tuple[Interval, ...]:
        """When calls are suspended in any of these places."""
        if not self.blackouts:
            return ()
        places = {place for name in names for place in (name, self.country_of(name))}
        return tuple((one.start, one.end) for one in self.blackouts if one.rules in places)

    def consent_expires(self, names: Iterable[str], given_at: datetime) -> datetime | None:
        """When an express consent without a period of its own lapses in the first of these places; None where it stays."""
        months = min((found for name in names if (found := self._lapses.get(name))), default=0)
        return hours.months_later(given_at, months) if months else None

    @cached_property
    def _lapses(self) -> dict[str, int]:
        """Months after which a consent lapses, by row; a state's where its country's row says so."""
        chains = {name: (self.rows[name], self.rows.get(self.country_of(name))) for name in self.rows}
        found = {name: [row.consent_expires_months for row in chain if row] for name, chain in chains.items()}
        return {name: min(said) for name, many in found.items() if (said := [one for one in many if one])}


@lru_cache(maxsize=4096)
def _bounds(table: Table, groups: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[Bound, ...]:
    return tuple(bind(table.statutes[name], zone, table.floor) for name, zones in groups for zone in zones)


@cache
def shipped() -> Table:
    """The table that comes with the product."""
    return parse(text(), source=SHIPPED)


def text() -> str:
    """Its document, to start a draft from."""
    return (files("dialer") / "data" / SHIPPED).read_text(encoding="utf-8")


def parse(document: str, *, source: str) -> Table:
    """Check a table. Raises `Permanent` with one `source:line: where: what` line per fault."""
    given = yaml_file.parse(document, Document, source=source, code="bad_rules")
    for name, row in given.jurisdictions.items():
        if what := _too_wide(name, row, given.jurisdictions):
            place = (
                "jurisdictions",
                name,
                "ai_windows" if row.ai_windows else "windows" if row.windows else "callback",
            )
            raise yaml_file.fault(document, source=source, place=place, what=what, code="bad_rules")
    for number, one in enumerate(given.blackouts):
        if one.rules not in given.jurisdictions:
            where, what = ("blackouts", number, "rules"), f"there is no row {one.rules}"
            raise yaml_file.fault(document, source=source, place=where, what=what, code="bad_rules")
    return Table(given.version, given.reviewed, given.floor.week, given.jurisdictions, given.blackouts)


def _too_wide(name: str, row: Row, rows: dict[str, Row]) -> str:
    """What a row allows that it cannot: empty weeks call nobody, and a state may not open what its country closes."""
    own = row.ai_windows or row.windows
    if own and not any(own.week):
        return "is closed on every day; leave the row out to call nobody there"
    country = rows.get(name.partition("-")[0])
    if country is None:
        return f"is a part of {name.partition('-')[0]}, which has no row"
    wider = country.ai_windows or country.windows
    if own and wider:
        for day, mine, theirs in zip(DAYS, own.week, wider.week, strict=True):
            if not all(any(a <= start and end <= b for a, b in theirs) for start, end in mine):
                return f"opens on {day} when {name.partition('-')[0]} is closed; a state may only narrow its country's hours"
    if row.callback != "never" and country.callback == "never":
        return f"widens hours for a callback, which {name.partition('-')[0]} does not allow"
    return ""
