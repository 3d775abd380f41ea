"""`firstring halt|resume|halts`: the kill switch, and every brake that is in force."""

import getpass

import typer
from rich.console import Console
from rich.table import Table
from sqlmodel import select

from campaign import clock
from campaign.database import Database
from campaign.errors import Permanent
from campaign.records import Halt
from campaign.settings import Settings
from dialer import brakes

app = typer.Typer()
SCOPE = typer.Argument("account", help="account, campaign:NAME, caller:+1… or country:US.")


@app.command()
def halt(scope: str = SCOPE, reason: str = typer.Option("", help="Why, for whoever reads it later.")) -> None:
    """Stop dialing at once, everywhere; calls that ring are taken back, conversations go on."""
    with Database(Settings().database_url).transaction() as session:
        brakes.stop(session, scope, reason or f"stopped by {getpass.getuser()}", clock.now())
    typer.echo(f"{scope}: stopped; `firstring resume {scope}` lets go")


@app.command()
def resume(scope: str = SCOPE) -> None:
    """Let go of a brake, whoever pulled it; waiting leads have kept their place."""
    with Database(Settings().database_url).transaction() as session:
        if not brakes.release(session, scope):
            raise Permanent(f"no brake on {scope}; see `firstring halts`", code="no_halt")
    typer.echo(f"{scope}: dialing goes on")


@app.command()
def halts() -> None:
    """Brakes in force: what, since when, until when, and why."""
    now = clock.now()
    table = Table("scope", "since", "until", "why", box=None)
    with Database(Settings().database_url).reading() as session:
        for row in session.exec(select(Halt).order_by(Halt.scope)):
            if row.until is None or row.until > now:
                until = f"{row.until:%d %b %H:%M}Z" if row.until else "released"
                table.add_row(row.scope, f"{row.at:%d %b %H:%M}Z", until, row.reason)
    Console().print(table)
