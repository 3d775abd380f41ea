"""The leads door: order of checks, what each answer means, what is kept, and that a repeat is never a second lead."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from campaign import clock
from campaign.database import Database
from campaign.records import Consent, Decision, InboxMessage, Lead, OutboxEntry
from campaign.suppression import suppress
from tests.webhooks.senders import FORM, SECRET, signed

Make = Callable[..., dict[str, Any]]

def body(lead: dict[str, Any]) -> bytes:
    return json.dumps(lead).encode()


def rows(database: Database, table: Any) -> list[Any]:
    with database.reading() as session:
        return list(session.exec(select(table)))


async def test_a_complete_lead_is_queued_with_consent_and_decision(web: httpx.AsyncClient, database: Database, lead: Make) -> None:
    answer = await web.post("/leads/website", **signed(body(lead()), message_id="msg_1"))
    assert answer.status_code == 202
    told = answer.json()
    assert (told["status"], told["reason"]) == ("queued", "")
    assert told["call_at"] is not None
    kept = rows(database, Lead)[0]
    assert (kept.id, kept.phone, kept.country, kept.state) == (told["lead_id"], "+12125550101", "US", "scheduled")
    assert kept.extra == {"utm": {"source": "search", "campaign": "autumn"}}
    consent = rows(database, Consent)[0]
    assert (consent.given, consent.phone, consent.ip, consent.seller_legal_name) == (
        True,
        "+12125550101",
        "203.0.113.9",
        "Brightroof Solar LLC",
    )
    assert len(consent.text_sha256) == 64
    assert [row.verdict for row in rows(database, Decision)] == ["allow"]
    message = rows(database, InboxMessage)[0]
    assert (message.state, message.message_id, message.lead_id) == ("worked", "msg_1", kept.id)
