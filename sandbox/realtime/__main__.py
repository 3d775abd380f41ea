"""python -m sandbox.realtime: the Realtime API on loopback, with a scripted stand-in for the model.

WebSocket ws://127.0.0.1:PORT/v1/realtime?model=…, text at /v1/responses and /v1/chat/completions. Any non-empty key but
sk-bad is accepted. Faults by POST /_sandbox/faults (docs/sandbox/realtime.md).
"""

import contextlib
import socket as sockets
import sys
from pathlib import Path

import uvicorn

from sandbox.local.server import arguments, listen, origin
from sandbox.realtime.app import realtime_app
from sandbox.realtime.house import House
from sandbox.realtime.socket import OpenProtocol
from sandbox.realtime.standin import Standin
from sandbox.speech import Ear, Library
from sandbox.speech.voices import agent_voice

_PLAYBOOKS = Path(__file__).resolve().parents[2] / "prompts" / "playbooks"


class _Announcing(uvicorn.Server):
    async def startup(self, sockets: list[sockets.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit and sockets:
            sys.stdout.write(f"ready {origin(sockets[0])}\n")
            sys.stdout.flush()


def server(house: House) -> uvicorn.Server:
    """Not started; keep-alive pings are left to the client, as a slow test machine would only break on them."""
    config = uvicorn.Config(
        realtime_app(house),
        ws=OpenProtocol,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        ws_max_size=32 * 1024 * 1024,
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=0,
    )
    return _Announcing(config)


def house_of(playbooks: Path, seed: int = 0) -> House:
    library = Library.shipped()
    return House(
        voice=lambda text: library.say(text, voice=agent_voice(text, library)).mulaw,
        ear=lambda: Ear(library),
        model=Standin(playbooks),
        seed=seed,
    )


def main() -> None:
    parser = arguments("realtime", __doc__)
    parser.add_argument(
        "--playbooks", type=Path, default=_PLAYBOOKS, help="folder the stand-in model reads playbooks from"
    )
    parser.add_argument("--seed", type=int, default=0, help="same seed, same sizes, orders and habits")
    options = parser.parse_args()
    listener = listen(options.host, options.port)
    with contextlib.suppress(KeyboardInterrupt):
        server(house_of(options.playbooks, options.seed)).run(sockets=[listener])


if __name__ == "__main__":
    main()
