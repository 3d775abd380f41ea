"""Google credentials from the configured file: a service account (with or without impersonation) or an authorized user.

Both keep the token address their file names. They read the real clock themselves.
"""

import json
from pathlib import Path
from typing import Any

from google.auth.credentials import Credentials
from google.oauth2 import credentials as user
from google.oauth2 import service_account

from calendar_sync.errors import CalendarMisconfigured
from campaign.settings import Settings

# The least that books: write events on shared calendars, and ask when people are busy.
SCOPES = ("https://www.googleapis.com/auth/calendar.events", "https://www.googleapis.com/auth/calendar.freebusy")
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


def load(settings: Settings) -> Credentials:
    """Raises `CalendarMisconfigured` when no file is set or the file is no credential."""
    path = settings.google_service_account_file or settings.google_oauth_file
    if path is None:
        raise CalendarMisconfigured("set GOOGLE_SERVICE_ACCOUNT_FILE or GOOGLE_OAUTH_FILE", code="no_credentials")
    try:
        info = dict(json.loads(Path(path).read_text(encoding="utf-8")))
        return _service_account(info, settings) if settings.google_service_account_file else _user(info)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CalendarMisconfigured(f"{path} is not a usable credential file", code="bad_credentials") from error


def _service_account(info: dict[str, Any], settings: Settings) -> Credentials:
    made: Credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
        info, scopes=SCOPES, subject=settings.google_impersonate or None
    )
    return made


def _user(info: dict[str, Any]) -> Credentials:
    """`from_authorized_user_info` would overwrite the file's token_uri with Google's, so the value is built by hand."""
    return user.Credentials(  # type: ignore[no-untyped-call]
        token=None,
        refresh_token=info["refresh_token"],
        client_id=info["client_id"],
        client_secret=info["client_secret"],
        token_uri=info.get("token_uri") or TOKEN_URI,
        quota_project_id=info.get("quota_project_id"),
    )
