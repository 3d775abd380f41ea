"""Lines carried by `websockets`: pure Python and the most used; a reading task per line."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection, broadcast
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.http11 import Request, Response

from qualify import line
from qualify.line import Answer, Door, Knock, Line, NoLine, Take, Terms


class WebsocketsLine(Line):
    """Sends with `broadcast`, the library's one call that does not wait."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self._only = (connection,)
        self._reader = asyncio.create_task(self._read(), name="line")

    def send(self, text: str) -> None:
        broadcast(self._only, text)

    def send_audio(self, text: str) -> None:
        if self._connection.transport.get_write_buffer_size() > line.MAX_BUFFER:
            self.dropped += 1
            return
        broadcast(self._only, text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.cut(code, reason)
        await asyncio.wait({self._reader, self._closer})

    def _say_goodbye(self, code: int, reason: str) -> None:
        self._closer: asyncio.Task[None] = asyncio.create_task(self._connection.close(code, reason), name="line")

    async def _read(self) -> None:
        try:
            with suppress(ConnectionClosed):
                while True:
                    message = await self._connection.recv(decode=False)
                    try:
                        self._heard(message)
                    except Exception as error:
                        self._broke(error)
        finally:
            self._ended(self._connection.close_code or 0, self._connection.close_reason or "")


async def dial(url: str, headers: Mapping[str, str], terms: Terms) -> Line:
    try:
        connection = await connect(
            url,
            additional_headers=headers,
            compression=None,
            ping_interval=terms.ping_seconds,
            ping_timeout=terms.ping_seconds,
            open_timeout=5,
            close_timeout=line.CLOSE_SECONDS,
            max_size=terms.max_size,
            proxy=None if line.is_local(url) else True,
        )
    except InvalidStatus as error:
        raise NoLine("refused", error.response.status_code) from error
    except (OSError, TimeoutError, WebSocketException) as error:
        raise NoLine(type(error).__name__) from error
    return WebsocketsLine(connection)


@asynccontextmanager
async def serve(host: str, port: int, door: Door, take: Take, terms: Terms) -> AsyncIterator[int]:
    def ask(_: ServerConnection, request: Request) -> Response | None:
        answer = door(Knock(request.path, request.headers.get))
        return None if answer is None else _response(answer)

    async def accept(connection: ServerConnection) -> None:
        assert connection.request is not None
        made = WebsocketsLine(connection)
        try:
            await take(made, connection.request.path)
        finally:
            await made.close()

    async with serve_websockets(
        accept,
        host,
        port,
        process_request=ask,
        compression=None,
        ping_interval=terms.ping_seconds,
        ping_timeout=terms.ping_seconds,
        close_timeout=line.CLOSE_SECONDS,
        max_size=terms.max_size,
        server_header=None,
    ) as server:
        yield server.sockets[0].getsockname()[1]


def _response(answer: Answer) -> Response:
    headers = Headers({"Content-Type": answer.content_type, "Connection": "close"})
    headers["Content-Length"] = str(len(answer.body))
    return Response(answer.status.value, answer.status.phrase, headers, answer.body)
