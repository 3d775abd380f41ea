"""The Media Stream as a server meets it: marks after playback, clear, alerts, endings from either side, faults."""

from __future__ import annotations

import base64
import itertools
import time
from typing import Any

import pytest

STAYS = {"ring_s": 0.1}


def audio(milliseconds: int, byte: bytes = b"\x1f") -> dict[str, str]:
    return {"payload": base64.b64encode(byte * (8 * milliseconds)).decode()}


@pytest.fixture
async def streaming(sandbox: Any, product: Any, dial: Any, until: Any) -> Any:
    """A call whose stream has started: (call, socket)."""
    sandbox.script(**STAYS)
    product.twiml["/voice/7f3a"] = product.connect("<Hangup/>", action="/connect-end")
    product.twiml["/connect-end"] = "<Response><Hangup/></Response>"
    call = await dial()
    socket = await until(lambda: product.sockets and product.sockets[0])
    await until(lambda: len(socket.of("media")) > 3)
    return call, socket


async def test_marks_come_back_when_the_audio_before_them_was_heard(sandbox: Any, streaming: Any, until: Any) -> None:
    call, socket = streaming
    began = time.monotonic()
    await socket.send("media", media=audio(600))
    await socket.send("mark", mark={"name": "first"})
    await socket.send("media", media=audio(400))
    await socket.send("mark", mark={"name": "second"})
    await until(lambda: len(socket.of("mark")) == 1)
    assert time.monotonic() - began >= 0.55
    await until(lambda: len(socket.of("mark")) == 2)
    assert time.monotonic() - began >= 0.95
    assert [m["mark"]["name"] for m in socket.of("mark")] == ["first", "second"]
    shown = await sandbox.call(call.sid)
    assert shown["heard_bytes"] == 8000
    await socket.ws.close()
    await sandbox.ended(call.sid)


async def test_a_mark_with_nothing_queued_comes_back_at_once(streaming: Any, until: Any) -> None:
    _, socket = streaming
    await socket.send("mark", mark={"name": "empty"})
    await until(lambda: socket.of("mark"))


async def test_clear_silences_and_returns_pending_marks(sandbox: Any, streaming: Any, until: Any) -> None:
    call, socket = streaming
    await socket.send("media", media=audio(5000))
    await socket.send("mark", mark={"name": "a"})
    await socket.send("media", media=audio(5000))
    await socket.send("mark", mark={"name": "b"})

    async def playing() -> bool:
        return (await sandbox.call(call.sid))["heard_bytes"] > 0

    await until(playing)
    await socket.send("clear")
    await until(lambda: len(socket.of("mark")) == 2)
    shown = await sandbox.call(call.sid)
    assert 0 < shown["heard_bytes"] < 40000
    assert shown["streams"][0]["marks_echoed"] == ["a", "b"]
    assert len(shown["streams"][0]["clears"]) == 1
    seen = len(socket.of("media"))
    await until(lambda: len(socket.of("media")) > seen + 10)
    assert (await sandbox.call(call.sid))["heard_bytes"] == shown["heard_bytes"]


async def test_the_server_closing_ends_connect_and_asks_for_the_action(
    sandbox: Any, product: Any, streaming: Any, until: Any
) -> None:
    call, socket = streaming
    await socket.ws.close(1000)
    shown = await sandbox.ended(call.sid)
    ended = product.of("/connect-end")[0]
    assert ended.valid
    assert ended.form["StreamSid"] == socket.sid
    assert shown["alerts"] == []
    assert shown["status"] == "completed"


async def test_an_abnormal_close_is_31921(sandbox: Any, product: Any, streaming: Any, until: Any) -> None:
    call, socket = streaming
    await socket.ws.close(1011)
    shown = await sandbox.ended(call.sid)
    assert [alert["code"] for alert in shown["alerts"]] == [31921]
    await until(lambda: any(hook.form["StreamEvent"] == "stream-error" for hook in product.of("/stream")))


async def test_bad_messages_raise_alerts_once_and_the_call_goes_on(sandbox: Any, streaming: Any, until: Any) -> None:
    call, socket = streaming
    await socket.ws.send_bytes(b"\x00")
    for _ in range(3):
        await socket.ws.send_text("{")
    await socket.send("mark", mark={"name": "still here"})
    await until(lambda: socket.of("mark"))
    shown = await sandbox.call(call.sid)
    assert sorted(alert["code"] for alert in shown["alerts"]) == [31950, 31951]
    assert shown["alive"]


async def test_ten_minutes_buffered_are_31931(sandbox: Any, streaming: Any, until: Any) -> None:
    call, socket = streaming
    for _ in range(11):
        await socket.send("media", media=audio(60_000))
    await socket.send("clear")
    await socket.send("mark", mark={"name": "done"})
    await until(lambda: socket.of("mark"))
    assert [alert["code"] for alert in (await sandbox.call(call.sid))["alerts"]] == [31931]


async def test_keys_arrive_as_dtmf(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.script(ring_s=0.1, steps=[{"at_ms": 300, "press": "1#"}])
    product.twiml["/voice/7f3a"] = product.connect()
    await dial()
    socket = await until(lambda: product.sockets and product.sockets[0])
    await until(lambda: len(socket.of("dtmf")) == 2)
    assert [m["dtmf"] for m in socket.of("dtmf")] == [
        {"track": "inbound_track", "digit": "1"},
        {"track": "inbound_track", "digit": "#"},
    ]


async def test_a_refused_handshake_is_31920_and_the_document_goes_on(
    sandbox: Any, product: Any, dial: Any, until: Any
) -> None:
    sandbox.script(**STAYS)
    product.refuse_sockets = True
    product.twiml["/voice/7f3a"] = product.connect("<Hangup/>")
    call = await sandbox.ended((await dial()).sid)
    assert [alert["code"] for alert in call["alerts"]] == [31920]
    hooks = await until(lambda: product.of("/stream"))
    assert [hook.form["StreamEvent"] for hook in hooks] == ["stream-error"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ws://127.0.0.1:9/media", 31902),
        ("ws://media.example.com/media", 31922),
        ("https://127.0.0.1/media", 31922),
        ("ws://127.0.0.1:9/media?token=x", 31920),
    ],
)
async def test_unreachable_streams(sandbox: Any, product: Any, dial: Any, url: str, code: int) -> None:
    sandbox.script(**STAYS)
    product.twiml["/voice/7f3a"] = f'<Response><Connect><Stream url="{url}"/></Connect></Response>'
    call = await sandbox.ended((await dial()).sid)
    assert [alert["code"] for alert in call["alerts"]] == [code]


async def test_what_the_agent_says_is_heard_as_captions(sandbox: Any, streaming: Any, until: Any) -> None:
    from sandbox.speech import Library

    call, socket = streaming
    speech = Library.shipped().say("This call is recorded.", voice="ava")
    await socket.send("media", media={"payload": base64.b64encode(speech.mulaw).decode()})

    async def heard() -> Any:
        return (await sandbox.call(call.sid))["heard"]

    (caption,) = await until(heard)
    assert caption["text"] == "This call is recorded."
    assert caption["complete"]
    assert 0 < caption["end_ms"] - caption["start_ms"] <= len(speech.mulaw) // 8


@pytest.mark.parametrize(
    ("knob", "value"), [("ws_no_start", True), ("ws_media_before_start", True), ("ws_media_format_other", True)]
)
async def test_opening_faults(sandbox: Any, product: Any, dial: Any, until: Any, knob: str, value: Any) -> None:
    sandbox.faults(**{knob: value})
    sandbox.script(**STAYS)
    product.twiml["/voice/7f3a"] = product.connect()
    await dial()
    socket = await until(lambda: product.sockets and product.sockets[0])
    await until(lambda: len(socket.messages) > 10)
    events = [message["event"] for message in socket.messages[:7]]
    match knob:
        case "ws_no_start":
            assert "start" not in events
        case "ws_media_before_start":
            assert events == ["connected", *["media"] * 5, "start"]
        case _:
            assert socket.of("start")[0]["start"]["mediaFormat"]["encoding"] == "audio/l16"


async def test_faults_in_the_middle(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.faults(ws_gap_seq=True, ws_dup_chunk=True, ws_bad_json=True)
    sandbox.script(**STAYS)
    product.twiml["/voice/7f3a"] = product.connect()
    await dial()
    socket = await until(lambda: product.sockets and product.sockets[0])
    await until(lambda: len(socket.of("media")) > 60)
    chunks = [message["media"]["chunk"] for message in socket.of("media")]
    sequence = [int(message["sequenceNumber"]) for message in socket.of("media")]
    assert chunks.count("50") == 2
    assert any(after - before == 2 for before, after in itertools.pairwise(sequence))
    assert len(socket.of("(not json)")) == 1


async def test_drop_mid_cuts_the_socket_once(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.faults(ws_drop_mid=1, ws_drop_ms=300)
    sandbox.script(**STAYS)
    product.twiml["/voice/7f3a"] = product.connect("<Hangup/>")
    call = await sandbox.ended((await dial()).sid)
    assert [alert["code"] for alert in call["alerts"]] == [31903]
    assert product.sockets[0].of("stop") == []


async def test_half_open_goes_quiet_and_never_says_stop(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.faults(ws_half_open=True, ws_drop_ms=200)
    sandbox.script(ring_s=0.1, steps=[{"at_ms": 1500, "hang_up": True}])
    product.twiml["/voice/7f3a"] = product.connect()
    call = await sandbox.ended((await dial()).sid)
    socket = product.sockets[0]
    assert socket.of("stop") == []
    assert len(socket.of("media")) < 40
    assert call["seconds"] >= 1


async def test_no_stop_and_a_foreign_call(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.faults(ws_no_stop=True, ws_wrong_call_sid=True)
    sandbox.script(ring_s=0.1, steps=[{"at_ms": 400, "hang_up": True}])
    product.twiml["/voice/7f3a"] = product.connect()
    call = await dial()
    await sandbox.ended(call.sid)
    await until(lambda: product.sockets[0].closed)
    assert product.sockets[0].of("stop") == []
    assert product.sockets[0].of("start")[0]["start"]["callSid"] != call.sid


async def test_a_replayed_start_comes_on_a_second_socket(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.faults(ws_replay=True, ws_drop_ms=200)
    sandbox.script(**STAYS)
    product.twiml["/voice/7f3a"] = product.connect()
    call = await dial()
    await until(lambda: len(product.sockets) == 2 and product.sockets[1].of("start"))
    assert product.sockets[1].of("start") == product.sockets[0].of("start")
    await product.sockets[1].ws.close(1008)

    async def outcome() -> str:
        return (await sandbox.call(call.sid))["streams"][0]["replay"]

    assert await until(outcome) == "closed 1008"


async def test_a_persona_hears_the_agent_and_answers(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    from sandbox.speech import Library

    product.twiml["/voice/7f3a"] = product.connect()
    call = await dial("+12125550101")
    socket = await until(lambda: product.sockets and product.sockets[0])

    async def said(words: str) -> bool:
        return words in [caption["text"] for caption in (await sandbox.call(call.sid))["said"]]

    await until(lambda: said("Hello?"))
    question = Library.shipped().say("Do you own your home?", voice="ava").mulaw
    await socket.send("media", media={"payload": base64.b64encode(question).decode()})
    await until(lambda: said("Yes, I do."))


async def test_what_was_cleared_was_only_half_heard(sandbox: Any, streaming: Any, until: Any) -> None:
    from sandbox.speech import Library

    call, socket = streaming
    words = "Do you own your home?"
    speech = Library.shipped().say(words, voice="ava").mulaw
    await socket.send("media", media={"payload": base64.b64encode(speech).decode()})
    await socket.send("mark", mark={"name": "end"})

    async def halfway() -> bool:
        return (await sandbox.call(call.sid))["heard_bytes"] > len(speech) // 2

    await until(halfway)
    await socket.send("clear")
    await until(lambda: socket.of("mark"))
    (caption,) = (await sandbox.call(call.sid))["heard"]
    assert not caption["complete"]
    assert caption["text"] != words
    assert words.startswith(caption["text"].rstrip("-… "))
