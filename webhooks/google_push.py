"""`POST /google/calendar`: a calendar changed; a notification carries no data, so it only asks for a sync.

Google signs nothing: what proves the sender is the channel token that we made when we opened the channel. It names the
calendar and is bound to the channel id by our key, so nobody can make us sync a calendar without knowing it.
"""

import hashlib
import hmac

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from campaign.jobs import Job
from webhooks import ground
from webhooks.openapi import problems
from webhooks.problems import Problem

router = APIRouter(prefix="/google", tags=["calendar"])


def channel_token(key: bytes, channel_id: str, calendar: str) -> str:
    """`<hmac>.<calendar>`, given to Google when the channel is opened."""
    proof = hmac.new(key, f"google-channel\n{channel_id}\n{calendar}".encode(), hashlib.sha256).hexdigest()
    return f"{proof}.{calendar}"


@router.post("/calendar", status_code=204, responses=problems(401, 403, 503))
async def receive(request: Request) -> Response:
    """A push notification of Google Calendar."""
    here = ground.of(request)
    token = request.headers.get("x-goog-channel-token", "")
    channel_id = request.headers.get("x-goog-channel-id", "")
    if not token or not channel_id:
        raise Problem(401, "no_channel_token", "A notification carries its channel's id and token.")
    calendar = token.partition(".")[2]
    expected = channel_token(here.settings.signing_key, channel_id, calendar)
    if not hmac.compare_digest(expected.encode(), token.encode()):
        raise Problem(403, "wrong_channel_token", "This is not a channel of ours.")
    if here.database.send is not None:
        await run_in_threadpool(here.database.send, Job.SYNC_CALENDAR, calendar)
    return Response(status_code=204)
