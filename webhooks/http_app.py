"""Root of the web process: opens what the doors stand on, mounts them, closes it all again.

Doors answer in milliseconds and hand work on through jobs; long calls live in the media process.
"""

import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import redis
from dotenv import dotenv_values
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from campaign import logs
from campaign.database import Database
from campaign.jobs import CelerySender, celery_app
from campaign.settings import Settings
from webhooks import google_push, media_relay, operations, problems, reference_page
from webhooks.api import consents as consents_door
from webhooks.api import door as api_door
from webhooks.api import orders as orders_door
from webhooks.api import suppressions as suppressions_door
from webhooks.console import calls as calls_door
from webhooks.console import door as console_door
from webhooks.console import numbers as numbers_door
from webhooks.console import operations as operations_door
from webhooks.console import rules as rules_door
from webhooks.demo import door as demo_door
from webhooks.edge import Edge
from webhooks.ground import Ground
from webhooks.hints import MOST_DIALS_PER_S, Hints
from webhooks.leads import door as leads_door
from webhooks.leads.lane import Lane
from webhooks.twilio import door as twilio_door
from webhooks.twilio import inbound as inbound_door
from webhooks.twilio import texts as texts_door

QUIET: Any = {"tracing": False, "metrics": False, "logs": False}
"""FastAPI's own telemetry asks the environment several times a request (measured in a rush: a quarter of the process's time)."""
STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings | None = None) -> FastAPI:
    """The whole web process as one ASGI app; `settings` are read from the environment when not given."""
    chosen = settings or Settings()
    app = FastAPI(
        title="Firstring",
        version="0.1.0",
        summary="Rings a lead on the first ring of their interest.",
        docs_url=None,
        redoc_url=None,
        telemetry=QUIET,
        lifespan=lambda app: _open(app, chosen),
    )
    problems.install(app)
    app.state.counts = operations.Counts()
    app.add_middleware(Edge, counts=app.state.counts)
    asked = (api_door, orders_door, suppressions_door, consents_door)
    # The inbound door before the attempts': its paths would pass for one of theirs.
    doors = (leads_door, inbound_door, texts_door, twilio_door, google_push, *asked, operations, reference_page)
    for router in (*doors, console_door, calls_door, numbers_door, rules_door, operations_door):
        app.include_router(router.router)
    if chosen.demo_form and chosen.environment != "production":
        app.include_router(demo_door.router)
    if chosen.media_public_url is None:
        app.include_router(media_relay.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


@asynccontextmanager
async def _open(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    logs.configure("web")
    hints = _hints(settings) if settings.redis_url else None
    database = Database(settings.database_url, hints, pool_size=20)
    live = _redis(settings.redis_url) if settings.redis_url else None
    environment = {**{k: v or "" for k, v in dotenv_values(".env").items()}, **os.environ}
    app.state.ground = Ground(settings, database, live, environment)
    app.state.lane = lane = Lane(database)
    app.state.doors = leads_door.Doors()
    app.state.bookkeepers = bookkeepers = ThreadPoolExecutor(twilio_door.BOOKKEEPERS, "bookkeeper")
    try:
        yield
    finally:
        bookkeepers.shutdown()
        lane.close()
        if hints:
            hints.close()
        if live:
            live.close()
        database.dispose()


def _hints(settings: Settings) -> Hints:
    sender = CelerySender(celery_app(settings.broker()))
    return Hints(sender, sender.warm, min(MOST_DIALS_PER_S, 2 + 2 * settings.twilio_calls_per_second))


def _redis(url: str) -> redis.Redis:
    """For short messages only; a server that does not answer within a second is treated as absent."""
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
