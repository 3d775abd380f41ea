"""A whole call: created through the SDK, rung, answered, streamed, ended; every callback signed and in order."""

from __future__ import annotations

import base64
import itertools
from typing import Any

import pytest

QUIET = {"ring_s": 0.1, "steps": [{"at_ms": 200, "tone_ms": 300}, {"at_ms": 2000, "hang_up": True}]}


async def test_a_streamed_call_from_create_to_completed(
    sandbox: Any, product: Any, client: Any, dial: Any, until: Any
) -> None:
    sandbox.script(**QUIET)
    product.twiml["/voice/7f3a"] = product.connect("<Hangup/>")
    created = await dial()
    assert (created.status, created.queue_time, created.direction) == ("queued", "0", "outbound-api")
    socket = await until(lambda: product.sockets and product.sockets[0])
    call = await sandbox.ended(created.sid)
    await until(lambda: len(product.of("/status/7f3a")) == 4 and len(product.of("/stream")) == 2)

    assert all(hook.valid for hook in product.hooks)
    hooks = sorted((hook.form for hook in product.of("/status/7f3a")), key=lambda form: form["SequenceNumber"])
    assert [form["CallStatus"] for form in hooks] == ["initiated", "ringing", "in-progress", "completed"]
    assert [form["SequenceNumber"] for form in hooks] == ["0", "1", "2", "3"]
    last = hooks[-1]
    assert (last["CallDuration"], last["Duration"], last["SipResponseCode"]) == ("2", "1", "200")
    assert last["ToZip"] == ""
    assert last["CallbackSource"] == "call-progress-events"
    assert all("CallDuration" not in form for form in hooks[:-1])
    answered = product.of("/voice/7f3a")[0].form
    assert answered["CallStatus"] == "in-progress"
    assert "SequenceNumber" not in answered

    assert [m["event"] for m in socket.messages[:3]] == ["connected", "start", "media"]
    assert socket.messages[-1]["event"] == "stop"
    start = socket.of("start")[0]["start"]
    assert start["customParameters"] == {"tok": "secret"}
    assert start["mediaFormat"] == {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    assert start["callSid"] == created.sid
    sequence = [int(m["sequenceNumber"]) for m in socket.messages[1:]]
    assert sequence == list(range(1, len(sequence) + 1))
    assert [int(m["media"]["chunk"]) for m in socket.of("media")] == list(range(1, len(socket.of("media")) + 1))
    assert [hook.form["StreamEvent"] for hook in product.of("/stream")] == ["stream-started", "stream-stopped"]
    assert call["status"] == "completed"
    assert call["sip"] == 200
    assert call["alerts"] == []
    assert client.calls(created.sid).fetch().duration == "2"


async def test_media_frames_are_20_ms_and_never_pause(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.script(**QUIET)
    product.twiml["/voice/7f3a"] = product.connect()
    created = await dial()
    await sandbox.ended(created.sid)
    media = [message["media"] for message in product.sockets[0].of("media")]
    payloads = [base64.b64decode(one["payload"]) for one in media]
    assert {len(payload) for payload in payloads} == {160}
    stamps = [int(one["timestamp"]) for one in media]
    assert stamps[0] > 0
    assert {after - before for before, after in itertools.pairwise(stamps)} == {20}
    loud = [index for index, payload in enumerate(payloads) if payload != b"\xff" * 160]
    assert len(loud) == 15
    assert loud == list(range(loud[0], loud[0] + 15))


async def test_handshake_headers_are_twilios(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    from twilio.request_validator import RequestValidator

    sandbox.script(**QUIET)
    product.twiml["/voice/7f3a"] = product.connect()
    await dial()
    socket = await until(lambda: product.sockets and product.sockets[0])
    url = product.url.replace("http", "ws") + "/media/7f3a"
    headers = socket.headers
    token = "sandbox_auth_token_0123456789abcdef"
    assert headers["x-twilio-signature"] == RequestValidator(token).compute_signature(url, {})
    assert headers["user-agent"] == "Twilio.TmeWs/1.0"
    assert headers["accept-encoding"] == "gzip"
    assert not {"origin", "sec-websocket-protocol", "sec-websocket-extensions"} & set(headers)


@pytest.mark.parametrize(
    ("fate", "status", "sip", "states"),
    [
        ({"answer": "busy", "ring_s": 0.1}, "busy", "486", ["initiated", "ringing", "busy"]),
        ({"answer": "no_answer", "ring_s": 0.2}, "no-answer", "487", ["initiated", "ringing", "no-answer"]),
        ({"answer": "failed"}, "failed", "404", ["initiated", "failed"]),
        ({"answer": "failed", "sip": 603}, "failed", "603", ["initiated", "failed"]),
    ],
)
async def test_unanswered_calls_end_with_their_sip_code(
    sandbox: Any, product: Any, dial: Any, until: Any, fate: Any, status: str, sip: str, states: list[str]
) -> None:
    sandbox.script(**fate)
    created = await dial()
    await sandbox.ended(created.sid)
    hooks = await until(lambda: len(product.hooks) == len(states) and product.hooks)
    forms = sorted((hook.form for hook in hooks), key=lambda form: form["SequenceNumber"])
    assert [form["CallStatus"] for form in forms] == states
    assert (forms[-1]["SipResponseCode"], forms[-1]["CallDuration"], forms[-1]["Duration"]) == (sip, "0", "0")
    assert product.of("/voice/7f3a") == []


async def test_the_persona_of_the_number_decides_without_a_script(sandbox: Any, dial: Any) -> None:
    created = await dial("+12125550112")
    call = await sandbox.ended(created.sid)
    assert (call["status"], call["sip"]) == ("failed", 404)


async def test_ring_timeout(sandbox: Any, dial: Any) -> None:
    sandbox.script(ring_s=30)
    created = await dial(timeout=1)
    assert (await sandbox.ended(created.sid))["status"] == "no-answer"


async def test_only_completed_is_sent_by_default_with_sequence_0(
    sandbox: Any, product: Any, dial: Any, until: Any
) -> None:
    sandbox.script(answer="busy", ring_s=0.1)
    await dial(status_callback_event=None)
    hook = (await until(lambda: product.of("/status/7f3a")))[0]
    assert (hook.form["CallStatus"], hook.form["SequenceNumber"]) == ("busy", "0")


async def test_time_limit_ends_the_call(sandbox: Any, product: Any, dial: Any) -> None:
    sandbox.script(ring_s=0.1)
    product.twiml["/voice/7f3a"] = product.connect()
    created = await dial(time_limit=1)
    call = await sandbox.ended(created.sid)
    assert call["status"] == "completed"
    assert call["seconds"] == 1


async def test_calls_beyond_the_rate_queue(sandbox: Any, dial: Any) -> None:
    sandbox.script(answer="busy", ring_s=0.1)
    sandbox.faults(cps=2)
    waits = [int((await dial()).queue_time) for _ in range(3)]
    assert waits[0] == 0
    assert waits[2] > waits[1] > 0


async def test_get_callbacks_sign_the_whole_url(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.script(answer="busy", ring_s=0.1)
    await dial(status_callback_method="GET", status_callback_event=None)
    hook = (await until(lambda: product.of("/status/7f3a")))[0]
    assert hook.method == "GET"
    assert hook.valid
