"""Google Calendar v3 in our words, and the only module that speaks to it. No policy: callers decide what it means.

One service object per thread: a shared one hands out other threads' answers (measured: 46 of 480). tenacity is the only
retry layer; the client's own is off, since it does not know `quotaExceeded` or Retry-After. Blocking.
"""

import http.client
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import google.auth.exceptions
import google_auth_httplib2
import httplib2
from google.auth.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import Error as ClientError
from googleapiclient.errors import HttpError
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from calendar_sync import credentials
from calendar_sync.errors import CalendarMisconfigured, CalendarUnavailable, CannotInvite, EventExists, Gone, NotThere
from calendar_sync.event import Event
from calendar_sync.spans import Span
from campaign import retry_after
from campaign.errors import FirstringError
from campaign.settings import Settings

# Google says "slow down" with 403 as well as 429; the client's own retry leaves quotaExceeded out.
# https://developers.google.com/workspace/calendar/api/guides/errors
SLOW_DOWN = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"})
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
# (status, reason) -> what it means; a reason of None matches the rest of that status.
MEANINGS: dict[tuple[int, str | None], type[FirstringError]] = {
    (403, "forbiddenForServiceAccounts"): CannotInvite,
    (404, None): NotThere,
    (409, None): EventExists,
    (410, None): Gone,
}
# Lines that drop: httplib2 lets the socket's own errors through.
LINE = (OSError, http.client.HTTPException, httplib2.HttpLib2Error, google.auth.exceptions.TransportError)
FREEBUSY_CALENDARS = 50  # documented limit of one freebusy query
PAGE = 250


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a caller can wait: seconds per request and overall, and how many tries fit in."""

    request_s: float
    total_s: float
    tries: int


LOOKUP = Patience(request_s=3.0, total_s=4.0, tries=2)
"""Somebody is on the phone, waiting for an offer."""
BOOKING = Patience(request_s=10.0, total_s=12.0, tries=4)
BACKGROUND = Patience(request_s=10.0, total_s=30.0, tries=5)


@dataclass(frozen=True, slots=True)
class FreeBusy:
    """Busy times per readable calendar, and why the others could not be read."""

    periods: Mapping[str, list[Span]]
    unreadable: Mapping[str, str]


class GoogleCalendar:
    """Thread-safe; opens connections lazily, one per thread and patience."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._local = threading.local()
        self._lock = threading.Lock()
        self._credentials: Credentials | None = None
        self.endpoint = f"{settings.google_calendar_url.rstrip('/')}/calendar/v3/"

    def busy(self, calendars: Sequence[str], start: datetime, end: datetime, patience: Patience = LOOKUP) -> FreeBusy:
        """At most `FREEBUSY_CALENDARS` calendars and 90 days; one that Google is silent about counts as unreadable."""
        query = {
            "timeMin": _rfc3339(start),
            "timeMax": _rfc3339(end),
            "items": [{"id": calendar} for calendar in calendars],
        }
        found = self._call(lambda api: api.freebusy().query(body=query), patience).get("calendars", {})
        periods: dict[str, list[Span]] = {}
        unreadable: dict[str, str] = {}
        for calendar in calendars:
            entry = found.get(calendar)
            if entry is None or entry.get("errors"):
                # An unreadable calendar comes with 200 and an empty busy list: it must not look free.
                unreadable[calendar] = str(entry["errors"][0].get("reason", "error")) if entry else "missing"
            else:
                periods[calendar] = [(_instant(span["start"]), _instant(span["end"])) for span in entry.get("busy", ())]
        return FreeBusy(periods, unreadable)

    def insert(self, calendar: str, event: Event, *, notify: bool) -> Event:
        """Raises `EventExists` when the id is in use there, `CannotInvite` when attendees are not allowed."""
        updates = "all" if notify else "none"
        try:
            return self._call(
                lambda api: api.events().insert(calendarId=calendar, body=event, sendUpdates=updates), BOOKING
            )
        except CalendarMisconfigured as error:
            if event.get("attendees") and error.data.get("status") == 400:
                raise CannotInvite("the invitation was refused", reason=error.data.get("reason")) from error
            raise

    def get(self, calendar: str, event_id: str) -> Event | None:
        """The event, cancelled ones included; None when there is none."""
        try:
            return self._call(lambda api: api.events().get(calendarId=calendar, eventId=event_id), BOOKING)
        except (NotThere, Gone):
            return None

    def delete(self, calendar: str, event_id: str, *, notify: bool) -> None:
        """Deleting what is gone is success."""
        updates = "all" if notify else "none"
        with suppress(NotThere, Gone):
            self._call(
                lambda api: api.events().delete(calendarId=calendar, eventId=event_id, sendUpdates=updates), BOOKING
            )

    def between(self, calendar: str, start: datetime, end: datetime) -> tuple[list[Event], str]:
        """Single events that share time with [start, end), and the calendar's own time zone."""
        window = {"timeMin": _rfc3339(start), "timeMax": _rfc3339(end), "singleEvents": True, "maxResults": PAGE}
        page = self._call(partial(_list, calendar, window), BOOKING)
        return page.get("items", []), page.get("timeZone") or "UTC"

    def changes(self, calendar: str, sync_token: str, since: datetime) -> tuple[list[Event], str]:
        """What changed after `sync_token`, or everything from `since` when it is empty; and the next token.

        Raises `Gone` when only a full read helps.
        """
        first = {"syncToken": sync_token} if sync_token else {"timeMin": _rfc3339(since)}
        events: list[Event] = []
        page_token: str | None = None
        while True:
            query = {
                **first,
                "maxResults": PAGE,
                "showDeleted": True,
                **({"pageToken": page_token} if page_token else {}),
            }
            page = self._call(partial(_list, calendar, query), BACKGROUND)
            events += page.get("items", [])
            page_token = page.get("nextPageToken")
            if not page_token:
                return events, page.get("nextSyncToken", "")

    def _call(self, request: Callable[[Any], Any], patience: Patience) -> dict[str, Any]:
        answer: dict[str, Any] = _retrying(patience)(self._once, request, patience)
        return answer

    def _once(self, request: Callable[[Any], Any], patience: Patience) -> dict[str, Any]:
        try:
            return request(self._service(patience)).execute(num_retries=0) or {}
        except HttpError as error:
            raise meaning(error) from error
        except google.auth.exceptions.RefreshError as error:
            if error.retryable:
                raise CalendarUnavailable("Google's token endpoint is in trouble", code="token_unavailable") from error
            raise CalendarMisconfigured("Google refused the credentials", code="bad_credentials") from error
        except LINE as error:
            self._drop(patience)
            raise CalendarUnavailable("no answer from Google Calendar", reason=type(error).__name__) from error
        except (ClientError, google.auth.exceptions.GoogleAuthError, ValueError) as error:
            raise CalendarMisconfigured(
                "Google Calendar's answer makes no sense", reason=type(error).__name__
            ) from error

    def _service(self, patience: Patience) -> Any:
        services: dict[Patience, Any] = self._local.__dict__.setdefault("services", {})
        if patience not in services:
            authorized = google_auth_httplib2.AuthorizedHttp(
                self._shared_credentials(), http=httplib2.Http(timeout=patience.request_s)
            )
            options = {"api_endpoint": self.endpoint}
            services[patience] = build(
                "calendar", "v3", http=authorized, client_options=options, static_discovery=True, cache_discovery=False
            )
        return services[patience]

    def _drop(self, patience: Patience) -> None:
        """Forget this thread's connection: after trouble a half-read answer must not meet the next question."""
        service = self._local.__dict__.get("services", {}).pop(patience, None)
        if service is not None:
            service.close()

    def _shared_credentials(self) -> Credentials:
        with self._lock:
            if self._credentials is None:
                self._credentials = credentials.load(self._settings)
            return self._credentials


def _list(calendar: str, query: Mapping[str, Any], api: Any) -> Any:
    return api.events().list(calendarId=calendar, **query)


def meaning(error: HttpError) -> FirstringError:
    """Google's refusal in our words; its message is left out, since it may quote addresses."""
    status, reason = error.status_code, _reason(error)
    if status in PASSING or (status == 403 and reason in SLOW_DOWN):
        return CalendarUnavailable(
            "Google Calendar asks to wait",
            retry_after=retry_after.seconds(error.resp.get("retry-after")),
            status=status,
            reason=reason,
        )
    kind = MEANINGS.get((status, reason)) or MEANINGS.get((status, None)) or CalendarMisconfigured
    return kind(f"Google Calendar refused: {status} {reason}", status=status, reason=reason)


def _reason(error: HttpError) -> str:
    try:
        body = json.loads(error.content)["error"]
        return str(body["errors"][0]["reason"]) if body.get("errors") else str(body.get("status", ""))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return ""


def _retrying(patience: Patience) -> Retrying:
    return Retrying(
        retry=retry_if_exception_type(CalendarUnavailable),
        stop=stop_after_attempt(patience.tries) | stop_before_delay(patience.total_s),
        wait=_wait,
        reraise=True,
    )


def _wait(state: RetryCallState) -> float:
    """As long as Google asks, else full jitter under a doubling ceiling."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, CalendarUnavailable) else None
    return asked if asked is not None else wait_random_exponential(multiplier=0.2, max=4)(state)


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
