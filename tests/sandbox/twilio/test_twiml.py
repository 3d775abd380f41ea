"""TwiML performed on a live call: order of verbs, fallbacks, Gather, redirects from inside and by REST."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.twilio import twiml

STAYS = {"ring_s": 0.1}


@pytest.fixture
def perform(sandbox: Any, product: Any, dial: Any) -> Any:
    """Runs one document on a call to its end."""

    async def run(document: str, **fate: Any) -> dict[str, Any]:
        sandbox.script(**(STAYS | fate))
        product.twiml["/voice/7f3a"] = f"<Response>{document}</Response>"
        return await sandbox.ended((await dial()).sid)

    return run


async def test_say_is_heard_then_the_call_ends(perform: Any) -> None:
    call = await perform("<Say>This call is recorded.</Say>")
    assert [caption["text"] for caption in call["heard"]] == ["This call is recorded."]
    assert call["status"] == "completed"
    assert call["alerts"] == []


async def test_an_unknown_verb_warns_and_the_document_goes_on(perform: Any) -> None:
    call = await perform("<Sing/><Say>This call is recorded.</Say>")
    assert [alert["code"] for alert in call["alerts"]] == [12200]
    assert call["heard"]


async def test_redirect_goes_relative_to_the_document(product: Any, perform: Any) -> None:
    product.twiml["/voice/next"] = "<Response><Hangup/></Response>"
    await perform("<Redirect>next</Redirect><Say>never</Say>")
    assert [hook.path for hook in product.hooks if "voice" in hook.path] == ["/voice/7f3a", "/voice/next"]


async def test_gather_posts_the_digits(product: Any, perform: Any) -> None:
    product.twiml["/keys"] = "<Response><Hangup/></Response>"
    gather = '<Gather action="/keys" numDigits="2" timeout="5"><Say>Press one one to go on.</Say></Gather>'
    await perform(gather, steps=[{"at_ms": 300, "press": "1"}, {"at_ms": 500, "press": "2"}])
    assert product.of("/keys")[0].form["Digits"] == "12"


async def test_gather_falls_through_without_input(product: Any, perform: Any) -> None:
    call = await perform('<Gather action="/keys" timeout="1"/><Say>This call is recorded.</Say>')
    assert product.of("/keys") == []
    assert call["heard"]


async def test_gather_hears_speech(product: Any, perform: Any) -> None:
    product.twiml["/words"] = "<Response><Hangup/></Response>"
    steps = [{"at_ms": 300, "say": "Yes, sure."}]
    await perform('<Gather input="speech" action="/words" timeout="5"/>', steps=steps)
    assert product.of("/words")[0].form["SpeechResult"] == "Yes, sure."


async def test_the_finishing_key_can_be_an_answer(product: Any, perform: Any) -> None:
    product.twiml["/keys"] = "<Response><Hangup/></Response>"
    steps = [{"at_ms": 300, "press": "#"}]
    await perform('<Gather action="/keys" finishOnKey="" numDigits="1" timeout="5"/>', steps=steps)
    assert product.of("/keys")[0].form["Digits"] == "#"


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ("<Response>", 200, 12100),
        ('<Response><Pause length="x"/></Response>', 200, 12200),
        ("<Response/>", 500, 11200),
        ("", 200, 12100),
        ("<Play/>", 200, 12100),
    ],
)
async def test_bad_documents_go_to_the_fallback(
    sandbox: Any, product: Any, dial: Any, document: str, status: int, code: int
) -> None:
    sandbox.script(**STAYS)
    product.twiml |= {"/voice/7f3a": document, "/fallback": "<Response><Hangup/></Response>"}
    product.statuses["/voice/7f3a"] = status
    call = await sandbox.ended((await dial(fallback_url=product.url + "/fallback")).sid)
    assert code in [alert["code"] for alert in call["alerts"]]
    told = product.of("/fallback")[0].form
    assert told["ErrorCode"] == str(code)
    assert told["ErrorUrl"] == product.url + "/voice/7f3a"


async def test_without_a_fallback_the_call_ends(sandbox: Any, product: Any, dial: Any) -> None:
    sandbox.script(**STAYS)
    product.statuses["/voice/7f3a"] = 503
    assert (await sandbox.ended((await dial()).sid))["status"] == "completed"


async def test_a_rest_redirect_replaces_connect(sandbox: Any, product: Any, client: Any, dial: Any, until: Any) -> None:
    sandbox.script(**STAYS)
    product.twiml["/voice/7f3a"] = product.connect("<Hangup/>", action="/connect-end")
    call = await dial()
    socket = await until(lambda: product.sockets and product.sockets[0])
    await until(lambda: socket.of("media"))
    document = "<Response><Say>This call is recorded.</Say></Response>"
    await asyncio.to_thread(lambda: client.calls(call.sid).update(twiml=document))
    shown = await sandbox.ended(call.sid)
    assert [caption["text"] for caption in shown["heard"]] == ["This call is recorded."]
    assert socket.messages[-1]["event"] == "stop"
    assert product.of("/connect-end") == []


async def test_closing_the_socket_within_the_redirect_lag_lets_the_old_document_hang_up(
    sandbox: Any, product: Any, client: Any, dial: Any, until: Any
) -> None:
    sandbox.script(**STAYS)
    sandbox.faults(redirect_lag_ms=1500)
    product.twiml["/voice/7f3a"] = product.connect("<Hangup/>")
    call = await dial()
    socket = await until(lambda: product.sockets and product.sockets[0])
    await until(lambda: socket.of("media"))
    document = "<Response><Say>This call is recorded.</Say></Response>"
    await asyncio.to_thread(lambda: client.calls(call.sid).update(twiml=document))
    await socket.ws.close()
    assert (await sandbox.ended(call.sid))["heard"] == []


async def test_connect_end_may_be_requested_on_redirect(
    sandbox: Any, product: Any, client: Any, dial: Any, until: Any
) -> None:
    sandbox.script(**STAYS)
    sandbox.faults(connect_end_on_redirect=True)
    product.twiml["/voice/7f3a"] = product.connect(action=product.url + "/connect-end")
    call = await dial()
    await until(lambda: product.sockets and product.sockets[0].of("media"))
    await asyncio.to_thread(lambda: client.calls(call.sid).update(twiml="<Response><Hangup/></Response>"))
    await sandbox.ended(call.sid)
    await until(lambda: product.of("/connect-end"))


async def test_time_limits_below_the_elapsed_time_are_13216(
    sandbox: Any, product: Any, client: Any, dial: Any, until: Any
) -> None:
    from twilio.base.exceptions import TwilioRestException

    sandbox.script(**STAYS)
    sandbox.faults(time_limit_13216=1)
    product.twiml["/voice/7f3a"] = '<Response><Pause length="30"/></Response>'
    call = await dial()
    await until(lambda: product.of("/voice/7f3a"))
    with pytest.raises(TwilioRestException) as caught:
        await asyncio.to_thread(lambda: client.calls(call.sid).update(time_limit=500))
    assert caught.value.code == 13216
    await asyncio.to_thread(lambda: client.calls(call.sid).update(time_limit=500))
    assert (await sandbox.call(call.sid))["time_limit"] == 500


async def test_the_last_of_several_redirects_wins(
    sandbox: Any, product: Any, client: Any, dial: Any, until: Any
) -> None:
    sandbox.script(**STAYS)
    product.twiml["/voice/7f3a"] = product.connect()
    call = await dial()
    await until(lambda: product.sockets and product.sockets[0].of("media"))
    for document in (
        '<Response><Pause length="30"/></Response>',
        "<Response><Say>This call is recorded.</Say></Response>",
    ):
        await asyncio.to_thread(lambda wanted=document: client.calls(call.sid).update(twiml=wanted))
    shown = await sandbox.ended(call.sid)
    assert [caption["text"] for caption in shown["heard"]] == ["This call is recorded."]


def test_documents_built_by_the_sdk_are_read() -> None:
    from twilio.twiml.voice_response import Connect, Dial, VoiceResponse

    response = VoiceResponse()
    connect = Connect(action="https://x.example.com/end")
    stream = connect.stream(url="wss://x.example.com/m", name="ai", status_callback="https://x.example.com/s")
    stream.parameter(name="tok", value="a&b")
    response.append(connect)
    dial = Dial(caller_id="+12125550100", timeout=20, action="/done")
    dial.number("+12125550111", url="/whisper")
    response.append(dial)
    connected, dialed = twiml.read(str(response))
    assert isinstance(connected, twiml.Connect)
    assert connected.stream.parameters == {"tok": "a&b"}
    assert isinstance(dialed, twiml.Dial)
    assert (dialed.number, dialed.whisper) == ("+12125550111", "/whisper")


def test_64_kilobytes_are_the_limit() -> None:
    with pytest.raises(twiml.BadTwiml) as caught:
        twiml.read("<Response><Say>" + "a" * 65_536 + "</Say></Response>")
    assert caught.value.code == 11750
