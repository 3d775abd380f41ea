"""`firstring suppression import|export|add|remove|check`: who must not be called."""

import csv
import getpass
import sys
from pathlib import Path

import typer

from campaign import clock, suppression_list
from campaign.database import Database
from campaign.errors import Permanent
from campaign.settings import Settings
from campaign.suppression import GLOBAL, MAILTO, suppressed
from webhooks import suppressing

app = typer.Typer(help="Who must not be called: numbers and people, for one campaign or all.", no_args_is_help=True)
WHO = typer.Argument(..., help="A number like +12125550101, or an e-mail address for a person under any number.")
SCOPE = typer.Option(GLOBAL, help="A campaign's name; without it, all campaigns.")
COUNTRY = typer.Option("", help="Two letters: of numbers written without +.")


@app.command("import")
def import_(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="CSV: phone or email, country, scope, reason."),
    country: str = COUNTRY,
) -> None:
    """Suppress everybody on a list; each line that cannot be read is told with its reason."""
    with open(file, newline="", encoding="utf-8-sig", errors="replace") as lines:
        report = suppressing.take_in(
            Database(Settings().database_url), lines, country=country, by=getpass.getuser(), now=clock.now()
        )
    for fault in report.refused:
        typer.echo(f"{file}:{fault.line}: {fault.what}", err=True)
    typer.echo(f"{report.added} added, {report.known} known before, {len(report.refused)} refused")
    raise typer.Exit(1 if report.refused else 0)


@app.command()
def export() -> None:
    """Print the list as CSV; people who were erased stand in it as hashes that only this installation recognises."""
    written = csv.writer(sys.stdout)
    with Database(Settings().database_url).reading() as session:
        written.writerows(suppressing.export(session))


@app.command()
def add(who: str = WHO, scope: str = SCOPE, country: str = COUNTRY, reason: str = typer.Option("request")) -> None:
    """Never call this number or person again: waiting calls are taken back, consents revoked, a live call ended."""
    entry = suppression_list.entry(who, country=country, scope=scope, reason=reason)
    with Database(Settings().database_url).transaction() as session:
        new = suppressing.add(session, entry, channel="cli", by=getpass.getuser(), now=clock.now())
    typer.echo("suppressed" if new else "was suppressed already")


@app.command()
def remove(
    who: str = WHO,
    scope: str = SCOPE,
    country: str = COUNTRY,
    reason: str = typer.Option("", help="Why; kept as evidence."),
) -> None:
    """Take an entry off the list, e.g. an import's mistake. The person must still agree anew before a call."""
    entry = suppression_list.entry(who, country=country, scope=scope, reason=reason)
    with Database(Settings().database_url).transaction() as session:
        gone = suppressing.remove(session, entry, by=getpass.getuser(), now=clock.now())
    if not gone:
        raise Permanent(f"nothing to remove: not on the list for {scope}", code="not_listed")
    typer.echo("removed")


@app.command()
def check(who: str = WHO, campaign: str = typer.Option("", help="For this campaign."), country: str = COUNTRY) -> None:
    """Whether somebody is suppressed, since when and why; also after their data was erased."""
    entry = suppression_list.entry(who, country=country)
    email = entry.phone.removeprefix(MAILTO) if entry.phone.startswith(MAILTO) else ""
    with Database(Settings().database_url).reading() as session:
        found = suppressed(session, entry.phone, campaign, email)
    if found is None:
        typer.echo("not suppressed" + ("" if campaign else " for all campaigns"))
        raise typer.Exit(1)
    typer.echo(f"suppressed ({found.scope}) since {found.at:%Y-%m-%d %H:%M}Z by {found.channel}: {found.reason}")
