"""A response that never comes: the connection is cut, as when the network fails after Twilio has done its work."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Dropped(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """uvicorn's `receive` belongs to the request cycle, which knows the transport."""
        receive.__self__.transport.abort()  # type: ignore[attr-defined]
        while (await receive())["type"] != "http.disconnect":
            continue
