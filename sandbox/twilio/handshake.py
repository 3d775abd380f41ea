"""Opens a Media Streams socket as Twilio does: same headers, same signature, and its error codes when it fails.

Headers as captured live in May 2026: no Origin, no subprotocol, no compression offered; the signature covers the wss
URL as the TwiML spells it. `ws://` to this machine is the one leniency, since the sandbox needs no certificates.
"""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Unreachable(Exception):
    """The socket could not be opened; carries Twilio's error code."""

    def __init__(self, code: int, words: str) -> None:
        self.code = code
        super().__init__(words)


async def open_socket(url: str, seal: dict[str, str]) -> ClientConnection:
    parts = urlsplit(url)
    if parts.scheme != "wss" and not (parts.scheme == "ws" and parts.hostname in LOOPBACK):
        raise Unreachable(31922, "the scheme must be wss")
    if parts.query:
        raise Unreachable(31920, "a query string is not supported")
    headers = {"accept-encoding": "gzip"} | {name.lower(): value for name, value in seal.items()}
    try:
        return await connect(
            url,
            additional_headers=headers,
            user_agent_header="Twilio.TmeWs/1.0",
            compression=None,
            proxy=None,
            ping_interval=None,
            open_timeout=5,
            close_timeout=1,
            max_size=2**24,
        )
    except InvalidURI as error:
        raise Unreachable(31923, "malformed URL") from error
    except InvalidHandshake as error:
        raise Unreachable(31920, f"handshake: {error}") from error
    except TimeoutError as error:
        raise Unreachable(31901, "connection timed out") from error
    except ssl.SSLError as error:
        raise Unreachable(31910, "TLS failed") from error
    except ConnectionRefusedError as error:
        raise Unreachable(31902, "connection refused") from error
    except (OSError, EOFError) as error:
        raise Unreachable(31904, "unreachable") from error
