"""What the leads door keeps of a consent, what it refuses to call on, and a stop that comes by form."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlmodel import select

from campaign.database import Database
from campaign.records import Consent, ConsentEvent, Suppression
from tests.webhooks.senders import FORM, fixture, signed

Make = Callable[..., dict[str, Any]]
CONSENT = fixture("standard", "complete")["consent"]


async def submitted(web: httpx.AsyncClient, lead: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await web.post("/leads/website", **signed(json.dumps(lead).encode()))).json()
    return answer


async def test_everything_the_form_tells_of_the_capture_is_kept(
    web: httpx.AsyncClient, lead: Make, database: Database
) -> None:
    more = {"channels": ["ai_voice", "sms"], "period": "P6M", "purpose": "solar quote", "certificate_vendor": "tf"}
    seen = {"page_snapshot_ref": "s3://x", "control": {"type": "checkbox", "prechecked": False}}
    assert (await submitted(web, lead(consent=CONSENT | more | seen)))["status"] == "queued"
    with database.reading() as session:
        row = session.exec(select(Consent)).one()
    assert (row.channels, row.period, row.purpose) == (["ai_voice", "sms"], "P6M", "solar quote")
    assert row.more == seen


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text": "", "certificate_url": ""}, "consent_incomplete"),
        ({"channels": ["sms"]}, "consent_not_for_ai_voice"),
        ({"at": "2099-01-01T00:00:00Z"}, "consent_dated_in_the_future"),
        ({"period": "P1D"}, "consent_expired"),
    ],
)
async def test_what_is_not_called_on(web: httpx.AsyncClient, lead: Make, changes: dict[str, Any], reason: str) -> None:
    answer = await submitted(web, lead(consent={**CONSENT, "at": "2026-11-01T00:00:00Z", **changes}))
    assert (answer["status"], answer["reason"]) == ("blocked", reason)


async def test_a_period_that_is_none_is_a_fault(web: httpx.AsyncClient, lead: Make) -> None:
    body = json.dumps(lead(consent=CONSENT | {"period": "half a year"})).encode()
    answer = await web.post("/leads/website", **signed(body))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "consent.period")


async def test_a_stop_by_form_binds_at_once_and_revokes_what_was_agreed(
    web: httpx.AsyncClient, lead: Make, database: Database, bearer: dict[str, str]
) -> None:
    first = await submitted(web, lead())
    body = b"phone=212-555-0101&country=US&consent.revoked=true&external_id=stop"
    stop = (await web.post("/leads/website", **signed(body, kind=FORM))).json()
    assert (stop["status"], stop["reason"]) == ("blocked", "suppressed")
    assert (await web.get(f"/leads/{first['lead_id']}", headers=bearer)).json()["status"] == "opted_out"
    with database.reading() as session:
        [event] = session.exec(select(ConsentEvent)).all()
        assert (event.kind, event.channel, event.lead_id) == ("revoked", "form", first["lead_id"])
        [row] = session.exec(select(Suppression)).all()
        assert (row.channel, row.lead_id) == ("form", stop["lead_id"])


async def test_a_form_that_agrees_and_revokes_at_once_is_revoked(
    web: httpx.AsyncClient, lead: Make, database: Database
) -> None:
    """Its own consent as well: taking the number off the list some day must not bring it back."""
    answer = await submitted(web, lead(consent={**CONSENT, "revoked": True}))
    assert (answer["status"], answer["reason"]) == ("blocked", "suppressed")
    with database.reading() as session:
        [event] = session.exec(select(ConsentEvent)).all()
        assert (event.kind, event.lead_id) == ("revoked", answer["lead_id"])
