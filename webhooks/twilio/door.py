"""`POST /twilio/{attempt_id}/{what}`: signature first, then one transaction in `dialer.callbacks`, then a short answer.

Two kinds: instructions answer TwiML, notices answer 204. An attempt we do not know ends the call (instructions) or is
logged (notices), since a repeat would change nothing. Database trouble is 503, which Twilio retries when asked to.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from twilio.twiml.voice_response import VoiceResponse

from campaign import clock
from campaign.errors import Permanent, Refused
from campaign.settings import Settings
from dialer import callbacks
from webhooks import ground
from webhooks.problems import Problem
from webhooks.twilio import signature

log = structlog.get_logger()
router = APIRouter(prefix="/twilio", include_in_schema=False)

Instruction = Callable[[Session, str, dict[str, str], Settings, datetime], str]
Notice = Callable[[Session, str, dict[str, str], datetime], None]
INSTRUCTIONS: dict[str, Instruction] = {
    "voice": callbacks.voice,
    "fallback": callbacks.fallback,
    "connect-end": callbacks.connect_end,
    "dial-done": callbacks.dial_done,
    "whisper": callbacks.whisper,
}
NOTICES: dict[str, Notice] = {
    "status": callbacks.status,
    "amd": callbacks.amd,
    "recording": callbacks.recording,
    "stream": callbacks.stream,
}
ATTEMPT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@router.post("/{attempt_id}/{what}")
async def receive(attempt_id: str, what: str, request: Request) -> Response:
    here = ground.of(request)
    params = await signature.params(request, here.settings)
    attempt_id = attempt_id if ATTEMPT_ID.fullmatch(attempt_id) else "unknown"
    if what in INSTRUCTIONS:
        twiml = await run_in_threadpool(_instruct, here, what, attempt_id, params)
        return Response(twiml, media_type="text/xml")
    if what in NOTICES:
        await run_in_threadpool(_note, here, what, attempt_id, params)
        return Response(status_code=204)
    raise Problem(404, "not_found", "Twilio has no door of this name.")


def _instruct(here: ground.Ground, what: str, attempt_id: str, params: dict[str, str]) -> str:
    try:
        with here.database.transaction() as session:
            return INSTRUCTIONS[what](session, attempt_id, params, here.settings, clock.now())
    except Permanent as error:
        log.warning("instruction for an attempt we do not know", what=what, code=error.code)
        hang_up = VoiceResponse()
        hang_up.hangup()
        return str(hang_up)
    except Refused as error:
        raise _forbidden(error, what) from error


def _note(here: ground.Ground, what: str, attempt_id: str, params: dict[str, str]) -> None:
    try:
        with here.database.transaction() as session:
            NOTICES[what](session, attempt_id, params, clock.now())
    except Permanent as error:
        log.warning("notice about an attempt we do not know", what=what, code=error.code)
        return
    except Refused as error:
        raise _forbidden(error, what) from error
    if message := live_message(what, params):
        here.tell_call(attempt_id, message)


def live_message(what: str, params: dict[str, str]) -> dict[str, Any] | None:
    """What the media process that holds the call should hear about a notice, if anything."""
    if what == "amd" and params.get("AnsweredBy"):
        return {"kind": "amd", "answered_by": params["AnsweredBy"]}
    if what == "status" and params.get("CallStatus") in ENDED:
        return {"kind": "ended"}
    return None


def _forbidden(error: Refused, what: str) -> Problem:
    log.warning("message does not belong to its attempt", what=what, code=error.code)
    return Problem(403, error.code, "This message does not belong to this attempt.")
