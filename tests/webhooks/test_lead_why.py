"""`firstring lead why` as it is read in a terminal: the lead's own clock, plain sentences, nothing taken for markup."""

import io
import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console

from campaign.database import Database
from campaign.records import Lead
from tests.webhooks.records import tell_a_call
from tests.webhooks.senders import signed
from webhooks.api import stories
from webhooks.commands.leads import tell

Make = Callable[..., dict[str, Any]]


async def told(web: httpx.AsyncClient, database: Database, lead: dict[str, Any], *, call: bool = False) -> str:
    answer = await web.post("/leads/website", **signed(json.dumps(lead).encode()))
    if call:
        tell_a_call(database, answer.json()["lead_id"])
    with database.reading() as session:
        story = stories.story(session, session.get_one(Lead, answer.json()["lead_id"]))
    page = io.StringIO()
    tell(Console(file=page, width=100), story, ZoneInfo("America/New_York"))
    return page.getvalue()


async def test_a_booked_lead(web: httpx.AsyncClient, database: Database, lead: Make) -> None:
    text = await told(web, database, lead(first_name="[bold]Dana"), call=True)
    assert text.startswith("[bold]Dana")
    for words in ("booked: a meeting is in the calendar", "times are America/New_York", "Answered by a person"):
        assert words in text
    assert "✓ Nobody asked us to stop calling this number" in text


async def test_a_blocked_lead(web: httpx.AsyncClient, database: Database, lead: Make) -> None:
    text = await told(web, database, lead(consent=None))
    assert "Newest decision: must not be called, no consent was given" in text
    assert "✗ No consent came with this lead" in text
