"""Every JSON body is held to the published OpenAPI document of api.twilio.com, when it lies beside the checkout."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.twilio.fields import Fields
from sandbox.twilio.records import Call, Message, Number, Recording
from sandbox.twilio.resources import account_recording_body, call_body, message_body, number_body, recording_body

PUBLISHED = Path(__file__).resolve().parents[4] / "shared" / "data" / "twilio_api_v2010.json"
AC, TO, FROM = "AC00000000000000000000000000000001", "+12125550101", "+12125550100"
RECORDING = Recording("RE" + "1" * 32, AC, "CA" + "1" * 32, 2, "both", "OutboundAPI")
LIVE = {"annotation"}  # in captured answers of the live API, not in its document


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    if not PUBLISHED.exists():
        pytest.skip("the published OpenAPI document is not beside this checkout (../shared/data)")
    document: dict[str, Any] = json.loads(PUBLISHED.read_text("utf-8"))
    return document["components"]["schemas"]


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ("api.v2010.account.call", lambda: call_body(Call("CA" + "1" * 32, AC, TO, FROM, Fields()))),
        ("api.v2010.account.call.call_recording", lambda: recording_body(RECORDING)),
        ("api.v2010.account.recording", lambda: account_recording_body(RECORDING)),
        ("api.v2010.account.message", lambda: message_body(Message("SM" + "1" * 32, AC, TO, FROM, "hi"))),
        ("api.v2010.account.incoming_phone_number", lambda: number_body(AC, FROM, Number())),
    ],
)
def test_bodies_have_the_published_fields_and_types(
    schemas: dict[str, Any], schema: str, body: Callable[[], dict[str, Any]]
) -> None:
    published, shown = schemas[schema]["properties"], body()
    assert set(shown) <= set(published) | LIVE, f"unknown to the API: {set(shown) - set(published)}"
    kinds = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list}
    for name, value in shown.items():
        kind = published.get(name, {}).get("type")
        if value is not None and kind in kinds:
            assert isinstance(value, kinds[kind]), name
    if "incoming" not in schema:
        assert set(published) - set(shown) == set()
