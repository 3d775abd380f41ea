"""The JSON API: only with the token, the whole story of a lead, pages, and an opt-out that acts at once."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlmodel import select

from campaign.database import Database
from campaign.records import Lead, Suppression
from tests.webhooks.records import tell_a_call
from tests.webhooks.senders import signed

Make = Callable[..., dict[str, Any]]


async def submitted(web: httpx.AsyncClient, lead: dict[str, Any]) -> str:
    answer = await web.post("/leads/website", **signed(json.dumps(lead).encode()))
    return str(answer.json()["lead_id"])


@pytest.mark.parametrize("path", ["/leads", "/leads/lead_x", "/leads/lead_x/opt-out"])
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", "Basic YTpi", "Bearer é", "é"])
async def test_nobody_gets_in_without_the_token(web: httpx.AsyncClient, path: str, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header.encode()}
    method = "POST" if path.endswith("opt-out") else "GET"
    answer = await web.request(method, path, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_fresh_lead_says_why_it_will_be_called(
    web: httpx.AsyncClient, bearer: dict[str, str], lead: Make
) -> None:
    lead_id = await submitted(web, lead())
    story = (await web.get(f"/leads/{lead_id}", headers=bearer)).json()
    assert (story["lead_id"], story["status"], story["name"]) == (lead_id, "scheduled", "Dana Reed")
    assert [moment["kind"] for moment in story["timeline"]][:3] == ["received", "consent", "decision"]
    assert story["decisions"][0]["verdict"] == "allow"
    assert {rule["rule"] for rule in story["decisions"][0]["trace"]} >= {"consent", "number"}
    assert story["consents"][0]["given"] is True
    assert story["attempts"] == story["bookings"] == story["outcomes"] == story["crm"] == []


async def test_the_whole_story_of_a_call(
    web: httpx.AsyncClient, bearer: dict[str, str], lead: Make, database: Database
) -> None:
    lead_id = await submitted(web, lead())
    tell_a_call(database, lead_id)
    story = (await web.get(f"/leads/{lead_id}", headers=bearer)).json()
    made = story["attempts"][0]
    assert (made["state"], made["events"][0]["word"], made["call"]["summary"]) == (
        "completed",
        "completed",
        "Wants solar.",
    )
    assert [turn["role"] for turn in made["call"]["turns"]] == ["agent", "caller"]
    assert made["call"]["tools"][0]["result"] == {"status": "booked"}
    assert (story["bookings"][0]["person"], story["outcomes"][0]["next"], story["crm"][0]["state"]) == (
        "Sal",
        "booked",
        "due",
    )
    times = [moment["at"] for moment in story["timeline"]]
    assert times == sorted(times)
    assert {moment["kind"] for moment in story["timeline"]} >= {"attempt", "call", "outcome", "booking", "crm"}


async def test_the_list_pages_newest_first(web: httpx.AsyncClient, bearer: dict[str, str], lead: Make) -> None:
    made = [await submitted(web, lead()) for _ in range(5)]
    seen: list[str] = []
    before = ""
    while True:
        answer = (await web.get(f"/leads?limit=2{before}", headers=bearer)).json()
        seen += [one["lead_id"] for one in answer["leads"]]
        if not answer["next"]:
            break
        before = f"&before={answer['next']}"
    assert seen == sorted(made, reverse=True)
    blocked = (await web.get("/leads?status=blocked", headers=bearer)).json()
    assert blocked == {"leads": [], "next": None}


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "before=%00", "status=a'b"])
async def test_bad_parameters_are_422(web: httpx.AsyncClient, bearer: dict[str, str], query: str) -> None:
    answer = await web.get(f"/leads?{query}", headers=bearer)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("lead_id", ["lead_nobody", "%00", "é", "a" * 5000])
async def test_an_unknown_lead_is_404(web: httpx.AsyncClient, bearer: dict[str, str], lead_id: str) -> None:
    assert (await web.get(f"/leads/{lead_id}", headers=bearer)).status_code == 404
    assert (await web.post(f"/leads/{lead_id}/opt-out", headers=bearer)).status_code == 404


async def test_an_opt_out_suppresses_the_number_and_every_waiting_lead(
    web: httpx.AsyncClient, bearer: dict[str, str], lead: Make, database: Database
) -> None:
    one, other = await submitted(web, lead()), await submitted(web, lead())
    answer = (await web.post(f"/leads/{one}/opt-out", headers=bearer)).json()
    assert answer == {"lead_id": one, "status": "opted_out", "suppressed": True}
    with database.reading() as session:
        assert {row.state for row in session.exec(select(Lead))} == {"opted_out"}
        assert session.exec(select(Suppression.channel)).all() == ["api"]
    assert (await web.post(f"/leads/{other}/opt-out", headers=bearer)).status_code == 200
    assert (await submitted(web, lead())) not in (one, other)


async def test_a_blocked_lead_can_opt_out_too(web: httpx.AsyncClient, bearer: dict[str, str], lead: Make) -> None:
    one = await submitted(web, lead(phone="nothing"))
    answer = (await web.post(f"/leads/{one}/opt-out", headers=bearer)).json()
    assert answer == {"lead_id": one, "status": "opted_out", "suppressed": False}
