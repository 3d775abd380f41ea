"""A running installation, met by people who wish it ill: nothing they send answers 5xx, places a call or stops the rest."""

import asyncio
import random
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from twilio.request_validator import RequestValidator
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from sandbox.demo.submit import encode, signed
from tests.journeys.stack import FINAL, SECRET, Stack, until

pytestmark = pytest.mark.timeout(180)
AUTH_TOKEN = "sandbox_auth_token_0123456789abcdef"
DOORS = (
    ("POST", "/leads/website"), ("POST", "/leads/%00"), ("POST", "/leads/" + "x" * 3000), ("GET", "/leads/lead_none"),
    ("POST", "/twilio/att_none/voice"), ("POST", "/twilio/att_none/status"), ("POST", "/twilio/%2e%2e/amd"),
    ("POST", "/google/calendar"), ("GET", "/console"), ("POST", "/console/sign-in"), ("GET", "/console/leads/x%00y"),
    ("POST", "/demo/form"), ("GET", "/demo/form?source=%ff"), ("GET", "/media/att_none"), ("GET", "/static/../../etc/passwd"),
    ("GET", "/leads?limit=-1&before=%00"), ("POST", "/optout"), ("GET", "/readyz"), ("TRACE", "/leads/website"),
)  # fmt: skip
TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/json; charset=utf-7",
    "multipart/form-data",
    "",
)


def garbage(chance: random.Random) -> bytes:
    """Bytes of every bad sort."""
    return chance.choice(
        (
            b"",
            chance.randbytes(200),
            b'{"a":' * 5000,
            b"[" * 100_000,
            b'{"phone": "\\u0000", "consent": {"given": "maybe"}}',
            b'{"phone": 1e999, "answers": {"x": NaN}}',
            b'{"phone": "\\ud800"}',
            b"phone=%00&consent.given=%ff&a.b.c.d=1",
            b"&".join(b"k%d=v" % number for number in range(5000)),
            b'"' + b"\\" * 999,
        )
    )


def test_garbage_at_every_door_is_refused_politely(stack: Stack) -> None:
    chance = random.Random(7)
    before = stack.seen("twilio", "calls")["posts"]
    for method, path in DOORS:
        for _ in range(12):
            body, kind = garbage(chance), chance.choice(TYPES)
            headers = {"content-type": kind, "authorization": chance.choice(("Bearer \xff", "Bearer", "Basic x", ""))}
            headers |= chance.choice(({}, _noise(chance), signed(body, SECRET, stack.offset)))
            encoded = {name: value.strip().encode() for name, value in headers.items()}
            answer = stack.web.request(method, path, content=body, headers=encoded)
            assert answer.status_code < 500, (method, path, body[:60], headers, answer.text)
            assert answer.status_code != 202
    assert stack.seen("twilio", "calls")["posts"] == before


def _noise(chance: random.Random) -> dict[str, str]:
    return {
        "webhook-id": chance.choice(("", "msg_1", "é" * 40, "x" * 5000)),
        "webhook-timestamp": chance.choice(("", "now", "-1", "9" * 400, "1e9", "٣")),
        "webhook-signature": chance.choice(("", "v1,", "v1,%%%", "v1a,eA==", "v1,é", "v1,eA== " * 300)),
        "x-twilio-signature": chance.choice(("", "é", "eA==", "x" * 4000)),
        "x-goog-channel-token": "\x7f",
        "x-goog-channel-id": chance.choice(("", "../..", "é")),
        "cookie": "firstring=é; " * 20 + "x",
    }


def test_a_lead_signed_with_another_secret_makes_nothing(stack: Stack) -> None:
    body, kind = encode({"external_id": uuid.uuid4().hex, "phone": "+12125550101"}, form=False)
    forged = signed(body, "whsec_" + "Zm9yZ2VkLWZvcmdlZC1mb3JnZWQtZm9yZ2Vk", stack.offset)
    assert stack.web.post("/leads/website", content=body, headers={"content-type": kind, **forged}).status_code == 401
    stale = signed(body, SECRET, stack.offset - 3600)
    assert stack.web.post("/leads/website", content=body, headers={"content-type": kind, **stale}).status_code == 401


def test_a_body_larger_than_the_limit_is_refused_however_it_comes(stack: Stack) -> None:
    def chunks() -> Any:
        for _ in range(40):
            yield b"x" * 65536

    assert stack.web.post("/leads/website", content=b"x" * 2_000_000).status_code == 413
    assert stack.web.post("/leads/website", content=chunks()).status_code == 413


def test_messages_in_twilios_name_need_its_signature(stack: Stack) -> None:
    number = "+17185550112"
    story = stack.await_lead(stack.submit(number)["lead_id"], "unreachable")
    attempt_id = story["attempts"][0]["attempt_id"]
    params = {"CallSid": "CA" + "0" * 32, "CallStatus": "completed", "AccountSid": "AC" + "9" * 32}
    url = f"{stack.urls['web']}/twilio/{attempt_id}/status"
    for signature in ("", "x", RequestValidator("another token").compute_signature(url, params)):
        answer = stack.web.post(url, data=params, headers={"X-Twilio-Signature": signature})
        assert answer.status_code == 403
    genuine = RequestValidator(AUTH_TOKEN).compute_signature(url, params)
    assert stack.web.post(url, data=params, headers={"X-Twilio-Signature": genuine}).status_code == 403
    assert stack.lead(story["lead_id"])["attempts"] == story["attempts"]


def test_media_sockets_need_a_signature_and_a_fresh_token(stack: Stack) -> None:
    address = stack.urls["web"].replace("http", "ws") + "/media/att_none"
    for headers in ({}, {"X-Twilio-Signature": "x"}):
        with pytest.raises(InvalidStatus) as refused:
            connect(address, additional_headers=headers, proxy=None).close()
        assert refused.value.response.status_code == 403
    number = "+17185550103"
    stack.break_("twilio", to=number, ws_replay=True, ws_drop_ms=1500)
    stack.script(number, "human", [{"at_ms": 300, "say": "Hello?"}, {"at_ms": 5000, "hang_up": True}])
    story = stack.await_lead(stack.submit(number)["lead_id"], *FINAL, "scheduled")
    (stream,) = (stream for call in stack.calls(number) for stream in call["streams"])
    assert stream["replay"] not in ("", "accepted"), stream
    assert len(story["attempts"]) == 1


def test_slow_senders_do_not_keep_others_out(stack: Stack) -> None:
    address = urlsplit(stack.urls["web"])
    slow = [socket.create_connection((address.hostname, address.port)) for _ in range(300)]
    try:
        for index, line in enumerate(slow):
            line.sendall(
                b"POST /leads/website HTTP/1.1\r\nHost: x\r\n"
                + (b"Content-Length: 900000\r\n\r\n{" if index % 2 else b"X-")
            )
        assert stack.submit("+19295550112")["http"] == 202
        assert stack.answers()
    finally:
        for line in slow:
            line.close()


def test_fifty_leads_at_once_are_each_called_once(stack: Stack) -> None:
    numbers = [f"+1332555{last:04d}" for last in range(2100, 2150)]
    for number in numbers:
        stack.script(number, "busy")
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(stack.submit, numbers))
    assert {answer["http"] for answer in answers} == {202}
    for answer in answers:
        until(lambda lead_id=answer["lead_id"]: stack.lead(lead_id)["status"] == "unreachable", "it is rung")
    posts = stack.seen("twilio", "calls")["posts"]
    assert [posts[number] for number in numbers] == [1] * 50


def test_the_same_lead_sent_twenty_times_at_once_is_one_lead(stack: Stack) -> None:
    body, kind = encode(
        {"external_id": uuid.uuid4().hex, "phone": "+13325550112", "country": "US", "timezone": "America/New_York",
         "consent": {"given": True, "text": "Yes.", "method": "checkbox"}}, form=False,
    )  # fmt: skip
    headers = {"content-type": kind, **signed(body, SECRET, stack.offset)}

    async def storm() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=stack.urls["web"], timeout=30) as client:
            return await asyncio.gather(
                *(client.post("/leads/website", content=body, headers=headers) for _ in range(20))
            )

    answers = asyncio.run(storm())
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["lead_id"] for answer in answers}) == 1
    assert sorted(answer.json()["status"] for answer in answers) == ["duplicate"] * 19 + ["queued"]
    until(lambda: stack.seen("twilio", "calls")["posts"].get("+13325550112") == 1, "it is rung once")
