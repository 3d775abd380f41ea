"""`POST /twilio/{attempt_id}/{what}`: signature first, then one transaction in `dialer.callbacks`, then a short answer.

Two kinds: instructions answer TwiML, notices answer 204. An attempt we do not know ends the call (instructions) or is
logged (notices), since a repeat would change nothing. Database trouble is 503, which Twilio retries when asked to; but
where no answer could be taken for a yes, every trouble is a hang-up. (twilio.md R86)
"""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from campaign import clock
from campaign.errors import Permanent, Refused
from campaign.records import Attempt
from campaign.settings import Settings
from dialer import callbacks, documents, texts
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
    "text": texts.told,
}
"""The last one's id is a text's."""
FAILS_CLOSED = frozenset({"whisper"})
"""A colleague's leg whose document cannot be had might be bridged as it is."""
BOOKKEEPERS = 8
"""Threads for call progress, which is patient: waiting for its turn it must not take those that a form or a caller needs."""
ATTEMPT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@router.post("/{attempt_id}/{what}")
async def receive(attempt_id: str, what: str, request: Request) -> Response:
    here = ground.of(request)
    params = await signature.params(request, here.settings)
    attempt_id = attempt_id if ATTEMPT_ID.fullmatch(attempt_id) else "unknown"
    if what in INSTRUCTIONS:
        instruct = _or_hang_up if what in FAILS_CLOSED else _instruct
        twiml = await run_in_threadpool(instruct, here, what, attempt_id, params)
        return Response(twiml, media_type="text/xml")
    if what == "status":
        bookkeepers = request.app.state.bookkeepers
        await asyncio.get_running_loop().run_in_executor(bookkeepers, _note, here, what, attempt_id, params)
        return Response(status_code=204)
    if what in NOTICES:
        await run_in_threadpool(_note, here, what, attempt_id, params)
        return Response(status_code=204)
    raise Problem(404, "not_found", "Twilio has no door of this name.")


def _instruct(here: ground.Ground, what: str, attempt_id: str, params: dict[str, str]) -> str:
    instruct = INSTRUCTIONS[what]
    if what == "voice" and here.media_is_full():
        instruct = callbacks.voice_when_full
    try:
        with here.database.transaction() as session:
            return instruct(session, attempt_id, params, here.settings, clock.now())
    except Permanent as error:
        log.warning("instruction for an attempt we do not know", what=what, code=error.code)
        return documents.hang_up()
    except Refused as error:
        raise forbidden(error, what) from error


def _or_hang_up(here: ground.Ground, what: str, attempt_id: str, params: dict[str, str]) -> str:
    try:
        return _instruct(here, what, attempt_id, params)
    except Exception as error:
        log.error("an instruction failed; the leg is hung up", what=what, error=type(error).__name__)
        return documents.hang_up()


def _note(here: ground.Ground, what: str, attempt_id: str, params: dict[str, str]) -> None:
    try:
        with here.database.transaction(patient=what == "status") as session:
            NOTICES[what](session, attempt_id, params, clock.now())
            ringing = session.get(Attempt, attempt_id) if _rings(what, params) else None
            campaign = ringing.campaign if ringing else ""
    except Permanent as error:
        log.warning("notice about an attempt we do not know", what=what, code=error.code)
        return
    except Refused as error:
        raise forbidden(error, what) from error
    if message := live_message(what, params):
        here.tell_call(attempt_id, message)
    if campaign:
        here.tell_ringing(campaign)


def _rings(what: str, params: dict[str, str]) -> bool:
    return what == "status" and params.get("CallStatus") == "ringing"


def live_message(what: str, params: dict[str, str]) -> dict[str, Any] | None:
    """What the media process that holds the call should hear about a notice, if anything."""
    if what == "amd" and params.get("AnsweredBy"):
        return {"kind": "amd", "answered_by": params["AnsweredBy"]}
    if what == "status" and params.get("CallStatus") in ENDED:
        return {"kind": "ended"}
    return None


def forbidden(error: Refused, what: str) -> Problem:
    log.warning("message does not belong to its attempt", what=what, code=error.code)
    return Problem(403, error.code, "This message does not belong to this attempt.")
