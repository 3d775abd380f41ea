"""The HTTP shell of the sandbox's Google Calendar: routes, bearer tokens, quota, error bodies."""

import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.google import DEFAULT_KNOBS, backstage, freebusy, listing, problems, scopes
from sandbox.google.calendars import Calendar, Calendars, as_calendar, as_list_entry
from sandbox.google.channels import Channels, notice
from sandbox.google.events import Events, Write, shown
from sandbox.google.oauth import token_route
from sandbox.google.postman import Postman
from sandbox.google.problems import Problem
from sandbox.google.tokens import Identity, Tokens
from sandbox.local.door import FaultDoor
from sandbox.local.faults import Faults, Refuse

_ROOT = "/calendar/v3"
Answer = Callable[["Api", Request, Identity], Awaitable[Response]]


class Api:
    """The server's whole memory, and the circumstances of one request drawn from it."""

    def __init__(self, calendars: Calendars, tokens: Tokens) -> None:
        self.faults = Faults(DEFAULT_KNOBS)
        self.calendars = calendars
        self.tokens = tokens
        self.channels = Channels()
        self.postman = Postman(self.faults)
        self.events = Events(calendars, self.faults, self.announce)
        self._recent: deque[float] = deque()

    def announce(self, calendar_id: str) -> None:
        for one in self.channels.notices(calendar_id):
            self.postman.send(one)

    def forget(self) -> None:
        """Empty everything but credentials, so that clients already signed in go on."""
        self.calendars.forget()
        self.channels.live.clear()
        self.postman.sent.clear()
        self.events.mails.clear()
        self._recent.clear()

    def identify(self, request: Request) -> Identity:
        identity = self.tokens.holder(request.headers.get("authorization", ""))
        if identity is None:
            raise problems.unauthorized()
        self._spend_quota()
        return identity

    def calendar(self, request: Request, identity: Identity) -> Calendar:
        return self.events.readable(self.calendar_id(request, identity))

    def calendar_id(self, request: Request, identity: Identity) -> str:
        name = str(request.path_params["calendar"])
        return identity.email if name == "primary" else name

    def _spend_quota(self) -> None:
        quota = self.faults.knobs["quota"]
        if not quota:
            return
        now = time.monotonic()
        while self._recent and self._recent[0] < now - 60:
            self._recent.popleft()
        if len(self._recent) >= int(quota["per_minute"]):
            raise problems.of_status(int(quota.get("status", 403)), quota.get("reason", "rateLimitExceeded"))
        self._recent.append(now)


async def insert(api: Api, request: Request, identity: Identity) -> Response:
    name = api.calendar_id(request, identity)
    kept = api.events.insert(name, await _body(request), _write(request, identity))
    return _event(api, name, kept.body["id"])


async def patch(api: Api, request: Request, identity: Identity) -> Response:
    name, event_id = api.calendar_id(request, identity), request.path_params["event"]
    api.events.patch(name, event_id, await _body(request), _write(request, identity))
    return _event(api, name, event_id)


async def update(api: Api, request: Request, identity: Identity) -> Response:
    name, event_id = api.calendar_id(request, identity), request.path_params["event"]
    api.events.update(name, event_id, await _body(request), _write(request, identity))
    return _event(api, name, event_id)


async def delete(api: Api, request: Request, identity: Identity) -> Response:
    api.events.delete(api.calendar_id(request, identity), request.path_params["event"], _write(request, identity))
    return Response(status_code=204)


async def get(api: Api, request: Request, identity: Identity) -> Response:
    calendar = api.calendar(request, identity)
    kept = api.calendars.find(calendar, request.path_params["event"])
    if request.headers.get("if-none-match") == kept.etag:
        return Response(status_code=304, headers={"etag": kept.etag})
    event = shown(kept, calendar.zone, request.query_params.get("timeZone"))
    return JSONResponse(event, headers={"etag": kept.etag})


async def events_list(api: Api, request: Request, identity: Identity) -> Response:
    calendar = api.calendar(request, identity)
    if api.faults.knobs["expire_sync_tokens"]:
        api.calendars.sync_floor = api.calendars.change = api.calendars.change + 1
        api.faults.knobs["expire_sync_tokens"] = False
    params = request.query_params
    query = listing.Query(
        dict(params), tuple(params.getlist("privateExtendedProperty")), tuple(params.getlist("sharedExtendedProperty"))
    )
    return JSONResponse(listing.page(api.calendars, calendar, query, api.events.role(calendar.id)))


async def watch(api: Api, request: Request, identity: Identity) -> Response:
    calendar = api.calendar(request, identity)
    channel = api.channels.open(calendar.id, await _body(request), identity.email)
    api.postman.send(notice(channel, "sync"))
    return JSONResponse(channel.shown())


async def stop(api: Api, request: Request, _identity: Identity) -> Response:
    api.channels.stop(await _body(request))
    return Response(status_code=204)


async def free_busy(api: Api, request: Request, identity: Identity) -> Response:
    hidden = {name: "notFound" for name, role in (api.faults.knobs["access"] or {}).items() if role == "none"}
    errors = hidden | (api.faults.knobs["free_busy_errors"] or {})
    return JSONResponse(freebusy.answer(api.calendars, await _body(request), errors, identity.email))


async def calendar_get(api: Api, request: Request, identity: Identity) -> Response:
    return JSONResponse(as_calendar(api.calendar(request, identity)))


async def calendar_list(api: Api, _request: Request, identity: Identity) -> Response:
    roles = [(calendar, api.events.role(calendar.id)) for calendar in api.calendars.books.values()]
    items = [as_list_entry(one, role, one.id == identity.email) for one, role in roles if role != "none"]
    kind = "calendar#calendarList"
    return JSONResponse({"kind": kind, "etag": f'"p{len(items)}"', "items": items, "nextSyncToken": "sandbox"})


async def calendar_list_get(api: Api, request: Request, identity: Identity) -> Response:
    calendar = api.calendar(request, identity)
    return JSONResponse(as_list_entry(calendar, api.events.role(calendar.id), calendar.id == identity.email))


# Path below the root, method, what it does, which scopes open it (a row of `scopes.METHODS`).
_METHODS: tuple[tuple[str, str, Answer, str], ...] = (
    ("/calendars/{calendar}/events", "POST", insert, "events.write"),
    ("/calendars/{calendar}/events", "GET", events_list, "events.read"),
    ("/calendars/{calendar}/events/watch", "POST", watch, "events.read"),
    ("/calendars/{calendar}/events/{event}", "GET", get, "events.read"),
    ("/calendars/{calendar}/events/{event}", "PATCH", patch, "events.write"),
    ("/calendars/{calendar}/events/{event}", "PUT", update, "events.write"),
    ("/calendars/{calendar}/events/{event}", "DELETE", delete, "events.write"),
    ("/calendars/{calendar}", "GET", calendar_get, "calendars"),
    ("/channels/stop", "POST", stop, "channels"),
    ("/freeBusy", "POST", free_busy, "freebusy"),
    ("/users/me/calendarList", "GET", calendar_list, "calendarList"),
    ("/users/me/calendarList/{calendar}", "GET", calendar_list_get, "calendarList"),
)


def build(calendars: Calendars, tokens: Tokens, origin: str) -> FaultDoor:
    api = Api(calendars, tokens)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await api.postman.close()

    async def problem(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return JSONResponse(error.body(), status_code=error.code)

    routes = [
        *[Route(_ROOT + path, _guarded(api, answer, scope), methods=[verb]) for path, verb, answer, scope in _METHODS],
        token_route(tokens, api.faults, origin),
        *backstage.routes(api, lambda: door, origin),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={Problem: problem, 404: _unknown_path})
    door = FaultDoor(app, api.faults, _word)
    return door


def _guarded(api: Api, answer: Answer, method: str) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        if api.faults.knobs["expire_tokens"]:
            api.tokens.issued.clear()
            api.faults.knobs["expire_tokens"] = False
        identity = api.identify(request)
        scopes.check(identity, method)
        return await answer(api, request, identity)

    return guarded


def _word(refusal: Refuse) -> Response:
    headers = {} if refusal.retry_after is None else {"retry-after": f"{refusal.retry_after:g}"}
    body = problems.of_status(refusal.status, refusal.reason).body()
    return JSONResponse(body, status_code=refusal.status, headers=headers)


async def _unknown_path(_request: Request, _error: Exception) -> Response:
    return JSONResponse(problems.not_found().body(), status_code=404)


def _event(api: Api, calendar_id: str, event_id: str) -> Response:
    calendar = api.calendars.get(calendar_id)
    kept = api.calendars.find(calendar, event_id)
    return JSONResponse(shown(kept, calendar.zone), headers={"etag": kept.etag})


def _write(request: Request, identity: Identity) -> Write:
    params = request.query_params
    legacy = "all" if params.get("sendNotifications", "").lower() == "true" else "none"
    send_updates = params.get("sendUpdates", legacy)
    if send_updates not in ("all", "externalOnly", "none"):
        raise problems.invalid("Invalid value for: sendUpdates", "sendUpdates")
    version = params.get("conferenceDataVersion", "0")
    if version not in ("0", "1"):
        raise problems.invalid("Invalid value for: conferenceDataVersion", "conferenceDataVersion")
    return Write(identity, send_updates, int(version), request.headers.get("if-match"))


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise Problem(400, "parseError", "Parse Error") from error
    if not isinstance(body, dict):
        raise Problem(400, "parseError", "Parse Error")
    return body
