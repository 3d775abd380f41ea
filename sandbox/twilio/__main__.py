"""`python -m sandbox.twilio --port N`: serves on loopback only and prints `ready http://…` once it listens."""

from __future__ import annotations

import argparse
import ipaddress
import signal
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn

from sandbox.twilio.app import build
from sandbox.twilio.settings import read_settings


class AnnouncedServer(uvicorn.Server):
    """Says so when it listens."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"ready {self._url}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.twilio", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--state-dir", type=Path, help="where recordings are kept (a temporary directory)")
    parser.add_argument(
        "--cps", type=float, default=1.0, help="calls started per second, the rest queue (1, as a new account)"
    )
    given = parser.parse_args()
    if given.host != "localhost" and not ipaddress.ip_address(given.host).is_loopback:
        parser.error("the sandbox listens on loopback addresses only")
    # uvicorn passes the signal on when it is done: leave through here, so that the scratch directory goes too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with (
        tempfile.TemporaryDirectory(prefix="sandbox-twilio-") as scratch,
        socket.create_server((given.host, given.port)) as door,
    ):
        state = given.state_dir or Path(scratch)
        state.mkdir(parents=True, exist_ok=True)
        url = f"http://{given.host}:{door.getsockname()[1]}"
        app = build(read_settings(url, state, given.cps))
        config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1, ws="none")
        AnnouncedServer(config, url).run(sockets=[door])


if __name__ == "__main__":
    main()
