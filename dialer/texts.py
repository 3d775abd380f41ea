"""Texts from the row that owes them to what the carrier says became of them, and texts that people send us.

A row is written with what caused it and claimed before its one POST; a POST whose answer was lost is never repeated, only
a status callback can still tell (R92). A stop by text suppresses the number everywhere, calls included.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never

import structlog
from sqlmodel import Session, col, select

from campaign import ids, languages, once, store
from campaign.database import Database, after_commit
from campaign.errors import Permanent
from campaign.file import Campaign
from campaign.jobs import Job
from campaign.records import Attempt, Booking, Lead, Outcome, TextMessage
from campaign.settings import Settings
from campaign.suppression import suppress
from dialer import ask, decision, gate, known, table, texting, tongue
from dialer.carrier import NotSent, Refusal, Throttled, Unclear
from dialer.decision import Asked, Terms
from dialer.errors import NOT_SENT
from dialer.facts import Facts
from dialer.known import Known
from dialer.text_carrier import Posted, Posting, TextCarrier, TextOrder

log = structlog.get_logger()

LOST = timedelta(minutes=2)
"""A row claimed this long ago whose POST nobody recorded: whether it went out is not known."""
BACKOFF, TRIES = timedelta(seconds=15), 5
BATCH = 100
FINAL = frozenset({"delivered", "undelivered", "failed"})
MISSED = frozenset({"busy", "no_answer", "voicemail", "screening"})
"""Endings after which a missed call is texted about, by the name of their retry policy."""


# ---- what is owed -------------------------------------------------------------------------------------------------


def owe_after_missed(
    session: Session, lead: Lead, attempt: Attempt, campaign: Campaign, ending: str, tried: int, now: datetime
) -> None:
    """The step of the campaign's sequence that belongs to this call of ours, the lead's `tried`th, if there is one."""
    step = next((step for step in campaign.texts.missed_call if step.attempt == tried), None)
    if step is None or ending not in MISSED:
        return
    at = now + timedelta(minutes=step.minutes)
    _owe(session, "missed_call", attempt.id, lead, attempt, campaign, step.messages, {}, at, now)


def owe_after_booking(session: Session, lead: Lead, attempt: Attempt, campaign: Campaign, now: datetime) -> None:
    """A meeting was booked in this call."""
    texts = campaign.texts
    mine = select(Booking).where(Booking.attempt_id == attempt.id, Booking.state == "confirmed")
    for booking in session.exec(mine):
        values = {"person": booking.person, "starts_at": booking.starts_at.isoformat(), "zone": booking.timezone}
        if texts.confirmation is not None:
            own = texts.confirmation.messages
            _owe(session, "confirmation", booking.id, lead, attempt, campaign, own, values, now, now)
        if texts.reminder is not None:
            at = booking.starts_at - timedelta(minutes=texts.reminder.minutes_before)
            if at > now:
                own = texts.reminder.messages
                _owe(session, "reminder", booking.id, lead, attempt, campaign, own, values, at, now)


def _owe(
    session: Session,
    kind: str,
    entity_id: str,
    lead: Lead,
    attempt: Attempt,
    campaign: Campaign,
    own: Mapping[str, str],
    values: dict[str, str],
    due_at: datetime,
    now: datetime,
) -> None:
    language = tongue.of(session, attempt)
    sender = campaign.texts.from_number or attempt.from_number
    if "starts_at" in values:
        at = datetime.fromisoformat(values["starts_at"])
        values["time"] = texting.say_time(at, values["zone"], (language or "en").partition("-")[0])
    known = {"brand": campaign.seller.brand, "first_name": lead.first_name, "number": attempt.from_number}
    body, spoken = texting.compose(kind, own, language, known | values)
    row = TextMessage(
        id=ids.new("txt"),
        kind=kind,
        entity_id=entity_id,
        lead_id=lead.id,
        campaign=campaign.name,
        phone=attempt.to_number,
        our_number=sender,
        body=body,
        language=spoken,
        state="due",
        due_at=due_at,
        created_at=now,
    )
    if once.insert(session, row) and due_at <= now:
        after_commit(session, Job.TEXT, row.id)


def due(session: Session, now: datetime) -> list[tuple[Job, str]]:
    """Texts whose time has come, and those whose sender died between claim and record. Run by the sweep."""
    lost = select(TextMessage).where(TextMessage.state == "sending", col(TextMessage.posted_at) <= now - LOST)
    for row in session.exec(lost.limit(BATCH)):
        log.error("a text may or may not have gone out; it is not sent again", text=row.id)
        row.state, row.reason = "unknown", "answer_lost"
        session.add(row)
    query = select(TextMessage.id).where(TextMessage.state == "due", col(TextMessage.due_at) <= now)
    return [(Job.TEXT, text_id) for text_id in session.exec(query.order_by(col(TextMessage.due_at)).limit(BATCH))]


# ---- sending ------------------------------------------------------------------------------------------------------


def send(database: Database, settings: Settings, carrier: TextCarrier, text_id: str, now: datetime) -> None:
    """Claim, let go of the database, POST once, record."""
    with database.transaction() as session:
        order = _claim(session, settings, text_id, now)
    if order is None:
        return
    posting = carrier.post(order)
    with database.transaction() as session:
        _record(session, text_id, posting, now)


def _claim(session: Session, settings: Settings, text_id: str, now: datetime) -> TextOrder | None:
    row = _locked(session, text_id)
    if row is None or row.state != "due" or row.due_at > now:
        return None
    match texting.decide(_facts(session, row, now), now):
        case texting.Send():
            row.state, row.posted_at, row.tries = "sending", now, row.tries + 1
            session.add(row)
            callback = f"{settings.public_base}/twilio/{row.id}/text"
            return TextOrder(row.id, row.phone, row.our_number, row.body, callback)
        case texting.Wait(until):
            row.due_at = until
        case texting.Withhold(reason):
            row.state, row.reason, row.told_at = "withheld", reason, now
        case decision:
            assert_never(decision)
    session.add(row)
    return None


def _facts(session: Session, row: TextMessage, now: datetime) -> texting.Facts:
    campaign, _ = store.get(session, row.campaign)
    lead = session.get_one(Lead, row.lead_id)
    read = known.about(session, [lead.id], [row.phone], now, emails=[lead.email])
    facts = ask.gather(session, lead, campaign, now, read)
    booking = session.get(Booking, row.entity_id) if row.kind != "missed_call" else None
    return texting.Facts(
        kind=row.kind,
        consented=_consented(session, read, lead, row.phone),
        stopped=_stopped(session, read, row.phone, row.campaign),
        halted=not {"account", f"campaign:{row.campaign}"}.isdisjoint(read.halts),
        caused_at=row.created_at,
        opens=_opens(facts, campaign, now),
        talked_since=_talked_since(session, row),
        starts_at=booking.starts_at if booking is not None and booking.state == "confirmed" else None,
    )


def _opens(facts: Facts, campaign: Campaign, now: datetime) -> datetime | None:
    """When calling hours are open next: the law's and the campaign's, by the core that decides on calls. No cap of calls binds."""
    wanted = gate.asked(facts, campaign)
    given = Terms(wanted.consent.given_at, wanted.consent.expires_at) if wanted.consent else None
    plain = Asked(
        wanted.bounds, consent=given, floor=wanted.floor, campaign=wanted.campaign, blackouts=wanted.blackouts
    )
    return decision.moment(plain, gate.POLICY, now)[0]


def _consented(session: Session, read: Known, lead: Lead, phone: str) -> bool:
    """The newest consent of this lead, for this number: to texts by its channels or, where it names none, by its words."""
    newest = read.consents.get(lead.id)
    if newest is None or not newest.given or newest.phone not in (None, phone):
        return False
    revoked = read.revoked.get(newest.id)
    if revoked is not None and not _restarted(session, phone, revoked):
        return False
    if newest.channels is not None:
        return not texting.CHANNELS.isdisjoint(newest.channels)
    return texting.covers_texts(newest.text)


def _stopped(session: Session, read: Known, phone: str, campaign: str) -> bool:
    """Any stop; one that was texted is lifted, for texts only, by a START that was texted after it."""
    stop = read.suppressed(phone, campaign)
    if stop is None:
        return False
    return stop.channel != "sms" or not _restarted(session, phone, stop.at)


def _restarted(session: Session, phone: str, since: datetime) -> bool:
    """Their last word by text, since then, is START."""
    theirs = select(TextMessage).where(
        TextMessage.phone == phone, TextMessage.kind == "received", col(TextMessage.reason).in_(("stop", "start"))
    )
    newest = session.exec(theirs.order_by(col(TextMessage.created_at).desc(), col(TextMessage.id).desc())).first()
    return newest is not None and newest.reason == "start" and newest.created_at >= since


def _talked_since(session: Session, row: TextMessage) -> bool:
    """They are on the phone with us, or were, since the call they missed."""
    live = select(Attempt.id).where(Attempt.to_number == row.phone, col(Attempt.settled_at).is_(None))
    spoke = select(Outcome.id).where(
        Outcome.lead_id == row.lead_id, Outcome.reached == "human", col(Outcome.at) >= row.created_at
    )
    return session.exec(live).first() is not None or session.exec(spoke).first() is not None


def _record(session: Session, text_id: str, posting: Posting, now: datetime) -> None:
    """What the POST came to; a status callback may have been first."""
    row = _locked(session, text_id)
    if row is None or row.state != "sending":
        return
    match posting:
        case Posted(message_sid):
            row.state, row.message_sid = "sent", message_sid
        case Refusal(code):
            _refused(session, row, code, now)
        case Throttled():
            _later(row, 429, now)
        case NotSent():
            _later(row, NOT_SENT, now)
        case Unclear(why):
            log.error("the carrier's answer about a text was lost; it is not sent again", text=row.id, why=why)
            row.state, row.reason = "unknown", "answer_lost"
        case _:
            assert_never(posting)
    row.told_at = now
    session.add(row)


def _refused(session: Session, row: TextMessage, code: int, now: datetime) -> None:
    known = table.look_up("text", code)
    if known.action in ("wait", "halt_account"):
        return _later(row, code, now)
    row.state = "failed"
    _blame(session, row, code, now)
    return None


def _blame(session: Session, row: TextMessage, code: int, now: datetime) -> None:
    """Remember why; a carrier that says "unsubscribed" is a stop like any other (R92)."""
    known = table.look_up("text", code)
    if not table.is_known("text", code):
        log.error("the carrier said what no row of the outcomes table knows", alarm="unmapped", code=f"text {code}")
    row.error_code, row.reason = code, known.word
    if known.action == "opt_out":
        suppress(session, row.phone, reason="opted_out", channel="sms", now=now, lead_id=row.lead_id)


def _later(row: TextMessage, code: int, now: datetime) -> None:
    """Provably not processed: the same text again, a few times."""
    row.error_code = code or None
    if row.tries >= TRIES:
        row.state, row.reason = "failed", table.look_up("text", code).word
    else:
        row.state, row.due_at = "due", now + BACKOFF * (1 << row.tries)


# ---- what the carrier and people say ------------------------------------------------------------------------------


def told(session: Session, text_id: str, params: Mapping[str, str], now: datetime) -> None:
    """A status callback: moves forward only, the end is final. Raises Permanent `unknown_attempt`."""
    row = _locked(session, text_id)
    if row is None:
        raise Permanent("no such text", code="unknown_attempt")
    sid = params.get("MessageSid", "")
    if row.message_sid not in (None, sid):
        log.error("a second message for one text", text=row.id, kept=row.message_sid, other=sid)
        return
    word = params.get("MessageStatus", "")
    known = table.rows("text.status").get(word)
    row.message_sid, row.told_at = sid or row.message_sid, now
    if known is None:
        log.warning("a message status we do not know", text=row.id, word=word)
    elif row.state not in FINAL and known.word != "received":
        row.state, row.reason = known.word, ""
        if params.get("ErrorCode", "").isdigit():
            _blame(session, row, int(params["ErrorCode"]), now)
    session.add(row)


def received(session: Session, params: Mapping[str, str], wish: str, now: datetime) -> str | None:
    """Keep a text of theirs and do what it asks; our answer, if it wants one.

    `wish`: what free words beyond the keywords ask for, `stop` or nothing, as the door understood them. Stop and start are
    confirmed to the person by the carrier itself.
    """
    phone, ours, body = params.get("From", ""), params.get("To", ""), params.get("Body", "")
    word = texting.keyword(body) or wish
    lead = session.exec(select(Lead).where(Lead.phone == phone).order_by(col(Lead.received_at).desc()).limit(1)).first()
    campaign = _campaign_of(session, lead, ours)
    row = TextMessage(
        id=ids.new("txt"),
        kind="received",
        entity_id=params.get("MessageSid", ""),
        lead_id=lead.id if lead else None,
        campaign=campaign.name if campaign else "",
        phone=phone,
        our_number=ours,
        body=body[:1600],
        state="received",
        reason=word,
        due_at=now,
        created_at=now,
    )
    if not once.insert(session, row):
        return None
    if word == "stop":
        suppress(session, phone, reason="opted_out", channel="sms", now=now, lead_id=row.lead_id)
        _withdraw(session, phone, now)
    if word == "help" and campaign is not None:
        language = languages.beforehand(campaign, lead) if lead else campaign.language
        return texting.help_text(campaign, ours, language)
    return None


def _withdraw(session: Session, phone: str, now: datetime) -> None:
    waiting = select(TextMessage).where(TextMessage.phone == phone, TextMessage.state == "due")
    for row in session.exec(waiting.with_for_update()):
        row.state, row.reason, row.told_at = "withheld", "suppressed", now
        session.add(row)


def _campaign_of(session: Session, lead: Lead | None, ours: str) -> Campaign | None:
    if lead is not None:
        return store.get(session, lead.campaign)[0]
    active = (store.read(row) for row in store.active(session))
    return next((campaign for campaign in active if ours in (*campaign.caller_ids, campaign.texts.from_number)), None)


def _locked(session: Session, text_id: str) -> TextMessage | None:
    query = select(TextMessage).where(TextMessage.id == text_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).first()
