"""The REST resources through Twilio's own SDK, the refusals it raises, and the create faults a dialer must survive."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

FROM, TO = "+12125550100", "+12125550199"
HANGUP = "<Response><Hangup/></Response>"
BUSY = {"answer": "busy", "ring_s": 0.1}


def refusal(client: Client, **order: Any) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as caught:
        client.calls.create(**({"to": TO, "from_": FROM, "twiml": HANGUP} | order))
    return caught.value


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"to": "+1555"}, 21211),
        ({"to": "5551230000"}, 21211),
        ({"to": FROM}, 21211),
        ({"from_": "+15557654321"}, 21210),
        ({"from_": "+15005550001"}, 21212),
        ({"to": "+15005550001"}, 21217),
        ({"to": "+15005550002"}, 21214),
        ({"to": "+15005550003"}, 21215),
        ({"to": "+15005550004"}, 21216),
        ({"twiml": None}, 21205),
        ({"twiml": None, "url": "not a url"}, 21205),
        ({"status_callback": "https://under_score.example.com/x"}, 21205),
        ({"twiml": "<Response>" + " " * 4000 + "</Response>"}, 32018),
        ({"to": ""}, 21201),
    ],
)
def test_refusals(client: Client, order: dict[str, Any], code: int) -> None:
    raised = refusal(client, **order)
    assert (raised.code, raised.status) == (code, 400)


def test_nothing_refused_becomes_a_call(client: Client, sandbox: Any) -> None:
    refusal(client, to="+15005550001")
    assert client.calls.list() == []
    assert sandbox.get("/_sandbox/calls")["posts"] == {"+15005550001": 1}


def test_wrong_credentials_are_401_20003(sandbox: Any) -> None:
    stranger = Client("AC00000000000000000000000000000001", "wrong")
    stranger.api.base_url = sandbox.url
    raised = refusal(stranger)
    assert (raised.code, raised.status) == (20003, 401)


def test_unknown_things_are_404_20404(client: Client) -> None:
    for fetch in (client.calls("CA" + "9" * 32).fetch, client.recordings("RE" + "9" * 32).fetch):
        with pytest.raises(TwilioRestException) as caught:
            fetch()
        assert (caught.value.code, caught.value.status) == (20404, 404)


def test_both_url_and_twiml_warn_and_unknown_fields_pass(client: Client, sandbox: Any) -> None:
    sandbox.script(**BUSY)
    call = client.calls.create(to=TO, from_=FROM, twiml=HANGUP, url="http://127.0.0.1:9/x", async_amd="true")
    alerts = sandbox.get(f"/_sandbox/calls/{call.sid}")["alerts"]
    assert [alert["code"] for alert in alerts] == [32019, 21262]


def test_lists_filter_and_page(client: Client, sandbox: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.script("+12125550198", **BUSY)
    sids = [client.calls.create(to=TO, from_=FROM, twiml=HANGUP).sid for _ in range(5)]
    other = client.calls.create(to="+12125550198", from_=FROM, twiml=HANGUP)
    assert [call.sid for call in client.calls.list(to=TO, from_=FROM, page_size=2)] == sids[::-1]
    assert [call.sid for call in client.calls.list(to="+12125550198")] == [other.sid]


def test_a_start_time_filter_hides_what_is_still_queued(client: Client, sandbox: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(dial_lag_ms=60_000)
    call = client.calls.create(to=TO, from_=FROM, twiml=HANGUP)
    assert client.calls.list(to=TO, start_time_after=call.date_created) == []
    assert [one.sid for one in client.calls.list(to=TO, status="queued")] == [call.sid]


def test_account_resources(client: Client) -> None:
    numbers = client.incoming_phone_numbers.list()
    assert FROM in [number.phone_number for number in numbers]
    assert numbers[0].capabilities["voice"]
    assert client.api.account.balance.fetch().currency == "USD"
    assert client.api.accounts("AC00000000000000000000000000000001").fetch().status == "active"


def test_dialing_permissions(client: Client, sandbox: Any) -> None:
    client.voice.base_url = sandbox.url
    permission = client.voice.v1.dialing_permissions.countries("US").fetch()
    assert permission.low_risk_numbers_enabled
    assert not permission.high_risk_special_numbers_enabled
    assert not client.voice.v1.dialing_permissions.countries("CU").fetch().low_risk_numbers_enabled
    enabled = client.voice.v1.dialing_permissions.countries.list(low_risk_numbers_enabled=True)
    assert [country.iso_code for country in enabled] == ["AU", "US"]
    assert client.voice.v1.dialing_permissions.countries.list(high_risk_special_numbers_enabled=True) == []


async def test_messages_are_sent_and_reported(client: Client, product: Any, until: Any) -> None:
    message = await asyncio.to_thread(
        lambda: client.messages.create(to=TO, from_=FROM, body="See you", status_callback=product.url + "/sms")
    )
    assert (message.status, message.num_segments) == ("queued", "1")
    hooks = await until(lambda: len(product.of("/sms")) == 2 and product.of("/sms"))
    assert [hook.form["MessageStatus"] for hook in hooks] == ["sent", "delivered"]
    assert all(hook.valid for hook in hooks)


async def test_update_ends_and_cancels(client: Client, sandbox: Any, dial: Any, product: Any, until: Any) -> None:
    sandbox.script(ring_s=0.1)
    product.twiml["/voice/7f3a"] = '<Response><Pause length="30"/></Response>'
    call = await dial()
    await until(lambda: product.of("/voice/7f3a"))
    await asyncio.to_thread(client.calls(call.sid).update, status="canceled")
    assert (await sandbox.call(call.sid))["alive"], "canceled leaves calls in progress alone"
    await asyncio.to_thread(client.calls(call.sid).update, status="completed")
    assert (await sandbox.ended(call.sid))["status"] == "completed"
    with pytest.raises(TwilioRestException) as caught:
        await asyncio.to_thread(client.calls(call.sid).update, status="completed")
    assert caught.value.code == 21220


async def test_ringing_calls_can_be_canceled(client: Client, sandbox: Any, dial: Any, product: Any, until: Any) -> None:
    sandbox.script(ring_s=20)
    call = await dial()
    await until(lambda: len(product.of("/status/7f3a")) == 2)
    with pytest.raises(TwilioRestException) as caught:
        await asyncio.to_thread(client.calls(call.sid).update, twiml=HANGUP)
    assert caught.value.code == 21220
    await asyncio.to_thread(client.calls(call.sid).update, status="canceled")
    assert (await sandbox.ended(call.sid))["status"] == "canceled"
    hook = (await until(lambda: len(product.of("/status/7f3a")) == 3 and product.of("/status/7f3a")))[2]
    assert (hook.form["CallStatus"], hook.form["SipResponseCode"]) == ("canceled", "487")


# create faults


def test_201_lost_leaves_one_call_and_no_answer(client: Client, sandbox: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(**{"201_lost": 1})
    with pytest.raises(requests.exceptions.ConnectionError):
        client.calls.create(to=TO, from_=FROM, twiml=HANGUP)
    state = sandbox.get("/_sandbox/calls")
    assert (len(state["calls"]), state["posts"]) == (1, {TO: 1})
    assert state["post_log"][0]["answered"] is None
    client.calls.create(to=TO, from_=FROM, twiml=HANGUP)


@pytest.mark.parametrize(("knob", "calls"), [("500_after_create", 1), ("500_before_create", 0)])
def test_500_with_and_without_a_call(client: Client, sandbox: Any, knob: str, calls: int) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(**{knob: 1})
    assert refusal(client).status == 500
    assert len(client.calls.list()) == calls


def test_429_then_accepted(client: Client, sandbox: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(**{"429_n": 2})
    assert [refusal(client).code for _ in range(2)] == [20429, 20429]
    client.calls.create(to=TO, from_=FROM, twiml=HANGUP)


def test_faults_can_be_kept_to_one_number(client: Client, sandbox: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(to="+12125550198", refuse=1, refuse_code=21216)
    client.calls.create(to=TO, from_=FROM, twiml=HANGUP)
    assert refusal(client, to="+12125550198").code == 21216


def test_html_502_is_no_twilio_error(client: Client, sandbox: Any) -> None:
    sandbox.faults(html_502=1)
    raised = refusal(client)
    assert (raised.status, raised.code) == (502, None) or raised.code == 502


def test_delay_then_201(client: Client, sandbox: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(delay_then_201=0.4)
    began = time.monotonic()
    client.calls.create(to=TO, from_=FROM, twiml=HANGUP)
    assert time.monotonic() - began >= 0.4


def test_new_calls_can_be_invisible_in_lists(client: Client, sandbox: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(list_lag_s=60)
    call = client.calls.create(to=TO, from_=FROM, twiml=HANGUP)
    assert client.calls.list(to=TO) == []
    sandbox.faults(list_lag_s=None)
    assert [one.sid for one in client.calls.list(to=TO)] == [call.sid]


def test_an_extra_key_breaks_the_sdks_paging(client: Client, sandbox: Any) -> None:
    sandbox.faults(list_paging_extra=True)
    with pytest.raises(TwilioException):
        client.calls.list()


def test_a_misspelt_knob_is_refused(sandbox: Any) -> None:
    assert sandbox.post("/_sandbox/faults", no_such_knob=1).status_code == 400


def test_health_and_loopback(sandbox: Any) -> None:
    assert sandbox.get("/_sandbox/health") == {"name": "twilio", "simulated": True}
    assert httpx.get(sandbox.url + "/nothing", trust_env=False).status_code == 401


async def test_reset_ends_everything_and_leaves_nothing_alive(
    sandbox: Any, product: Any, dial: Any, until: Any
) -> None:
    sandbox.script(ring_s=0.1)
    product.twiml["/voice/7f3a"] = product.connect()
    await dial()
    await until(lambda: product.sockets and product.sockets[0].of("media"))
    await asyncio.to_thread(sandbox.post, "/_sandbox/reset")
    await until(lambda: product.sockets[0].closed)
    state = await asyncio.to_thread(sandbox.get, "/_sandbox/calls")
    assert state == {"calls": [], "alive": 0, "posts": {}, "post_log": []}
