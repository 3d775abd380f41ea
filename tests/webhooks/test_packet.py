"""The consent packet of a number: everything in one place, and every edit of a sealed row shows."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select
from typer.testing import CliRunner

from campaign import clock, evidence
from campaign.database import Database
from campaign.records import Attempt, Call, CallEvent, ChainEntry, Consent, Decision
from campaign.settings import Settings
from campaign.suppression import suppress
from dialer.recording import BEGAN
from tests.webhooks.records import tell_a_call
from tests.webhooks.senders import signed
from webhooks import packet, packet_page
from webhooks.cli import app as cli
from webhooks.media.record import _disclosed

Make = Callable[..., dict[str, Any]]
DANA = "+12125550101"


@pytest.fixture
async def told(web: httpx.AsyncClient, database: Database, lead: Make) -> str:
    """A lead that was called, heard the disclosure in its recording, and said stop; all sealed."""
    answer = await web.post("/leads/website", **signed(json.dumps(lead(first_name="<b>Dana")).encode()))
    lead_id: str = answer.json()["lead_id"]
    attempt_id = tell_a_call(database, lead_id)
    with database.transaction() as session:
        call = session.get_one(Call, attempt_id)
        began = call.started_at + timedelta(milliseconds=600)
        session.add(CallEvent(dedupe_key="b", attempt_id=attempt_id, kind="recording", word=BEGAN, received_at=began))
        session.flush()
        _disclosed(session, call, clock.now())
        suppress(session, DANA, reason="opted_out", channel="voice", now=clock.now(), attempt_id=attempt_id)
        session.flush()
        evidence.seal(session, clock.now())
    return lead_id


def gathered(database: Database) -> dict[str, Any]:
    with database.reading() as session:
        return packet.gather(session, DANA, by="Kim", now=clock.now())


async def test_a_packet_tells_what_was_shown_decided_called_disclosed_and_taken_back(
    told: str, database: Database
) -> None:
    found = gathered(database)
    assert found["verdict"] == "intact"
    [lead] = found["leads"]
    assert lead["consents"][0]["content"]["text"].startswith("I agree that Brightroof")
    assert {proof["state"] for name in packet.PROVED for proof in lead[name]} == {"matches"}
    [call] = lead["calls"]
    assert (call["disclosure_offset_ms"], call["disclosure_in_recording_ms"]) == (3100, 2500)
    [revoked] = lead["events"]
    assert (revoked["content"]["kind"], revoked["content"]["channel"]) == ("revoked", "voice")
    assert [row["channel"] for row in found["suppressions"]] == ["voice"]
    assert list(packet.faults(json.loads(json.dumps(found)))) == []
    page = packet_page.render(found)
    for words in (
        "Every record is as it was sealed",
        "3.1 s into the conversation, at 0:02 of the recording",
        "&lt;b&gt;",
    ):
        assert words in page
    assert "<b>Dana" not in page
    assert "http" not in page.partition("<style>")[2].partition("</style>")[0], "nothing comes from elsewhere"


@pytest.mark.parametrize("forged", ["consent", "emptied", "decision", "disclosure", "entry", "removed"])
async def test_every_forged_or_removed_record_shows(told: str, database: Database, forged: str) -> None:
    with database.transaction() as session:
        match forged:
            case "consent":
                session.exec(select(Consent)).one().text = "I agree to everything."
            case "emptied":
                row = session.exec(select(Consent)).one()
                row.given, row.phone, row.ip, row.user_agent, row.salt = False, None, "", "", ""
            case "decision":
                session.exec(select(Decision)).one().verdict = "deny"
            case "disclosure":
                session.execute(evidence.SEALED["disclosure"].__table__.update().values(offset_ms=1))
            case "entry":
                session.exec(select(ChainEntry).where(ChainEntry.seq == 1)).one().digest = "0" * 64
            case _:
                session.delete(session.exec(select(ChainEntry).where(ChainEntry.seq == 2)).one())
    found = gathered(database)
    assert found["verdict"] == "broken"
    assert list(packet.faults(found)) != []
    assert "do not fit what was sealed" in packet_page.render(found)


async def test_a_packet_that_was_edited_afterwards_no_longer_fits_its_seals(told: str, database: Database) -> None:
    found = gathered(database)
    found["leads"][0]["consents"][0]["content"]["given"] = False
    assert [fault.split(": ")[1] for fault in packet.faults(found)] == ["was changed after it was sealed"]


async def test_what_is_not_sealed_yet_says_so(web: httpx.AsyncClient, lead: Make, database: Database) -> None:
    await web.post("/leads/website", **signed(json.dumps(lead()).encode()))
    assert gathered(database)["verdict"] == "partly_sealed"
    assert "still to be sealed" in packet_page.render(gathered(database))


async def test_the_api_hands_it_out_to_the_bearer_alone(
    told: str, web: httpx.AsyncClient, bearer: dict[str, str]
) -> None:
    assert (await web.post("/consents/export", json={"phone": DANA})).status_code == 401
    answer = await web.post("/consents/export", json={"phone": "212 555 0101", "country": "US"}, headers=bearer)
    assert (answer.status_code, answer.json()["verdict"]) == (200, "intact")
    nobody = await web.post("/consents/export", json={"phone": "+12125550199"}, headers=bearer)
    assert (nobody.json()["verdict"], nobody.json()["leads"]) == ("nothing_known", [])
    refused = await web.post("/consents/export", json={"phone": "hello"}, headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_a_number")


async def test_the_command_writes_both_files_and_checks_one(
    told: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    done = CliRunner().invoke(cli, ["consent", "export", DANA, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    written = sorted((tmp_path / "out").iterdir())
    assert [path.suffix for path in written] == [".html", ".json"]
    assert CliRunner().invoke(cli, ["consent", "verify", str(written[1])]).exit_code == 0
    written[1].write_text(written[1].read_text().replace('"given": true', '"given": false'))
    forged = CliRunner().invoke(cli, ["consent", "verify", str(written[1])])
    assert (forged.exit_code, "does not fit" in forged.output) == (1, True)


async def test_a_packet_of_an_attempt_without_a_conversation(
    web: httpx.AsyncClient, lead: Make, database: Database
) -> None:
    answer = await web.post("/leads/website", **signed(json.dumps(lead()).encode()))
    attempt_id = tell_a_call(database, answer.json()["lead_id"])
    with database.transaction() as session:
        attempt = session.get_one(Attempt, attempt_id)
        attempt.answered_at = attempt.ended_at = attempt.recording_sid = None
    page = packet_page.render(gathered(database))
    assert "was not heard in full in this call" in page
