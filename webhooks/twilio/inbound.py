"""`POST /twilio/inbound`: the voice URL of every number of ours, and what follows when no attempt stands for the call.

Same order as at the other doors: signature, one transaction in `dialer.inbound`, a short answer.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from fastapi import APIRouter, Request
from sqlmodel import Session, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from campaign import clock
from campaign.errors import Refused
from campaign.records import Attempt
from campaign.settings import Settings
from dialer import documents, inbound
from webhooks import ground
from webhooks.problems import Problem
from webhooks.twilio import signature
from webhooks.twilio.door import forbidden, live_message

log = structlog.get_logger()
router = APIRouter(prefix="/twilio", include_in_schema=False)

INBOUND: dict[str, Callable[[Session, dict[str, str], Settings, datetime], str]] = {
    "key": inbound.key,
    "dial-done": inbound.dial_done,
    "whisper": inbound.whisper,
}


@router.post("/inbound")
async def ring(request: Request) -> Response:
    """Somebody rings one of our numbers: the voice URL to be set on each of them."""
    here = ground.of(request)
    params = await signature.params(request, here.settings)
    held = request.query_params.get("held", "0")
    return Response(
        await run_in_threadpool(_answer, here, params, int(held) if held.isdigit() else 0), media_type="text/xml"
    )


@router.post("/inbound/{what}")
async def on_inbound(what: str, request: Request) -> Response:
    here = ground.of(request)
    params = await signature.params(request, here.settings)
    if what == "status":
        await run_in_threadpool(_inbound_status, here, params)
        return Response(status_code=204)
    if what not in INBOUND:
        raise Problem(404, "not_found", "Twilio has no door of this name.")
    return Response(await run_in_threadpool(_inbound_instruct, here, what, params), media_type="text/xml")


def _answer(here: ground.Ground, params: dict[str, str], held: int) -> str:
    try:
        with here.database.transaction() as session:
            return inbound.answer(session, params, here.settings, clock.now(), held=held, full=here.media_is_full())
    except Refused as error:
        raise forbidden(error, "inbound") from error


def _inbound_instruct(here: ground.Ground, what: str, params: dict[str, str]) -> str:
    """No answer of ours may be taken for a yes: whatever fails here hangs the leg up."""
    try:
        with here.database.transaction() as session:
            return INBOUND[what](session, params, here.settings, clock.now())
    except Refused as error:
        raise forbidden(error, what) from error
    except Exception as error:
        log.error("an instruction failed; the leg is hung up", what=what, error=type(error).__name__)
        return documents.hang_up()


def _inbound_status(here: ground.Ground, params: dict[str, str]) -> None:
    try:
        with here.database.transaction() as session:
            inbound.status(session, params, clock.now())
            ours = session.exec(select(Attempt.id).where(Attempt.call_sid == params.get("CallSid", ""))).first()
    except Refused as error:
        raise forbidden(error, "status") from error
    if ours and (message := live_message("status", params)):
        here.tell_call(ours, message)
