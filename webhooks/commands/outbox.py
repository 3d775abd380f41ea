"""`firstring outbox list|replay`: what the CRM is still owed."""

import typer
from rich.console import Console
from rich.table import Table
from sqlmodel import col, select

from campaign import clock, effects
from campaign.database import Database
from campaign.errors import Permanent
from campaign.records import OutboxEntry
from campaign.settings import Settings

app = typer.Typer(help="Effects owed to the CRM.", no_args_is_help=True)


@app.command("list")
def list_(state: str = typer.Option("", help="Only due, done or review."), limit: int = 50) -> None:
    """Newest entries, what they wait for and why."""
    table = Table("id", "effect", "lead", "state", "tries", "due", "last error", box=None)
    query = select(OutboxEntry).order_by(col(OutboxEntry.created_at).desc()).limit(limit)
    if state:
        query = query.where(OutboxEntry.state == state)
    with Database(Settings().database_url).reading() as session:
        for row in session.exec(query):
            due = f"{row.due_at:%H:%M:%S}Z" if row.state == "due" else ""
            table.add_row(row.id, row.effect, row.lead_id, row.state, str(row.tries), due, row.last_error or "")
    Console().print(table)


@app.command()
def replay(entry_id: str = typer.Argument("", help="One entry; without it, every entry in review.")) -> None:
    """Make entries due again; delivering twice is harmless, the CRM sees one record."""
    with Database(Settings().database_url).transaction() as session:
        again = effects.due_again(session, entry_id, clock.now())
        if entry_id and not again:
            raise Permanent(f"no outbox entry {entry_id} that is free; see `firstring outbox list`", code="no_entry")
    typer.echo(f"{again} due again")
