"""Writing events: insert, patch, update and delete with Google's refusals, invitation mails and conference links.

Decides who may write, which ids are taken, what a stale ETag means, and which attendees are mailed. Reading is in
`listing.py`; the HTTP shell is `app.py`.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.google import conferences, event_body, times
from sandbox.google.calendars import Calendar, Calendars, Event, Kept
from sandbox.google.problems import Problem, invalid, not_found, of_status, precondition_failed
from sandbox.google.tokens import Identity
from sandbox.local import clock
from sandbox.local.faults import Faults

_WRITERS = {"writer", "owner"}


@dataclass(frozen=True, slots=True)
class Write:
    """One write's circumstances, from the query string and the headers."""

    identity: Identity
    send_updates: str = "none"
    conference_version: int = 0
    if_match: str | None = None


@dataclass(slots=True)
class Events:
    calendars: Calendars
    faults: Faults
    changed: Callable[[str], None]
    mails: list[dict[str, Any]] = field(default_factory=list)

    def role(self, calendar_id: str) -> str:
        return str((self.faults.knobs["access"] or {}).get(calendar_id, "owner"))

    def readable(self, calendar_id: str) -> Calendar:
        calendar = self.calendars.get(calendar_id)
        if self.role(calendar_id) == "none":
            raise not_found()
        return calendar

    def insert(self, calendar_id: str, body: dict[str, Any], write: Write) -> Kept:
        calendar = self._writable(calendar_id)
        event_id = event_body.chosen_id(body)
        fields = event_body.writable(body)
        self._check_guests(body, write)
        drafted = self._with_conference(fields, body, None, write)
        drafted = event_body.settled(drafted, calendar.zone)
        if self.faults.take("intrude"):
            self._intrude(calendar, drafted)
        if event_id in calendar.events:
            raise Problem(409, "duplicate", "The requested identifier already exists.")
        kept = self._keep(calendar, self._born(calendar, drafted, body, event_id or secrets.token_hex(13), write))
        self._mail("invitation", calendar, kept.body, kept.body.get("attendees", []), write)
        return kept

    def patch(self, calendar_id: str, event_id: str, body: dict[str, Any], write: Write) -> Kept:
        calendar, before = self._editable(calendar_id, event_id, body, write)
        fields = _unmixed(event_body.writable(body))
        return self._rewrite(calendar, before, event_body.merged(before.body, fields), body, write)

    def update(self, calendar_id: str, event_id: str, body: dict[str, Any], write: Write) -> Kept:
        calendar, before = self._editable(calendar_id, event_id, body, write)
        lasting = ("kind", "id", "iCalUID", "created", "creator", "organizer", "sequence", "eventType", "htmlLink")
        base = {name: before.body[name] for name in lasting if name in before.body} | {"status": "confirmed"}
        conference = {n: before.body[n] for n in ("conferenceData", "hangoutLink") if n in before.body}
        fields = {name: value for name, value in event_body.writable(body).items() if value is not None}
        return self._rewrite(calendar, before, base | conference | fields, body, write)

    def delete(self, calendar_id: str, event_id: str, write: Write) -> None:
        calendar = self._writable(calendar_id)
        before = self.calendars.find(calendar, event_id)
        if before.cancelled:
            raise Problem(410, "deleted", "Resource has been deleted")
        _check_match(before, write)
        body = before.body | {"status": "cancelled"}
        self.calendars.keep(calendar, body, seeded=before.seeded, deleted=True)
        self._mail("cancellation", calendar, body, body.get("attendees", []), write)
        self.changed(calendar.id)

    def _writable(self, calendar_id: str) -> Calendar:
        calendar = self.readable(calendar_id)
        if self.role(calendar_id) not in _WRITERS:
            raise Problem(
                403, "requiredAccessLevel", "You need to have writer access to this calendar.", domain="calendar"
            )
        return calendar

    def _editable(self, calendar_id: str, event_id: str, body: dict[str, Any], write: Write) -> tuple[Calendar, Kept]:
        calendar = self._writable(calendar_id)
        before = self.calendars.find(calendar, event_id)
        if before.deleted and body.get("status") not in ("confirmed", "tentative"):
            # google-api-python-client#846: a deleted event refuses edits; naming a live status restores it.
            raise Problem(403, "forbidden", "Forbidden")
        _check_match(before, write)
        self._check_guests(body, write)
        return calendar, before

    def _check_guests(self, body: dict[str, Any], write: Write) -> None:
        bare = write.identity.bare_service and self.faults.knobs["service_account_attendees"] == "forbidden"
        if bare and body.get("attendees"):
            raise of_status(403, "forbiddenForServiceAccounts")
        if bare and write.conference_version and (body.get("conferenceData") or {}).get("createRequest"):
            # googleapis/google-api-nodejs-client#3052: the words do not name the cause.
            raise invalid("Invalid conference type value.")

    def _rewrite(self, calendar: Calendar, before: Kept, event: Event, body: dict[str, Any], write: Write) -> Kept:
        drafted = self._with_conference(event, body, before.body.get("conferenceData"), write)
        after = event_body.settled(drafted, calendar.zone)
        moved = any(before.body[side] != after[side] for side in ("start", "end"))
        revived = before.cancelled and after["status"] != "cancelled"
        after["sequence"] = max(before.body["sequence"] + int(moved or revived), int(after.get("sequence") or 0))
        kept = self._keep(calendar, after, seeded=before.seeded)
        self._mail_change(calendar, before, kept, write)
        return kept

    def _keep(self, calendar: Calendar, body: Event, *, seeded: bool = False) -> Kept:
        kept = self.calendars.keep(calendar, body, seeded=seeded)
        self.changed(calendar.id)
        return kept

    def _with_conference(self, event: Event, body: dict[str, Any], held: dict[str, Any] | None, write: Write) -> Event:
        request = (body.get("conferenceData") or {}).get("createRequest")
        if not request or write.conference_version < 1:
            return event
        data = conferences.created(request, held, str(self.faults.knobs["conference"]))
        meet = conferences.link(data)
        return event | {"conferenceData": data} | ({"hangoutLink": meet} if meet else {})

    def _born(self, calendar: Calendar, fields: Event, body: dict[str, Any], event_id: str, write: Write) -> Event:
        own = {"email": calendar.id, "self": True}
        return {
            "kind": "calendar#event",
            "id": event_id,
            "status": "confirmed",
            "htmlLink": f"https://www.google.com/calendar/event?eid={event_id}",
            "created": clock.rfc3339(clock.now()),
            "creator": {"email": write.identity.email},
            "organizer": own,
            "iCalUID": body.get("iCalUID") or f"{event_id}@google.com",
            "eventType": "default",
            "reminders": {"useDefault": True},
            **{name: value for name, value in fields.items() if value is not None},
            "sequence": int(fields.get("sequence") or 0),
        }

    def _intrude(self, calendar: Calendar, event: Event) -> None:
        stranger = Write(Identity(calendar.id, frozenset()))
        fields = {"start": event["start"], "end": event["end"], "summary": "Booked by someone else"}
        self._keep(calendar, self._born(calendar, fields, {}, secrets.token_hex(13), stranger))

    def _mail_change(self, calendar: Calendar, before: Kept, after: Kept, write: Write) -> None:
        old = {one["email"] for one in before.body.get("attendees", [])}
        now = after.body.get("attendees", [])
        if after.cancelled:
            if not before.cancelled:
                self._mail("cancellation", calendar, after.body, now, write)
            return
        self._mail("invitation", calendar, after.body, [one for one in now if one["email"] not in old], write)
        self._mail("update", calendar, after.body, [one for one in now if one["email"] in old], write)
        gone = old - {one["email"] for one in now}
        self._mail("cancellation", calendar, after.body, [{"email": email} for email in sorted(gone)], write)

    def _mail(self, kind: str, calendar: Calendar, body: Event, guests: list[dict[str, Any]], write: Write) -> None:
        """externalOnly reaches guests without a Google calendar: here, those whose calendar this server lacks."""
        for guest in guests:
            outside = guest["email"] not in self.calendars.books
            if guest["email"] == calendar.id or write.send_updates == "none":
                continue
            if write.send_updates == "all" or outside:
                self.mails.append(
                    {
                        "kind": kind,
                        "to": guest["email"],
                        "calendarId": calendar.id,
                        "eventId": body["id"],
                        "summary": body.get("summary"),
                        "start": body["start"],
                        "sendUpdates": write.send_updates,
                        "at": clock.rfc3339(clock.now()),
                    }
                )


def shown(kept: Kept, calendar_zone: str, asked_zone: str | None = None) -> Event:
    """An event as a response prints it."""
    event = kept.body | {"etag": kept.etag}
    for side in ("start", "end"):
        event[side] = times.rendered(kept.body[side], calendar_zone, asked_zone)
    return event


def _check_match(before: Kept, write: Write) -> None:
    if write.if_match not in (None, "*", before.etag):
        raise precondition_failed()


def _unmixed(fields: dict[str, Any]) -> dict[str, Any]:
    """A patched time replaces its other form, so that `date` gives way to `dateTime` and the reverse."""
    for side in ("start", "end"):
        value = fields.get(side)
        if isinstance(value, dict) and value.get("dateTime"):
            fields[side] = {"date": None} | value
        elif isinstance(value, dict) and value.get("date"):
            fields[side] = {"dateTime": None, "timeZone": None} | value
    return fields
