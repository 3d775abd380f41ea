"""The campaign file: its schema, its defaults, and errors that name the line.

Strict: unknown keys are errors, since a misspelt `hours` must not silently open the night. Everything not fixed by the
design has a safe default. The loader reads text and returns values; storing is `campaign.store`'s job.
"""

import re
from datetime import date, time
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from campaign import yaml_file

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LANGUAGE = r"^[a-z]{2}(-[A-Z]{2})?$"
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


Day = date
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
            for day in days_of(str(key)):
                windows[day] = [span_of(span) for span in spans or []]
        return {"windows": windows}

    def on(self, weekday: int) -> list[tuple[time, time]]:
        """Windows of a weekday (0 = Monday); an end of 24:00 comes back as 00:00 meaning the day's end."""
        return [(_time(a), _time(b)) for a, b in self.windows[DAYS[weekday]]]


def days_of(key: str) -> list[str]:
    """`all`, `mon` or `mon-fri` as day names."""
    if key in ("all", "every day"):
        return list(DAYS)
    first, dash, last = key.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise ValueError(f"unknown weekday {key!r}; use mon, tue-fri, sat, all")
    return list(DAYS[DAYS.index(first) : DAYS.index(last) + 1]) if dash else [first]


def span_of(span: str) -> tuple[str, str]:
    """`09:00-17:00` as its two times."""
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
    """What follows one kind of ending."""

    after_minutes: tuple[Annotated[float, Field(ge=0, le=60 * 24 * 90)], ...]
    """Waits before the 2nd, 3rd, … attempt; the list's length bounds the retries."""
    jitter: float = Field(0.1, ge=0, le=1)
    """By up to this share a wait is longer, so that leads of one moment do not come back together."""
    then: Literal["stop", "person", "sms", "email"] | None = None
    """The next channel after the last attempt: a colleague, or what the CRM is told to send; by default none, and a colleague
    for somebody whose line kept breaking."""


def _retry(*minutes: float) -> Retry:
    return Retry(after_minutes=tuple(minutes))


def _parts(given: Any) -> Any:
    """`["08:00-11:00", …]`, or pairs as they are stored."""
    return (
        [span_of(one) if isinstance(one, str) else one for one in given] if isinstance(given, list | tuple) else given
    )


def _in_order(parts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if any(end > start for (_, end), (start, _) in pairwise(parts)) or any(end == "24:00" for _, end in parts):
        raise ValueError("parts of the day must follow each other and end before midnight")
    return parts


class Retries(Part):
    """Per outcome, and over all of them. House defaults, stricter than any law but those with rolling caps of their own."""

    busy: Retry = _retry(30, 120)
    no_answer: Retry = _retry(120, 1440)
    voicemail: Retry = _retry(240, 1440)
    screening: Retry = _retry(240)
    failed: Retry = _retry(1440)
    transient: Retry = _retry(15, 60)
    dropped: Retry = _retry(5)
    """The line or our media died in mid-conversation."""
    max_attempts: int = Field(12, ge=1, le=20)
    per_day: int = Field(2, ge=1, le=10)
    """Calls to a number per day of its own calendar."""
    per_24_hours: int = Field(3, ge=1, le=10)
    per_7_days: int = Field(7, ge=1, le=50)
    gap_minutes: float = Field(120, ge=0, le=60 * 24 * 30)
    """Between two calls to a number, whatever came of the first."""
    day_parts: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_parts), AfterValidator(_in_order)] = (
        ("08:00", "11:00"),
        ("11:00", "14:00"),
        ("14:00", "17:00"),
        ("17:00", "21:00"),
    )
    """Nobody is rung twice running in the same part of their day; `[]` turns it off."""


class Pacing(Part):
    calls_per_second: float = Field(10.0, gt=0)
    concurrent_calls: int = Field(50, ge=1)
    calls_per_person: float = Field(0, ge=0)
    """Calls at a time for each of `people` at work now; 0: they are not counted."""
    per_number_hour: int = Field(60, ge=1)
    per_number_day: int = Field(500, ge=1)
    """Calls that leave from one caller ID before it rests: numbers that ring without end are labelled as spam."""


class Budget(Part):
    per_call_usd: float = Field(3.0, gt=0)
    per_lead_usd: float = Field(10.0, gt=0)
    """All calls with one lead together; then they are left alone."""
    per_day_usd: float = Field(200.0, gt=0)
    max_call_seconds: int = Field(900, ge=60, le=14400)
    ring_seconds: int = Field(30, ge=15, le=120)
    context_tokens: int = Field(20_000, ge=1_000, le=100_000)
    """Size of the model's context past which a long call's old turns are replaced by a summary."""


class Recording(Part):
    enabled: bool = True
    ask_first: bool = False
    """Start only after the person agreed to go on (all-party places); otherwise it starts with the notice."""


class Listening(Part):
    """How the agent hears: what is speech, what ends a turn, and what interrupts."""

    threshold: float = Field(0.6, ge=0.1, le=0.95)
    """How loud a sound must be to be speech; more for noisy lines."""
    silence_ms: int = Field(450, ge=200, le=2000)
    spelling_silence_ms: int = Field(800, ge=200, le=3000)
    """While digits, e-mails or names are given."""
    interrupt_after_ms: int = Field(180, ge=0, le=500)
    """Speech over the agent that stays shorter does not cut it short; 0: every sound does."""
    noise_reduction: Literal["none", "near_field", "far_field"] = "none"


class Voicemail(Part):
    action: Literal["hang_up", "message"] = "hang_up"
    message: str = ""
    messages: dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], str] = {}
    """The message in other languages, for leads whose form named one: `{es: …}`."""


class Acknowledged(Part):
    """A named person has looked at calling rules that we are not sure of, and answers for their use by this campaign."""

    rules: str = Field(pattern=r"^[A-Z]{2}(-[A-Z]{2,3})?$")
    """A row of the jurisdiction table, as `US-GA` or `NZ`."""
    by: str = Field(min_length=3)
    date: Day
    reason: str = Field(min_length=10)


class Inbound(Part):
    """How calls to the campaign's numbers are answered."""

    known: Literal["agent", "team", "message"] = "agent"
    """Leads: by the agent; by whoever of the team is at work, else the agent; or with the fixed message."""
    unknown: Literal["team", "message"] = "message"
    """Everybody else, and who asked us to stop: the team at work, or the fixed message at once."""
    messages: dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], str] = {}
    """The fixed message in the campaign's own words, by language."""


TEXT_PLACEHOLDERS = frozenset({"brand", "first_name", "number", "person", "time"})


def _text(value: str) -> str:
    if strangers := set(re.findall(r"\{(\w*)\}", value)) - TEXT_PLACEHOLDERS:
        known = ", ".join(sorted(TEXT_PLACEHOLDERS))
        raise ValueError(f"unknown placeholder {{{sorted(strangers)[0]}}}; known are {known}")
    return value


Words = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_text)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class MissedCallText(Part):
    """One text of the sequence that follows calls nobody answered."""

    attempt: int = Field(1, ge=1, le=20)
    """After which call of ours."""
    minutes: float = Field(1, ge=0, le=720)
    messages: dict[Language, Words] = {}
    """Own words by language; the house's where there are none. How to opt out is added."""


class BookingText(Part):
    messages: dict[Language, Words] = {}


class Reminder(BookingText):
    minutes_before: int = Field(120, ge=15, le=10_080)


class Texts(Part):
    """Text messages, all off unless named; only to people whose consent names texts."""

    missed_call: tuple[MissedCallText, ...] = ()
    confirmation: BookingText | None = None
    reminder: Reminder | None = None
    from_number: E164 | None = None
    """Which number sends; the one the person was rung from unless given."""

    @property
    def any(self) -> bool:
        return bool(self.missed_call or self.confirmation or self.reminder)

    @field_validator("missed_call")
    @classmethod
    def _one_for_each_call(cls, steps: tuple[MissedCallText, ...]) -> tuple[MissedCallText, ...]:
        if len({step.attempt for step in steps}) != len(steps):
            raise ValueError("two texts for the same attempt")
        return steps


class Crm(Part):
    properties: dict[str, str] = {}
    """CRM contact property -> lead field or `answers.<question id>`."""
    call_properties: dict[str, str] = {}


class ScrubList(Part):
    """A list every number is looked up in before it is called: a CSV file of numbers, or a service asked over HTTP."""

    list: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    kind: Literal["do_not_call", "reassigned", "litigator"] = "do_not_call"
    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = ()
    """Whose numbers; the campaign's own countries when empty."""
    csv: str | None = None
    url: str | None = Field(None, pattern=r"^https?://")
    secret_env: str | None = None
    """Where the service's bearer token stands in the environment."""
    days: int | None = Field(None, ge=1, le=31)
    """How old an answer may be; never more than the country allows."""
    unless_consented: bool = False
    """A listed number may be called all the same with a standing consent (do_not_call only)."""

    @model_validator(mode="after")
    def _one_place(self) -> "ScrubList":
        if bool(self.csv) == bool(self.url):
            raise ValueError("give either csv (a file) or url (a service)")
        if self.unless_consented and self.kind != "do_not_call":
            raise ValueError("unless_consented is for do_not_call lists: no consent outlives a number's new owner")
        return self


class Retention(Part):
    """How long what is kept about people stays; a disputed lead keeps everything until it is released."""

    recordings_days: int = Field(90, ge=1, le=3650)
    transcripts_days: int = Field(90, ge=1, le=3650)
    """Words said, tapes, and what tools were told; summaries, answers and outcomes stay with the call's details."""
    details_days: int = Field(1827, ge=1827, le=36500)
    """Everything else, from the last call or use on: five years at least (16 CFR 310.5; UWG 7a), then the person is erased."""


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
    listening: Listening = Listening()
    voicemail: Voicemail = Voicemail()
    inbound: Inbound = Inbound()
    texts: Texts = Texts()
    crm: Crm = Crm()
    acknowledged: tuple[Acknowledged, ...] = ()
    """Calling rules below confidence B, or that forbid automated calls, which this campaign may use all the same."""
    retention: Retention = Retention()
    scrubs: tuple[ScrubList, ...] = ()
    consent_required: bool = True
    allow_unconsented_reason: str = ""
    consent_evidence: Literal["standard", "strict"] = "standard"
    """What a consent must show where an AI voice needs it in writing (US, CA, GB, EEA): `standard` the words agreed to or a
    certificate, `strict` also the page and the form's own time."""
    language: str | None = Field(None, pattern=LANGUAGE)
    """Of what the carrier says for us, the voicemail message included; the playbook's own unless given."""
    languages: dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], str] = {}
    """Other languages the campaign speaks, each with its playbook: `{es: solar-us-es}`."""
    team_language: str | None = None
    """In which colleagues hear what a call that is put through to them is about; the campaign's own when not given."""

    @property
    def whispers_in(self) -> str:
        return self.team_language or self.language or "en-US"

    @field_validator("retries", mode="before")
    @classmethod
    def _no_retries_given(cls, value: Any) -> Any:
        return value or {}

    @model_validator(mode="after")
    def _no_caller_is_called(self) -> "Campaign":
        if len({source.name for source in self.sources}) != len(self.sources):
            raise ValueError("two sources have the same name")
        if len({one.list for one in self.scrubs}) != len(self.scrubs):
            raise ValueError("two scrubs have the same list")
        if not self.consent_required and not self.allow_unconsented_reason:
            raise ValueError("consent_required: false needs allow_unconsented_reason, which is kept as evidence")
        return self


def load(path: Path) -> tuple[Campaign, str]:
    """Read and check a campaign file; returns it with its text. Relative paths are resolved against the file."""
    text = path.read_text(encoding="utf-8")
    campaign = parse(text, name=str(path))
    languages = {code: _beside(path, named) for code, named in campaign.languages.items()}
    scrubs = [_list_beside(path, text, number, one) for number, one in enumerate(campaign.scrubs)]
    named = {"playbook": _beside(path, campaign.playbook), "languages": languages, "scrubs": tuple(scrubs)}
    return campaign.model_copy(update=named), text


def _list_beside(path: Path, text: str, number: int, one: ScrubList) -> ScrubList:
    if one.csv is None:
        return one
    file = (path.parent / one.csv).resolve()
    if not file.is_file():
        place = ("scrubs", number, "csv")
        raise yaml_file.fault(
            text, source=str(path), place=place, what="there is no such file", code="bad_campaign_file"
        )
    return one.model_copy(update={"csv": str(file)})


def _beside(path: Path, playbook: str) -> str:
    return str((path.parent / playbook).resolve()) if playbook.endswith((".yaml", ".yml")) else playbook


def parse(text: str, *, name: str = "campaign") -> Campaign:
    """Check a campaign document. Raises `Permanent` whose message has one `file:line: where: what` line per fault."""
    return yaml_file.parse(text, Campaign, source=name, code="bad_campaign_file")
