"""Opens the socket to the Realtime API and says in our words why one could not be had."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from campaign.errors import Permanent, Retryable
from qualify.line import Line
from qualify.realtime_wire import FATAL_STATUS

PING_SECONDS = 5
MAX_EVENT = 16 << 20
"""The API sends no larger event than the 15 MiB it takes."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Model:
    """Where the model is and how to get in."""

    url: str
    key: str
    name: str

    @property
    def address(self) -> str:
        parts = urlsplit(self.url)
        query = dict(parse_qsl(parts.query)) | {"model": self.name}
        return urlunsplit(parts._replace(query=urlencode(query)))


async def open_line(model: Model) -> Line:
    """A fresh model session. No compression: base64 audio doesn't shrink; pings find a dead peer within ten seconds."""
    proxy: Literal[True] | None = None if urlsplit(model.url).hostname in LOOPBACK else True
    try:
        connection = await connect(
            model.address,
            additional_headers={"Authorization": f"Bearer {model.key}"},
            compression=None,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            open_timeout=5,
            close_timeout=1,
            max_size=MAX_EVENT,
            max_queue=64,
            proxy=proxy,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        kind = Permanent if status in FATAL_STATUS else Retryable
        raise kind(f"the Realtime API answered {status}", code=f"http_{status}") from error
    except (OSError, TimeoutError, WebSocketException) as error:
        raise Retryable(f"no Realtime socket: {type(error).__name__}", code="unreachable") from error
    return Line(connection)
