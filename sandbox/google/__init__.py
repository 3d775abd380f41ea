"""Google Calendar v3 and its OAuth token endpoint as a local server, strict where the real one is.

Shapes are held to the discovery document bundled with google-api-python-client (see tests/sandbox/google).
Knobs beside the common ones (`sandbox/local/faults.py`):

    service_account_attendees  "forbidden" (default, as without domain-wide delegation) | "allowed"
    delegation                 "allowed" (default) | "denied": impersonation is refused at the token endpoint
    free_busy_errors           {calendar id: "notFound" | "internalError" | ...}: answered 200 with `errors`
    access                     {calendar id: "none" | "freeBusyReader" | "reader" | "writer" | "owner"} (owner)
    quota                      {per_minute, status=403, reason="rateLimitExceeded"}: a sliding window over all requests
    intrude                    n: before each of the next n inserts a stranger books the very same time
    conference                 "success" (default) | "pending" | "failure"
    lose_pushes                n: the next n push notifications are never sent
    token_ttl_s                lifetime of access tokens issued from now on (3599)
    expire_sync_tokens         true: every sync token issued so far answers 410
    expire_tokens              true: every access token issued so far answers 401

Known gaps: no recurring events (`recurrence` is refused), no copies on attendees' own calendars, no ACLs or settings.
"""

from typing import Any

DEFAULT_KNOBS: dict[str, Any] = {
    "service_account_attendees": "forbidden",
    "delegation": "allowed",
    "free_busy_errors": {},
    "access": {},
    "quota": None,
    "intrude": 0,
    "conference": "success",
    "lose_pushes": 0,
    "token_ttl_s": 3599,
    "expire_sync_tokens": False,
    "expire_tokens": False,
}
