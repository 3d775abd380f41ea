"""Plays a call's recording: fetched from Twilio with our credentials and passed on, a piece at a time.

The address is built from the recording's id alone; nothing a callback said is ever fetched, and no link that needs
Twilio's password reaches a browser.
"""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
from starlette.responses import StreamingResponse

from campaign.settings import Settings
from webhooks.problems import Problem

SID = re.compile(r"RE[0-9a-f]{32}")
NOT_YET_S = (0.3, 0.9)
PASSED_BACK = ("content-length", "content-range", "accept-ranges", "last-modified", "etag")


def address(settings: Settings, recording_sid: str | None) -> str:
    if not recording_sid or not SID.fullmatch(recording_sid):
        raise Problem(404, "no_recording", "This call has no recording.")
    root = settings.twilio_api_url.rstrip("/")
    return (
        f"{root}/2010-04-01/Accounts/{settings.twilio_account_sid}/Recordings/{recording_sid}.wav?RequestedChannels=2"
    )


async def play(settings: Settings, recording_sid: str | None, wanted_range: str | None) -> StreamingResponse:
    user, password = _credentials(settings)
    client = httpx.AsyncClient(timeout=httpx.Timeout(10, connect=3), trust_env=False)
    try:
        request = client.build_request(
            "GET", address(settings, recording_sid), headers={"Range": wanted_range} if wanted_range else {}
        )
        answer = await _fetched(client, request, httpx.BasicAuth(user, password))
    except httpx.HTTPError as error:
        await client.aclose()
        raise Problem(503, "recording_unavailable", "The recording cannot be fetched right now.") from error
    except Problem:
        await client.aclose()
        raise
    headers = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
    return StreamingResponse(_pieces(client, answer), answer.status_code, headers, media_type="audio/wav")


async def _fetched(client: httpx.AsyncClient, request: httpx.Request, auth: httpx.BasicAuth) -> httpx.Response:
    """The recording, its body still to be read. Just after it is complete it may not be there yet (R81)."""
    for wait in (*NOT_YET_S, None):
        answer = await client.send(request, auth=auth, stream=True)
        if answer.status_code in (200, 206):
            return answer
        await answer.aclose()
        if wait is None or answer.status_code != 404:
            break
        await asyncio.sleep(wait)
    raise _refusal(answer.status_code)


def _credentials(settings: Settings) -> tuple[str, str]:
    if settings.twilio_api_key:
        return settings.twilio_api_key, settings.twilio_api_secret
    return settings.twilio_account_sid, settings.twilio_auth_token


def _refusal(status: int) -> Problem:
    if status in (404, 410):
        return Problem(404, "no_recording", "The recording is not there (yet, or any more).")
    return Problem(503, "recording_unavailable", "The recording cannot be fetched right now.")


async def _pieces(client: httpx.AsyncClient, answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()
        await client.aclose()
