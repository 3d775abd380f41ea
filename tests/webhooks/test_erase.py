"""Erasing by API and by command: all leads of the person's number, with who and why; the lead's page still opens."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlmodel import select
from typer.testing import CliRunner

from campaign import clock
from campaign.database import Database
from campaign.records import AuditEntry, InboundCall, Lead
from campaign.settings import Settings
from tests.webhooks.senders import signed
from webhooks.cli import app as cli

Make = Callable[..., dict[str, Any]]


async def submitted(web: httpx.AsyncClient, lead: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await web.post("/leads/website", **signed(json.dumps(lead).encode()))).json()
    return answer


async def test_the_api_erases_every_lead_of_the_number(
    web: httpx.AsyncClient, bearer: dict[str, str], lead: Make, database: Database
) -> None:
    one, other = [(await submitted(web, lead()))["lead_id"] for _ in range(2)]
    asked = {"by": "Kim", "reason": "letter of 3 March"}
    bare = await web.post(f"/leads/{one}/erase", json={"by": "Kim"}, headers=bearer)
    assert bare.status_code == 422
    done = (await web.post(f"/leads/{one}/erase", json=asked, headers=bearer)).json()
    assert (done["lead_ids"], done["counts"]["lead"], done["counts"]["inbox_message"]) == ([one, other], 2, 2)
    story = (await web.get(f"/leads/{other}", headers=bearer)).json()
    assert (story["name"], story["phone"], story["email"], story["status"]) == ("", None, "", "opted_out")
    assert (await submitted(web, lead()))["reason"] == "suppressed"
    with database.reading() as session:
        entry = session.exec(select(AuditEntry)).one()
        assert (entry.action, entry.by, entry.reason) == ("erase", "Kim", "letter of 3 March")
    packet = (await web.post("/consents/export", json={"phone": "+12125550101"}, headers=bearer)).json()
    assert [found["erased"] for found in packet["leads"]] == [True, True, False]
    assert [found["by"] for found in packet["erasures"]] == ["Kim"]


async def test_the_command_takes_a_number_or_an_id_and_asks_first(
    web: httpx.AsyncClient, lead: Make, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    lead_id = (await submitted(web, lead()))["lead_id"]
    command = ["lead", "erase", "--reason", "asked"]
    assert CliRunner().invoke(cli, [*command, lead_id], input="n\n").exit_code == 1
    with database.reading() as session:
        assert session.get_one(Lead, lead_id).first_name == "Dana"
    done = CliRunner().invoke(cli, [*command, "+12125550101", "--yes"])
    assert (done.exit_code, "1 lead" in done.output) == (0, True), done.output
    again = CliRunner().invoke(cli, [*command, "+12125550101", "--yes"])
    assert isinstance(again.exception, Exception)
    assert "erased before" in str(again.exception)


def test_the_command_erases_who_only_called_us(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    call = InboundCall(call_sid="CA1", caller="+12125550109", called="+12125550100", answer="message", at=clock.now())
    with database.transaction() as session:
        session.add(call)
    done = CliRunner().invoke(cli, ["lead", "erase", "--reason", "asked", "+12125550109", "--yes"])
    assert (done.exit_code, done.output.splitlines()[0]) == (0, "1 inbound_call")
    with database.reading() as session:
        assert session.get_one(InboundCall, "CA1").caller == ""


async def test_a_hold_keeps_a_person_from_being_erased(
    web: httpx.AsyncClient, bearer: dict[str, str], lead: Make, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    lead_id = (await submitted(web, lead()))["lead_id"]
    asked = {"by": "Kim", "reason": "letter"}
    assert CliRunner().invoke(cli, ["consent", "hold", "+12125550101", "--reason", "claim 7"]).exit_code == 0
    held = await web.post(f"/leads/{lead_id}/erase", json=asked, headers=bearer)
    assert (held.status_code, held.json()["code"]) == (422, "on_hold")
    assert CliRunner().invoke(cli, ["consent", "release", "+12125550101", "--reason", "dropped"]).exit_code == 0
    assert (await web.post(f"/leads/{lead_id}/erase", json=asked, headers=bearer)).status_code == 200
