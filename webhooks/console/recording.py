"""Plays a call's recording: fetched from Twilio with our credentials and passed on, a piece at a time.

The address is built from the recording's id alone; nothing a callback said is ever fetched, and no link that needs
Twilio's password reaches a browser.
"""

import re
from collections.abc import AsyncIterator

import httpx
from starlette.responses import StreamingResponse

from campaign.settings import Settings
from webhooks.problems import Problem

SID = re.compile(r"RE[0-9a-f]{32}")
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
        answer = await client.send(request, auth=httpx.BasicAuth(user, password), stream=True)
        if answer.status_code not in (200, 206):
            status = answer.status_code
            await answer.aclose()
            raise _refusal(status)
    except httpx.HTTPError as error:
        await client.aclose()
        raise Problem(503, "recording_unavailable", "The recording cannot be fetched right now.") from error
    except Problem:
        await client.aclose()
        raise
    headers = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
    return StreamingResponse(_pieces(client, answer), answer.status_code, headers, media_type="audio/wav")


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
