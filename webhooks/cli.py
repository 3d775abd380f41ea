"""The `firstring` command. Errors come as one line and a remedy; a trace only with `FIRSTRING_TRACE=1`.

A command's module is imported when it is asked for: all of them together take more than a second, which every process
would pay at its start.
"""

import os
import sys
import traceback
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from campaign.errors import FirstringError

GROUPS = {
    "campaign": "campaigns",
    "lead": "leads",
    "outbox": "outbox",
    "rules": "rules",
    "consent": "consents",
    "suppression": "suppressions",
    "inbox": "inbox",
    "bench": "bench",
}
"""Commands that have commands of their own, and the module of each."""
SINGLE = {
    **dict.fromkeys(("web", "media", "worker", "beat", "migrate", "up", "demo", "doctor"), "processes"),
    "call": "own_number",
    **dict.fromkeys(("halt", "resume", "halts"), "brakes"),
}


class OnDemand(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return [*SINGLE, *GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        module = GROUPS.get(cmd_name) or SINGLE.get(cmd_name)
        if module is None:
            return None
        group = get_group(import_module(f"webhooks.commands.{module}").app)
        if cmd_name in SINGLE:
            return group.commands[cmd_name]
        group.name = cmd_name
        return group


app = typer.Typer(cls=OnDemand, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def firstring() -> None:
    """Calls a web-form lead within seconds."""


def main() -> None:
    """Entry point: like `app()`, with our errors told in a line."""
    try:
        app()
    except Exception as error:
        if (told := _told(error)) is None:
            raise
        if os.environ.get("FIRSTRING_TRACE"):
            traceback.print_exc()
        print(f"firstring: {told}", file=sys.stderr)
        raise SystemExit(2) from error


def _told(error: Exception) -> str | None:
    """One line for the errors that a person at the keyboard can mend."""
    from pydantic import ValidationError
    from sqlalchemy.exc import SQLAlchemyError

    match error:
        case FirstringError():
            return str(error)
        case SQLAlchemyError():
            return f"the database says {type(error).__name__}: check DATABASE_URL and run `firstring migrate`"
        case ValidationError():
            faults = error.errors(include_url=False)
            return "; ".join(fault["msg"].removeprefix("Value error, ") for fault in faults)
    return None


if __name__ == "__main__":
    main()
