"""`firstring campaign apply|export|list`."""

import getpass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from campaign import clock, migrations, store
from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import load
from campaign.settings import Settings

app = typer.Typer(help="Campaign files: check, apply, look at.", no_args_is_help=True)


@app.command()
def apply(file: Path = typer.Argument(..., exists=True, dir_okay=False, help="The campaign's YAML file.")) -> None:
    """Check a campaign file and make it the version that rules the next dial."""
    from qualify.playbook_file import load as load_playbook

    campaign, text = load(file)
    load_playbook(campaign.playbook)
    settings = Settings()
    database = Database(settings.database_url)
    if settings.environment != "production":
        migrations.upgrade(database.engine)  # the first command on a fresh machine; production migrates at release
    with database.transaction() as session:
        before = store.newest(session, campaign.name)
        row = store.apply(session, campaign, text, by=getpass.getuser(), now=clock.now())
        unchanged = before is not None and before.version == row.version
        said = f"{row.name}: version {row.version} " + ("unchanged" if unchanged else "applied")
    typer.echo(said + "; doors: " + ", ".join(f"POST /leads/{source.name}" for source in campaign.sources))


@app.command()
def export(name: str) -> None:
    """Print the campaign file that rules now."""
    with Database(Settings().database_url).reading() as session:
        row = store.newest(session, name)
        if row is None:
            raise Permanent(f"no campaign named {name!r}; see `firstring campaign list`", code="no_campaign")
        typer.echo(row.document, nl=False)


@app.command("list")
def list_() -> None:
    """All campaigns with their newest version."""
    table = Table("campaign", "version", "applied", "by", "playbook", "doors", box=None)
    with Database(Settings().database_url).reading() as session:
        for row in store.active(session):
            doors = ", ".join(source["name"] for source in row.config["sources"])
            table.add_row(
                row.name,
                str(row.version),
                f"{row.applied_at:%Y-%m-%d %H:%M}Z",
                row.applied_by,
                row.config["playbook"],
                doors,
            )
    Console().print(table)
