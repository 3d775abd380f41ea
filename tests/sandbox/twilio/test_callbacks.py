"""Webhook delivery: retries by fragment, and every way a callback can be late, double, lost, forged or early."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.twilio.courier import Effort, effort_of

BUSY = {"answer": "busy", "ring_s": 0.3}
STATUS = "/status/7f3a"


@pytest.mark.parametrize(
    ("url", "effort"),
    [
        ("https://h.example.com/p", Effort()),
        ("https://h.example.com/p#rc=3&rp=ct,5xx,rt", Effort(3, ("ct", "5xx", "rt"))),
        ("https://h.example.com/p#section&rc=x", Effort()),
        ("https://h.example.com/p#rc=9&ct=200&rt=1000", Effort(5, ("ct",), 0.2, 1.0)),
    ],
)
def test_efforts(url: str, effort: Effort) -> None:
    assert effort_of(url) == effort


async def test_by_default_a_500_loses_the_event(sandbox: Any, product: Any, dial: Any) -> None:
    sandbox.script(**BUSY)
    product.statuses[STATUS] = 500
    call = await sandbox.ended((await dial()).sid)
    assert len(product.of(STATUS)) == 3
    assert {alert["code"] for alert in call["alerts"]} == {11200}


async def test_the_fragment_asks_for_retries_with_one_token(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.script(**BUSY)
    product.statuses[STATUS] = 500
    await dial(status_callback=f"{product.url}{STATUS}#rc=2&rp=5xx", status_callback_event=None)
    hooks = await until(lambda: len(product.of(STATUS)) == 3 and product.of(STATUS))
    tokens = [hook.headers.get("i-twilio-idempotency-token") for hook in hooks]
    assert tokens[0] is None
    assert tokens[1]
    assert tokens[1] == tokens[2]
    assert all(hook.valid and hook.headers["user-agent"] == "TwilioProxy/1.1" for hook in hooks)


async def test_a_product_that_is_down_is_11205_and_the_call_goes_on(sandbox: Any, dial: Any, until: Any) -> None:
    sandbox.script(**BUSY)
    call = await dial(status_callback="http://127.0.0.1:9/status")
    assert (await sandbox.ended(call.sid))["status"] == "busy"

    async def alerts() -> bool:
        return [alert["code"] for alert in (await sandbox.call(call.sid))["alerts"]] == [11205] * 3

    await until(alerts)
    hooks = (await sandbox.call(call.sid))["webhooks"]
    assert [hook["failed"] for hook in hooks] == ["ct"] * 6, "a refused connection is tried once more"


async def test_duplicates(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(callbacks_duplicate=2, callbacks_gap_ms=20)
    await dial()
    hooks = await until(lambda: len(product.of(STATUS)) == 9 and product.of(STATUS))
    assert sorted(hook.form["SequenceNumber"] for hook in hooks) == list("000111222")


async def test_reordering(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.script(ring_s=0.1, steps=[{"at_ms": 200, "hang_up": True}])
    sandbox.faults(callbacks_reorder=True)
    product.twiml["/voice/7f3a"] = '<Response><Pause length="5"/></Response>'
    await dial()
    hooks = await until(lambda: len(product.of(STATUS)) == 4 and product.of(STATUS))
    assert [hook.form["SequenceNumber"] for hook in hooks] == ["1", "0", "3", "2"]


async def test_dropped_events(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(callbacks_drop=["initiated", "completed"])
    await sandbox.ended((await dial()).sid)
    hooks = await until(lambda: product.of(STATUS))
    assert [hook.form["CallStatus"] for hook in hooks] == ["ringing"]


async def test_initiated_before_the_201(sandbox: Any, product: Any, dial: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(callbacks_before_201=True)
    call = await dial()
    first = product.of(STATUS)[0].form
    assert (first["CallSid"], first["CallStatus"]) == (call.sid, "initiated")


async def test_forged_signatures_and_accounts(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(wrong_signature=True)
    await sandbox.ended((await dial()).sid)
    assert not any(hook.valid for hook in await until(lambda: product.of(STATUS)))
    sandbox.faults(wrong_signature=None, wrong_account=True)
    product.hooks.clear()
    await dial()
    hook = (await until(lambda: product.of(STATUS)))[0]
    assert hook.valid
    assert hook.form["AccountSid"] == "AC" + "f" * 32


async def test_shared_keys_sign_with_sha256(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(shared_key={"id": "k1", "secret": "s3cret"})
    await dial(status_callback_event=None)
    headers = (await until(lambda: product.of(STATUS)))[0].headers
    assert headers["x-twilio-webhooks-signature-settings"] == "key=k1,algorithm=HMAC_SHA256"


# answering machine detection


async def machine(dial: Any, **wishes: Any) -> Any:
    async_amd = {"machine_detection": "DetectMessageEnd", "async_amd": "true"}
    return await dial(**(async_amd | wishes))


@pytest.fixture
def amd(product: Any) -> Any:
    product.twiml["/voice/7f3a"] = '<Response><Pause length="3"/></Response>'
    return lambda: product.of("/amd")


async def test_a_person_is_human(sandbox: Any, product: Any, dial: Any, until: Any, amd: Any) -> None:
    sandbox.script(ring_s=0.1)
    call = await machine(dial, async_amd_status_callback=product.url + "/amd")
    (hook,) = await until(amd)
    assert hook.valid
    assert set(hook.form) == {"AccountSid", "CallSid", "AnsweredBy", "MachineDetectionDuration"}
    assert hook.form["AnsweredBy"] == "human"
    assert "AnsweredBy" not in product.of("/voice/7f3a")[0].form
    await sandbox.ended(call.sid)
    last = await until(lambda: [one for one in product.of(STATUS) if one.form["CallStatus"] == "completed"])
    assert last[0].form["AnsweredBy"] == "human"


async def test_a_machine_is_known_at_the_end_of_its_greeting(
    sandbox: Any, product: Any, dial: Any, until: Any, amd: Any
) -> None:
    sandbox.script(ring_s=0.1, answer="voicemail", steps=[{"at_ms": 100, "tone_ms": 700}])
    await machine(dial, async_amd_status_callback=product.url + "/amd")
    (hook,) = await until(amd)
    assert hook.form["AnsweredBy"] == "machine_end_beep"
    assert int(hook.form["MachineDetectionDuration"]) >= 700


async def test_synchronous_detection_holds_the_document_back(
    sandbox: Any, product: Any, dial: Any, until: Any, amd: Any
) -> None:
    sandbox.script(ring_s=0.1)
    sandbox.faults(amd_verdict="fax", amd_at_ms=300)
    await machine(dial, async_amd=None)
    hook = (await until(lambda: product.of("/voice/7f3a")))[0]
    assert hook.form["AnsweredBy"] == "fax"


async def test_amd_twice_never_and_late(sandbox: Any, product: Any, dial: Any, until: Any, amd: Any) -> None:
    wishes = {"async_amd_status_callback": product.url + "/amd"}
    sandbox.script(ring_s=0.1, steps=[{"at_ms": 400, "hang_up": True}])
    sandbox.faults(amd_at_ms=100, amd_twice=True)
    await sandbox.ended((await machine(dial, **wishes)).sid)
    await until(lambda: len(amd()) == 2)
    product.hooks.clear()
    sandbox.faults(amd_twice=None, amd_never=True)
    await sandbox.ended((await machine(dial, **wishes)).sid)
    assert amd() == []
    sandbox.faults(amd_never=None, amd_at_ms=900)
    await sandbox.ended((await machine(dial, **wishes)).sid)
    await until(lambda: len(product.of("/amd")) == 1)


async def test_slow_delivery_does_not_hold_the_call(sandbox: Any, product: Any, dial: Any, until: Any) -> None:
    sandbox.script(**BUSY)
    sandbox.faults(slow_client_ms=600)
    call = await dial()
    assert (await sandbox.ended(call.sid))["status"] == "busy"
    assert len(product.of(STATUS)) < 3
    await until(lambda: len(product.of(STATUS)) == 3)
