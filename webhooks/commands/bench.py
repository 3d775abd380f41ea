"""`firstring bench seed-calls N FILE`: attempts whose calls have been answered, so that a load generator can be their carrier.

The media process takes them like any others: signature, account, CallSid and one-time token are real. Nobody else ever does
anything with them: their campaign has no door and is not active, the leads are at their end, the attempts settled, so that
nothing is dialed, reconciled or owed to a CRM.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from sqlmodel import Session

from campaign import clock, ids, store
from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import parse
from campaign.records import Attempt, CampaignVersion, Lead
from campaign.settings import Settings

app = typer.Typer(help="For measuring this installation.", no_args_is_help=True)
CAMPAIGN = "bench-calls"
DOCUMENT = f"""\
name: {CAMPAIGN}
seller: {{legal_name: Bench LLC, brand: Bench}}
playbook: solar-us
timezone: America/New_York
caller_ids: ["+12025550100"]
countries: [US]
sources: [{{name: {CAMPAIGN}, secret_env: NO_DOOR_HAS_THIS_NAME}}]
people: [{{name: Nobody, calendar: nobody@example.com}}]
recording: {{enabled: false}}
budget: {{max_call_seconds: 14400, per_call_usd: 1000}}
"""
NOWHERE = "+999"
"""A country code nobody has: such a number cannot be dialed, nor be a lead's."""


@app.callback()
def _group() -> None:
    """Keeps `seed-calls` a command of its own name."""


@app.command("seed-calls")
def seed_calls(
    count: int = typer.Argument(..., min=1, max=100_000, metavar="N", help="How many calls."),
    path: Path = typer.Argument(..., metavar="FILE", dir_okay=False, help="Where they are written, as a JSON list."),
) -> None:
    """Write N answered calls that a load generator can dial at the media process, each once."""
    settings = Settings()
    try:
        with path.open("w", encoding="utf-8") as file:  # before anything is seeded
            calls = list(seed(settings, count, clock.now()))
            file.write(json.dumps(calls, indent=1) + "\n")
    except OSError as error:
        raise Permanent(
            f"{path} cannot be written: {error.strerror}; name another file", code="not_writable"
        ) from error
    typer.echo(f"{count} calls for {settings.media_base} in {path}", err=True)


def seed(settings: Settings, count: int, now: datetime) -> Iterator[dict[str, Any]]:
    """The calls as a load generator needs them: where to dial, and what `start` must say. Raises `Permanent` in production."""
    if settings.environment == "production":
        raise Permanent(
            "no seeded calls in production; point DATABASE_URL at a copy and set ENVIRONMENT=sandbox",
            code="not_in_production",
        )
    if not settings.twilio_auth_token:
        raise Permanent(
            "TWILIO_AUTH_TOKEN is not set; streams are signed with it, any value will do", code="no_auth_token"
        )
    database = Database(settings.database_url)
    try:
        with database.transaction() as session:
            version = _campaign(session, now)
            for _ in range(count):
                yield _call(session, settings, version, now)
    finally:
        database.dispose()


def _campaign(session: Session, now: datetime) -> int:
    """Known to the media process and to nobody else: not active, and without a door."""
    known = store.newest(session, CAMPAIGN)
    if known is not None:
        return known.version
    config = parse(DOCUMENT).model_dump(mode="json")
    digest = hashlib.sha256(DOCUMENT.encode()).hexdigest()
    row = CampaignVersion(name=CAMPAIGN, version=1, document=DOCUMENT, sha256=digest, config=config, applied_at=now)
    row.applied_by, row.active = "firstring bench", False
    session.add(row)
    return row.version


def _call(session: Session, settings: Settings, version: int, now: datetime) -> dict[str, Any]:
    lead_id, attempt_id, token = ids.new("lead"), ids.new("att"), secrets.token_urlsafe(32)
    number = f"{NOWHERE}{secrets.randbelow(10**11):011d}"
    lead = Lead(
        id=lead_id,
        campaign=CAMPAIGN,
        source=CAMPAIGN,
        external_id=lead_id,
        first_name="Bench",
        phone=number,
        received_at=now,
        updated_at=now,
        state="unreachable",
        outcome="unreachable",
        outcome_at=now,
        reason="bench",
    )
    attempt = Attempt(
        id=attempt_id,
        lead_id=lead_id,
        campaign=CAMPAIGN,
        campaign_version=version,
        number=1,
        fence=1,
        state="in_progress",
        to_number=number,
        from_number="+12025550100",
        call_sid=f"CA{secrets.token_hex(16)}",
        intent_at=now,
        intent_real_at=clock.real_now(),
        answered_at=now,
        settled_at=now,
        disposition="bench",
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
    )
    session.add(lead)
    session.flush()
    session.add(attempt)
    return {
        "attempt_id": attempt_id,
        "media_url": f"{settings.media_base}/media/{attempt_id}",
        "accountSid": settings.twilio_account_sid,
        "callSid": attempt.call_sid,
        "streamSid": f"MZ{secrets.token_hex(16)}",
        "customParameters": {"attempt": attempt_id, "token": token},
    }
