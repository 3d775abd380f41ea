"""Which OAuth scopes open which method: the table of the discovery document (revision 20261030)."""

from sandbox.google.problems import Problem
from sandbox.google.tokens import SCOPE_ROOT, Identity

_WRITE = {"calendar", "calendar.app.created", "calendar.events", "calendar.events.owned"}
_READ = _WRITE | {
    "calendar.events.freebusy",
    "calendar.events.owned.readonly",
    "calendar.events.public.readonly",
    "calendar.events.readonly",
    "calendar.readonly",
}
_LIST = {"calendar", "calendar.calendarlist", "calendar.calendarlist.readonly", "calendar.readonly"}
METHODS = {
    "events.write": _WRITE,
    "events.read": _READ,
    "freebusy": {"calendar", "calendar.events.freebusy", "calendar.freebusy", "calendar.readonly"},
    "calendarList": _LIST | {"calendar.app.created"},
    "calendars": {
        "calendar",
        "calendar.app.created",
        "calendar.calendars",
        "calendar.calendars.readonly",
        "calendar.readonly",
    },
    "channels": _READ | _LIST,
}


def check(identity: Identity, method: str) -> None:
    """Raise Google's 403 when none of the token's scopes opens this method."""
    held = {scope.removeprefix(SCOPE_ROOT) for scope in identity.scopes}
    if not held & METHODS[method]:
        raise Problem(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
