"""A WebSocket whose sends don't wait: commands of one decision go out together, in order, with nothing in between.

`websockets` offers that as `broadcast`; what a slow peer leaves in the buffer is bounded here. (realtime.md rule 13)
"""

from websockets.asyncio.connection import Connection, broadcast
from websockets.exceptions import ConnectionClosed

MAX_BUFFER = 1 << 20


class Line:
    """One open connection, the phone's or the model's."""

    __slots__ = ("_connection", "_only", "dropped")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._only = (connection,)
        self.dropped = 0

    def send(self, text: str) -> None:
        broadcast(self._only, text)

    def send_audio(self, text: str) -> None:
        """Audio is dropped rather than hoarded when the peer doesn't read."""
        if self._connection.transport.get_write_buffer_size() > MAX_BUFFER:
            self.dropped += 1
            return
        broadcast(self._only, text)

    async def receive(self) -> bytes | None:
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed:
            return None

    @property
    def close_code(self) -> int:
        return self._connection.close_code or 1006

    @property
    def close_reason(self) -> str:
        return self._connection.close_reason or ""

    async def close(self) -> None:
        await self._connection.close()
