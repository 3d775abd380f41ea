"""A real sandbox process, the real Twilio SDK against it, and a small product that answers its webhooks and sockets."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

AC = "AC00000000000000000000000000000001"
TOKEN = "sandbox_auth_token_0123456789abcdef"
FROM = "+12125550100"
TO = "+12125550199"
ROOT = Path(__file__).resolve().parents[3]
DEADLINE_S = 20.0


async def wait_until(condition: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
    """Waits for a true value (awaited if need be) and returns it."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("not within the deadline")
        await asyncio.sleep(0.02)


@pytest.fixture
def until() -> Callable[..., Awaitable[Any]]:
    return wait_until


@dataclass
class Hook:
    """One webhook as the product got it."""

    path: str
    method: str
    params: list[tuple[str, str]]
    headers: dict[str, str]
    valid: bool
    at: float

    @property
    def form(self) -> dict[str, str]:
        return dict(self.params)


@dataclass
class Socket:
    """One Media Streams connection as the product got it."""

    headers: dict[str, str]
    messages: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    closed: bool = False
    ws: WebSocket | None = None

    def of(self, event: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["event"] == event]

    @property
    def sid(self) -> str:
        return str(self.of("start")[0]["streamSid"])

    async def send(self, event: str, **body: Any) -> None:
        assert self.ws is not None
        await self.ws.send_text(json.dumps({"event": event, "streamSid": self.sid, **body}))


@dataclass
class Product:
    """Answers every path with the TwiML set for it (`twiml[path]`), remembers all webhooks and sockets."""

    url: str = ""
    twiml: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    hooks: list[Hook] = field(default_factory=list)
    sockets: list[Socket] = field(default_factory=list)
    refuse_sockets: bool = False

    def of(self, path: str) -> list[Hook]:
        return [hook for hook in self.hooks if hook.path == path]

    def connect(self, then: str = "", **attributes: str) -> str:
        spelled = "".join(f' {name}="{value}"' for name, value in attributes.items())
        ws = self.url.replace("http", "ws") + "/media/7f3a"
        parameter = '<Parameter name="tok" value="secret"/>'
        stream = f'<Stream url="{ws}" name="ai" statusCallback="{self.url}/stream">{parameter}</Stream>'
        return f"<Response><Connect{spelled}>{stream}</Connect>{then}</Response>"

    async def webhook(self, request: Request) -> Response:
        form = await request.form()
        params = [(key, str(value)) for key, value in form.multi_items()]
        url = self.url + request.url.path + (f"?{request.url.query}" if request.url.query else "")
        signature = request.headers.get("x-twilio-signature", "")
        valid = RequestValidator(TOKEN).validate(url, dict(params), signature)
        hook = Hook(request.url.path, request.method, params, dict(request.headers), valid, time.time())
        self.hooks.append(hook)
        document = self.twiml.get(request.url.path, "")
        media_type = "text/xml" if document else "text/plain"
        return Response(document, self.statuses.get(request.url.path, 200), media_type=media_type)

    async def media(self, ws: WebSocket) -> None:
        if self.refuse_sockets:
            await ws.close(1008)
            return
        await ws.accept()
        socket = Socket(dict(ws.headers), ws=ws)
        self.sockets.append(socket)
        try:
            while True:
                text = await ws.receive_text()
                socket.raw.append(text)
                try:
                    socket.messages.append(json.loads(text))
                except ValueError:
                    socket.messages.append({"event": "(not json)"})
        except WebSocketDisconnect:
            socket.closed = True


@dataclass
class Sandbox:
    url: str
    process: subprocess.Popen[str]

    def get(self, path: str) -> Any:
        return httpx.get(self.url + path, trust_env=False).json()

    def download(self, url: str, **how: Any) -> httpx.Response:
        return httpx.get(url, trust_env=False, **how)

    def post(self, path: str, **body: Any) -> httpx.Response:
        return httpx.post(self.url + path, json=body, trust_env=False)

    def faults(self, **knobs: Any) -> None:
        answer = self.post("/_sandbox/faults", **knobs)
        assert answer.status_code == 200, answer.text

    def script(self, to: str = TO, **fate: Any) -> None:
        answer = self.post("/_sandbox/calls/script", to=to, **fate)
        assert answer.status_code == 200, answer.text

    async def call(self, sid: str) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{self.url}/_sandbox/calls/{sid}")).json()

    async def ended(self, sid: str) -> dict[str, Any]:
        async def over() -> dict[str, Any] | None:
            call = await self.call(sid)
            return None if call["alive"] else call

        return await wait_until(over)


@pytest.fixture(scope="session")
def process() -> Iterator[Sandbox]:
    command = [sys.executable, "-m", "sandbox.twilio", "--port", "0", "--cps", "50"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        ready = started.stdout.readline().split()
        assert ready
        assert ready[0] == "ready"
        yield Sandbox(ready[1], started)
        started.terminate()
        started.wait(5)


@pytest.fixture
def sandbox(process: Sandbox) -> Sandbox:
    process.post("/_sandbox/reset")
    return process


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    answering = Product()
    app = Starlette(
        routes=[
            WebSocketRoute("/media/{attempt}", answering.media),
            Route("/{path:path}", answering.webhook, methods=["GET", "POST"]),
        ]
    )
    config = uvicorn.Config(app, port=0, log_level="warning", access_log=False, ws="websockets-sansio", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await wait_until(lambda: server.started)
    answering.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield answering
    server.should_exit = True
    server.force_exit = True
    await serving


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    sdk = Client(AC, TOKEN, http_client=TwilioHttpClient(timeout=10))
    sdk.api.base_url = sandbox.url
    return sdk


@pytest.fixture
def dial(client: Client, product: Product) -> Callable[..., Awaitable[Any]]:
    """Places a call through the SDK with all callbacks pointed at the product."""

    async def place(to: str = TO, **wishes: Any) -> Any:
        order: dict[str, Any] = {
            "url": f"{product.url}/voice/7f3a",
            "status_callback": f"{product.url}/status/7f3a",
            "status_callback_event": ["initiated", "ringing", "answered", "completed"],
            "timeout": 20,
            "time_limit": 60,
        } | wishes
        order = {name: value for name, value in order.items() if value is not None}
        return await asyncio.to_thread(lambda: client.calls.create(to=to, from_=FROM, **order))

    return place
