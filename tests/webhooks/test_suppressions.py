"""`/suppressions` and its command: a list goes in with every refusal told, comes back out, and binds at the leads door."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from sqlmodel import select
from typer.testing import CliRunner

from campaign import stand_ins
from campaign.database import Database
from campaign.records import AuditEntry, Suppression
from campaign.settings import Settings
from tests.webhooks.senders import signed
from webhooks.cli import app as cli

Make = Callable[..., dict[str, Any]]
DANA = "+12125550101"


async def submitted(web: httpx.AsyncClient, lead: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await web.post("/leads/website", **signed(json.dumps(lead).encode()))).json()
    return answer


async def test_a_list_goes_in_with_its_refusals_and_comes_out_as_it_can_go_in_again(
    web: httpx.AsyncClient, bearer: dict[str, str], lead: Make
) -> None:
    text = f"phone,scope\n{DANA},\n{DANA},\nhello,\n+12125550102,nobody\n+12125550103,solar-us\n"
    answer = await web.post("/suppressions/import?country=US&by=Kim", content=text, headers=bearer)
    assert answer.status_code == 200
    taken = answer.json()
    assert (taken["added"], taken["known"]) == (2, 1)
    assert [(one["line"], one["message"][:20]) for one in taken["refused"]] == [
        (4, "cannot be called any"),
        (5, "no campaign is calle"),
    ]
    assert (await submitted(web, lead()))["reason"] == "suppressed"
    out = await web.get("/suppressions", headers=bearer)
    assert out.headers["content-type"].startswith("text/csv")
    assert out.text.splitlines()[1].startswith(f"{DANA},,global,import,import,")
    again = (await web.post("/suppressions/import", content=out.text, headers=bearer)).json()
    assert (again["added"], again["known"], again["refused"]) == (0, 2, [])


async def test_one_person_is_added_and_removed_with_a_reason_that_is_kept(
    web: httpx.AsyncClient, bearer: dict[str, str], lead: Make, database: Database
) -> None:
    waiting = await submitted(web, lead())
    wanted = {"who": "dana.reed@example.com", "by": "Kim"}
    assert (await web.post("/suppressions", json=wanted, headers=bearer)).json() == {"changed": True}
    assert (await web.get(f"/leads/{waiting['lead_id']}", headers=bearer)).json()["status"] == "opted_out"
    assert (await submitted(web, lead(phone="+12125550177")))["reason"] == "suppressed"
    silent = await web.post("/suppressions/remove", json=wanted | {"reason": ""}, headers=bearer)
    assert (silent.status_code, silent.json()["code"]) == (422, "no_reason")
    gone = await web.post("/suppressions/remove", json=wanted | {"reason": "wrong Dana"}, headers=bearer)
    assert gone.json() == {"changed": True}
    with database.reading() as session:
        [added, removed] = session.exec(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert (added.action, added.by, added.counts) == ("suppression_add", "Kim", {"added": 1})
        assert (removed.action, removed.reason) == ("suppression_remove", "wrong Dana")
        assert stand_ins.is_ours(session, removed.subject)


async def test_a_stand_in_of_another_installation_is_refused(
    web: httpx.AsyncClient, bearer: dict[str, str], database: Database
) -> None:
    foreign = {"who": "#0000-" + "a" * 40}
    refused = await web.post("/suppressions", json=foreign, headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (422, "foreign_stand_in")
    with database.reading() as session:
        assert session.exec(select(Suppression)).all() == []


async def test_the_commands_say_what_was_refused_and_who_is_suppressed(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    file = tmp_path / "list.csv"
    file.write_text("phone\n+12125550101\n555\n")

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli, ["suppression", *words])

    taken = run("import", str(file))
    assert (taken.exit_code, "1 added, 0 known before, 1 refused" in taken.output) == (1, True)
    assert f"{file}:3: is no full number" in taken.output
    assert "suppressed (global)" in run("check", "(212) 555-0101", "--country", "US").output
    assert run("add", "ann@example.com", "--scope", "solar-us").output == "suppressed\n"
    assert run("check", "ann@example.com").exit_code == 1
    assert run("check", "ann@example.com", "--campaign", "solar-us").exit_code == 0
    assert "mailto" not in run("export").output
    assert run("remove", DANA, "--reason", "wrong list").output == "removed\n"
    assert "nothing to remove" in str(run("remove", DANA, "--reason", "again").exception)
