"""The command line imports a command's module only when that command is asked for, and knows every command there is."""

import subprocess
import sys
from importlib import import_module

import pytest
from typer.main import get_group
from typer.testing import CliRunner

from webhooks.cli import GROUPS, SINGLE, app

HEAVY = ("alembic", "celery", "fastapi", "pydantic", "redis", "sqlalchemy", "twilio")


def test_the_command_line_alone_loads_no_large_library() -> None:
    code = f"import sys, webhooks.cli; print([name for name in {HEAVY} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("command", [*SINGLE, *GROUPS])
def test_every_command_explains_itself(command: str) -> None:
    told = CliRunner().invoke(app, [command, "--help"])
    assert told.exit_code == 0
    assert f"{command} [OPTIONS]" in told.output


@pytest.mark.parametrize("module", sorted(set(SINGLE.values())))
def test_no_command_of_a_module_is_out_of_reach(module: str) -> None:
    defined = get_group(import_module(f"webhooks.commands.{module}").app).commands
    assert set(defined) == {command for command, home in SINGLE.items() if home == module}


def test_an_unknown_command_is_refused() -> None:
    told = CliRunner().invoke(app, ["nonsense"])
    assert told.exit_code == 2
    assert "No such command 'nonsense'" in told.output
