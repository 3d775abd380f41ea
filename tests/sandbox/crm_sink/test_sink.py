"""The sink against the Standard Webhooks library: what is authentic, what is not, and how it can misbehave."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from sandbox.local import clock
from sandbox.local.running import running

SECRET, OLD = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"n", b"o"))
PAYLOAD = json.dumps({"type": "call.ended", "data": {"outcome": "booked"}})


@pytest.fixture(scope="module")
def sink_process() -> Iterator[str]:
    with running("crm_sink", "--secret", SECRET, "--secret", OLD) as url:
        yield url


@pytest.fixture
def sink(sink_process: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sink_process, trust_env=False, timeout=10) as client:
        client.post("/_sandbox/reset").raise_for_status()
        yield client


def signed(message_id: str = "msg_1", secret: str = SECRET, age: timedelta = timedelta()) -> dict[str, str]:
    at = clock.now() - age
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, PAYLOAD),
    }


def deliveries(sink: httpx.Client) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = sink.get("/_sandbox/deliveries").json()
    return listed


@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_an_authentic_delivery_is_kept(sink: httpx.Client, secret: str) -> None:
    assert sink.post("/hooks/crm", content=PAYLOAD, headers=signed(secret=secret)).status_code == 200
    (one,) = deliveries(sink)
    assert (one["verified"], one["path"], one["payload"]) == (True, "/hooks/crm", json.loads(PAYLOAD))


def test_any_of_several_signatures_may_match(sink: httpx.Client) -> None:
    headers = signed()
    headers["webhook-signature"] = "v1,AAAA v1a,BBBB " + headers["webhook-signature"]
    assert sink.post("/", content=PAYLOAD, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"webhook-id": "msg_2"}, "no_matching_signature"),
        ({"webhook-signature": "garbage,,"}, "no_matching_signature"),
        ({"webhook-signature": ""}, "missing_header"),
        ({"webhook-timestamp": "12.5"}, "malformed_timestamp"),
    ],
)
def test_forgeries_are_401_and_shown(sink: httpx.Client, change: dict[str, str], problem: str) -> None:
    assert sink.post("/", content=PAYLOAD, headers=signed() | change).status_code == 401
    assert [(one["verified"], one["problem"]) for one in deliveries(sink)] == [(False, problem)]


def test_another_secret_is_a_forgery(sink: httpx.Client) -> None:
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    assert sink.post("/", content=PAYLOAD, headers=signed(secret=other)).status_code == 401
    assert [one["problem"] for one in deliveries(sink)] == ["no_matching_signature"]


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_a_stamp_too_far_from_now_is_a_forgery(sink: httpx.Client, age: timedelta) -> None:
    assert sink.post("/", content=PAYLOAD, headers=signed(age=age)).status_code == 401
    assert [one["problem"] for one in deliveries(sink)] == ["timestamp_out_of_tolerance"]


def test_a_changed_body_is_a_forgery(sink: httpx.Client) -> None:
    assert sink.post("/", content=PAYLOAD + " ", headers=signed()).status_code == 401


def test_a_repeated_id_is_accepted_and_marked(sink: httpx.Client) -> None:
    for _ in range(2):
        assert sink.post("/", content=PAYLOAD, headers=signed()).status_code == 200
    assert [one["duplicate"] for one in deliveries(sink)] == [False, True]


def test_it_fails_on_demand(sink: httpx.Client) -> None:
    sink.post("/_sandbox/faults", json={"errors": {"status": 503, "retry_after": 2}}).raise_for_status()
    busy = sink.post("/", content=PAYLOAD, headers=signed())
    assert (busy.status_code, busy.headers["retry-after"], deliveries(sink)) == (503, "2", [])
    sink.post("/_sandbox/faults", json={"stall": {"seconds": 30}}).raise_for_status()
    with pytest.raises(httpx.ReadTimeout):
        sink.post("/", content=PAYLOAD, headers=signed(), timeout=0.2)
    sink.post("/_sandbox/faults", json={"drop_after": 1}).raise_for_status()
    with pytest.raises(httpx.TransportError):
        sink.post("/", content=PAYLOAD, headers=signed())
    sink.post("/_sandbox/faults", json={"gone": True}).raise_for_status()
    assert sink.post("/", content=PAYLOAD, headers=signed("msg_9")).status_code == 410
