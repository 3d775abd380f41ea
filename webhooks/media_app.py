"""Root of the media process: a WebSocket server for the phone's audio, with health, readiness and metrics on the same port.

On SIGTERM it refuses new streams and lets running conversations end, up to a limit; under load it refuses new streams until
there is room again. (twilio.md R52, R76)
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

import redis.asyncio
import structlog
import uvloop
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from calendar_sync.calendar import Calendar
from campaign import clock, heap, live, logs
from campaign.database import Database
from campaign.errors import FirstringError
from campaign.jobs import CelerySender, celery_app
from campaign.settings import Settings
from dialer.carrier import Carrier
from qualify.line import Answer, Knock, Terms
from qualify.twilio_wire import MAX_MESSAGE
from webhooks.media import meters, tasks
from webhooks.media.gatekeeper import refusal
from webhooks.media.load import Limits, Load, watch
from webhooks.media.rehearsal import rehearse
from webhooks.media.switchboard import Switchboard
from webhooks.media.transports import SERVE

log = structlog.get_logger()
DRAIN_SECONDS = 900.0
TERMS = Terms(max_size=MAX_MESSAGE)
TELL_EVERY = 1.0


@asynccontextmanager
async def media_server(settings: Settings) -> AsyncIterator[tuple[int, Switchboard]]:
    """Everything a media process holds, opened and closed here. Yields the port and the switchboard."""
    database = Database(
        settings.database_url, CelerySender(celery_app(settings.broker())) if settings.redis_url else None
    )
    await asyncio.to_thread(rehearse, database)
    client = redis.asyncio.from_url(settings.redis_url) if settings.redis_url else None
    carrier, calendar = Carrier(settings), Calendar(settings, database)
    load = Load(Limits(settings.media_max_calls, settings.media_max_lag_ms, settings.media_max_busy))
    board = Switchboard(settings, database, carrier, calendar, client, load)
    watching = [asyncio.create_task(watch(load), name="load"), asyncio.create_task(_tell(load, client), name="load")]
    serve, door = SERVE[settings.media_transport], partial(_door, settings=settings, board=board)
    try:
        async with serve(settings.host, settings.media_port, door, board.answer, TERMS) as port:
            yield port, board
    finally:
        for task in watching:
            await tasks.end(task)
        await board.close()
        if client is not None:
            await client.aclose()
        calendar.close()
        carrier.close()
        database.dispose()


def _door(knock: Knock, *, settings: Settings, board: Switchboard) -> Answer | None:
    """Health and metrics answer here; a stream that isn't genuine, or for which there is no room, never gets a socket."""
    match knock.path:
        case "/healthz":
            return Answer(HTTPStatus.OK, b"ok\n")
        case "/readyz":
            closed = board.closed
            return Answer(
                HTTPStatus.SERVICE_UNAVAILABLE if closed else HTTPStatus.OK, f"{closed or 'ready'}\n".encode()
            )
        case "/metrics":
            return Answer(HTTPStatus.OK, generate_latest(), CONTENT_TYPE_LATEST)
        case path:
            status = refusal(path, knock.header("X-Twilio-Signature"), settings)
            if status is not None:
                meters.refused.labels(f"http_{status.value}").inc()
                return Answer(status, f"{status.phrase}\n".encode())
            if board.closed:
                meters.refused.labels(board.closed).inc()
                return Answer(HTTPStatus.SERVICE_UNAVAILABLE, f"{board.closed}\n".encode())
            return None


async def _tell(load: Load, client: redis.asyncio.Redis | None) -> None:
    """Metrics, and for the web process: whoever answers calls should know when there is no room."""
    name, told = f"{socket.gethostname()}/{os.getpid()}", True
    while True:
        meters.lag.set(load.lag_ms / 1000)
        meters.busy.set(load.busy)
        meters.full.set(bool(load.reason))
        if client is not None:
            try:
                await live.tell_media(client, name, load.reason, clock.real_now().timestamp())
                told = True
            except (redis.asyncio.RedisError, OSError) as error:
                if told:
                    log.warning("the media process's load is not told for now", error=type(error).__name__)
                told = False
        await asyncio.sleep(TELL_EVERY)


async def run(settings: Settings) -> None:
    """Serve until told to stop, then drain: still listening, so that whoever asks learns why there is no new call."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    async with media_server(settings) as (port, board):
        heap.settle()
        sys.setswitchinterval(0.001)  # tools and books run in threads: they hand the lock back soon
        log.info("media listens", port=port, phone=settings.media_transport, model=settings.realtime_transport)
        await stop.wait()
        left = await board.drain(DRAIN_SECONDS)
        if left:
            log.warning("calls cut by shutdown", calls=left)


def main() -> None:
    logs.configure("media")
    settings = Settings()
    try:
        settings.broker()
    except FirstringError as error:
        sys.exit(str(error))
    uvloop.run(run(settings))


if __name__ == "__main__":
    main()
