"""Root of the media process: a WebSocket server for the phone's audio, with health, readiness and metrics on the same port.

On SIGTERM it refuses new streams and lets running conversations end, up to a limit. (twilio.md R76)
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import redis.asyncio
import structlog
import uvloop
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from calendar_sync.calendar import Calendar
from campaign import logs
from campaign.database import Database
from campaign.errors import FirstringError
from campaign.jobs import CelerySender, celery_app
from campaign.settings import Settings
from dialer.carrier import Carrier
from qualify.twilio_wire import MAX_MESSAGE
from webhooks.media import meters
from webhooks.media.gatekeeper import refusal
from webhooks.media.switchboard import Switchboard

log = structlog.get_logger()
DRAIN_SECONDS = 900.0


@asynccontextmanager
async def media_server(settings: Settings) -> AsyncIterator[tuple[Server, Switchboard]]:
    """Everything a media process holds, opened and closed here."""
    database = Database(
        settings.database_url, CelerySender(celery_app(settings.broker())) if settings.redis_url else None
    )
    client = redis.asyncio.from_url(settings.redis_url) if settings.redis_url else None
    carrier, calendar = Carrier(settings), Calendar(settings, database)
    board = Switchboard(settings, database, carrier, calendar, client)

    def door(connection: ServerConnection, request: Request) -> Response | None:
        return _door(connection, request, settings, board)

    try:
        async with serve(
            board.answer,
            settings.host,
            settings.media_port,
            process_request=door,
            max_size=MAX_MESSAGE,
            compression=None,
            server_header=None,
            close_timeout=1,
        ) as server:
            yield server, board
    finally:
        await board.close()
        if client is not None:
            await client.aclose()
        calendar.close()
        carrier.close()
        database.dispose()


def _door(connection: ServerConnection, request: Request, settings: Settings, board: Switchboard) -> Response | None:
    """Health and metrics answer here; a stream that isn't genuine never gets a socket."""
    match request.path:
        case "/healthz":
            return connection.respond(HTTPStatus.OK, "ok\n")
        case "/readyz":
            ready = not board.draining
            return connection.respond(
                HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, "ready\n" if ready else "draining\n"
            )
        case "/metrics":
            headers = Headers({"Content-Type": CONTENT_TYPE_LATEST, "Connection": "close"})
            body = generate_latest()
            headers["Content-Length"] = str(len(body))
            return Response(HTTPStatus.OK.value, "OK", headers, body)
        case path:
            if board.draining:
                return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "draining\n")
            status = refusal(path, request.headers.get("X-Twilio-Signature"), settings)
            if status is None:
                return None
            meters.refused.labels(f"http_{status.value}").inc()
            return connection.respond(status, f"{status.phrase}\n")


async def run(settings: Settings) -> None:
    """Serve until told to stop, then drain: still listening, so that whoever asks learns why there is no new call."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    async with media_server(settings) as (server, board):
        port = server.sockets[0].getsockname()[1]
        log.info("media listens", port=port)
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
