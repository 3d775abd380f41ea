"""Contacts, calls, notes and tasks: creation, unique values, validation, batches, both path families."""

import json
from typing import Any

import httpx
import pytest

CONTACTS = ("/crm/v3/objects/contacts", "/crm/objects/2026-03/contacts")
CALL = {"hs_timestamp": "2026-12-01T10:00:00Z", "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"}


def create(hubspot: httpx.Client, kind: str, **properties: Any) -> httpx.Response:
    return hubspot.post(f"/crm/v3/objects/{kind}", json={"properties": properties})


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    """The (property, error) pairs HubSpot packs as JSON into its message."""
    assert answer.status_code == 400
    listed = json.loads(answer.json()["message"].partition(": ")[2])
    return [(one["name"], one["error"]) for one in listed]


@pytest.mark.parametrize("path", CONTACTS)
def test_a_contact_is_read_by_id_and_by_email(hubspot: httpx.Client, path: str) -> None:
    made = hubspot.post(path, json={"properties": {"email": "Ann@Example.net", "firstname": "Ann"}})
    assert made.status_code == 201
    by_email = hubspot.get(f"{path}/ann@example.net", params={"idProperty": "email", "properties": "firstname,phone"})
    assert by_email.json()["id"] == made.json()["id"]
    assert by_email.json()["properties"]["firstname"] == "Ann"
    assert by_email.json()["properties"]["phone"] is None
    assert hubspot.get(f"{path}/999").status_code == 404


def test_a_second_contact_with_the_same_email_names_the_first(hubspot: httpx.Client) -> None:
    first = create(hubspot, "contacts", email="ann@example.net").json()["id"]
    again = create(hubspot, "contacts", email="ANN@example.net")
    assert again.status_code == 409
    assert again.json()["message"] == f"Contact already exists. Existing ID: {first}"
    assert again.json()["category"] == "CONFLICT"


def test_wrong_properties_are_named(hubspot: httpx.Client) -> None:
    assert faults(create(hubspot, "contacts", email="nope", dialer_outcome="booked")) == [
        ("email", "INVALID_EMAIL"),
        ("dialer_outcome", "PROPERTY_DOESNT_EXIST"),
    ]
    assert faults(create(hubspot, "calls", **CALL | {"hs_call_direction": "SIDEWAYS"})) == [
        ("hs_call_direction", "INVALID_OPTION")
    ]
    assert faults(create(hubspot, "calls", **CALL | {"hs_call_duration": "long"})) == [
        ("hs_call_duration", "INVALID_INTEGER")
    ]
    assert faults(create(hubspot, "contacts", hs_object_id="1")) == [("hs_object_id", "READ_ONLY_VALUE")]


@pytest.mark.parametrize("value", [42, True, ["x"], {"a": 1}])
def test_values_are_strings(hubspot: httpx.Client, value: Any) -> None:
    answer = create(hubspot, "calls", **CALL | {"hs_call_duration": value})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("kind", ["calls", "notes", "tasks"])
def test_engagements_need_their_timestamp(hubspot: httpx.Client, kind: str) -> None:
    answer = create(hubspot, kind)
    assert answer.json()["context"] == {"properties": ["hs_timestamp"]}


def test_upsert_creates_once_and_then_updates(hubspot: httpx.Client) -> None:
    def upsert(name: str) -> dict[str, Any]:
        one = {"idProperty": "email", "id": "ann@example.net", "properties": {"firstname": name}}
        answer = hubspot.post("/crm/v3/objects/contacts/batch/upsert", json={"inputs": [one]})
        assert answer.status_code == 200
        result: dict[str, Any] = answer.json()["results"][0]
        return result

    first, second = upsert("Ann"), upsert("Anna")
    assert (first["new"], second["new"]) == (True, False)
    assert first["id"] == second["id"]
    assert len(hubspot.get("/_sandbox/objects").json()["contacts"]) == 1


def test_a_call_is_idempotent_by_a_custom_unique_property(hubspot: httpx.Client) -> None:
    definition = {
        "name": "firstring_call_sid",
        "label": "Call SID",
        "type": "string",
        "fieldType": "text",
        "groupName": "engagement_info",
        "hasUniqueValue": True,
    }
    assert hubspot.post("/crm/v3/properties/calls", json=definition).status_code == 201
    assert hubspot.post("/crm/v3/properties/calls", json=definition).status_code == 409
    one = {"idProperty": "firstring_call_sid", "id": "CA1", "properties": CALL}
    for _ in range(3):
        assert hubspot.post("/crm/v3/objects/calls/batch/upsert", json={"inputs": [one]}).status_code == 200
    assert len(hubspot.get("/_sandbox/objects").json()["calls"]) == 1
    assert faults(create(hubspot, "calls", **CALL | {"firstring_call_sid": "CA1"})) == [
        ("firstring_call_sid", "CONFLICTING_UNIQUE_VALUE")
    ]


def test_upsert_needs_a_unique_property(hubspot: httpx.Client) -> None:
    one = {"idProperty": "firstname", "id": "Ann", "properties": {}}
    assert hubspot.post("/crm/v3/objects/contacts/batch/upsert", json={"inputs": [one]}).status_code == 400


def test_a_batch_answers_207_when_part_of_it_fails(hubspot: httpx.Client) -> None:
    good = {"idProperty": "email", "id": "ann@example.net", "properties": {"firstname": "Ann"}}
    bad = {"idProperty": "email", "id": "bob@example.net", "properties": {"nope": "1"}}
    answer = hubspot.post("/crm/v3/objects/contacts/batch/upsert", json={"inputs": [good, bad]})
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert answer.json()["errors"][0]["context"] == {"ids": ["bob@example.net"]}
    read = {"idProperty": "email", "inputs": [{"id": "ann@example.net"}, {"id": "nobody@example.net"}]}
    assert hubspot.post("/crm/v3/objects/contacts/batch/read", json=read).status_code == 207


def test_a_batch_holds_a_hundred_distinct_inputs(hubspot: httpx.Client) -> None:
    one = {"idProperty": "email", "id": "ann@example.net", "properties": {}}
    for inputs in ([one] * 2, [one | {"id": f"p{n}@example.net"} for n in range(101)], []):
        assert hubspot.post("/crm/v3/objects/contacts/batch/upsert", json={"inputs": inputs}).status_code == 400


def test_patch_by_email_updates_or_404s(hubspot: httpx.Client) -> None:
    create(hubspot, "contacts", email="ann@example.net")
    by_email = {"idProperty": "email"}
    body = {"properties": {"phone": "+12125550101"}}
    path = "/crm/v3/objects/contacts"
    assert hubspot.patch(f"{path}/ann@example.net", params=by_email, json=body).json()["properties"]["phone"]
    assert hubspot.patch(f"{path}/bob@example.net", params=by_email, json=body).status_code == 404


def test_search_lags_behind_writes(hubspot: httpx.Client) -> None:
    query = {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ", "value": "ann@example.net"}]}]}

    def total() -> int:
        return int(hubspot.post("/crm/v3/objects/contacts/search", json=query).json()["total"])

    hubspot.post("/_sandbox/faults", json={"search_lag_ms": 60_000}).raise_for_status()
    create(hubspot, "contacts", email="ann@example.net")
    assert total() == 0
    hubspot.post("/_sandbox/faults", json={"search_lag_ms": 0}).raise_for_status()
    assert total() == 1


def test_an_archived_contact_frees_its_email(hubspot: httpx.Client) -> None:
    made = create(hubspot, "contacts", email="ann@example.net").json()["id"]
    assert hubspot.delete(f"/crm/v3/objects/contacts/{made}").status_code == 204
    assert create(hubspot, "contacts", email="ann@example.net").status_code == 201
