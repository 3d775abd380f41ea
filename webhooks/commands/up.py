"""`firstring up`: every process on one machine, started in order, restarted when it dies, stopped in order.

Order: Redis (unless REDIS_URL is set) → migrate → workers, media and beat → web. Stopped in reverse: web, beat, media
(drains), workers (finish what they have in hand), and the broker last.
"""

import os
import signal
import sys
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError

from campaign.settings import Settings
from crm_sync import choice
from webhooks.commands import embedded
from webhooks.commands.supervisor import Child, NotReady, Supervisor

COLOURS = {"redis": 35, "migrate": 37, "worker": 33, "errands": 93, "beat": 36, "media": 32, "web": 34, "up": 1}
PROMPT_QUEUES, PATIENT_QUEUES = "dial,calls,sweep", "crm,calendar,media,upkeep"
"""Apart, so that no dial waits for a slow CRM (measured: form → POST p95 1.5 s with one worker, 0.1 s without a CRM). Errands
step back where processes want the same core, but not on SQLite: it has one writer at a time, and all wait for a slow one."""
PROGRAM = [sys.executable, "-m", "webhooks.cli"]


def stages(settings: Settings) -> list[list[Child]]:
    """All processes of one machine, in starting order."""
    found: list[list[Child]] = []
    environment: dict[str, str] = {}
    if settings.redis_url is None:
        redis, environment["REDIS_URL"] = embedded.broker(settings.var_dir / "redis")
        found.append([redis])
    found.append([Child("migrate", [*PROGRAM, "migrate"], environment, once=True, ready_within=120)])
    found.append(
        [
            _worker("worker", PROMPT_QUEUES, 8, environment),
            _worker(
                "errands", PATIENT_QUEUES, 3, environment, nice=0 if settings.database_url.startswith("sqlite") else 5
            ),
            Child(
                "media",
                [*PROGRAM, "media"],
                environment,
                ready=_healthy(settings.media_port),
                ready_within=90,
                stop_within=30,
            ),
            Child("beat", [*PROGRAM, "beat"], environment, ready_line=r"beat: Starting", ready_within=90),
        ]
    )
    # Last, so that whoever sees the door answer finds the workers behind it ready.
    names = ["web", *(f"web{number}" for number in range(2, settings.web_processes + 1))]
    found.append([_web(name, settings.port, environment) for name in names])
    return found


def _web(name: str, port: int, environment: dict[str, str]) -> Child:
    return Child(name, [*PROGRAM, "web"], environment, ready=_healthy(port), ready_within=90, stop_within=15)


def _worker(name: str, queues: str, concurrency: int, environment: dict[str, str], nice: int = 0) -> Child:
    argv = [*PROGRAM, "worker", "--name", name, "--queues", queues, "--concurrency", str(concurrency)]
    return Child(name, argv, environment, ready_line=rf"{name}@\S+ ready", ready_within=90, stop_within=75, nice=nice)


def run(settings: Settings, *, quiet: bool = False) -> int:
    """Run until Ctrl-C or SIGTERM; the exit status. Prints where everything is once it is ready."""
    choice.check(settings)  # an unusable CRM is told here in one line, not by workers that die again and again
    say = _log_files(settings.var_dir / "log", show=not quiet)
    _ = settings.bearer_token, settings.signing_key  # made once here, so that both are there when we say `ready`
    supervisor = Supervisor(stages(settings), say)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, supervisor.request_stop)
    try:
        with supervisor:
            if not supervisor.stopping:
                print(
                    f"ready  {settings.public_base}/console  (pid {os.getpid()}, Ctrl-C stops everything)", flush=True
                )
            supervisor.watch()
    except NotReady as error:
        print(f"firstring up: {error}", file=sys.stderr)
        return 1
    print("stopped", flush=True)
    return 0


def _healthy(port: int) -> Callable[[], bool]:
    def check() -> bool:
        with (
            suppress(URLError, OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer,
        ):
            return bool(answer.status == 200)
        return False

    return check


def _log_files(directory: Path, *, show: bool) -> Callable[[str, str], None]:
    """Every process's lines go to `<directory>/<name>.log`, and to the terminal with the name in front."""
    directory.mkdir(parents=True, exist_ok=True)

    def say(name: str, line: str) -> None:
        with open(directory / f"{name}.log", "a", encoding="utf-8") as log:
            log.write(line + "\n")
        if show:
            colour = f"\x1b[{COLOURS.get(name, 0)}m{name:>7}\x1b[0m" if sys.stdout.isatty() else f"{name:>7}"
            print(f"{colour} │ {line}", flush=True)

    return say
