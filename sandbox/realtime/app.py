"""The server's doors on one port: the Realtime WebSocket, the text endpoints, and `/_sandbox/...` for asserting.

`GET /_sandbox/sessions` every session's journal (frames, violations, truncations, tool calls, transcript, responses);
`?id=sess_…` one; `?frames=0` without frames.  `POST /_sandbox/faults` see `faults.py`.  `POST /_sandbox/reset` forgets.
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from sandbox.local.control import health
from sandbox.realtime.faults import UnknownKnob
from sandbox.realtime.house import House
from sandbox.realtime.socket import PROTOCOL_KEY, Socket
from sandbox.realtime.text_api import bad_key, chat_completions, is_key, model, responses

_HANDSHAKE_ERRORS = {
    403: ("invalid_request_error", "insufficient_permissions", "You have insufficient permissions for this operation."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    503: ("server_error", "server_overloaded", "The engine is currently overloaded, please try again later."),
}


def realtime_app(house: House) -> Starlette:
    async def sessions(request: Request) -> Response:
        wanted = request.query_params.get("id")
        reports = [journal.report() for journal in house.journals if wanted in (None, journal.session_id)]
        if request.query_params.get("frames") == "0":
            reports = [{key: value for key, value in report.items() if key != "frames"} for report in reports]
        return JSONResponse(reports)

    async def faults(request: Request) -> Response:
        document = await request.json()
        if not isinstance(document, dict):
            return JSONResponse({"error": "a JSON object is expected"}, status_code=400)
        try:
            house.change_faults(document)
        except (UnknownKnob, TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse({"set": house.faults.names()})

    async def reset(_request: Request) -> Response:
        house.forget()
        return JSONResponse({"reset": True})

    return Starlette(
        routes=[
            WebSocketRoute("/v1/realtime", _RealtimeDoor(house)),
            Route("/v1/models/{model}", model),
            Route("/v1/responses", responses, methods=["POST"]),
            Route("/v1/chat/completions", chat_completions, methods=["POST"]),
            health("realtime"),
            Route("/_sandbox/sessions", sessions),
            Route("/_sandbox/faults", faults, methods=["POST"]),
            Route("/_sandbox/reset", reset, methods=["POST"]),
        ]
    )


class _RealtimeDoor:
    """ASGI application of the WebSocket: the handshake is decided here, the rest is the session's."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        refusal = self._refusal(socket)
        await receive()  # websocket.connect
        if refusal is not None:
            await _deny(refusal, send)
            return
        await send({"type": "websocket.accept"})
        beta = "realtime=v1" in socket.headers.get("openai-beta", "")
        session = self._house.session(socket.query_params.get("model", "gpt-realtime-2.1"), beta=beta)
        served = Socket(session, receive, send, scope["extensions"][PROTOCOL_KEY]["protocol"])
        self._house.open.add(served)
        try:
            await served.serve()
        finally:
            self._house.open.discard(served)

    def _refusal(self, socket: WebSocket) -> Response | None:
        fault = self._house.faults.take("handshake")
        status = int(fault.get("status", 503)) if fault is not None else 0
        if status == 401 or not is_key(socket.headers.get("authorization")):
            return bad_key()
        if status:
            kind, code, message = _HANDSHAKE_ERRORS.get(status, _HANDSHAKE_ERRORS[503])
            return JSONResponse({"error": _error(kind, code, message)}, status_code=status)
        if not (socket.query_params.get("model") or socket.query_params.get("call_id")):
            message = "you must provide a model parameter"
            return JSONResponse({"error": _error("invalid_request_error", None, message, "model")}, status_code=400)
        return None


def _error(kind: str, code: str | None, message: str, param: str | None = None) -> dict[str, str | None]:
    return {"message": message, "type": kind, "param": param, "code": code}


async def _deny(refusal: Response, send: Send) -> None:
    start = {"type": "websocket.http.response.start", "status": refusal.status_code, "headers": refusal.raw_headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": bytes(refusal.body)})
