"""`firstring campaign apply|export|list`."""

import getpass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from campaign import clock, migrations, store, yaml_file
from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import Campaign, load
from campaign.settings import Settings
from dialer import law, rule_sets
from dialer.resolver import law_of

app = typer.Typer(help="Campaign files: check, apply, look at.", no_args_is_help=True)


@app.command()
def apply(file: Path = typer.Argument(..., exists=True, dir_okay=False, help="The campaign's YAML file.")) -> None:
    """Check a campaign file and make it the version that rules the next dial."""
    campaign, text = load(file)
    campaign = with_playbooks(campaign, text, str(file))
    settings = Settings()
    database = Database(settings.database_url)
    if settings.environment != "production":
        migrations.upgrade(database.engine)  # the first command on a fresh machine; production migrates at release
    with database.transaction() as session:
        with_rules(campaign, text, str(file), rule_sets.in_force(session))
        before = store.newest(session, campaign.name)
        row = store.apply(session, campaign, text, by=getpass.getuser(), now=clock.now())
        unchanged = before is not None and before.version == row.version
        said = f"{row.name}: version {row.version} " + ("unchanged" if unchanged else "applied")
    typer.echo(said + "; doors: " + ", ".join(f"POST /leads/{source.name}" for source in campaign.sources))


def with_playbooks(campaign: Campaign, text: str, source: str) -> Campaign:
    """The campaign, its language filled in. Raises `Permanent` at the line that names a playbook which cannot be used."""
    own = _language(campaign.playbook, text, source, ("playbook",))
    for code, named in campaign.languages.items():
        place = ("languages", code)
        spoken = _language(named, text, source, place).partition("-")[0]
        if spoken != code:
            what = f"playbook {named!r} speaks {spoken!r}"
            raise yaml_file.fault(text, source=source, place=place, what=what, code="bad_campaign_file")
        if code == own.partition("-")[0]:
            what = f"{campaign.playbook!r}, the campaign's own playbook, speaks it already"
            raise yaml_file.fault(text, source=source, place=place, what=what, code="bad_campaign_file")
    return campaign.model_copy(update={"language": campaign.language or own})


def with_rules(campaign: Campaign, text: str, source: str, table: law.Table) -> None:
    """Raises `Permanent` at the line of a country that may not be called, or of an acknowledgement of rules there are not.

    States are asked at each call: which of them a country's leads live in is not known yet.
    """
    taken = {one.rules for one in campaign.acknowledged}
    for number, one in enumerate(campaign.acknowledged):
        if one.rules not in table.rows:
            what = f"there are no calling rules {one.rules}; see `firstring rules export`"
            raise yaml_file.fault(
                text, source=source, place=("acknowledged", number, "rules"), what=what, code="bad_campaign_file"
            )
    for number, country in enumerate(campaign.countries):
        name = law_of(country)
        place = ("countries", number)
        if name not in table.statutes:
            what = f"there are no calling rules for {country}, so nobody there would be called"
            raise yaml_file.fault(text, source=source, place=place, what=what, code="bad_campaign_file")
        if table.rows[name].unsure and name not in taken:
            what = (
                f"the calling rules of {name} have confidence {table.rows[name].confidence}: a named person must answer for "
                f"them, `acknowledged: [{{rules: {name}, by: …, date: 2026-11-28, reason: …}}]`"
            )
            raise yaml_file.fault(text, source=source, place=place, what=what, code="bad_campaign_file")


def _language(playbook: str, text: str, source: str, place: tuple[int | str, ...]) -> str:
    from qualify import playbook_file

    try:
        return playbook_file.load(playbook).playbook.language
    except Permanent as error:
        if error.code == "bad_playbook":
            raise  # it names the playbook's own lines
        raise yaml_file.fault(text, source=source, place=place, what=str(error), code=error.code) from error


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
