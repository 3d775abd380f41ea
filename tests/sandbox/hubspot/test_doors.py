"""Authentication, rate limits, faults and property definitions."""

from typing import Any

import httpx
import pytest

PATH = "/crm/v3/objects/contacts"
ANN = {"properties": {"email": "ann@example.net"}}


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic pat-sandbox"])
def test_a_bad_token_is_401(hubspot: httpx.Client, authorization: str) -> None:
    answer = hubspot.get(PATH, headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


def test_rate_limits_name_their_policy(hubspot: httpx.Client) -> None:
    hubspot.post("/_sandbox/faults", json={"rate_limit": {"policy": "DAILY", "times": 1}}).raise_for_status()
    daily = hubspot.post(PATH, json=ANN)
    assert (daily.status_code, daily.json()["policyName"], "retry-after" in daily.headers) == (429, "DAILY", False)
    hubspot.post("/_sandbox/faults", json={"burst": 0}).raise_for_status()
    burst = hubspot.post(PATH, json=ANN)
    assert (burst.status_code, burst.json()["policyName"], burst.headers["retry-after"]) == (429, "SECONDLY", "1")
    assert hubspot.get("/_sandbox/objects").json()["contacts"] == []


def test_a_lost_answer_leaves_the_contact(hubspot: httpx.Client) -> None:
    hubspot.post("/_sandbox/faults", json={"drop_after": 1}).raise_for_status()
    with pytest.raises(httpx.TransportError):
        hubspot.post(PATH, json=ANN)
    assert hubspot.post(PATH, json=ANN).status_code == 409


def test_outages_scopes_and_stalls(hubspot: httpx.Client) -> None:
    hubspot.post("/_sandbox/faults", json={"errors": {"status": 502}, "missing_scopes": True}).raise_for_status()
    assert hubspot.post(PATH, json=ANN).status_code == 502
    assert hubspot.post(PATH, json=ANN).json()["category"] == "MISSING_SCOPES"
    hubspot.post("/_sandbox/faults", json={"stall": {"seconds": 30}}).raise_for_status()
    with pytest.raises(httpx.ReadTimeout):
        hubspot.post(PATH, json=ANN, timeout=0.2)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Upper"},
        {"type": "string", "fieldType": "number"},
        {"groupName": "nowhere"},
        {"label": ""},
        {"type": "enumeration", "fieldType": "select"},
    ],
)
def test_bad_property_definitions_are_refused(hubspot: httpx.Client, change: dict[str, Any]) -> None:
    good = {"name": "fr", "label": "Fr", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
    assert hubspot.post("/crm/v3/properties/contacts", json=good | change).status_code == 400


def test_properties_and_groups_are_listed(hubspot: httpx.Client) -> None:
    group = {"name": "firstring", "label": "Firstring"}
    assert hubspot.post("/crm/v3/properties/contacts/groups", json=group).status_code == 201
    body = {"name": "fr_outcome", "label": "Outcome", "type": "string", "fieldType": "text", "groupName": "firstring"}
    assert hubspot.post("/crm/v3/properties/contacts", json=body).status_code == 201
    assert hubspot.get("/crm/v3/properties/contacts/fr_outcome").json()["groupName"] == "firstring"
    names = {one["name"] for one in hubspot.get("/crm/v3/properties/contacts").json()["results"]}
    assert {"email", "fr_outcome"} <= names
    assert hubspot.get("/crm/v3/properties/contacts/nothing").status_code == 404


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_garbage_is_400(hubspot: httpx.Client, body: bytes) -> None:
    assert hubspot.post(PATH, content=body).status_code == 400
