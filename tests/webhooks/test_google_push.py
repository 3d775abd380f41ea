"""The calendar's push door: only channels of ours are heard, and hearing one asks for a sync of its calendar."""

import httpx
import pytest
from fastapi import FastAPI

from campaign.jobs import Job
from webhooks.google_push import channel_token

KEY = b"a key of the tests"
CALENDAR = "sal@example.com"


async def test_our_channel_asks_for_a_sync(app: FastAPI, web: httpx.AsyncClient) -> None:
    sent: list[tuple[Job, str]] = []
    app.state.ground.database.send = lambda job, calendar: sent.append((job, calendar))
    headers = {"x-goog-channel-id": "ch1", "x-goog-channel-token": channel_token(KEY, "ch1", CALENDAR)}
    answer = await web.post("/google/calendar", headers={**headers, "x-goog-resource-state": "exists"})
    assert (answer.status_code, sent) == (204, [(Job.SYNC_CALENDAR, CALENDAR)])


@pytest.mark.parametrize(
    ("channel", "token", "status"),
    [
        ("ch1", "", 401),
        ("", channel_token(KEY, "ch1", CALENDAR), 401),
        ("ch2", channel_token(KEY, "ch1", CALENDAR), 403),
        ("ch1", channel_token(b"other", "ch1", CALENDAR), 403),
        ("ch1", channel_token(KEY, "ch1", CALENDAR) + "x", 403),
        ("ch1", "é", 403),
    ],
)
async def test_other_notifications_are_refused(
    app: FastAPI, web: httpx.AsyncClient, channel: str, token: str, status: int
) -> None:
    sent: list[object] = []
    app.state.ground.database.send = lambda *job: sent.append(job)
    headers = {"x-goog-channel-id": channel, "x-goog-channel-token": token.encode("latin-1")}
    answer = await web.post("/google/calendar", headers=headers)
    assert (answer.status_code, sent) == (status, [])
