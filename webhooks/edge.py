"""The outermost layer: measures every request, gives pages their security headers, and turns a bug into a bare 500.

The details of a bug go to the log, scrubbed; the answer says nothing. Plain ASGI, so that streams pass through.
"""

import time
import traceback

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from campaign.redaction import scrub
from webhooks import problems
from webhooks.operations import Counts

log = structlog.get_logger()
PAGE_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; form-action 'self'; "
        b"frame-src 'self'; frame-ancestors 'self'; base-uri 'none'",
    ),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Edge:
    def __init__(self, app: ASGIApp, counts: Counts) -> None:
        self.app, self.counts = app, counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_extra(message["headers"])]
            await send(message)

        try:
            await self.app(scope, receive, observed)
        except ClientDisconnect:
            log.info("a sender left in the middle of its request", path=_route(scope))
        except Exception as error:
            log.error("bug in a door", error=type(error).__name__, path=_route(scope), trace=scrub(_frames(error)))
            if status:
                raise
            await problems.respond(Request(scope), problems.unexpected())(scope, receive, observed)
        finally:
            self.counts.request(_route(scope), scope["method"], status, time.perf_counter() - started)


def _extra(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    kinds = [value for name, value in headers if name.lower() == b"content-type"]
    page = PAGE_HEADERS if kinds and kinds[0].startswith(b"text/html") else ()
    return [(b"x-content-type-options", b"nosniff"), *page]


def _route(scope: Scope) -> str:
    """The route's template, never the path itself: a path can hold anything, and there are endlessly many."""
    return getattr(scope.get("route"), "path", "unmatched")


def _frames(error: BaseException) -> str:
    """Where it happened, without the message, which may quote what was sent."""
    return " < ".join(
        f"{frame.name} {frame.filename}:{frame.lineno}"
        for frame in reversed(traceback.extract_tb(error.__traceback__)[-6:])
    )
