"""The doors behind the stage: what tests assert on, credentials, and the hands of a stranger in somebody's calendar."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.google.events import Write, shown
from sandbox.google.tokens import Identity
from sandbox.local import control
from sandbox.local.door import FaultDoor

if TYPE_CHECKING:
    from sandbox.google.app import Api


def routes(api: "Api", door: Callable[[], FaultDoor], origin: str) -> list[Route]:
    async def events(request: Request) -> Response:
        """Every event made by a client, cancelled ones too; `?all=1` adds the seeded busy time."""
        everything = bool(request.query_params.get("all"))
        return JSONResponse(
            [
                shown(kept, calendar.zone) | {"calendarId": calendar.id, "seeded": kept.seeded}
                for calendar in api.calendars.books.values()
                for kept in calendar.events.values()
                if everything or not kept.seeded
            ]
        )

    async def stranger(request: Request) -> Response:
        """Someone edits the calendar in Google's own interface: `{calendarId, id?, delete?, ...event}`."""
        body = await request.json()
        calendar_id, event_id = body.pop("calendarId"), body.get("id")
        hand = Write(Identity(calendar_id, frozenset()))
        if body.pop("delete", False):
            api.events.delete(calendar_id, event_id, hand)
            return JSONResponse({"deleted": event_id})
        calendar = api.events.readable(calendar_id)
        if event_id in calendar.events:
            kept = api.events.patch(calendar_id, event_id, body, hand)
        else:
            kept = api.events.insert(calendar_id, body, hand)
        return JSONResponse(shown(kept, calendar.zone))

    async def mails(_request: Request) -> Response:
        return JSONResponse(api.events.mails)

    async def pushes(_request: Request) -> Response:
        return JSONResponse(api.postman.sent)

    async def channels(_request: Request) -> Response:
        return JSONResponse(
            [
                one.shown() | {"calendarId": one.calendar_id, "address": one.address}
                for one in api.channels.live.values()
            ]
        )

    async def credentials(request: Request) -> Response:
        """A fresh credentials file: `?kind=service_account` (default) or `?kind=authorized_user&email=…`."""
        if request.query_params.get("kind") == "authorized_user":
            email = request.query_params.get("email", "owner@example.com")
            return JSONResponse(api.tokens.new_authorized_user(f"{origin}/token", email))
        return JSONResponse(api.tokens.new_service_account(f"{origin}/token"))

    return [
        control.health("google"),
        control.reset(api.faults, api.forget),
        control.faults_door(api.faults),
        control.request_log(door),
        Route("/_sandbox/events", events),
        Route("/_sandbox/events", stranger, methods=["POST"]),
        Route("/_sandbox/mails", mails),
        Route("/_sandbox/pushes", pushes),
        Route("/_sandbox/channels", channels),
        Route("/_sandbox/credentials", credentials, methods=["POST"]),
    ]
