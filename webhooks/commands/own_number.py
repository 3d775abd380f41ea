"""`firstring call NUMBER`: a test call to an allow-listed number, through the same door, gate and dialer as any lead."""

import json
from datetime import timedelta

import httpx
import typer

from campaign import clock, ids, store
from campaign.database import Database
from campaign.errors import Permanent
from campaign.settings import Settings
from webhooks.commands.leads import door_key, post

app = typer.Typer()
CONSENT = "Test call ordered by the operator of this installation for a number on its ALLOWED_TEST_NUMBERS list."


@app.command()
def call(
    number: str = typer.Argument(..., help="E.164, listed in ALLOWED_TEST_NUMBERS."),
    campaign: str = typer.Option("", help="Which campaign; the only one when omitted."),
) -> None:
    """Ring a number of your own, to hear the agent."""
    settings = Settings()
    allowed = {entry.strip() for entry in settings.allowed_test_numbers.split(",") if entry.strip()}
    if number not in allowed:
        raise Permanent("that number is not in ALLOWED_TEST_NUMBERS; add it there first", code="not_allowed")
    with Database(settings.database_url).reading() as session:
        names = [row.name for row in store.active(session)]
        chosen = campaign or (names[0] if len(names) == 1 else "")
        if chosen not in names:
            raise Permanent(
                f"say which campaign: --campaign {' | '.join(names) or '(none is applied yet)'}", code="which_campaign"
            )
        config, _ = store.get(session, chosen)
    lead = {
        "external_id": ids.new("test"),
        "first_name": "Test",
        "phone": number,
        "timezone": config.timezone,
        "consent": {
            "given": True,
            "text": CONSENT,
            "method": "operator",
            "at": (clock.now() - timedelta(seconds=1)).isoformat(),
        },
    }
    source = config.sources[0].name
    with httpx.Client(base_url=settings.public_base, timeout=10) as door:
        typer.echo(json.dumps(post(door, source, json.dumps(lead).encode(), door_key(settings, source)), indent=2))
