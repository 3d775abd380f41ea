"""The `/_sandbox/...` doors every server has: health, reset, faults and the log of requests."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.local.door import FaultDoor
from sandbox.local.faults import Faults, UnknownKnob


def health(name: str) -> Route:
    async def answer(_request: Request) -> Response:
        return JSONResponse({"name": name, "simulated": True})

    return Route("/_sandbox/health", answer)


def reset(faults: Faults, forget: Callable[[], None]) -> Route:
    """Back to the state after start: `forget` empties the server's own memory."""

    async def answer(_request: Request) -> Response:
        faults.clear()
        forget()
        return JSONResponse({"reset": True})

    return Route("/_sandbox/reset", answer, methods=["POST"])


def faults_door(faults: Faults) -> Route:
    async def answer(request: Request) -> Response:
        document = await request.json()
        if not isinstance(document, dict):
            return JSONResponse({"error": "a JSON object is expected"}, status_code=400)
        try:
            faults.change(document)
        except UnknownKnob as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse({"knobs": faults.names(), "set": sorted(document)})

    return Route("/_sandbox/faults", answer, methods=["POST"])


def request_log(door: Callable[[], FaultDoor]) -> Route:
    """Method, path and status of the last requests, faults included (status null: the line was cut)."""

    async def answer(_request: Request) -> Response:
        return JSONResponse(list(door().log))

    return Route("/_sandbox/requests", answer)
