"""Recordings hold what both sides really sent; transfers ring, whisper, bridge and tell the truth about it."""

from __future__ import annotations

import asyncio
import base64
import io
import wave
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

AC, TOKEN = "AC00000000000000000000000000000001", "sandbox_auth_token_0123456789abcdef"
COLLEAGUE = "+12125550177"


def samples(content: bytes) -> tuple[int, list[int], list[int]]:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (8000, 2)
        frames = memoryview(file.readframes(file.getnframes())).cast("h")
        channels = file.getnchannels()
    return channels, list(frames[0::channels]), list(frames[1::channels]) if channels == 2 else []


@pytest.fixture
async def talking(sandbox: Any, product: Any, dial: Any, until: Any) -> Any:
    """A call in which both sides make sound: the person a tone, the product constant noise."""
    sandbox.script(ring_s=0.1, steps=[{"at_ms": 300, "tone_ms": 1500}])
    product.twiml["/voice/7f3a"] = product.connect("<Hangup/>")
    call = await dial()
    socket = await until(lambda: product.sockets and product.sockets[0])
    await until(lambda: socket.of("media"))
    return call, socket


async def test_a_dual_recording_has_each_side_on_its_channel(
    sandbox: Any, product: Any, client: Any, talking: Any, until: Any
) -> None:
    call, socket = talking
    order = {"recording_channels": "dual", "recording_status_callback": product.url + "/recording"}
    recording = await asyncio.to_thread(lambda: client.calls(call.sid).recordings.create(**order))
    assert (recording.status, recording.channels, recording.source) == ("in-progress", 2, "StartCallRecordingAPI")
    again = await asyncio.to_thread(client.calls(call.sid).recordings.create)
    assert again.sid == recording.sid
    payload = base64.b64encode(b"\x1f" * 4000).decode()
    await socket.send("media", media={"payload": payload})
    await socket.send("mark", mark={"name": "heard"})
    await until(lambda: socket.of("mark"))
    await socket.ws.close()
    await sandbox.ended(call.sid)
    hook = (await until(lambda: product.of("/recording")))[0]
    assert hook.valid
    assert hook.form["RecordingStatus"] == "completed"
    assert hook.form["RecordingTrack"] == "both"
    url = hook.form["RecordingUrl"] + ".wav"
    assert sandbox.download(url).status_code == 401
    answer = sandbox.download(url, auth=(AC, TOKEN))
    piece = sandbox.download(url, auth=(AC, TOKEN), headers={"range": "bytes=4-11"})
    assert (piece.status_code, piece.content) == (206, answer.content[4:12])
    assert piece.headers["content-range"] == f"bytes 4-11/{len(answer.content)}"
    beyond = sandbox.download(url, auth=(AC, TOKEN), headers={"range": f"bytes={len(answer.content)}-"})
    assert beyond.status_code == 416
    channels, person, product_side = samples(answer.content)
    assert channels == 2
    assert max(person) > 1000
    loud = [abs(sample) > 1000 for sample in product_side]
    assert sum(loud) == 4000
    assert int(hook.form["RecordingDuration"]) == round(len(person) / 8000)
    fetched = await asyncio.to_thread(lambda: client.recordings(recording.sid).fetch())
    assert fetched.status == "completed"
    assert fetched.call_sid == call.sid
    assert await asyncio.to_thread(lambda: client.recordings(recording.sid).delete())
    assert sandbox.download(url, auth=(AC, TOKEN)).status_code == 404


async def test_pausing_skips_or_silences(sandbox: Any, client: Any, talking: Any, until: Any) -> None:
    call, socket = talking
    await asyncio.to_thread(client.calls(call.sid).recordings.create)
    current = client.calls(call.sid).recordings("Twilio.CURRENT")
    paused = await asyncio.to_thread(lambda: current.update(status="paused", pause_behavior="skip"))
    assert paused.status == "paused"
    seen = len(socket.of("media"))
    await until(lambda: len(socket.of("media")) > seen + 25)
    resumed = await asyncio.to_thread(lambda: current.update(status="in-progress"))
    stopped = await asyncio.to_thread(lambda: current.update(status="stopped"))
    assert resumed.sid == stopped.sid
    assert stopped.status == "stopped"
    assert (await sandbox.call(call.sid))["recordings"][0]["ordered"] == ["paused", "in-progress", "stopped"]
    with pytest.raises(TwilioRestException) as caught:
        await asyncio.to_thread(lambda: current.update(status="paused"))
    assert caught.value.status in (400, 404)


async def test_recordings_may_not_be_eligible_yet_absent_or_late_to_download(
    sandbox: Any, product: Any, client: Any, talking: Any, until: Any
) -> None:
    call, socket = talking
    sandbox.faults(recording_not_eligible_ms=60_000)
    with pytest.raises(TwilioRestException) as caught:
        await asyncio.to_thread(client.calls(call.sid).recordings.create)
    assert (caught.value.status, caught.value.code) == (400, 21220)
    sandbox.faults(recording_not_eligible_ms=None, recording_download_404_n=1)
    order = {"recording_status_callback": product.url + "/recording"}
    recording = await asyncio.to_thread(lambda: client.calls(call.sid).recordings.create(**order))
    seen = len(socket.of("media"))
    await until(lambda: len(socket.of("media")) > seen + 25)
    await socket.ws.close()
    await until(lambda: product.of("/recording"))
    url = f"{sandbox.url}/2010-04-01/Accounts/{AC}/Recordings/{recording.sid}.wav"
    codes = [sandbox.download(url, auth=(AC, TOKEN)).status_code for _ in range(2)]
    assert codes == [404, 200]
    assert samples(sandbox.download(url, auth=(AC, TOKEN)).content)[0] == 1


async def test_record_on_create_reports_on_completed(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.script(ring_s=0.1, steps=[{"at_ms": 700, "hang_up": True}])
    product.twiml["/voice/7f3a"] = product.connect()
    call = await sandbox.ended((await dial(record="true")).sid)
    done = await until(lambda: [hook for hook in product.of("/status/7f3a") if "RecordingSid" in hook.form])
    assert done[0].form["RecordingSid"] == call["recordings"][0]["sid"]
    assert call["recordings"][0]["source"] == "OutboundAPI"


async def test_ended_calls_cannot_be_recorded(sandbox: Any, client: Any, dial: Any) -> None:
    sandbox.script(answer="busy", ring_s=0.1)
    call = await dial()
    await sandbox.ended(call.sid)
    with pytest.raises(TwilioRestException) as caught:
        await asyncio.to_thread(client.calls(call.sid).recordings.create)
    assert caught.value.code == 21220


async def test_absent_recordings_and_late_callbacks(
    sandbox: Any, product: Any, client: Any, talking: Any, until: Any
) -> None:
    call, socket = talking
    sandbox.faults(recording_absent=True, recording_callback_late_s=0.3)
    order = {
        "recording_status_callback": product.url + "/recording",
        "recording_status_callback_event": ["in-progress", "completed", "absent"],
    }
    await asyncio.to_thread(lambda: client.calls(call.sid).recordings.create(**order))
    await socket.ws.close()
    await sandbox.ended(call.sid)
    hooks = await until(lambda: len(product.of("/recording")) == 2 and product.of("/recording"))
    assert [hook.form["RecordingStatus"] for hook in hooks] == ["in-progress", "absent"]


# transfers


@pytest.fixture
def transfer(sandbox: Any, product: Any, dial: Any) -> Any:
    """A call whose document dials the colleague; returns (parent, child) at the end."""

    async def run(whisper: str = "", **colleague: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        sandbox.script(COLLEAGUE, **({"ring_s": 0.2} | colleague))
        sandbox.script(ring_s=0.1, steps=[{"at_ms": 1500, "say": "Yes, sure."}])
        noun = f'<Number url="/whisper" statusCallback="{product.url}/child">{COLLEAGUE}</Number>'
        noun = noun if whisper else f"<Number>{COLLEAGUE}</Number>"
        product.twiml |= {"/whisper": whisper, "/dial-done": "<Response><Hangup/></Response>"}
        product.twiml["/voice/7f3a"] = f'<Response><Dial timeout="2" action="/dial-done">{noun}</Dial></Response>'
        parent = await sandbox.ended((await dial()).sid)
        calls = (await asyncio.to_thread(sandbox.get, "/_sandbox/calls"))["calls"]
        return parent, next(call for call in calls if call["parent_sid"] == parent["sid"])

    return run


async def test_a_transfer_bridges_both_telephones(product: Any, transfer: Any) -> None:
    leaves = [{"at_ms": 3500, "hang_up": True}]
    parent, child = await transfer(steps=[{"at_ms": 300, "say": "Hello?"}, *leaves])
    told = product.of("/dial-done")[0].form
    assert (told["DialCallStatus"], told["DialBridged"]) == ("completed", "true")
    assert told["DialCallSid"] == child["sid"]
    assert int(told["DialCallDuration"]) >= 3
    assert [caption["text"] for caption in parent["heard"]] == ["Hello?"]
    assert [caption["text"] for caption in child["heard"]] == ["Yes, sure."]
    assert child["direction"] == "outbound-dial"
    assert not child["alive"]


async def test_a_declined_whisper_is_answered_but_not_bridged(product: Any, transfer: Any) -> None:
    parent, child = await transfer("<Response><Hangup/></Response>")
    told = product.of("/dial-done")[0].form
    assert (told["DialCallStatus"], told["DialBridged"]) == ("completed", "false")
    whispered = product.of("/whisper")[0].form
    assert whispered["CallSid"] == child["sid"]
    assert whispered["ParentCallSid"] == parent["sid"]
    assert product.of("/child")[0].form["CallStatus"] == "completed"


async def test_an_accepted_whisper_bridges(product: Any, transfer: Any) -> None:
    product.twiml["/accept"] = "<Response/>"
    gather = '<Response><Gather numDigits="1" action="/accept" timeout="4"/><Hangup/></Response>'
    steps = [{"at_ms": 500, "press": "1"}, {"at_ms": 1200, "hang_up": True}]
    await transfer(gather, steps=steps)
    assert product.of("/accept")[0].form["Digits"] == "1"
    assert product.of("/dial-done")[0].form["DialBridged"] == "true"


@pytest.mark.parametrize(
    ("ending", "status", "digits"),
    [
        ("91", "completed", ["2"]),
        ("92", "completed", []),
        ("93", "no-answer", []),
        ("94", "busy", []),
        ("95", "completed", ["#"]),
    ],
)
async def test_colleagues_who_do_not_take_the_call(
    sandbox: Any, product: Any, dial: Any, ending: str, status: str, digits: list[str]
) -> None:
    """The documents end with a hang-up, as they should: whoever answered was not bridged."""
    number = f"+121255501{ending}"
    sandbox.script(ring_s=0.1, steps=[])
    product.twiml |= {"/dial-done": "<Response><Hangup/></Response>", "/taken": "<Response><Hangup/></Response>"}
    product.twiml["/whisper"] = (
        '<Response><Gather numDigits="1" finishOnKey="" action="/taken" timeout="3"><Say>Press 1 to take it.</Say></Gather>'
        "<Hangup/></Response>"
    )
    noun = f'<Number url="/whisper">{number}</Number>'
    product.twiml["/voice/7f3a"] = f'<Response><Dial timeout="3" action="/dial-done">{noun}</Dial></Response>'
    parent = await sandbox.ended((await dial()).sid)
    told = product.of("/dial-done")[0].form
    assert (told["DialCallStatus"], told["DialBridged"]) == (status, "false")
    calls = (await asyncio.to_thread(sandbox.get, "/_sandbox/calls"))["calls"]
    (child,) = [call for call in calls if call["parent_sid"] == parent["sid"]]
    assert child["digits"] == digits
    assert [hook.form["Digits"] for hook in product.of("/taken")] == digits


async def test_the_colleague_can_be_hung_up_by_rest(
    sandbox: Any, product: Any, client: Any, transfer: Any, until: Any
) -> None:
    running = asyncio.create_task(transfer())

    async def child() -> Any:
        calls = (await asyncio.to_thread(sandbox.get, "/_sandbox/calls"))["calls"]
        return [call for call in calls if call["parent_sid"] and call["status"] == "in-progress"]

    (bridged,) = await until(child)
    await asyncio.to_thread(lambda: client.calls(bridged["sid"]).update(status="completed"))
    await running
    assert product.of("/dial-done")[0].form["DialCallStatus"] == "completed"


@pytest.mark.parametrize(("answer", "status"), [("busy", "busy"), ("no_answer", "no-answer"), ("failed", "failed")])
async def test_a_colleague_who_does_not_answer(product: Any, transfer: Any, answer: str, status: str) -> None:
    _, child = await transfer(answer=answer)
    told = product.of("/dial-done")[0].form
    assert (told["DialCallStatus"], told["DialBridged"]) == (status, "false")
    assert "DialCallDuration" not in told
    assert child["status"] == status
