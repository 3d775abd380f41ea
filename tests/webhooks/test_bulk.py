"""A list of leads from a file: of any length in flat memory, behind who has just asked, and the same again makes no second lead."""

import tracemalloc
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from campaign.database import Database
from campaign.errors import Permanent
from campaign.records import InboxMessage, Lead
from campaign.settings import Settings
from webhooks.cli import app
from webhooks.leads import bulk

HEAD = "first_name,phone,country,consent.given,consent.text\n"


@pytest.fixture
def cli(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    return CliRunner()


def listed(folder: Path, count: int) -> Path:
    file = folder / "leads.csv"
    with file.open("w") as text:
        text.write(HEAD)
        for number in range(count):
            text.write(f"Maria,+1212{5550120 + number},US,true,I agree\n")
    return file


def test_a_list_goes_behind_and_the_same_list_is_all_duplicates(
    cli: CliRunner, database: Database, tmp_path: Path
) -> None:
    file = listed(tmp_path, 250)
    assert cli.invoke(app, ["lead", "import", "website", str(file)]).output.strip() == "250 queued"
    with database.reading() as session:
        assert {lead.priority for lead in session.exec(select(Lead))} == {3}
    again = cli.invoke(app, ["lead", "import", "website", str(file)])
    assert (again.output.strip(), again.exit_code) == ("250 duplicate", 0)


def test_rows_that_cannot_be_leads_are_named_and_the_others_go_in(
    cli: CliRunner, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "some.csv"
    file.write_text(HEAD + f"A,+12125550120,US,true,Yes\nB,{'9' * 80},US,true,Yes\nC,+12125550121,US,false,No\n")
    told = cli.invoke(app, ["lead", "import", "website", str(file)])
    assert told.exit_code == 1
    assert "some.csv:3: phone:" in told.output
    assert "1 blocked, 1 queued, 1 refused" in told.output
    with database.reading() as session:
        assert len(session.exec(select(InboxMessage)).all()) == 2


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", HEAD.encode() + b'"' + b"x" * 200_000])
def test_a_file_that_is_no_csv_says_where(cli: CliRunner, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    error = cli.invoke(app, ["lead", "import", "website", str(file)]).exception
    assert isinstance(error, Permanent)
    assert "bad.csv:" in str(error)


def test_a_door_nobody_has_is_named(cli: CliRunner, tmp_path: Path) -> None:
    error = cli.invoke(app, ["lead", "import", "nowhere", str(listed(tmp_path, 1))]).exception
    assert isinstance(error, Permanent)
    assert "no door named" in str(error)


def test_memory_does_not_grow_with_the_list(database: Database, tmp_path: Path) -> None:
    """A million rows are read like a thousand: what is held is one batch, and what is remembered of the last 2,048 numbers."""
    file = listed(tmp_path, 4_000)
    held = []
    tracemalloc.start()
    for batch in bulk.batches(bulk.rows(file)):
        bulk.take(database, "website", batch)
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert len(held) == 40
    assert held[-1] - held[24] < 500_000, "a third of a kilobyte a row; one row is a kilobyte in the database"
