"""`POST /leads/{source}`: source known, size, signature, content type, parse; then one transaction and 202.

The order is deliberate: strangers learn nothing beyond whether a source exists, and an authentic message is stored
before any complaint about its content. Unknown sources answer 422: some senders switch a webhook off at the first 404.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Literal

import structlog
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from campaign import clock, store
from campaign.errors import Permanent
from campaign.file import Campaign
from campaign.file import Source as SourceConfig
from webhooks import bodies, ground, standard_webhooks
from webhooks.leads import intake, payload
from webhooks.leads.schema import OPENAPI
from webhooks.problems import Problem

log = structlog.get_logger()
router = APIRouter(tags=["leads"])
SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
READERS: dict[str, Callable[[bytes], payload.LeadForm]] = {
    "application/json": payload.from_json,
    "application/x-www-form-urlencoded": payload.from_form,
}
KEPT_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "user-agent")
Door = tuple[Campaign, int, SourceConfig]


class LeadAccepted(BaseModel):
    """What will happen to a lead."""

    lead_id: str
    status: Literal["queued", "scheduled", "duplicate", "blocked"]
    call_at: datetime | None = Field(description="When we mean to call; null when we will not")
    reason: str = Field(description="Why it waits or is blocked, in one word of ours; empty when queued")


@router.post("/leads/{source}", status_code=202, response_model=LeadAccepted, **OPENAPI)
async def receive(source: str, request: Request) -> intake.Accepted:
    """Submit a lead, signed with Standard Webhooks headers over the raw body."""
    here = ground.of(request)
    campaign, version, config = await run_in_threadpool(_door, here, source)
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
        form = await run_in_threadpool(read, body)
    except (payload.Malformed, payload.Invalid) as error:
        await run_in_threadpool(_review, here, message, type(error).__name__.lower(), now)
        raise _complaint(error) from error
    return await run_in_threadpool(_accept, here, campaign, version, message, form, now)


def _door(here: ground.Ground, source: str) -> Door:
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


def _accept(
    here: ground.Ground,
    campaign: Campaign,
    version: int,
    message: intake.Message,
    form: payload.LeadForm,
    now: datetime,
) -> intake.Accepted:
    try:
        with here.database.transaction() as session:
            accepted = intake.accept(session, campaign, version, message, form, now)
    except Permanent as error:
        log.error("lead not accepted", source=message.source, code=error.code)
        raise Problem(503, "unavailable", "We cannot take leads for this source right now.") from error
    log.info(
        "lead received", lead_id=accepted.lead_id, source=message.source, status=accepted.status, reason=accepted.reason
    )
    return accepted
