"""The console's guard and its pages, without a browser: sessions, form tokens, recordings, nothing unescaped."""

import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import select

from campaign import clock
from campaign.database import Database
from campaign.records import Attempt, Halt, InboundCall, Lead, Promise
from campaign.settings import Settings
from tests.webhooks.records import tell_a_call
from tests.webhooks.senders import ACCOUNT, API_TOKEN, AUTH_TOKEN, signed
from tests.webhooks.sockets import serving
from webhooks.console import sessions

Make = Callable[..., dict[str, Any]]


async def signed_in(web: httpx.AsyncClient) -> httpx.AsyncClient:
    answer = await web.post("/console/sign-in", data={"token": API_TOKEN, "next": "/console"})
    web.cookies.set(sessions.COOKIE, answer.cookies[sessions.COOKIE])
    return web


async def submitted(web: httpx.AsyncClient, lead: dict[str, Any]) -> str:
    return str((await web.post("/leads/website", **signed(json.dumps(lead).encode()))).json()["lead_id"])


def token_in(page: str) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', page)
    assert found
    return found.group(1)


async def test_a_stranger_is_sent_to_sign_in_and_back(web: httpx.AsyncClient) -> None:
    answer = await web.get("/console/leads/lead_x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in?next=/console/leads/lead_x")
    back = await web.post("/console/sign-in", data={"token": f" {API_TOKEN} ", "next": "/console/leads/lead_x"})
    assert (back.status_code, back.headers["location"]) == (303, "/console/leads/lead_x")
    cookie = back.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Secure", "Path=/console"))


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/leads", "/consolex", ""])
async def test_signing_in_never_leads_elsewhere(web: httpx.AsyncClient, target: str) -> None:
    answer = await web.post("/console/sign-in", data={"token": API_TOKEN, "next": target})
    assert answer.headers["location"] == "/console"


async def test_a_wrong_token_is_refused(web: httpx.AsyncClient) -> None:
    answer = await web.post("/console/sign-in", data={"token": "é wrong", "next": "/console"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert "This is not the API token" in answer.text


def test_a_session_ends_and_cannot_be_made_up(settings: Settings) -> None:
    now, renewed = clock.real_now(), settings.model_copy(update={"api_token": "a new one"})
    cookie = sessions.begin(settings, now)
    assert sessions.valid(settings, cookie, now)
    assert not sessions.valid(settings, cookie, now + sessions.LASTS + timedelta(seconds=1))
    claim, _, proof = cookie.rpartition(".")
    for forged in (None, "", "x", "..", f"9{claim}.{proof}", f"{claim}.{proof[:-1]}", f"{claim}é.{proof}", "é"):
        assert not sessions.valid(settings, forged, now)
    assert not sessions.valid(renewed, cookie, now)


async def test_pages_show_the_story_and_escape_what_people_typed(
    web: httpx.AsyncClient, lead: Make, database: Database
) -> None:
    lead_id = await submitted(web, lead(first_name="<script>alert(1)</script>", message="{{ 7*7 }}"))
    tell_a_call(database, lead_id)
    await signed_in(web)
    listed, shown = await web.get("/console"), await web.get(f"/console/leads/{lead_id}")
    for page in (listed, shown):
        assert (page.status_code, "<script>" in page.text, "&lt;script&gt;" in page.text) == (200, False, True)
        assert "Simulated: local stand-ins for Twilio, OpenAI, Google and HubSpot" in page.text
    for words in (
        "{{ 7*7 }}",
        "Wants solar.",
        "this is",
        "schedule",
        "Sal",
        "Never call again",
        "Consent given",
        "above the goal",
        "panels by spring",
        "the price",
        "gpt-realtime-2.1-2026-10-01",
    ):
        assert words in shown.text
    assert (await web.get("/console?status=booked&follow=1")).status_code == 200
    assert (await web.get("/console/leads/nobody")).status_code == 404


async def test_never_call_again_needs_the_sessions_own_form(
    web: httpx.AsyncClient, lead: Make, database: Database
) -> None:
    lead_id = await submitted(web, lead())
    await signed_in(web)
    path = f"/console/leads/{lead_id}/opt-out"
    assert (await web.post(path)).status_code == 403
    assert (await web.post(path, data={"form_token": "0" * 64})).status_code == 403
    token = token_in((await web.get(f"/console/leads/{lead_id}")).text)
    assert (await web.post(path, data={"form_token": token})).status_code == 303
    with database.reading() as session:
        assert session.exec(select(Lead.state)).one() == "opted_out"


async def test_signing_out_needs_the_form_too_and_forgets_the_cookie(web: httpx.AsyncClient) -> None:
    await signed_in(web)
    assert (await web.post("/console/sign-out")).status_code == 403
    token = token_in((await web.get("/console")).text)
    answer = await web.post("/console/sign-out", data={"form_token": token})
    assert f'{sessions.COOKIE}=""' in answer.headers["set-cookie"]


@pytest.fixture
async def carrier() -> AsyncIterator[tuple[str, list[Any]]]:
    """A recording server that wants Twilio's credentials and honours ranges; the first request comes too early."""
    asked: list[Any] = []

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        asked.append((scope["path"], headers.get(b"authorization"), headers.get(b"range")))
        ranged = b"range" in headers
        status = 404 if len(asked) == 1 else 206 if ranged else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"RIFF"})

    async with serving(serve) as url:
        yield url, asked


async def test_a_recording_is_fetched_with_our_credentials_and_passed_on(
    web: httpx.AsyncClient, app: FastAPI, lead: Make, database: Database, carrier: tuple[str, list[Any]]
) -> None:
    """R81: from an address of our own making, and not given up on when it is not there yet."""
    url, asked = carrier
    attempt_id = tell_a_call(database, await submitted(web, lead()))
    here = app.state.ground
    app.state.ground = type(here)(
        here.settings.model_copy(update={"twilio_api_url": url}), here.database, here.redis, here.environment
    )
    assert (await web.get(f"/console/recordings/{attempt_id}.wav")).status_code == 303
    await signed_in(web)
    answer = await web.get(f"/console/recordings/{attempt_id}.wav", headers={"range": "bytes=0-"})
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (206, b"RIFF", "audio/wav")
    path, authorization, wanted = asked[0]
    assert path == f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE{'3' * 32}.wav"
    assert authorization == httpx.BasicAuth(ACCOUNT, AUTH_TOKEN)._auth_header.encode()
    assert wanted == b"bytes=0-"
    assert (await web.get("/console/recordings/att_nobody.wav")).status_code == 404


async def test_a_recording_nobody_may_keep_is_not_played(
    web: httpx.AsyncClient, lead: Make, database: Database
) -> None:
    """R82: not even while the carrier has yet to delete it."""
    attempt_id = tell_a_call(database, await submitted(web, lead()))
    with database.transaction() as session:
        session.get_one(Attempt, attempt_id).recording_status = "withdrawn"
    await signed_in(web)
    assert (await web.get(f"/console/recordings/{attempt_id}.wav")).status_code == 404


async def test_a_carrier_that_is_away_is_503(
    web: httpx.AsyncClient, app: FastAPI, lead: Make, database: Database
) -> None:
    attempt_id = tell_a_call(database, await submitted(web, lead()))
    here = app.state.ground
    app.state.ground = type(here)(
        here.settings.model_copy(update={"twilio_api_url": "http://127.0.0.1:1"}), here.database, None, here.environment
    )
    await signed_in(web)
    assert (await web.get(f"/console/recordings/{attempt_id}.wav")).status_code == 503


async def test_the_numbers_page_shows_how_numbers_fare_and_who_rang(
    web: httpx.AsyncClient, database: Database, lead: Make
) -> None:
    await signed_in(web)
    lead_id = await submitted(web, lead())
    attempt_id = tell_a_call(database, lead_id)
    now = clock.now()
    with database.transaction() as session:
        session.add(
            Halt(scope="caller:+12125550100", reason="blocked_by_networks", at=now, until=now + timedelta(days=1))
        )
        rang = {"call_sid": "CA9", "caller": "<b>+1</b>", "called": "+12125550100", "answer": "agent"}
        session.add(InboundCall(**rang, campaign="solar-us", lead_id=lead_id, at=now))
        kept = {"id": "prm_1", "attempt_id": attempt_id, "state": "kept", "late_s": 4}
        session.add(Promise(**kept, lead_id=lead_id, campaign="solar-us", due_at=now, made_at=now))
    page = (await web.get("/console/numbers")).text
    for words in ("+12125550100", "NY, US", "resting", "networks block it", "100 %", "answered by the agent", "kept"):
        assert words in page, words
    assert "<b>+1</b>" not in page
    story = (await web.get(f"/console/leads/{lead_id}")).text
    assert "Promises" in story
