"""Everything known about a call when its stream opens: read and written in one transaction, before a word is said."""

import dataclasses
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from msgspec.structs import asdict
from sqlmodel import Session

from campaign import languages, phone, store
from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import Campaign
from campaign.records import Attempt, Call, Lead
from campaign.settings import Settings
from campaign.zones import is_place
from dialer import callbacks, gate, rule_sets
from dialer.ask import locate
from dialer.law import Table
from dialer.states import TERMINAL, State
from qualify import events as ev
from qualify import playbook_file, tools
from qualify.compiler import Prompt
from qualify.hearing import Hearing
from qualify.languages import primary
from qualify.ports import Calendars
from qualify.realtime_frames import Config
from qualify.terms import GREETS_AFTER, Terms
from qualify.tools import answers, entities
from qualify.tools.desk import Desk
from qualify.twilio_wire import Start
from webhooks.media import history, readings
from webhooks.media.earlier import Earlier, take_up
from webhooks.media.readings import Reading

ANSWERS_AFTER = 0.3
"""Seconds of silence after which whoever rings us is greeted: they wait for our word."""


@dataclass(frozen=True, slots=True)
class Case:
    """`begins` is the reading the call starts in, `readings` all of them by the code of their language."""

    attempt: Attempt
    lead: Lead
    campaign: Campaign
    zone: str
    table: Table
    begins: Reading
    readings: dict[str, Reading]
    earlier: Earlier | None = None
    """What was before, when the call has come back from a transfer nobody took."""

    @property
    def script(self) -> playbook_file.Script:
        return self.begins.script

    @property
    def prompt(self) -> Prompt:
        return self.begins.prompt


def open_case(database: Database, settings: Settings, attempt_id: str, start: Start, now: datetime) -> Case:
    """Spend the one-time token, gather the facts, insert the Call row. Raises `Refused` for who may not come in."""
    token = start.customParameters.get("token", "")
    with database.transaction() as session:
        attempt = callbacks.open_stream(
            session,
            attempt_id,
            call_sid=start.callSid,
            account_sid=start.accountSid,
            token=token,
            settings=settings,
            now=now,
        )
        case = _gather(session, attempt, now)
        earlier = take_up(session, attempt, case.script.playbook, now)
        if earlier is not None:
            return replace(case, earlier=earlier)
        session.add(
            Call(
                attempt_id=attempt.id,
                lead_id=attempt.lead_id,
                campaign=attempt.campaign,
                playbook=case.begins.named,
                playbook_sha256=case.script.sha256,
                prompt_sha256=case.prompt.sha256,
                model=settings.openai_realtime_model,
                voice=case.script.playbook.voice.name,
                language=case.begins.language,
                settings=manner(case, settings),
                stream_sid=start.streamSid,
                started_at=now,
            )
        )
    return case


def _gather(session: Session, attempt: Attempt, now: datetime) -> Case:
    lead = session.get(Lead, attempt.lead_id)
    if lead is None:
        raise Permanent("the attempt's lead is gone", code="no_lead")
    campaign, _ = store.get(session, attempt.campaign)
    table = rule_sets.in_force(session)
    zone = lead_zone(lead, campaign, table)
    told = campaign.language or "en-US"
    past = history.before(session, lead, attempt, zone, told, now) if attempt.direction == "inbound" else None
    found = dict(readings.readings(campaign, lead, zone, past))
    before = session.get(Call, attempt.id)  # a call that comes back goes on in its language
    language = primary(before.language) if before is not None and before.language else languages.declared(lead)
    begins = found.get(language or "") or next(iter(found.values()))
    return Case(attempt, lead, campaign, zone, table, begins, found)


def lead_zone(lead: Lead, campaign: Campaign, table: Table) -> str:
    """The zone times are spoken in: the declared one, else what the number says, the team's own where that is open."""
    if is_place(lead.timezone):
        return lead.timezone
    found = phone.parse(lead.phone or "", lead.country, frozenset())
    zones = locate(found, lead, table).zones if isinstance(found, phone.Phone) else ()
    if not zones or campaign.timezone in zones:
        return campaign.timezone
    return min(zones)


def opening_for(lead: Lead, table: Table, at: datetime) -> datetime | None:
    """When a call this person asked for may be placed, at `at` or later: the law's hours, not the campaign's wish."""
    found = phone.parse(lead.phone or "", lead.country, frozenset())
    if not isinstance(found, phone.Phone):
        return None
    return gate.for_a_callback(locate(found, lead, table), table, at)


def missed(database: Database, attempt_id: str) -> list[ev.Event]:
    """What the carrier said of the call before anybody listened: who answered, that it is over."""
    with database.reading() as session:
        attempt = session.get(Attempt, attempt_id)
    if attempt is None:
        return []
    told: list[ev.Event] = [ev.Verdict(attempt.answered_by)] if attempt.answered_by else []
    return [*told, ev.CallOver()] if State(attempt.state) in TERMINAL else told


def terms(case: Case, settings: Settings) -> Terms:
    campaign, budget, earlier = case.campaign, case.campaign.budget, case.earlier
    own, rings_us = readings.tongue(case.begins), case.attempt.direction == "inbound"
    return Terms(
        mandatory=own.mandatory,
        ask=own.ask,
        forbidden=own.forbidden,
        closing=own.closing,
        nobody_free=own.nobody_free,
        clips=own.clips,
        screener=own.screener,
        personal=own.personal,
        model=settings.openai_realtime_model,
        language=own.language,
        tongues={code: readings.tongue(each) for code, each in case.readings.items()} if len(case.readings) > 1 else {},
        record=campaign.recording.enabled,
        record_after_consent=campaign.recording.ask_first,
        leaves_message=not rings_us and campaign.voicemail.action == "message" and bool(campaign.voicemail.message),
        greet_after=ANSWERS_AFTER if rings_us else GREETS_AFTER,
        max_seconds=earlier.seconds_left(budget.max_call_seconds) if earlier else budget.max_call_seconds,
        max_usd=earlier.usd_left(budget.per_call_usd) if earlier else budget.per_call_usd,
        required=tuple(
            q.id for q in case.script.playbook.questions if q.required and q.id not in case.begins.facts.values
        ),
        objections=own.objections,
        prune_tokens=budget.context_tokens,
        transcribed=bool(settings.openai_transcription_model),
        hearing=hearing(campaign),
        spelling_silence_ms=campaign.listening.spelling_silence_ms,
        spelled_asks=own.spelled_asks,
        short_speech=campaign.listening.interrupt_after_ms / 1000,
    )


def config(case: Case, settings: Settings) -> Config:
    playbook, noise = case.script.playbook, case.campaign.listening.noise_reduction
    return Config(
        instructions=case.prompt.text,
        tools=tools.schemas(),
        voice=playbook.voice.name,
        speed=playbook.voice.speed,
        reasoning_effort="" if playbook.voice.effort == "none" else playbook.voice.effort,
        max_output_tokens=playbook.voice.max_tokens,
        transcription_model=settings.openai_transcription_model,
        language=playbook.language,
        noise_reduction="" if noise == "none" else noise,
        translations={code: reading.prompt.text for code, reading in case.readings.items()},
    )


def hearing(campaign: Campaign) -> Hearing:
    return Hearing(campaign.listening.threshold, silence_ms=campaign.listening.silence_ms)


def manner(case: Case, settings: Settings) -> dict[str, Any]:
    """How the agent speaks and listens on this call, for its record and its tape."""
    spoken = asdict(config(case, settings))
    del spoken["instructions"], spoken["tools"], spoken["translations"]
    return spoken | {"hearing": dataclasses.asdict(hearing(case.campaign))}


def desk(case: Case, calendars: Calendars | None) -> Desk:
    playbook, values = case.script.playbook, dict(case.begins.facts.values)
    made = Desk(case.campaign, case.lead, case.attempt.id, playbook, case.zone, calendars, values)
    made.may_call = partial(opening_for, case.lead, case.table)
    made.playbooks = {code: reading.script.playbook for code, reading in case.readings.items()}
    home = entities.home_of(case.lead.country, case.lead.phone)
    for question in playbook.questions:
        given = values.get(question.id)
        value = answers.understood(question, given, home) if given else None
        if value is not None:
            made.answers[question.id] = value
    if case.earlier is not None:
        case.earlier.onto(made)
    return made
