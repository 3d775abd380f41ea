"""`firstring inbox list|replay`: authentic leads that could not be read, kept with the bytes they came with."""

import typer
from rich.console import Console
from rich.table import Table

from campaign import clock
from campaign.database import Database
from campaign.errors import Permanent
from campaign.settings import Settings
from webhooks.leads import replay as reading

app = typer.Typer(help="Leads that could not be read.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """What waits for a person to look at it, oldest first."""
    table = Table("id", "source", "received", "bytes", "problem", box=None)
    with Database(Settings().database_url).reading() as session:
        for row in reading.letters(session):
            table.add_row(row.id, row.source, f"{row.received_at:%d %b %H:%M}Z", str(len(row.body)), row.problem or "")
    Console().print(table)


@app.command()
def replay(message_id: str = typer.Argument("", help="One message; without it, every one that waits.")) -> None:
    """Read them again, as this version and the campaign of today would."""
    read = 0
    with Database(Settings().database_url).transaction() as session:
        rows = [row for row in reading.letters(session) if message_id in ("", row.id)]
        if message_id and not rows:
            raise Permanent(f"no message {message_id} waits; see `firstring inbox list`", code="no_message")
        for row in rows:
            read += reading.again(session, row, clock.now()) is not None
    typer.echo(f"{read} read, {len(rows) - read} still cannot be")
