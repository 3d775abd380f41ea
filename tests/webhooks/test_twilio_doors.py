"""Twilio's doors: nobody else gets in, nothing happens before the signature, and every message lands in its attempt."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
import redis as redis_client
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import select
from twilio.request_validator import RequestValidator

from campaign import clock, ids
from campaign.database import Database
from campaign.records import Attempt, CallEvent, Lead
from tests.webhooks.senders import ACCOUNT, AUTH_TOKEN, PUBLIC, from_twilio
from webhooks.twilio.door import INSTRUCTIONS, NOTICES, live_message

CALL = "CA" + "1" * 32
EVERY = [*INSTRUCTIONS, *NOTICES]


@pytest.fixture
def attempt(database: Database) -> Attempt:
    """A placed call to a lead, as the dialer leaves it."""
    now = clock.now()
    with database.transaction() as session:
        lead = Lead(
            id=ids.new("lead"),
            campaign="solar-us",
            source="website",
            external_id="x",
            phone="+12125550101",
            state="dialing",
            received_at=now,
            updated_at=now,
        )
        session.add(lead)
        session.flush()
        row = Attempt(
            id=ids.new("att"),
            lead_id=lead.id,
            campaign="solar-us",
            campaign_version=1,
            number=1,
            fence=1,
            state="queued",
            to_number="+12125550101",
            from_number="+12125550100",
            call_sid=CALL,
            intent_at=now,
            intent_real_at=now,
            placed_at=now,
            reconcile_at=now + timedelta(seconds=60),
        )
        session.add(row)
    return row


def events(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(row.kind, row.word) for row in session.exec(select(CallEvent).order_by(CallEvent.received_at))]


def status(attempt: Attempt, word: str, sequence: int, **more: str) -> dict[str, Any]:
    params = {
        "CallSid": CALL,
        "CallStatus": word,
        "SequenceNumber": str(sequence),
        "CallbackSource": "call-progress-events",
        "From": "+12125550100",
        "To": "+12125550101",
        "ToZip": "",
        "Timestamp": "Sun, 22 Nov 2026 13:40:00 +0000",
        **more,
    }
    return from_twilio(f"/twilio/{attempt.id}/status", params)


async def test_a_call_is_connected_with_a_one_time_token(
    web: httpx.AsyncClient, attempt: Attempt, database: Database
) -> None:
    answer = await web.post(
        **from_twilio(f"/twilio/{attempt.id}/voice", {"CallSid": CALL, "CallStatus": "in-progress"})
    )
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/xml")
    assert f'url="wss://voice.example.com/media/{attempt.id}"' in answer.text
    assert 'name="token"' in answer.text
    with database.reading() as session:
        assert session.get_one(Attempt, attempt.id).token_sha256


async def test_progress_moves_the_attempt_and_a_repeat_changes_nothing(
    web: httpx.AsyncClient, attempt: Attempt, database: Database
) -> None:
    for _ in range(2):
        answer = await web.post(**status(attempt, "ringing", 2))
        assert (answer.status_code, answer.content) == (204, b"")
    assert events(database) == [("status", "ringing")]
    with database.reading() as session:
        assert session.get_one(Attempt, attempt.id).ringing_at is not None


@pytest.mark.parametrize("what", EVERY)
@pytest.mark.parametrize("forgery", ["missing", "wrong", "other account", "other token", "non-ascii", "garbage body"])
async def test_a_forged_message_is_403_with_no_effect(
    web: httpx.AsyncClient, attempt: Attempt, database: Database, what: str, forgery: str
) -> None:
    path = f"/twilio/{attempt.id}/{what}"
    params = {"CallSid": CALL, "CallStatus": "completed", "SequenceNumber": "3"}
    sent = from_twilio(path, {**params, "AccountSid": "AC" + "9" * 32} if forgery == "other account" else params)
    match forgery:
        case "missing":
            sent["headers"] = {}
        case "wrong":
            sent["data"]["CallStatus"] = "busy"
        case "other token":
            sent = from_twilio(path, params, token="another token")
        case "non-ascii":
            sent["headers"] = {"X-Twilio-Signature": "é".encode()}
        case "garbage body":
            sent = {"url": path, "content": b"\xff\xfe=%ff&&&", "headers": {**sent["headers"], "content-type": "x"}}
    answer = await web.post(**sent)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_twilio")
    assert events(database) == []
    with database.reading() as session:
        assert session.get_one(Attempt, attempt.id).state == "queued"


async def test_the_raw_query_counts_and_forwarded_hosts_do_not(web: httpx.AsyncClient, attempt: Attempt) -> None:
    path = f"/twilio/{attempt.id}/status?a=%20y&b=%C3%A9&c="
    sent = from_twilio(path, {"CallSid": CALL, "CallStatus": "ringing", "SequenceNumber": "2"})
    spoofed = {
        **sent["headers"],
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "Host": "evil.example",
    }
    assert (await web.post(**{**sent, "headers": spoofed})).status_code == 204
    moved = {**sent, "url": path.replace("%20", "+")}
    assert (await web.post(**moved)).status_code == 403


async def test_repeated_blank_and_unicode_parameters_validate(web: httpx.AsyncClient, attempt: Attempt) -> None:
    path = f"/twilio/{attempt.id}/status"
    pairs = [
        ("AccountSid", ACCOUNT),
        ("CallSid", CALL),
        ("CallStatus", "ringing"),
        ("Blank", ""),
        ("Twice", "b"),
        ("Twice", "a"),
    ]
    pairs += [("Said", "café ☕"), ("Twice", "b")]
    signed = (
        PUBLIC
        + path
        + "".join(
            name + value
            for name in sorted({name for name, _ in pairs})
            for value in sorted({v for n, v in pairs if n == name})
        )
    )
    signature = RequestValidator(AUTH_TOKEN).compute_signature(signed, {})
    answer = await web.post(
        path,
        content=str(httpx.QueryParams(pairs)).encode(),
        headers={"X-Twilio-Signature": signature, "content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 204


@pytest.mark.parametrize("what", EVERY)
async def test_an_unknown_attempt_hangs_up_or_is_noted(web: httpx.AsyncClient, database: Database, what: str) -> None:
    answer = await web.post(**from_twilio(f"/twilio/att_nobody/{what}", {"CallSid": CALL, "CallStatus": "completed"}))
    if what in INSTRUCTIONS:
        assert (answer.status_code, "<Hangup" in answer.text) == (200, True)
    else:
        assert answer.status_code == 204
    assert events(database) == []


async def test_a_message_about_another_call_is_refused(web: httpx.AsyncClient, attempt: Attempt) -> None:
    answer = await web.post(**status(attempt, "ringing", 2, To="+12125550199"))
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_call")


async def test_there_is_no_other_door(web: httpx.AsyncClient, attempt: Attempt) -> None:
    assert (await web.post(**from_twilio(f"/twilio/{attempt.id}/nothing", {"CallSid": CALL}))).status_code == 404
    assert (await web.get(f"/twilio/{attempt.id}/voice")).status_code == 405


@pytest.mark.parametrize("what", EVERY)
async def test_a_database_that_is_gone_is_503_and_nothing_is_half_done(
    web: httpx.AsyncClient, attempt: Attempt, database: Database, what: str
) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE attempt RENAME TO attempt_away"))
    answer = await web.post(**from_twilio(f"/twilio/{attempt.id}/{what}", {"CallSid": CALL, "CallStatus": "ringing"}))
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert events(database) == []


async def test_the_call_hears_who_answered_and_when_it_is_over(
    web: httpx.AsyncClient, app: FastAPI, attempt: Attempt, broker: str
) -> None:
    client = redis_client.Redis.from_url(broker)
    heard = client.pubsub(ignore_subscribe_messages=True)
    heard.subscribe(f"firstring:call:{attempt.id}")
    await asyncio.to_thread(heard.get_message, timeout=5.0)
    await web.post(**from_twilio(f"/twilio/{attempt.id}/amd", {"CallSid": CALL, "AnsweredBy": "human"}))
    await web.post(**status(attempt, "completed", 3))
    messages: list[bytes] = []
    while len(messages) < 2:
        message = await asyncio.to_thread(heard.get_message, timeout=5.0)
        assert message, "no live message within five seconds"
        messages.append(message["data"])
    assert messages == [b'{"kind": "amd", "answered_by": "human"}', b'{"kind": "ended"}']
    heard.close()
    client.close()


@pytest.mark.parametrize(
    ("what", "params", "message"),
    [
        ("status", {"CallStatus": "ringing"}, None),
        ("status", {"CallStatus": "no-answer"}, {"kind": "ended"}),
        ("amd", {"AnsweredBy": "machine_start"}, {"kind": "amd", "answered_by": "machine_start"}),
        ("amd", {}, None),
        ("recording", {"CallStatus": "completed"}, None),
    ],
)
def test_what_a_call_is_told(what: str, params: dict[str, str], message: dict[str, str] | None) -> None:
    assert live_message(what, params) == message
