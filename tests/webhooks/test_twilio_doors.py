"""Twilio's doors: nobody else gets in, nothing happens before the signature, and every message lands in its attempt."""

import asyncio
import dataclasses
import json
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
import redis as redis_client
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import select
from twilio.request_validator import RequestValidator

from campaign import clock, ids, live
from campaign.database import Database
from campaign.records import Attempt, CallEvent, Lead
from campaign.settings import Settings
from tests.webhooks.senders import ACCOUNT, AUTH_TOKEN, PUBLIC, from_twilio
from webhooks.http_app import create_app
from webhooks.media.gatekeeper import refusal
from webhooks.twilio.door import FAILS_CLOSED, INSTRUCTIONS, NOTICES, live_message

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
    """R33, R35."""
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
    """R45, R51: another's signature, another's account, none at all."""
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


def test_two_tokens_hold_while_one_takes_the_others_place(settings: Settings) -> None:
    """R51: both are accepted during a rotation, at the media door as well; an empty one never is."""
    media, rotating = "/media/att_1", settings.model_copy(update={"twilio_auth_token_secondary": "the next token"})
    for token, proved in (("the next token", True), (AUTH_TOKEN, True), ("another", False), ("", False)):
        signature = RequestValidator(token).compute_signature(rotating.media_base + media, {})
        assert (refusal(media, signature, rotating) is None) is proved
    nobody = settings.model_copy(update={"twilio_auth_token": ""})
    unsigned = RequestValidator("").compute_signature(nobody.media_base + media, {})
    assert refusal(media, unsigned, nobody) is not None


async def test_the_next_token_opens_the_doors(settings: Settings, database: Database, attempt: Attempt) -> None:
    """R51."""
    app = create_app(settings.model_copy(update={"twilio_auth_token_secondary": "the next token"}))
    params = {"CallSid": CALL, "CallStatus": "ringing", "SequenceNumber": "1"}
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as web,
    ):
        for token, status in (("the next token", 204), (AUTH_TOKEN, 204), ("another", 403)):
            answer = await web.post(**from_twilio(f"/twilio/{attempt.id}/status", params, token=token))
            assert answer.status_code == status


async def test_the_raw_query_counts_and_forwarded_hosts_do_not(web: httpx.AsyncClient, attempt: Attempt) -> None:
    """R46-R48: our own https address as the carrier signed it, behind a proxy that speaks http."""
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
    """R41, R49."""
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
    """R44: so that the carrier repeats it."""
    with database.engine.begin() as connection:
        for table in ("attempt", "text_message"):
            connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {table}_away"))
    answer = await web.post(**from_twilio(f"/twilio/{attempt.id}/{what}", {"CallSid": CALL, "CallStatus": "ringing"}))
    if what in FAILS_CLOSED:
        assert (answer.status_code, "<Hangup" in answer.text) == (200, True)
    else:
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert events(database) == []


async def test_r86_a_colleagues_leg_of_another_call_is_hung_up_not_bridged(
    web: httpx.AsyncClient, attempt: Attempt
) -> None:
    params = {"CallSid": "CAleg", "ParentCallSid": "CAother", "Digits": "1"}
    answer = await web.post(**from_twilio(f"/twilio/{attempt.id}/whisper", params))
    assert (answer.status_code, "<Hangup" in answer.text) == (200, True)


async def test_the_verdicts_door_answers_nothing(web: httpx.AsyncClient, attempt: Attempt) -> None:
    """R59: Twilio would not read it; what follows goes by REST."""
    for who in ("machine_end_beep", "human", "unknown"):
        answer = await web.post(**from_twilio(f"/twilio/{attempt.id}/amd", {"CallSid": CALL, "AnsweredBy": who}))
        assert (answer.status_code, answer.content) == (204, b"")


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


async def test_a_person_is_asked_to_hold_on_while_no_media_process_has_room(
    web: httpx.AsyncClient, app: FastAPI, attempt: Attempt, broker: str
) -> None:
    """Not a stream that is refused at once: a word, a pause, then the first try; refused tries end in the apology."""
    client = redis_client.Redis.from_url(broker)
    client.hset(live.MEDIA, "one", json.dumps({"at": time.time(), "full": "busy"}))
    held = (await web.post(**from_twilio(f"/twilio/{attempt.id}/voice", {"CallSid": CALL}))).text
    assert held.index("One moment please.") < held.index("<Pause") < held.index("<Stream")
    tries = [
        (
            await web.post(
                **from_twilio(f"/twilio/{attempt.id}/connect-end", {"CallSid": CALL, "CallStatus": "in-progress"})
            )
        ).text
        for _ in range(5)
    ]
    assert ["<Stream" in answer for answer in tries] == [True] * 4 + [False]
    assert "We will call you back" in tries[-1]
    client.delete(live.MEDIA)
    client.close()


async def test_a_person_is_connected_at_once_where_there_is_room(web: httpx.AsyncClient, attempt: Attempt) -> None:
    assert "<Pause" not in (await web.post(**from_twilio(f"/twilio/{attempt.id}/voice", {"CallSid": CALL}))).text


async def test_r51_both_tokens_count_while_one_takes_the_others_place(
    web: httpx.AsyncClient, app: FastAPI, attempt: Attempt
) -> None:
    here = app.state.ground
    both = here.settings.model_copy(
        update={"twilio_auth_token": "the new one", "twilio_auth_token_secondary": AUTH_TOKEN}
    )
    app.state.ground = dataclasses.replace(here, settings=both)
    path, params = f"/twilio/{attempt.id}/status", {"CallSid": CALL, "CallStatus": "ringing", "SequenceNumber": "1"}
    for token, status_code in ((AUTH_TOKEN, 204), ("the new one", 204), ("a third", 403)):
        assert (await web.post(**from_twilio(path, params, token=token))).status_code == status_code
