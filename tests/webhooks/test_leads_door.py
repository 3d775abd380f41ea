"""The leads door: order of checks, what each answer means, what is kept, and that a repeat is never a second lead."""

import asyncio
import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import select

from campaign import clock
from campaign.database import Database
from campaign.records import Consent, Decision, InboxMessage, Lead, OutboxEntry
from campaign.suppression import suppress
from tests.webhooks.senders import FORM, SECRET, signed
from webhooks.leads import lane as lanes
from webhooks.leads.door import Doors
from webhooks.leads.lane import Lane

Make = Callable[..., dict[str, Any]]
MIB = 1024 * 1024


def body(lead: dict[str, Any]) -> bytes:
    return json.dumps(lead).encode()


def rows(database: Database, table: Any) -> list[Any]:
    with database.reading() as session:
        return list(session.exec(select(table)))


def faulty(answer: httpx.Response) -> set[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return {fault["field"] for fault in answer.json()["errors"]}


async def test_a_complete_lead_is_queued_with_consent_and_decision(
    web: httpx.AsyncClient, database: Database, lead: Make
) -> None:
    answer = await web.post("/leads/website", **signed(body(lead()), message_id="msg_1"))
    assert answer.status_code == 202
    told = answer.json()
    assert (told["status"], told["reason"]) == ("queued", "")
    assert datetime.fromisoformat(told["call_at"]).tzinfo is not None
    kept = rows(database, Lead)[0]
    assert (kept.id, kept.phone, kept.country, kept.state) == (told["lead_id"], "+12125550101", "US", "scheduled")
    assert kept.due_at is not None
    assert kept.extra == {"utm": {"source": "search", "campaign": "autumn"}}
    consent = rows(database, Consent)[0]
    assert (consent.given, consent.phone, consent.ip) == (True, "+12125550101", "203.0.113.9")
    assert consent.seller_legal_name == "Brightroof Solar LLC"
    assert len(consent.text_sha256) == 64
    assert [row.verdict for row in rows(database, Decision)] == ["allow"]
    message = rows(database, InboxMessage)[0]
    assert (message.state, message.message_id, message.lead_id) == ("worked", "msg_1", kept.id)


@pytest.mark.parametrize("given", ["true", "TRUE", "True", "on", "1"])
async def test_the_same_lead_as_a_form(web: httpx.AsyncClient, database: Database, given: str) -> None:
    fields = f"first_name=Dana&phone=%2B12125550101&consent.given={given}&consent.text=Yes"
    answer = await web.post(
        "/leads/website",
        **signed(f"{fields}&answers.roof=south&answers.roof=flat&utm.source=ad&email=".encode(), kind=FORM),
    )
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    kept = rows(database, Lead)[0]
    assert (kept.first_name, kept.answers, kept.extra) == ("Dana", {"roof": ["south", "flat"]}, {"utm.source": "ad"})
    assert rows(database, Consent)[0].text == "Yes"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"phone": "none of your business"}, "not_a_phone_number"),
        ({"phone": ""}, "not_a_phone_number"),
        ({"phone": "+1 212 555"}, "not_a_valid_number"),
        ({"phone": "+44 20 7946 0958"}, "country_not_allowed"),
        ({"phone": "+1 900 555 0123"}, "premium_rate"),
        ({"consent": None}, "no_consent"),
        ({"consent": {"given": False, "text": "No thanks"}}, "no_consent"),
        ({"consent": {"text": "words without an answer"}}, "no_consent"),
    ],
)
async def test_a_lead_we_may_not_call_is_kept_and_told_why(
    web: httpx.AsyncClient, database: Database, lead: Make, changes: dict[str, Any], reason: str
) -> None:
    answer = await web.post("/leads/website", **signed(body(lead(**changes))))
    told = answer.json()
    assert (answer.status_code, told["status"], told["call_at"], told["reason"]) == (202, "blocked", None, reason)
    kept = rows(database, Lead)[0]
    assert (kept.state, kept.reason, kept.due_at) == ("blocked", reason, None)
    assert [(row.effect, row.entity_id) for row in rows(database, OutboxEntry)] == [("crm.lead", kept.id)]
    assert rows(database, Decision)[0].verdict == "deny"


async def test_a_suppressed_number_is_kept_but_never_called(
    web: httpx.AsyncClient, database: Database, lead: Make
) -> None:
    with database.transaction() as session:
        suppress(session, "+12125550101", reason="opted_out", channel="voice", now=clock.now())
    told = (await web.post("/leads/website", **signed(body(lead())))).json()
    assert (told["status"], told["reason"]) == ("blocked", "suppressed")


async def test_a_repeated_message_finds_the_first_lead(web: httpx.AsyncClient, database: Database, lead: Make) -> None:
    """reliability.md rules 9 and 45: a resend after a lost answer is no second lead."""
    sent = signed(body(lead()), message_id="msg_again")
    first, second = await web.post("/leads/website", **sent), await web.post("/leads/website", **sent)
    assert (second.status_code, second.json()["status"]) == (202, "duplicate")
    assert second.json()["lead_id"] == first.json()["lead_id"]
    assert len(rows(database, Lead)) == len(rows(database, Consent)) == 1


async def test_the_same_external_id_in_another_message_is_a_duplicate(
    web: httpx.AsyncClient, database: Database, lead: Make
) -> None:
    told = [(await web.post("/leads/website", **signed(body(lead(external_id="e1"))))).json() for _ in range(2)]
    assert [one["status"] for one in told] == ["queued", "duplicate"]
    assert told[0]["lead_id"] == told[1]["lead_id"]
    assert {row.lead_id for row in rows(database, InboxMessage)} == {told[0]["lead_id"]}
    assert len(rows(database, InboxMessage)) == 2


async def test_duplicates_at_the_same_moment_all_succeed_and_make_one_lead(
    web: httpx.AsyncClient, database: Database, lead: Make
) -> None:
    """reliability.md rule 10"""
    sent = signed(body(lead()), message_id="msg_rush")
    answers = await asyncio.gather(*(web.post("/leads/website", **sent) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {202}
    assert sorted(answer.json()["status"] for answer in answers) == ["duplicate"] * 11 + ["queued"]
    assert len({answer.json()["lead_id"] for answer in answers}) == len(rows(database, Lead)) == 1


async def test_the_same_ids_from_two_sources_are_two_leads(
    web: httpx.AsyncClient, app: Any, database: Database, lead: Make
) -> None:
    app.state.ground.environment["LEADS_PARTNER_SECRET"] = "whsec_" + "QUJD" * 8
    sent = body(lead(external_id="e1"))
    one = await web.post("/leads/website", **signed(sent, message_id="m1"))
    other = await web.post("/leads/partner", **signed(sent, message_id="m1", secret="whsec_" + "QUJD" * 8))
    assert other.json()["lead_id"] != one.json()["lead_id"]


@pytest.mark.parametrize("name", ["nowhere", "Website", "web site", "a" * 300, "%00", "..", "é"])
async def test_an_unknown_source_is_422_whatever_the_signature(web: httpx.AsyncClient, name: str) -> None:
    """reliability.md rule 48: never 404 or 410."""
    answer = await web.post(f"/leads/{name}", content=b"{}")
    assert (
        (answer.status_code, answer.json()["code"]) == (422, "unknown_source")
        if name != ".."
        else (405, answer.json()["code"])
    )


async def test_a_source_without_its_secret_asks_the_sender_to_come_back(web: httpx.AsyncClient, lead: Make) -> None:
    answer = await web.post("/leads/partner", **signed(body(lead())))
    assert (answer.status_code, answer.json()["code"]) == (503, "source_not_configured")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("seconds", [-3600, -301, 360, 10**10])
async def test_a_stale_or_future_timestamp_is_refused(web: httpx.AsyncClient, lead: Make, seconds: int) -> None:
    """reliability.md rule 45"""
    answer = await web.post("/leads/website", **signed(body(lead()), at=clock.now() + timedelta(seconds=seconds)))
    assert answer.status_code == 401


async def test_freshness_follows_the_business_clock(
    web: httpx.AsyncClient, lead: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = signed(body(lead()))
    monkeypatch.setenv("CLOCK_OFFSET", str(float(os.environ["CLOCK_OFFSET"]) - 7200))
    assert (await web.post("/leads/website", **sent)).status_code == 401
    assert (await web.post("/leads/website", **signed(body(lead())))).status_code == 202


async def test_a_changed_body_is_refused_and_leaves_nothing(
    web: httpx.AsyncClient, database: Database, lead: Make
) -> None:
    """reliability.md rule 44"""
    sent = signed(body(lead()))
    sent["content"] = sent["content"].replace(b"Dana", b"Dona")
    answer = await web.post("/leads/website", **sent)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_signature")
    assert "www-authenticate" in answer.headers
    assert rows(database, InboxMessage) == rows(database, Lead) == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "", "multipart/form-data; boundary=x", "application/json; charset=utf-16"]
)
async def test_other_content_types_are_415(web: httpx.AsyncClient, lead: Make, kind: str) -> None:
    assert (await web.post("/leads/website", **signed(body(lead()), kind=kind))).status_code == 415


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8"])
async def test_content_type_parameters_are_understood(web: httpx.AsyncClient, lead: Make, kind: str) -> None:
    assert (await web.post("/leads/website", **signed(body(lead()), kind=kind))).status_code == 202


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b'{"a": NaN}', "application/json"),
        (b'{"a": "\xff"}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"a":' + b"9" * 5000 + b"}", "application/json"),
        (b"just words", FORM),
        (b"phone=%ff%fe", FORM),
        (b"a=\xff", FORM),
        (b"&".join(b"a%d=1" % n for n in range(3000)), FORM),
    ],
)
async def test_a_malformed_body_is_400_and_kept_for_review(
    web: httpx.AsyncClient, database: Database, content: bytes, kind: str
) -> None:
    answer = await web.post("/leads/website", **signed(content, kind=kind))
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")
    kept = rows(database, InboxMessage)[0]
    assert (kept.state, kept.problem, kept.body, kept.lead_id) == ("review", "malformed", content, None)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"first_name": 5, "phone": ["+1"]}, {"first_name", "phone"}),
        ({"first_name": "Da\x00na", "answers": {"roof": ["a", "\x00"]}}, {"first_name", "answers.roof.1"}),
        ({"utm": {"x": "\x00"}}, {"utm.x"}),
        ({"last_name": "\ud83d"}, {"last_name"}),
        ({"score": 1e999}, {"score"}),
        ({"email": "e" * 255, "message": "m" * 20_001}, {"email", "message"}),
        ({"answers": "none"}, {"answers"}),
        ({"consent": {"given": "yes"}}, {"consent.given"}),
        ({"consent": {"given": 1, "at": "yesterday"}}, {"consent.given", "consent.at"}),
        ({"consent": True}, {"consent"}),
        ({"submitted_at": "2026-11-22T14:05:00"}, {"submitted_at"}),
        ({"submitted_at": "0001-01-01T00:00:00+14:00"}, {"submitted_at"}),
        ({"submitted_at": 1795000000}, {"submitted_at"}),
    ],
)
async def test_invalid_fields_are_422_each_named_and_the_message_kept(
    web: httpx.AsyncClient, database: Database, given: dict[str, Any], fields: set[str]
) -> None:
    sent = json.dumps(given, allow_nan=True).replace("Infinity", "1e999").encode()
    answer = await web.post("/leads/website", **signed(sent))
    assert answer.status_code == 422
    assert faulty(answer) == fields
    assert "\x00" not in answer.text
    assert [row.state for row in rows(database, InboxMessage)] == ["review"]
    assert rows(database, Lead) == []


@pytest.mark.parametrize("content", [b"[]", b'"lead"', b"5", b"null"])
async def test_json_that_is_no_object_is_422(web: httpx.AsyncClient, content: bytes) -> None:
    assert (await web.post("/leads/website", **signed(content))).status_code == 422


@pytest.mark.parametrize(
    "content", [b"consent.given=maybe", b"phone=1&phone=2", b"answers=x&answers.y=z", b"first_name=a%00b"]
)
async def test_invalid_form_fields_are_422(web: httpx.AsyncClient, content: bytes) -> None:
    assert (await web.post("/leads/website", **signed(content, kind=FORM))).status_code == 422


async def test_a_mended_message_with_the_same_id_becomes_a_lead(
    web: httpx.AsyncClient, database: Database, lead: Make
) -> None:
    assert (await web.post("/leads/website", **signed(b"{", message_id="m1"))).status_code == 400
    assert (await web.post("/leads/website", **signed(body(lead()), message_id="m1"))).json()["status"] == "queued"
    assert [row.state for row in rows(database, InboxMessage)] == ["worked"]


async def test_a_body_above_one_mebibyte_is_413(web: httpx.AsyncClient, database: Database, lead: Make) -> None:
    large = body(lead(notes="x" * MIB))
    assert (await web.post("/leads/website", **signed(large))).status_code == 413
    exact = body(lead())
    padded = exact + b" " * (MIB - len(exact))
    assert (await web.post("/leads/website", **signed(padded))).status_code == 202


async def test_a_chunked_body_cannot_hide_its_size(web: httpx.AsyncClient) -> None:
    async def chunks() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    answer = await web.post("/leads/website", content=chunks(), headers=signed(b"")["headers"])
    assert answer.status_code == 413


async def test_a_database_that_is_gone_is_503_and_says_when_to_come_back(
    web: httpx.AsyncClient, database: Database, lead: Make
) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE consent RENAME TO consent_away"))
    sent = signed(body(lead()))
    answer = await web.post("/leads/website", **sent)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "consent" not in answer.text
    assert "Dana" not in answer.text
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE consent_away RENAME TO consent"))
    assert (await web.post("/leads/website", **sent)).json()["status"] == "queued"


async def test_a_source_secret_is_never_in_an_answer(web: httpx.AsyncClient, lead: Make) -> None:
    answer = await web.post("/leads/website", content=body(lead()), headers={"content-type": "application/json"})
    assert answer.status_code == 401
    assert SECRET not in answer.text


async def test_past_its_limit_senders_are_asked_to_come_back(
    web: httpx.AsyncClient, app: Any, lead: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clear words in an overload (503 with Retry-After), and nothing is lost: reliability.md rule 48."""
    monkeypatch.setattr(lanes, "WAITING", 1)
    here: Database = app.state.ground.database
    app.state.lane = crowded = Lane(here)

    async def post() -> httpx.Response:
        return await web.post("/leads/website", **signed(json.dumps(lead()).encode()))

    with here.transaction():  # the one writer's turn is taken
        posts = [asyncio.create_task(post()) for _ in range(5)]
        done, waiting = await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
    refused = done.pop().result()
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert int(refused.headers["retry-after"]) > 0
    answers = [refused, *(one.result() for one in done), *(await asyncio.gather(*waiting))]
    taken = [answer.json()["lead_id"] for answer in answers if answer.status_code == 202]
    with here.reading() as session:
        assert sorted(session.exec(select(Lead.id))) == sorted(taken)
    crowded.close()


async def test_a_door_is_read_once_for_all_who_come_at_the_same_moment(app: FastAPI) -> None:
    here = app.state.ground
    first = await Doors().find(here, "website")
    asked: list[str] = []
    sa.event.listen(here.database.engine, "before_cursor_execute", lambda *one: asked.append(one[2]))
    await Doors().find(here, "website")
    once = len(asked)
    together = Doors()
    left = asyncio.create_task(together.find(here, "website"))
    others = [asyncio.create_task(together.find(here, "website")) for _ in range(20)]
    await asyncio.sleep(0)
    left.cancel()
    found = await asyncio.gather(*others)
    assert once > 0
    assert len(asked) == 2 * once
    assert {door[0].name for door in found} == {first[0].name}
    strangers = await asyncio.gather(*(together.find(here, "nobody") for _ in range(5)), return_exceptions=True)
    assert [getattr(refused, "status", None) for refused in strangers] == [422] * 5
