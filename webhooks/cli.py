"""The `firstring` command. Errors come as one line and a remedy; a trace only with `FIRSTRING_TRACE=1`."""

import os
import sys
import traceback

import typer
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from campaign.errors import FirstringError
from webhooks.commands import campaigns, leads, outbox, own_number, processes

app = typer.Typer(help="Calls a web-form lead within seconds.", no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(processes.app)
app.command("call")(own_number.call)
app.add_typer(campaigns.app, name="campaign")
app.add_typer(leads.app, name="lead")
app.add_typer(outbox.app, name="outbox")


def main() -> None:
    """Entry point: like `app()`, with our errors told in a line."""
    try:
        app()
    except FirstringError as error:
        _fail(str(error))
    except SQLAlchemyError as error:
        _fail(f"the database says {type(error).__name__}: check DATABASE_URL and run `firstring migrate`")
    except ValidationError as error:
        _fail("; ".join(f"{fault['msg'].removeprefix('Value error, ')}" for fault in error.errors(include_url=False)))


def _fail(message: str) -> None:
    if os.environ.get("FIRSTRING_TRACE"):
        traceback.print_exc()
    print(f"firstring: {message}", file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
