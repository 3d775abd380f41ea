"""`firstring lead submit|import|why|erase`: leads through the real door, why one was or wasn't called, and forgetting one."""

import getpass
import json
import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import typer
from dotenv import dotenv_values
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlmodel import Session

from campaign import clock, ids, store
from campaign.database import Database
from campaign.errors import Permanent, Retryable
from campaign.records import Lead
from campaign.settings import Settings
from dialer import erasure
from webhooks import packet, reasons, standard_webhooks
from webhooks.api import stories
from webhooks.api.shapes import LeadStory
from webhooks.leads import bulk
from webhooks.words import in_short, plain

app = typer.Typer(help="Submit leads, and ask why one was or wasn't called.", no_args_is_help=True)


@app.command()
def submit(
    source: str = typer.Argument(..., help="The door, as named in the campaign file."),
    file: Path = typer.Argument(..., exists=True, allow_dash=True, help="The lead as JSON; - reads standard input."),
) -> None:
    """Sign a lead and post it to this installation's own door."""
    text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text(encoding="utf-8")
    try:
        json.loads(text)
    except ValueError as error:
        raise Permanent(f"{file} is not JSON: {error}", code="not_json") from error
    settings = Settings()
    with httpx.Client(base_url=settings.public_base, timeout=10) as door:
        typer.echo(json.dumps(post(door, source, text.encode(), door_key(settings, source)), indent=2))


@app.command("import")
def import_(
    source: str,
    file: Path = typer.Argument(
        ..., exists=True, help="CSV with the lead's field names as columns, nested ones dotted."
    ),
) -> None:
    """Take in every row of a CSV, behind leads that have just asked; rows that were there before count as `duplicate`.

    Read as it goes, a hundred rows to a transaction, so a list may be of any length; one that was broken off is started again.
    """
    settings = Settings()
    counts: Counter[str] = Counter()
    database = Database(settings.database_url)
    for batch in bulk.batches(bulk.rows(file)):
        for number, told in bulk.take(database, source, batch):
            counts[told if told in bulk.STATUSES else "refused"] += 1
            if told not in bulk.STATUSES:
                typer.echo(f"{file}:{number}: {told}", err=True)
    database.dispose()
    typer.echo(", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no rows")
    raise typer.Exit(1 if counts["refused"] else 0)


@app.command()
def why(lead_id: str) -> None:
    """The lead's story: every decision with its rules, every call, and what followed."""
    with Database(Settings().database_url).reading() as session:
        lead = session.get(Lead, lead_id)
        if lead is None:
            raise Permanent(f"no lead {lead_id}; ids are shown by the console and GET /leads", code="no_lead")
        story = stories.story(session, lead)
        zone = lead.timezone or store.get(session, lead.campaign)[0].timezone
    tell(Console(), story, ZoneInfo(zone))


@app.command()
def erase(
    who: str = typer.Argument(..., metavar="PHONE|LEAD", help="A number like +12125550101, or a lead's id."),
    reason: str = typer.Option(..., help="Why, e.g. the request's date; kept as evidence."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Delete a person's data: every lead of the number, words, recordings. Proofs and stops stay as hashes."""
    with Database(Settings().database_url).transaction() as session:
        leads, phone = _person(session, who)
        if not yes:
            typer.confirm(f"Erase {len(leads)} leads, and all that came from this number, for good?", abort=True)
        done = erasure.erase(session, leads, phone=phone, by=getpass.getuser(), reason=reason, now=clock.now())
    typer.echo(", ".join(f"{count} {kind}" for kind, count in done.counts.items()))
    typer.echo(
        "Recordings at the carrier go with the next sweep. The CRM and the calendar keep their own copies: erase there too."
    )


def _person(session: Session, who: str) -> tuple[list[Lead], str | None]:
    """All leads of a number, or of the number of a lead; and the number."""
    named = session.get(Lead, who)
    phone = packet.number(who) if named is None and not who.startswith("lead_") else named.phone if named else None
    leads = erasure.of_person(session, phone) if phone else [named] if named else []
    if not leads and not (phone and erasure.is_of_nobody(session, phone)):
        raise Permanent("no lead, call or text has this number or id, or its data was erased before", code="no_lead")
    return leads, phone


def tell(console: Console, story: LeadStory, zone: ZoneInfo) -> None:
    """The story from top to bottom, times on the lead's own clock, then the newest decision rule by rule."""
    short = in_short(story.status, story.reason)
    console.print(
        f"[bold]{escape(story.name or 'No name')}[/] · [bold]{plain(story.status)}[/]"
        + (f": {short}" if short else ""),
        highlight=False,
    )
    console.print(f"{story.lead_id} · times are {zone.key}", style="dim", highlight=False)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for moment in story.timeline:
        table.add_row(f"{moment.at.astimezone(zone):%a %d %b %H:%M:%S}", escape(moment.what))
    console.print(table)
    for newest in story.decisions[-1:]:
        until = f" until {newest.until.astimezone(zone):%a %d %b %H:%M %Z}" if newest.until else ""
        because = f", {plain(newest.reason)}" if newest.verdict != "allow" else ""
        console.print(f"\nNewest decision: [bold]{reasons.verdict(newest.verdict).lower()}[/]{until}{because}")
        for rule in newest.trace:
            console.print(f"  {_mark(rule)} {escape(reasons.sentence(rule))}", highlight=False)
        version = f"campaign version {newest.campaign_version}, rules {newest.rules_version}"
        console.print(version, style="dim", highlight=False)


def _mark(rule: dict[str, Any]) -> str:
    return "[green]✓[/]" if rule.get("passed") else "[red]✗[/]"


def door_key(settings: Settings, source: str) -> bytes:
    with Database(settings.database_url).reading() as session:
        found = store.by_source(session, source)
    if found is None:
        raise Permanent(f"no door named {source!r}; see `firstring campaign list`", code="no_source")
    door = found[2]
    secret = door.secret or os.environ.get(door.secret_env or "") or dotenv_values(".env").get(door.secret_env or "")
    if not secret:
        raise Permanent(f"{door.secret_env} is not set; put the door's whsec_… secret into .env", code="no_secret")
    return standard_webhooks.keys(secret)[0]


def post(door: httpx.Client, source: str, body: bytes, key: bytes) -> dict[str, Any]:
    at: datetime = clock.now()
    headers = standard_webhooks.sign(key, ids.new("msg"), at, body)
    try:
        answer = door.post(f"/leads/{source}", content=body, headers={"content-type": "application/json", **headers})
    except httpx.TransportError as error:
        raise Retryable(f"{door.base_url} does not answer; is `firstring up` running?") from error
    if answer.status_code != httpx.codes.ACCEPTED:
        problem = answer.json()
        raise Permanent(f"{answer.status_code} {problem.get('title', '')}: {problem.get('detail', '')}", code="refused")
    accepted: dict[str, Any] = answer.json()
    return accepted
