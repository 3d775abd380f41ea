"""Root of the web process: opens what the doors stand on, mounts them, closes it all again.

Doors answer in milliseconds and hand work on through jobs; long calls live in the media process.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import redis
from dotenv import dotenv_values
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from campaign import logs
from campaign.database import Database
from campaign.jobs import CelerySender, celery_app
from campaign.settings import Settings
from webhooks import google_push, media_relay, operations, problems, reference_page
from webhooks.api import door as api_door
from webhooks.console import door as console_door
from webhooks.demo import door as demo_door
from webhooks.edge import Edge
from webhooks.ground import Ground
from webhooks.hints import Hints
from webhooks.leads import door as leads_door
from webhooks.twilio import door as twilio_door

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
        lifespan=lambda app: _open(app, chosen),
    )
    problems.install(app)
    app.state.counts = operations.Counts()
    app.add_middleware(Edge, counts=app.state.counts)
    for router in (leads_door, twilio_door, google_push, api_door, operations, reference_page, console_door):
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
    try:
        yield
    finally:
        if hints:
            hints.close()
        if live:
            live.close()
        database.dispose()


def _hints(settings: Settings) -> Hints:
    sender = CelerySender(celery_app(settings.broker()))
    return Hints(sender, sender.warm)


def _redis(url: str) -> redis.Redis:
    """For short messages only; a server that does not answer within a second is treated as absent."""
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
