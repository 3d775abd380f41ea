"""A call to one of our numbers: the agent with what it knows of the lead, the team at work, or a fixed polite answer.

A known lead's call is an attempt of the other direction, so the media doors, transfers, stops and outcomes of our own calls
hold for it. A person is never on two calls with us: while one with them is unsettled, they are kept on the line. Who asked us
to stop is never talked to by the agent, and everybody can have their number removed by a key (47 CFR 64.1601(e)).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session, col, func, select

from campaign import clock, ids, languages, once, roster, store
from campaign.errors import Refused
from campaign.file import Campaign
from campaign.records import OPEN, Attempt, InboundCall, Lead
from campaign.settings import Settings
from campaign.suppression import suppress, suppressed
from dialer import callbacks, handover, inbound_documents, transfer_documents
from dialer.advance import first_time, look_again
from dialer.known import halts
from dialer.states import State

log = structlog.get_logger()
Params = Mapping[str, str]

AGENT, TEAM, MESSAGE, HELD = "agent", "team", "message", "held"
HOLDS = 8
"""How often a caller whose other call is unsettled is asked to hold on, `inbound_documents.HOLD_S` each."""
STOP_KEY = "9"
MOST_A_DAY = 6
"""Calls of one number that the agent takes in a day: nobody can make us spend without end."""


def answer(
    session: Session, params: Params, settings: Settings, now: datetime, *, held: int = 0, full: bool = False
) -> str:
    """TwiML for a call that came in; a repeat is answered as before. `held`: how often it was asked to hold on already.

    `full`: no media process has room just now, so the agent's document begins with a wait.
    """
    if not params.get("CallSid"):
        raise Refused("a message without a call", code="wrong_call")
    call, campaign, lead = _recognised(session, params, now)
    hold_s = callbacks.HOLDS_S[0] if full else 0
    if call.attempt_id is not None:
        return callbacks.voice(session, call.attempt_id, params, settings, now, hold_s=hold_s)
    if campaign is None or lead is None or suppressed(session, call.caller, campaign.name):
        return _to_the_team_or_not(session, call, campaign, lead, settings, now)
    if campaign.inbound.known == MESSAGE or _may_not_spend(session, call, campaign, now):
        return _to_the_team_or_not(session, call, campaign, lead, settings, now)
    attempt = _attempt(session, call, lead, now)
    if attempt is None:
        call.answer = HELD
        session.add(call)
        return _hold(call, campaign, lead, settings, held)
    free = roster.on_duty(campaign, now) if campaign.inbound.known == TEAM else []
    if free:
        call.answer = TEAM
        handover.begin(session, attempt, free[0].name, now)
        base = f"{settings.public_base}/twilio/{attempt.id}"
        return transfer_documents.ring(base, call.called, free[0].phone or "")
    return callbacks.converse(session, attempt, settings, hold_s=hold_s)


def status(session: Session, params: Params, now: datetime) -> None:
    """A number's own status callback names no attempt; the call does."""
    mine = select(Attempt.id).where(Attempt.call_sid == params.get("CallSid", ""))
    attempt_id = session.exec(mine).first()
    if attempt_id is not None:
        callbacks.status(session, attempt_id, params, now)


def key(session: Session, params: Params, settings: Settings, now: datetime) -> str:
    """A key pressed behind the fixed answer: one of them removes the number for good."""
    call = _known(session, params)
    if params.get("Digits") != STOP_KEY or not _is_number(call.caller):
        return inbound_documents.hang_up()
    suppress(session, call.caller, reason="opted_out", channel="keypress", now=now, lead_id=call.lead_id)
    return inbound_documents.stopped(_language(session, call))


def dial_done(session: Session, params: Params, settings: Settings, now: datetime) -> str:
    """A colleague's leg of a caller without an attempt is over: the next one, or the fixed answer."""
    call = _known(session, params)
    if params.get("DialBridged", "").lower() == "true" or params.get("CallStatus", "in-progress") != "in-progress":
        return inbound_documents.hang_up()
    call.rung += 1
    session.add(call)
    campaign = _campaign(session, call)
    return _to_the_team_or_not(session, call, campaign, None, settings, now)


def whisper(session: Session, params: Params, settings: Settings, now: datetime) -> str:
    """What a colleague hears before they take such a call; only the key bridges. (twilio.md R86)"""
    call = session.get(InboundCall, params.get("ParentCallSid", ""))
    campaign = _campaign(session, call) if call is not None else None
    if campaign is None:
        raise Refused("a leg of no call of ours", code="wrong_call")
    digits = params.get("Digits")
    if digits is None:
        said = transfer_documents.words(campaign.whispers_in)["call"].format(brand=campaign.seller.brand)
        return transfer_documents.whisper(f"{settings.public_base}/twilio/inbound/whisper", said, campaign.whispers_in)
    return transfer_documents.accept() if digits == transfer_documents.KEY else inbound_documents.hang_up()


# ---- who rings ----------------------------------------------------------------------------------------------------


def _recognised(session: Session, params: Params, now: datetime) -> tuple[InboundCall, Campaign | None, Lead | None]:
    """The call's row, made on first sight, with the campaign that has the number and the lead that rings."""
    call = session.get(InboundCall, params["CallSid"])
    if call is not None:
        lead = session.get(Lead, call.lead_id) if call.lead_id else None
        return call, _campaign(session, call), lead
    caller, called = params.get("From", ""), params.get("To", "")
    campaigns = _with_number(session, called)
    lead = _lead(session, caller, called, campaigns)
    campaign = campaigns.get(lead.campaign) if lead else next(iter(campaigns.values()), None)
    call = InboundCall(
        call_sid=params["CallSid"],
        caller=caller,
        called=called,
        campaign=campaign.name if campaign else "",
        lead_id=lead.id if lead else None,
        answer=MESSAGE,
        at=now,
    )
    if not once.insert(session, call):  # the same message twice at once
        return _recognised(session, params, now)
    if campaign is None:
        log.error("a call to a number no campaign has; take its voice URL away or add it to a campaign")
    return call, campaign, lead


def _with_number(session: Session, called: str) -> dict[str, Campaign]:
    """Campaigns that have this caller ID, by name."""
    active = (store.read(row) for row in store.active(session))
    return {campaign.name: campaign for campaign in active if called in campaign.caller_ids}


def _lead(session: Session, caller: str, called: str, campaigns: Mapping[str, Campaign]) -> Lead | None:
    """Whoever was rung last from this number, else the newest lead with the caller's."""
    if not _is_number(caller):
        return None
    theirs = select(Lead).where(Lead.phone == caller, col(Lead.campaign).in_(campaigns))
    rung = theirs.join(Attempt, col(Attempt.lead_id) == col(Lead.id)).where(
        Attempt.to_number == caller, Attempt.from_number == called
    )
    found = session.exec(rung.order_by(col(Attempt.intent_at).desc()).limit(1)).first()
    return found or session.exec(theirs.order_by(col(Lead.received_at).desc()).limit(1)).first()


def _is_number(caller: str) -> bool:
    return caller.startswith("+") and caller[1:].isdigit()


def _known(session: Session, params: Params) -> InboundCall:
    call = session.get(InboundCall, params.get("CallSid", ""))
    if call is None:
        raise Refused("a message about a call that never came in", code="wrong_call")
    return call


def _campaign(session: Session, call: InboundCall) -> Campaign | None:
    return store.get(session, call.campaign)[0] if call.campaign else None


def _language(session: Session, call: InboundCall) -> str | None:
    campaign = _campaign(session, call)
    lead = session.get(Lead, call.lead_id) if call.lead_id else None
    return languages.beforehand(campaign, lead) if campaign and lead else campaign.language if campaign else None


# ---- how it is answered -------------------------------------------------------------------------------------------


def _attempt(session: Session, call: InboundCall, lead: Lead, now: datetime) -> Attempt | None:
    """The row that stands for their call; None while another call with this person is unsettled.

    That is asked before inserting: waiting for a row that a callback is changing, with the lead in hand, would be a deadlock.
    """
    locked = select(Lead).where(Lead.id == lead.id).with_for_update().execution_options(populate_existing=True)
    lead = session.exec(locked).one()
    unsettled = select(Attempt.id).where(Attempt.to_number == call.caller, col(Attempt.settled_at).is_(None))
    if session.exec(unsettled).first() is not None:
        return None
    earlier = session.exec(select(Attempt.number).where(Attempt.lead_id == lead.id)).all()
    attempt = Attempt(
        id=ids.new("att"),
        lead_id=lead.id,
        campaign=lead.campaign,
        campaign_version=store.get(session, lead.campaign)[1],
        number=max(earlier, default=0),
        fence=lead.fence,
        direction="inbound",
        to_number=call.caller,
        from_number=call.called,
        call_sid=call.call_sid,
        state=State.IN_PROGRESS.value,
        intent_at=now,
        intent_real_at=clock.real_now(),
        placed_at=now,
        answered_at=now,
    )
    attempt.reconcile_at = look_again(attempt, now)
    if not once.insert(session, attempt):
        return None
    if lead.state in OPEN:
        lead.state, lead.outcome, lead.outcome_at, lead.updated_at = "in_call", None, None, now
        session.add(lead)
    call.attempt_id, call.answer = attempt.id, AGENT
    session.add(call)
    first_time(session, f"{call.call_sid}/inbound", attempt.id, "inbound", "answered", now)
    return attempt


def _may_not_spend(session: Session, call: InboundCall, campaign: Campaign, now: datetime) -> bool:
    """A brake on the account or the campaign, or a number that rings us again and again."""
    if not {"account", f"campaign:{campaign.name}"}.isdisjoint(halts(session, now)):
        return True
    theirs = select(func.count()).select_from(Attempt).where(Attempt.to_number == call.caller)
    today = theirs.where(Attempt.direction == "inbound", col(Attempt.intent_at) > now - timedelta(days=1))
    return (session.scalar(today) or 0) >= MOST_A_DAY


def _hold(call: InboundCall, campaign: Campaign, lead: Lead, settings: Settings, held: int) -> str:
    if held >= HOLDS:
        log.warning("a caller was kept on the line in vain", call_sid=call.call_sid)
        return inbound_documents.nobody(languages.beforehand(campaign, lead))
    again = f"{settings.public_base}/twilio/inbound?held={held + 1}"
    return inbound_documents.hold(again, languages.beforehand(campaign, lead), first=held == 0)


def _to_the_team_or_not(
    session: Session, call: InboundCall, campaign: Campaign | None, lead: Lead | None, settings: Settings, now: datetime
) -> str:
    """Nobody the agent may talk to: people of ours, if the campaign wants that and they are at work."""
    wants = campaign is not None and TEAM in (campaign.inbound.unknown, campaign.inbound.known)
    free = roster.on_duty(campaign, now) if campaign is not None and wants else []
    if call.rung < min(len(free), handover.MOST_RUNG):
        call.answer = TEAM
        session.add(call)
        return transfer_documents.ring(
            f"{settings.public_base}/twilio/inbound", call.called, free[call.rung].phone or ""
        )
    return _tell(session, call, campaign, lead, settings)


def _tell(session: Session, call: InboundCall, campaign: Campaign | None, lead: Lead | None, settings: Settings) -> str:
    call.answer = MESSAGE
    session.add(call)
    if campaign is None:
        return inbound_documents.hang_up()
    language = languages.beforehand(campaign, lead) if lead else campaign.language
    own = campaign.inbound.messages.get((language or "en").partition("-")[0], "")
    key_url = f"{settings.public_base}/twilio/inbound/key"
    return inbound_documents.message(own, campaign.seller.brand, key_url, language)
