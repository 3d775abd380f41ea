"""What comes in to the sandbox's numbers: calls and texts go to the addresses set on them, as Twilio would send them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

FROM, TO = "+12125550100", "+12125550199"


def text(client: Client, **changes: Any) -> Any:
    return client.messages.create(**{"to": TO, "from_": FROM, "body": "See you", **changes})


def refusal(client: Client, **changes: Any) -> int:
    with pytest.raises(TwilioRestException) as caught:
        text(client, **changes)
    return int(caught.value.code or 0)


async def test_a_person_rings_a_number_and_hears_its_document(
    client: Client, sandbox: Any, product: Any, until: Any
) -> None:
    """The number's own voice URL and status callback, signed; `From` is the person, `Direction` inbound."""
    (number,) = await asyncio.to_thread(client.incoming_phone_numbers.list, phone_number=FROM)
    assert number.voice_url == ""
    urls = {"voice_url": f"{product.url}/voice/in", "status_callback": f"{product.url}/status/in"}
    changed = await asyncio.to_thread(client.incoming_phone_numbers(number.sid).update, **urls)
    assert changed.voice_url == urls["voice_url"]
    product.twiml["/voice/in"] = "<Response><Say>Hello</Say><Hangup/></Response>"
    sandbox.post("/_sandbox/calls/inbound", **{"from": TO, "to": FROM})
    (hook,) = await until(lambda: product.of("/voice/in"))
    assert (hook.valid, hook.form["Direction"], hook.form["From"], hook.form["To"]) == (True, "inbound", TO, FROM)
    (status,) = await until(lambda: product.of("/status/in"))
    assert (status.form["CallStatus"], status.form["CallSid"]) == ("completed", hook.form["CallSid"])
    (call,) = client.calls.list()
    assert (call.direction, call.status, call.to) == ("inbound", "completed", FROM)


async def test_texts_that_come_in_reach_the_product_and_stop_blocks_the_pair(
    client: Client, sandbox: Any, product: Any, until: Any
) -> None:
    """21610 until START, as Twilio's default opt-out handling does."""
    sandbox.post("/_sandbox/numbers", number=FROM, sms_url=f"{product.url}/sms")
    product.twiml["/sms"] = "<Response><Message>Noted.</Message></Response>"
    theirs = {"from": TO, "to": FROM}
    answer = await asyncio.to_thread(sandbox.post, "/_sandbox/messages/inbound", body="Stop", **theirs)
    assert answer.json()["replies"] == ["Noted."]
    (hook,) = product.of("/sms")
    assert (hook.valid, hook.form["Body"], hook.form["SmsStatus"]) == (True, "Stop", "received")
    assert await asyncio.to_thread(refusal, client) == 21610
    await asyncio.to_thread(sandbox.post, "/_sandbox/messages/inbound", body="START", **theirs)
    assert (await asyncio.to_thread(text, client)).status == "queued"


def test_texts_are_refused_and_fail_as_asked(client: Client, sandbox: Any) -> None:
    assert refusal(client, to="5551230000") == 21211
    assert refusal(client, from_="+15557654321") == 21606
    assert refusal(client, body="x" * 1601) == 21617
    sandbox.faults(sms_refuse=1, sms_refuse_code=30034)
    assert refusal(client) == 30034
    sandbox.faults(sms_429_n=1)
    assert refusal(client) == 20429
    sandbox.faults(sms_500_after_create=1)
    assert refusal(client) == 20500
    assert len(client.messages.list()) == 1


async def test_an_undelivered_text_names_its_error(client: Client, sandbox: Any, product: Any, until: Any) -> None:
    sandbox.faults(sms_undelivered=30003)
    await asyncio.to_thread(text, client, status_callback=product.url + "/sms")
    hooks = await until(lambda: len(product.of("/sms")) == 2 and product.of("/sms"))
    assert [(hook.form["MessageStatus"], hook.form.get("ErrorCode")) for hook in hooks] == [
        ("sent", None),
        ("undelivered", "30003"),
    ]


def test_verified_caller_ids_are_listed(client: Client, sandbox: Any) -> None:
    assert client.outgoing_caller_ids.list() == []
    sandbox.post("/_sandbox/numbers", verified=[TO])
    assert [one.phone_number for one in client.outgoing_caller_ids.list()] == [TO]
