"""The sink's doors: `POST` on any path is a delivery, `GET /_sandbox/deliveries` lists what arrived.

An authentic first delivery is answered 200; a repeated `webhook-id` also (and marked `duplicate`); a bad signature 401.
"""

import json
from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.crm_sink.signature import fault
from sandbox.local import clock, control
from sandbox.local.door import FaultDoor
from sandbox.local.faults import Faults, Refuse


class Sink:
    def __init__(self, keys: Sequence[bytes], faults: Faults) -> None:
        self._keys = keys
        self._faults = faults
        self.deliveries: list[dict[str, Any]] = []

    async def receive(self, request: Request) -> Response:
        body = await request.body()
        arrived = clock.now()
        problem = fault(request.headers, body, self._keys, arrived.timestamp())
        status = 401 if problem else 410 if self._faults.knobs["gone"] else 200
        message_id = request.headers.get("webhook-id")
        known = any(one["id"] == message_id and one["status"] == 200 for one in self.deliveries)
        self.deliveries.append(
            {
                "id": message_id,
                "timestamp": request.headers.get("webhook-timestamp"),
                "path": request.url.path,
                "at": clock.rfc3339(arrived),
                "verified": problem is None,
                "problem": problem,
                "duplicate": known,
                "status": status,
                "payload": _parsed(body),
            }
        )
        return JSONResponse({"received": status == 200, "error": problem}, status_code=status)

    async def listing(self, _request: Request) -> Response:
        return JSONResponse(self.deliveries)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return {"_not_json": body.decode("utf-8", "replace")}


def _word(refusal: Refuse) -> Response:
    headers = {} if refusal.retry_after is None else {"retry-after": f"{refusal.retry_after:g}"}
    return JSONResponse({"error": refusal.reason or "simulated"}, status_code=refusal.status, headers=headers)


def build(keys: Sequence[bytes]) -> FaultDoor:
    faults = Faults({"gone": False})
    sink = Sink(keys, faults)
    routes = [
        control.health("crm_sink"),
        control.reset(faults, sink.deliveries.clear),
        control.faults_door(faults),
        control.request_log(lambda: door),
        Route("/_sandbox/deliveries", sink.listing),
        Route("/{path:path}", sink.receive, methods=["POST"]),
    ]
    door = FaultDoor(Starlette(routes=routes), faults, _word)
    return door
