"""The campaign file: its schema, its defaults, and errors that name the line.

Strict: unknown keys are errors, since a misspelt `hours` must not silently open the night. Everything not fixed by the
design has a safe default. The loader reads text and returns values; storing is `campaign.store`'s job.
"""

import re
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from campaign import yaml_file

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")


def _e164(value: str) -> str:
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException as error:
        raise ValueError("not a phone number in E.164, like +12125550100") from error
    if phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) != value:
        raise ValueError("not a phone number in E.164, like +12125550100")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {value!r}; use an IANA name like America/New_York") from error
    return value


E164 = Annotated[str, AfterValidator(_e164)]
Zone = Annotated[str, AfterValidator(_zone)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hours(Part):
    """Open windows per weekday, half-open, wall time: `{mon-fri: ["09:00-17:00"], sat: []}`; days not named are closed."""

    windows: dict[str, tuple[tuple[str, str], ...]]

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, given: Any) -> Any:
        if not isinstance(given, dict) or set(given) == {"windows"}:
            return given
        windows: dict[str, list[tuple[str, str]]] = {day: [] for day in DAYS}
        for key, spans in given.items():
            for day in _days(str(key)):
                windows[day] = [_span(span) for span in spans or []]
        return {"windows": windows}

    def on(self, weekday: int) -> list[tuple[time, time]]:
        """Windows of a weekday (0 = Monday); an end of 24:00 comes back as 00:00 meaning the day's end."""
        return [(_time(a), _time(b)) for a, b in self.windows[DAYS[weekday]]]


def _days(key: str) -> list[str]:
    if key in ("all", "every day"):
        return list(DAYS)
    first, dash, last = key.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise ValueError(f"unknown weekday {key!r}; use mon, tue-fri, sat, all")
    return list(DAYS[DAYS.index(first) : DAYS.index(last) + 1]) if dash else [first]


def _span(span: str) -> tuple[str, str]:
    start, dash, end = str(span).partition("-")
    if not (dash and _CLOCK.match(start) and _CLOCK.match(end)):
        raise ValueError(f'not a window: {span!r}; use quotes and 24-hour times, like "09:00-17:00"')
    if start >= end:
        raise ValueError(f"window {span!r} ends before it starts; split it at midnight")
    return start, end


def _time(text: str) -> time:
    return time(0) if text == "24:00" else time.fromisoformat(text)


def _weekdays(start: str, end: str) -> Hours:
    return Hours.model_validate({"mon-fri": [f"{start}-{end}"]})


class Seller(Part):
    legal_name: str = Field(min_length=1)
    brand: str = Field(min_length=1)


class Source(Part):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    kind: Literal["standard"] = "standard"
    secret_env: str | None = None
    secret: str | None = None

    @model_validator(mode="after")
    def _one_secret(self) -> "Source":
        if bool(self.secret) == bool(self.secret_env):
            raise ValueError("give either secret_env (preferred) or secret")
        return self


class Person(Part):
    name: str
    calendar: str
    phone: E164 | None = None
    hours: Hours = _weekdays("09:00", "17:00")
    timezone: Zone | None = None


class Meeting(Part):
    minutes: int = Field(30, ge=10, le=240)
    notice_minutes: int = Field(60, ge=0, description="Earliest meeting from now")
    days_ahead: int = Field(14, ge=1, le=60)
    buffer_minutes: int = Field(0, ge=0, le=120)
    step_minutes: int = Field(30, ge=5, le=120, multiple_of=5)


class Retry(Part):
    after_minutes: tuple[float, ...]
    """Waits before the 2nd, 3rd, … attempt; the list's length bounds the retries."""


def _retry(*minutes: float) -> Retry:
    return Retry(after_minutes=tuple(minutes))


class Retries(Part):
    """Per outcome. House defaults: nothing within two hours except busy and our own transient trouble."""

    busy: Retry = _retry(30, 120)
    no_answer: Retry = _retry(120, 1440)
    voicemail: Retry = _retry(240, 1440)
    screening: Retry = _retry(240)
    failed: Retry = _retry(1440)
    transient: Retry = _retry(15, 60)
    dropped: Retry = _retry(5)
    """The line or our media died in mid-conversation."""
    max_attempts: int = Field(6, ge=1, le=20)
    per_day: int = Field(2, ge=1, le=10)
    """Attempts per day of the lead's own calendar."""
    gap_minutes: float = Field(15, ge=0)


class Pacing(Part):
    calls_per_second: float = Field(10.0, gt=0)
    concurrent_calls: int = Field(50, ge=1)


class Budget(Part):
    per_call_usd: float = Field(3.0, gt=0)
    per_day_usd: float = Field(200.0, gt=0)
    max_call_seconds: int = Field(900, ge=60, le=14400)
    ring_seconds: int = Field(30, ge=15, le=120)


class Recording(Part):
    enabled: bool = True
    ask_first: bool = False
    """Start only after the person agreed to go on (all-party places); otherwise it starts with the notice."""


class Voicemail(Part):
    action: Literal["hang_up", "message"] = "hang_up"
    message: str = ""


class Crm(Part):
    properties: dict[str, str] = {}
    """CRM contact property -> lead field or `answers.<question id>`."""
    call_properties: dict[str, str] = {}


class Campaign(Part):
    """A campaign as the rest of the product reads it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    seller: Seller
    playbook: str
    timezone: Zone
    caller_ids: tuple[E164, ...] = Field(min_length=1)
    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)
    people: tuple[Person, ...] = Field(min_length=1)
    hours: Hours = Hours.model_validate({"mon-fri": ["09:00-20:00"]})
    retries: Retries = Retries()
    meeting: Meeting = Meeting()
    pacing: Pacing = Pacing()
    budget: Budget = Budget()
    recording: Recording = Recording()
    voicemail: Voicemail = Voicemail()
    crm: Crm = Crm()
    consent_required: bool = True
    allow_unconsented_reason: str = ""
    language: str | None = None

    @field_validator("retries", mode="before")
    @classmethod
    def _no_retries_given(cls, value: Any) -> Any:
        return value or {}

    @model_validator(mode="after")
    def _no_caller_is_called(self) -> "Campaign":
        if len({source.name for source in self.sources}) != len(self.sources):
            raise ValueError("two sources have the same name")
        if not self.consent_required and not self.allow_unconsented_reason:
            raise ValueError("consent_required: false needs allow_unconsented_reason, which is kept as evidence")
        return self


def load(path: Path) -> tuple[Campaign, str]:
    """Read and check a campaign file; returns it with its text. A relative playbook path is resolved against the file."""
    text = path.read_text(encoding="utf-8")
    campaign = parse(text, name=str(path))
    if campaign.playbook.endswith((".yaml", ".yml")):
        campaign = campaign.model_copy(update={"playbook": str((path.parent / campaign.playbook).resolve())})
    return campaign, text


def parse(text: str, *, name: str = "campaign") -> Campaign:
    """Check a campaign document. Raises `Permanent` whose message has one `file:line: where: what` line per fault."""
    return yaml_file.parse(text, Campaign, source=name, code="bad_campaign_file")
