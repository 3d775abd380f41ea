"""`POST /leads/{source}`: source known, size, signature, content type, parse; then one transaction and 202.

The order is deliberate: strangers learn nothing beyond whether a source exists, and an authentic message is stored
before any complaint about its content. Unknown sources answer 422: some senders switch a webhook off at the first 404.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Literal, cast

import msgspec
import structlog
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from campaign import clock, store
from campaign.errors import Permanent
from campaign.file import Campaign
from campaign.file import Source as SourceConfig
from webhooks import bodies, ground, standard_webhooks
from webhooks.leads import intake, payload
from webhooks.leads.lane import Full, Lane
from webhooks.leads.schema import OPENAPI
from webhooks.problems import Problem

log = structlog.get_logger()


class Straight(APIRoute):
    """Hands the request to its function as it is. FastAPI would look for dependencies, forms and streams that no lead has
    (measured: a quarter of the processor time of a request, without sockets and database)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def handle(request: Request) -> Response:
            return cast(Response, await self.endpoint(request=request, **request.path_params))

        return handle


router = APIRouter(tags=["leads"], route_class=Straight)
SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
READERS: dict[str, Callable[[bytes], payload.LeadForm]] = {
    "application/json": payload.from_json,
    "application/x-www-form-urlencoded": payload.from_form,
}
SMALL = 16 * 1024
"""A body up to this is read in a fraction of a millisecond, less than a thread would cost."""
DOOR_LASTS_S = 1.0
"""How long a change of a campaign or of its secret may take to reach its door."""
KEPT_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "user-agent")
Door = tuple[Campaign, int, SourceConfig]


class LeadAccepted(BaseModel):
    """What will happen to a lead."""

    lead_id: str
    status: Literal["queued", "scheduled", "duplicate", "blocked"]
    call_at: datetime | None = Field(description="When we mean to call; null when we will not")
    reason: str = Field(description="Why it waits or is blocked, in one word of ours; empty when queued")


@router.post("/leads/{source}", status_code=202, response_model=LeadAccepted, **OPENAPI)
async def receive(source: str, request: Request) -> Response:
    """Submit a lead, signed with Standard Webhooks headers over the raw body."""
    here = ground.of(request)
    campaign, version, config = await request.app.state.doors.find(here, source)
    body = await bodies.read(request)
    now = clock.now()
    message = intake.Message(
        source=source,
        message_id=_authentic(here, config, request, body, now),
        content_type=request.headers.get("content-type", ""),
        body=body,
        headers={name: request.headers[name][:1000] for name in KEPT_HEADERS if name in request.headers},
    )
    read = _reader(message.content_type)
    try:
        form = read(body) if len(body) <= SMALL else await run_in_threadpool(read, body)
    except (payload.Malformed, payload.Invalid) as error:
        await run_in_threadpool(_review, here, message, type(error).__name__.lower(), now)
        raise _complaint(error) from error
    accepted = await _accept(request.app.state.lane, intake.Arrival(campaign, version, message, form))
    return Response(_answer(accepted), 202, media_type="application/json")


class Doors:
    """The doors as they were a moment ago: a rush of leads does not read its campaign once each, nor all at once when the moment
    is over (measured: forty threads reading it, once a second)."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[float, Door]] = {}
        self._reading: dict[str, asyncio.Task[Door]] = {}

    async def find(self, here: ground.Ground, source: str) -> Door:
        """Raises a 422 `Problem` for a source that nobody has."""
        at, door = self._read.get(source, (-DOOR_LASTS_S, None))
        if door is not None and clock.monotonic() - at < DOOR_LASTS_S:
            return door
        reading = self._reading.get(source)
        if reading is None:
            reading = self._reading[source] = asyncio.create_task(self._look(here, source))
        return await asyncio.shield(reading)  # a sender that leaves takes the answer from nobody else

    async def _look(self, here: ground.Ground, source: str) -> Door:
        try:
            door = await run_in_threadpool(_read_door, here, source)
            self._read[source] = clock.monotonic(), door
            return door
        finally:
            del self._reading[source]


def _read_door(here: ground.Ground, source: str) -> Door:
    found: Door | None = None
    if SOURCE_NAME.fullmatch(source):
        with here.database.reading() as session:
            found = store.by_source(session, source)
    if found is None:
        raise Problem(422, "unknown_source", "No lead source has this name.")
    return found


def _authentic(here: ground.Ground, config: SourceConfig, request: Request, body: bytes, now: datetime) -> str:
    """The message id of a properly signed request, or a 401 `Problem`."""
    raw = dict(request.headers.raw)
    fault = standard_webhooks.fault(
        secret_keys(here, config),
        raw.get(b"webhook-id"),
        raw.get(b"webhook-timestamp"),
        raw.get(b"webhook-signature"),
        body,
        now,
    )
    if fault:
        raise Problem(
            401, fault, "The signature does not prove who sent this.", headers={"WWW-Authenticate": "StandardWebhooks"}
        )
    return raw[b"webhook-id"].decode()


def secret_keys(here: ground.Ground, config: SourceConfig) -> list[bytes]:
    """The keys of a source; one that is not configured is our trouble, and the sender should come back."""
    secret = config.secret or here.environment.get(config.secret_env or "", "")
    try:
        return standard_webhooks.keys(secret)
    except standard_webhooks.BadSecret as error:
        log.error(
            "lead source has no usable secret", source=config.name, variable=config.secret_env, problem=str(error)
        )
        raise Problem(503, "source_not_configured", "This source is not fully set up on our side yet.") from error


def _reader(content_type: str) -> Callable[[bytes], payload.LeadForm]:
    kind, _, parameters = content_type.partition(";")
    charset = re.search(r"charset\s*=\s*\"?([\w-]+)", parameters, re.IGNORECASE)
    reader = READERS.get(kind.strip().lower())
    if reader is None or (charset and charset.group(1).lower() not in ("utf-8", "utf8", "us-ascii")):
        raise Problem(
            415, "unsupported_media_type", "Send application/json or application/x-www-form-urlencoded in UTF-8."
        )
    return reader


def _complaint(error: payload.Malformed | payload.Invalid) -> Problem:
    if isinstance(error, payload.Invalid):
        return Problem(422, "invalid_fields", "Some fields are not valid.", fields=error.fields[:100])
    return Problem(400, "malformed_body", f"{error}.".capitalize())


def _review(here: ground.Ground, message: intake.Message, problem: str, now: datetime) -> None:
    with here.database.transaction() as session:
        intake.keep_for_review(session, message, problem, now)
    log.warning("authentic lead kept for review", source=message.source, problem=problem)


async def _accept(lane: Lane, arrival: intake.Arrival) -> intake.Accepted:
    try:
        accepted = await lane.accept(arrival)
    except Full as error:
        raise Problem(503, "busy", "More leads are arriving than we can write down; please send it again.") from error
    except Permanent as error:
        log.error("lead not accepted", source=arrival.message.source, code=error.code)
        raise Problem(503, "unavailable", "We cannot take leads for this source right now.") from error
    log.info(
        "lead received",
        lead_id=accepted.lead_id,
        source=arrival.message.source,
        status=accepted.status,
        reason=accepted.reason,
    )
    return accepted


def _answer(accepted: intake.Accepted) -> bytes:
    """As `LeadAccepted` describes it."""
    return msgspec.json.encode(accepted)
