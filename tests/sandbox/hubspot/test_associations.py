"""Links between calls and contacts: at creation, by the default label, by type id, and in both directions."""

from typing import Any

import httpx
import pytest

STAMP = {"hs_timestamp": "1764583200000"}


@pytest.fixture
def contact(hubspot: httpx.Client) -> str:
    made = hubspot.post("/crm/v3/objects/contacts", json={"properties": {"email": "ann@example.net"}})
    return str(made.json()["id"])


def make(hubspot: httpx.Client, kind: str, *associations: dict[str, Any]) -> httpx.Response:
    return hubspot.post(f"/crm/v3/objects/{kind}", json={"properties": STAMP, "associations": list(associations)})


def to(contact: str, type_id: int) -> dict[str, Any]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]
    return {"to": {"id": contact}, "types": types}


@pytest.mark.parametrize(("kind", "type_id"), [("calls", 194), ("notes", 202), ("tasks", 204)])
def test_an_engagement_is_linked_at_creation(hubspot: httpx.Client, contact: str, kind: str, type_id: int) -> None:
    made = make(hubspot, kind, to(contact, type_id))
    assert made.status_code == 201
    read = hubspot.get(f"/crm/v3/objects/contacts/{contact}", params={"associations": kind}).json()
    assert [one["id"] for one in read["associations"][kind]["results"]] == [made.json()["id"]]


def test_the_reverse_type_id_is_refused_and_nothing_is_made(hubspot: httpx.Client, contact: str) -> None:
    assert make(hubspot, "calls", to(contact, 193)).status_code == 400
    assert make(hubspot, "calls", to("9999", 194)).status_code == 404
    assert hubspot.get("/_sandbox/objects").json()["calls"] == []


@pytest.mark.parametrize("prefix", ["/crm/v4/objects", "/crm/objects/2026-03"])
def test_the_default_association_is_idempotent(hubspot: httpx.Client, contact: str, prefix: str) -> None:
    call = make(hubspot, "calls").json()["id"]
    for _ in range(2):
        answer = hubspot.put(f"{prefix}/calls/{call}/associations/default/contacts/{contact}")
        assert (answer.status_code, answer.json()["status"]) == (200, "COMPLETE")
    listed = hubspot.get(f"{prefix}/calls/{call}/associations/contacts").json()["results"]
    assert [(one["toObjectId"], one["associationTypes"][0]["typeId"]) for one in listed] == [(int(contact), 194)]


def test_a_labelled_put_and_its_removal(hubspot: httpx.Client, contact: str) -> None:
    call = make(hubspot, "calls").json()["id"]
    path = f"/crm/v4/objects/calls/{call}/associations/contacts/{contact}"
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}]
    assert hubspot.put(path, json=types).status_code == 201
    assert hubspot.delete(path).status_code == 204
    assert hubspot.get(f"/crm/v4/objects/calls/{call}/associations/contacts").json()["results"] == []
