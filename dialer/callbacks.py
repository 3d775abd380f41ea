"""What a message from the carrier does to its attempt. Runs in the door's transaction; the signature was proved before.

Each message is stored under a key before it has any effect, so a repeat changes nothing, and each may be the first to
name the CallSid. Messages of a different call than the attempt's are kept, alarmed about, and answered with a hang-up.
Notices return nothing, instructions TwiML. Raises Permanent `unknown_attempt`, Refused `wrong_call`, `wrong_account`.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import assert_never

import structlog
from sqlmodel import Session, col, func, select, update

from campaign import store
from campaign.database import after_commit
from campaign.errors import Permanent, Refused
from campaign.jobs import Job
from campaign.records import Attempt, Call, CallEvent
from campaign.settings import Settings
from campaign.suppression import suppressed
from dialer import brakes, documents, handover, settle, tongue, transfer_documents
from dialer.advance import adopt, advance, first_time, lock, told_by
from dialer.outcomes import is_machine
from dialer.states import OVER, RECORDED, TERMINAL, UNRECORDED, State

log = structlog.get_logger()
Params = Mapping[str, str]


# ---- instructions -------------------------------------------------------------------------------------------------


HOLDS_S = (1, 3, 4, 5)
"""Seconds on the line before each new try to reach a media process: together longer than one takes to start again."""


def voice(
    session: Session, attempt_id: str, params: Params, settings: Settings, now: datetime, *, hold_s: int = 0
) -> str:
    """The person answered: connect them, once. Too late, somebody else's call, or suppressed meanwhile: hang up.

    `hold_s`: no media process has room just now, so they are asked to hold on that long before the first try.
    """
    attempt = _attempt(session, attempt_id, params, settings)
    if not adopt(session, attempt, params["CallSid"], now):
        return documents.hang_up()
    first_time(session, f"{attempt.call_sid}/voice", attempt.id, "voice", params.get("CallStatus", ""), now)
    if State(attempt.state) in TERMINAL:
        return documents.hang_up()
    advance(session, attempt, State.IN_PROGRESS, now)
    if State(attempt.state) in OVER:  # given up on, and its number is on another call by now
        return documents.hang_up()
    if attempt.token_used_at is not None or suppressed(session, attempt.to_number, attempt.campaign):
        return documents.hang_up()
    return converse(session, attempt, settings, hold_s=hold_s)


def voice_when_full(session: Session, attempt_id: str, params: Params, settings: Settings, now: datetime) -> str:
    """`voice` while every media process refuses new calls: what follows a refused stream begins with a wait at once."""
    return voice(session, attempt_id, params, settings, now, hold_s=HOLDS_S[0])


def fallback(session: Session, attempt_id: str, params: Params, settings: Settings, now: datetime) -> str:
    """The first document could not be fetched or carried out. Before any conversation: once more; then apologise."""
    attempt = _attempt(session, attempt_id, params, settings)
    code = _whole(params, "ErrorCode")
    log.error("the carrier fell back", attempt=attempt_id, error_code=code)
    retried = not first_time(session, f"{params['CallSid']}/fallback", attempt_id, "fallback", str(code or ""), now)
    if attempt.token_sha256 is None and not retried:
        return voice(session, attempt_id, params, settings, now)
    attempt.error_code = attempt.error_code or code
    session.add(attempt)
    return _apology(session, attempt)


def converse(session: Session, attempt: Attempt, settings: Settings, *, hold_s: int = 0) -> str:
    """Connect to the media process with a fresh one-time token, after `hold_s` seconds on the line."""
    token = secrets.token_urlsafe(32)
    attempt.token_sha256 = _sha256(token)
    session.add(attempt)
    return documents.converse(
        f"{settings.public_base}/twilio/{attempt.id}",
        f"{settings.media_base}/media/{attempt.id}",
        attempt.id,
        token,
        hold_s=hold_s,
        language=tongue.of(session, attempt) if hold_s else None,
    )


def connect_end(session: Session, attempt_id: str, params: Params, settings: Settings, now: datetime) -> str:
    """The conversation's document has run out. An apology when the line broke before anybody ended it.

    Where no media process took the call (it is being restarted), the person is kept on the line for a few more tries.
    Idempotent; a call whose conversation was ended is hung up on (R89).
    """
    attempt = _attempt(session, attempt_id, params, settings)
    if not adopt(session, attempt, params["CallSid"], now):
        return documents.hang_up()
    tries = session.exec(
        select(func.count()).where(CallEvent.attempt_id == attempt.id, CallEvent.kind == "connect_end")
    ).one()
    key = f"{attempt.call_sid}/connect-end/{tries}"
    first_time(session, key, attempt.id, "connect_end", params.get("CallStatus", ""), now)
    call = session.get(Call, attempt.id)
    if call is not None and call.ended_at is not None and not handover.returning(session, attempt):
        return documents.hang_up()
    if tries < len(HOLDS_S) and _still_waiting(session, attempt, params):
        return converse(session, attempt, settings, hold_s=HOLDS_S[tries])
    return _apology(session, attempt)


def _still_waiting(session: Session, attempt: Attempt, params: Params) -> bool:
    """The person is on the line, wants to be, and no media process has taken the call since it was last offered."""
    if params.get("CallStatus") != "in-progress" or attempt.token_used_at is not None or State(attempt.state) in OVER:
        return False
    return suppressed(session, attempt.to_number, attempt.campaign) is None


def dial_done(session: Session, attempt_id: str, params: Params, settings: Settings, now: datetime) -> str:
    """A colleague's leg is over: the next one, the agent again, or the end."""
    attempt = _attempt(session, attempt_id, params, settings)
    campaign, _ = store.get(session, attempt.campaign)
    spoken = tongue.of(session, attempt)
    match handover.after(session, attempt, params, campaign, now):
        case handover.Ring(person=person):
            base = f"{settings.public_base}/twilio/{attempt.id}"
            words = transfer_documents.words(spoken or "en-US")["next"]
            return transfer_documents.ring(
                base, attempt.from_number, person.phone or "", say=words, language=documents.tag(spoken)
            )
        case handover.Return():
            attempt.token_used_at = None
            return converse(session, attempt, settings)
        case handover.Apologise():
            return _say(session, attempt, documents.NOBODY_FREE)
        case handover.End():
            return documents.hang_up()
        case step:
            assert_never(step)


def _apology(session: Session, attempt: Attempt) -> str:
    """It promises another call, which nobody who told us to stop wants to hear."""
    stopped = suppressed(session, attempt.to_number, attempt.campaign)
    return documents.hang_up() if stopped else _say(session, attempt, documents.APOLOGY)


def _say(session: Session, attempt: Attempt, sentence: Mapping[str, str]) -> str:
    return documents.say(*documents.fixed(sentence, tongue.of(session, attempt)))


def whisper(session: Session, attempt_id: str, params: Params, settings: Settings, now: datetime) -> str:
    """Spoken to the colleague who picked up, on a leg of its own: its CallSid is not the attempt's. Only the key bridges."""
    attempt = _known(session, attempt_id)
    _right_account(params, settings)
    if params.get("ParentCallSid", attempt.call_sid) != attempt.call_sid:
        raise Refused("a leg of another call", code="wrong_call")
    digits = params.get("Digits")
    if digits is None:
        return _brief(session, attempt, settings)
    accepted = digits == transfer_documents.KEY
    key = f"{params.get('CallSid', attempt_id)}/whisper"
    first_time(session, key, attempt.id, "whisper", "accepted" if accepted else "declined", now)
    return transfer_documents.accept() if accepted else documents.hang_up()


def _brief(session: Session, attempt: Attempt, settings: Settings) -> str:
    campaign, _ = store.get(session, attempt.campaign)
    call, language = session.get(Call, attempt.id), campaign.whispers_in
    plain = transfer_documents.words(language)["call"].format(brand=campaign.seller.brand)
    own_url = f"{settings.public_base}/twilio/{attempt.id}/whisper"
    return transfer_documents.whisper(own_url, (call.brief if call else "") or plain, language)


# ---- notices ------------------------------------------------------------------------------------------------------


PROMPT = timedelta(seconds=10)
"""A call that begins this soon after the gate allowed it is within its hours, which the gate has measured with a guard (R30)."""


def status(session: Session, attempt_id: str, params: Params, now: datetime) -> None:
    """Call progress. Any order, any number of times, before or after our POST was answered (R7, R33-R36)."""
    attempt = _attempt(session, attempt_id, params)
    call_sid, word = params["CallSid"], params.get("CallStatus", "")
    source, sequence = params.get("CallbackSource", "call-progress-events"), _whole(params, "SequenceNumber")
    key = f"{call_sid}/{source}/{sequence if sequence is not None else word}"
    if not first_time(
        session, key, attempt.id, "status", word, now, sequence=sequence, sent_at=_stamp(params.get("Timestamp"))
    ):
        return
    if not adopt(session, attempt, call_sid, now):
        return
    told = told_by(word)
    if told is None:
        log.warning("a call status we do not know", attempt=attempt.id, word=word)
        return
    if told in TERMINAL and State(attempt.state) not in TERMINAL:
        _ending(attempt, params)
    if not advance(session, attempt, told, now):
        return
    if told in TERMINAL:
        settle.at_once(session, attempt, now)
    elif told is State.INITIATED and (attempt.intent_at <= now - PROMPT or brakes.withdrawn(session, attempt, now)):
        after_commit(session, Job.MACHINE, attempt.id)


def amd(session: Session, attempt_id: str, params: Params, now: datetime) -> None:
    """The verdict on who answered; it may come before the stream, during it, or after the end (R55-R59)."""
    attempt = _attempt(session, attempt_id, params)
    answered_by = params.get("AnsweredBy", "unknown")
    if not first_time(session, f"{params['CallSid']}/amd", attempt.id, "amd", answered_by, now):
        return
    if not adopt(session, attempt, params["CallSid"], now):
        return
    attempt.answered_by = answered_by
    attempt.machine_detection_ms = _whole(params, "MachineDetectionDuration")
    session.add(attempt)
    if State(attempt.state) not in TERMINAL:
        advance(session, attempt, State.IN_PROGRESS, now)
        if is_machine(answered_by):
            after_commit(session, Job.MACHINE, attempt.id)


def recording(session: Session, attempt_id: str, params: Params, now: datetime) -> None:
    """A recording's status; `completed` may come before the call's own end, `absent` means there is nothing (R80)."""
    attempt = _attempt(session, attempt_id, params)
    sid, word = params.get("RecordingSid", ""), params.get("RecordingStatus", "")
    if not first_time(session, f"{sid}/{word}", attempt.id, "recording", word, now):
        return
    if attempt.recording_sid not in (None, sid) or attempt.recording_status in RECORDED | UNRECORDED:
        return
    attempt.recording_sid, attempt.recording_status = sid, word
    attempt.recording_duration_s = _whole(params, "RecordingDuration") or attempt.recording_duration_s
    session.add(attempt)


def stream(session: Session, attempt_id: str, params: Params, now: datetime) -> None:
    """Media stream events: informational; an error is remembered as the attempt's."""
    attempt = _attempt(session, attempt_id, params)
    word = params.get("StreamEvent", "")
    if not first_time(session, f"{params.get('StreamSid', '')}/{word}", attempt.id, "stream", word, now):
        return
    if adopt(session, attempt, params["CallSid"], now) and word == "stream-error":
        log.error("media stream failed", attempt=attempt.id, error=params.get("StreamError", ""))


# ---- the media socket ---------------------------------------------------------------------------------------------


def open_stream(
    session: Session, attempt_id: str, *, call_sid: str, account_sid: str, token: str, settings: Settings, now: datetime
) -> Attempt:
    """Let one media socket in: right account, right call, unused token, which is spent by that (R52-R54)."""
    attempt = _known(session, attempt_id)
    if account_sid != settings.twilio_account_sid:
        raise Refused("another account's stream", code="wrong_account")
    if State(attempt.state) in OVER:
        raise Refused("the call is over", code="call_over")
    if suppressed(session, attempt.to_number, attempt.campaign):
        raise Refused("the number was suppressed meanwhile", code="suppressed")
    known = secrets.compare_digest(attempt.token_sha256 or "", _sha256(token))
    if not known or attempt.call_sid not in (None, call_sid):
        raise Refused("the token or the call is not this attempt's", code="wrong_call")
    spent = session.execute(
        update(Attempt)
        .where(col(Attempt.id) == attempt_id, col(Attempt.token_used_at).is_(None))
        .values(token_used_at=now)
        .execution_options(synchronize_session=False)
    )
    if spent.rowcount != 1:  # type: ignore[attr-defined]
        raise Refused("the token was used before", code="token_used")
    session.refresh(attempt)
    adopt(session, attempt, call_sid, now)
    advance(session, attempt, State.IN_PROGRESS, now)
    return attempt


# ---- reading a message --------------------------------------------------------------------------------------------


def _attempt(session: Session, attempt_id: str, params: Params, settings: Settings | None = None) -> Attempt:
    """The attempt a message is about, locked; refused unless its account and both numbers are the attempt's."""
    attempt = _known(session, attempt_id)
    if settings is not None:
        _right_account(params, settings)
    if not params.get("CallSid"):
        raise Refused("a message without a call", code="wrong_call")
    ours, theirs = ("To", "From") if attempt.direction == "inbound" else ("From", "To")
    for name, number in ((theirs, attempt.to_number), (ours, attempt.from_number)):
        if params.get(name) and params[name] != number:
            raise Refused("a message about another call", code="wrong_call")
    return attempt


def _known(session: Session, attempt_id: str) -> Attempt:
    attempt = lock(session, attempt_id)
    if attempt is None:
        raise Permanent("no such attempt", code="unknown_attempt")
    return attempt


def _right_account(params: Params, settings: Settings) -> None:
    if params.get("AccountSid") != settings.twilio_account_sid:
        raise Refused("another account's message", code="wrong_account")


def _ending(attempt: Attempt, params: Params) -> None:
    """What only the last callback says. `Duration` is billed minutes and is not read (R40)."""
    attempt.call_duration_s = _whole(params, "CallDuration")
    attempt.sip_code = _whole(params, "SipResponseCode")
    attempt.error_code = attempt.error_code or _whole(params, "ErrorCode")
    attempt.answered_by = attempt.answered_by or params.get("AnsweredBy") or None


def _whole(params: Params, name: str) -> int | None:
    """A whole number, or None when the carrier left it out, blank or strange (R41)."""
    value = params.get(name, "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def _stamp(value: str | None) -> datetime | None:
    """RFC 2822, one-second resolution; anything else is no time."""
    if not value:
        return None
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
