"""`python -m sandbox.google --port N [--write-credentials FILE]`"""

import argparse
import json
import os
from pathlib import Path

import httpx

from sandbox.google.app import build
from sandbox.google.calendars import Calendars
from sandbox.google.seeding import busy_weeks, nothing
from sandbox.google.tokens import Tokens
from sandbox.local.server import arguments, listen, origin, serve

_MORE = """\
With --write-credentials the file is written before the ready line. If a sandbox.google already serves --port,
the file is made by that server, which then knows its key, and this command ends."""


def main() -> None:
    given = _arguments()
    if given.port and _borrowed(given):
        return
    listener = listen(given.host, given.port)
    tokens = Tokens()
    token_uri = f"{origin(listener)}/token"
    if given.write_credentials:
        _write(given.write_credentials, tokens.new_service_account(token_uri))
    if given.write_oauth:
        _write(given.write_oauth, tokens.new_authorized_user(token_uri, given.oauth_email))
    seed = nothing if given.empty else busy_weeks
    calendars = Calendars(given.open, given.timezone, seed, tuple(given.calendar))
    serve(build(calendars, tokens, origin(listener)), listener)


def _arguments() -> argparse.Namespace:
    parser = arguments("google", "Google Calendar v3 with its token endpoint, in memory.")
    parser.epilog = _MORE
    parser.add_argument(
        "--open", action=argparse.BooleanOptionalAction, default=True, help="calendars exist on first use (default)"
    )
    parser.add_argument("--calendar", action="append", default=[], help="a calendar that exists from the start")
    parser.add_argument("--empty", action="store_true", help="no seeded busy time")
    parser.add_argument("--timezone", default="America/New_York", help="of new calendars (ids ending .au: Sydney)")
    parser.add_argument("--write-credentials", type=Path, metavar="FILE", help="service-account JSON")
    parser.add_argument("--write-oauth", type=Path, metavar="FILE", help="authorized_user JSON with a refresh token")
    parser.add_argument("--oauth-email", default="owner@example.com", help="whom that refresh token belongs to")
    return parser.parse_args()


def _borrowed(given: argparse.Namespace) -> bool:
    """Whether a server already there made the files asked for."""
    wanted = {given.write_credentials: "service_account", given.write_oauth: "authorized_user"}
    base = f"http://{given.host}:{given.port}/_sandbox"
    with httpx.Client(timeout=2, trust_env=False) as client:
        try:
            if client.get(f"{base}/health").json().get("name") != "google":
                return False
        except (httpx.HTTPError, ValueError):
            return False
        for path, kind in wanted.items():
            if path:
                answer = client.post(f"{base}/credentials", params={"kind": kind, "email": given.oauth_email})
                _write(path, answer.json())
    return any(wanted)


def _write(path: Path, document: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    os.chmod(path, 0o600)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
