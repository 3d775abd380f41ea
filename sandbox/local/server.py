"""Starting a sandbox server alone: arguments, loopback only, one `ready` line, gone within a second of a signal."""

import argparse
import contextlib
import ipaddress
import socket
import sys

import uvicorn
from starlette.types import ASGIApp

from sandbox.local.door import AbortableProtocol


def arguments(name: str, description: str) -> argparse.ArgumentParser:
    """The flags every server has; the caller adds its own."""
    parser = argparse.ArgumentParser(
        prog=f"python -m sandbox.{name}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one (default)")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    return parser


def listen(host: str, port: int) -> socket.socket:
    """A bound loopback socket; anything reachable from outside is refused, since the sandbox trusts its callers."""
    address = "127.0.0.1" if host == "localhost" else host
    if not _is_loopback(address):
        raise SystemExit(f"the sandbox serves loopback addresses only, not {host}")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise SystemExit(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


def origin(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; requests still running then are cancelled, not waited for."""
    config = uvicorn.Config(
        app, http=AbortableProtocol, ws="none", log_level="critical", access_log=False, timeout_graceful_shutdown=0
    )
    with contextlib.suppress(KeyboardInterrupt):
        _Announcing(config, origin(listener)).run(sockets=[listener])


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            sys.stdout.write(f"ready {self._address}\n")
            sys.stdout.flush()


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
