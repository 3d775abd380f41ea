"""`firstring consent export|verify|hold|release`: the proof that somebody agreed and was called lawfully."""

import getpass
import json
from pathlib import Path

import typer

from campaign import clock, consents
from campaign.database import Database
from campaign.errors import Permanent
from campaign.settings import Settings
from webhooks import packet, packet_page

app = typer.Typer(help="Evidence of consent, call by call.", no_args_is_help=True)


@app.command()
def export(
    phone: str = typer.Argument(..., help="A number like +12125550101; also one whose data was erased."),
    out: Path = typer.Option(Path("."), file_okay=False, help="Folder for the two files."),
    country: str = typer.Option("", help="Two letters: of a number written without +."),
) -> None:
    """Write everything on record for a number: one JSON file to keep and check, one page to read and print."""
    number = packet.number(phone, country)
    with Database(Settings().database_url).reading() as session:
        found = packet.gather(session, number, by=getpass.getuser(), now=clock.now())
    out.mkdir(parents=True, exist_ok=True)
    name = f"consent-{number.lstrip('+')}-{clock.now():%Y%m%d}"
    for suffix, text in (
        ("json", json.dumps(found, indent=2, ensure_ascii=False)),
        ("html", packet_page.render(found)),
    ):
        (out / f"{name}.{suffix}").write_text(text, encoding="utf-8")
        typer.echo(out / f"{name}.{suffix}")
    typer.echo(f"{len(found['leads'])} requests; {packet_page.VERDICTS[found['verdict']][1].lower()}")
    raise typer.Exit(1 if found["verdict"] == "broken" else 0)


@app.command()
def hold(phone: str, reason: str = typer.Option(..., help="Of the dispute; stands on the event.")) -> None:
    """A dispute: nothing about this number is deleted until `release`."""
    _note(phone, consents.DISPUTED, reason)


@app.command()
def release(phone: str, reason: str = typer.Option(..., help="How it was settled.")) -> None:
    """The dispute is settled: retention and erasure go on."""
    _note(phone, consents.SETTLED, reason)


def _note(phone: str, kind: str, reason: str) -> None:
    by = f"{getpass.getuser()}: {reason}"
    with Database(Settings().database_url).transaction() as session:
        count = consents.hold(session, packet.number(phone), kind, by=by, now=clock.now())
    if not count:
        raise Permanent("there is no consent on record for this number", code="no_consent")
    typer.echo(f"{count} consents: {kind}")


@app.command()
def verify(file: Path = typer.Argument(..., exists=True, dir_okay=False, help="A packet's JSON file.")) -> None:
    """Compute a packet's digests again, from the file alone."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        faults = list(packet.faults(found))
    except (ValueError, KeyError, TypeError) as error:
        raise Permanent(f"{file} is no consent packet", code="no_packet") from error
    for fault in faults:
        typer.echo(fault, err=True)
    typer.echo("does not fit its seals" if faults else "fits its seals")
    raise typer.Exit(1 if faults else 0)
