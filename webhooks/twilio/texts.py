"""`POST /twilio/sms`: texts that people send to our numbers. STOP, START and HELP, and free words that ask us to stop."""

import structlog
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from twilio.twiml.messaging_response import MessagingResponse

from campaign import clock
from dialer import texts
from qualify.phrases import opts_out
from webhooks import ground
from webhooks.twilio import signature

log = structlog.get_logger()
router = APIRouter(prefix="/twilio", include_in_schema=False)


@router.post("/sms")
async def receive(request: Request) -> Response:
    """The SMS URL to be set on each number. An empty document answers nothing."""
    here = ground.of(request)
    params = await signature.params(request, here.settings)
    reply = await run_in_threadpool(_keep, here, params)
    document = MessagingResponse()
    if reply and not params.get("OptOutType"):  # where the carrier answers such words itself, it says so
        document.message(reply)
    return Response(str(document), media_type="text/xml")


def _keep(here: ground.Ground, params: dict[str, str]) -> str | None:
    if not params.get("MessageSid") or not params.get("From", "").startswith("+"):
        log.warning("a text without a sender or an id")
        return None
    wish = "stop" if opts_out(params.get("Body", "")) else ""
    with here.database.transaction() as session:
        return texts.received(session, params, wish, clock.now())
