"""Everything known about a call when its stream opens: read and written in one transaction, before a word is said."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from campaign import phone, store
from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import Campaign
from campaign.records import Attempt, Call, Lead
from campaign.settings import Settings
from dialer import callbacks, places
from qualify import clips, facts, playbook_file, tools
from qualify.compiler import Prompt, compile_prompt
from qualify.playbook import fill
from qualify.ports import Calendars
from qualify.realtime_frames import Config
from qualify.terms import Terms
from qualify.tools import save_answers
from qualify.tools.desk import Desk
from qualify.twilio_wire import Start


@dataclass(frozen=True, slots=True)
class Case:
    attempt: Attempt
    lead: Lead
    campaign: Campaign
    zone: str
    script: playbook_file.Script
    prompt: Prompt
    facts: facts.Facts


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
        case = _gather(session, attempt)
        session.merge(
            Call(
                attempt_id=attempt.id,
                lead_id=attempt.lead_id,
                campaign=attempt.campaign,
                playbook=case.campaign.playbook,
                playbook_sha256=case.script.sha256,
                prompt_sha256=case.prompt.sha256,
                model=settings.openai_realtime_model,
                voice=case.script.playbook.voice.name,
                language=case.script.playbook.language,
                stream_sid=start.streamSid,
                started_at=now,
            )
        )
    return case


def _gather(session: Session, attempt: Attempt) -> Case:
    lead = session.get(Lead, attempt.lead_id)
    if lead is None:
        raise Permanent("the attempt's lead is gone", code="no_lead")
    campaign, _ = store.get(session, attempt.campaign)
    zone = lead_zone(lead, campaign)
    script = playbook_file.load(campaign.playbook)
    known = facts.gather(script.playbook, campaign, lead, zone)
    return Case(attempt, lead, campaign, zone, script, compile_prompt(script, known), known)


def lead_zone(lead: Lead, campaign: Campaign) -> str:
    """The zone times are spoken in: the declared one, else what the number says, the team's own where that is open."""
    if places.is_zone(lead.timezone):
        return lead.timezone
    found = phone.parse(lead.phone or "", lead.country, frozenset())
    zones = places.locate(found).zones if isinstance(found, phone.Phone) else frozenset[str]()
    if not zones or campaign.timezone in zones:
        return campaign.timezone
    return sorted(zones)[0]


def terms(case: Case, settings: Settings) -> Terms:
    playbook, campaign = case.script.playbook, case.campaign
    return Terms(
        mandatory=case.prompt.mandatory,
        ask=case.prompt.ask,
        closing={reason: fill(line, dict(case.facts.values)) for reason, line in playbook.closing.model_dump().items()},
        clips=clips.load(playbook.language),
        model=settings.openai_realtime_model,
        language=playbook.language,
        record=campaign.recording.enabled,
        record_after_consent=campaign.recording.ask_first,
        leaves_message=campaign.voicemail.action == "message" and bool(campaign.voicemail.message),
        max_seconds=campaign.budget.max_call_seconds,
        max_usd=campaign.budget.per_call_usd,
        transcribed=bool(settings.openai_transcription_model),
    )


def config(case: Case, settings: Settings) -> Config:
    playbook = case.script.playbook
    return Config(
        instructions=case.prompt.text,
        tools=tools.schemas(),
        voice=playbook.voice.name,
        speed=playbook.voice.speed,
        transcription_model=settings.openai_transcription_model,
        language=playbook.language,
    )


def desk(case: Case, calendars: Calendars | None) -> Desk:
    playbook = case.script.playbook
    made = Desk(case.campaign, case.lead, case.attempt.id, playbook, case.zone, calendars, dict(case.facts.values))
    for question in playbook.questions:
        given = case.facts.values.get(question.id)
        value = save_answers.understood(question, given) if given else None
        if value is not None:
            made.answers[question.id] = value
    return made
