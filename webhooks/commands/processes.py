"""One process type each: the Procfile's lines."""

import os
import socket
import sys

import typer

from campaign import heap, logs, zones
from campaign.settings import Settings

app = typer.Typer()


@app.command()
def web() -> None:
    """Forms, Twilio's callbacks, the API and the console."""
    import uvicorn

    from webhooks.slow_senders import PatientProtocol

    zones.require()
    settings = Settings()
    settings.broker()
    logs.configure("web")
    config = uvicorn.Config(
        "webhooks.http_app:create_app",
        factory=True,
        http=PatientProtocol,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
    )
    shared = [_shared_socket(settings.host, settings.port)] if settings.web_processes > 1 else None
    config.load()
    heap.settle()
    uvicorn.Server(config).run(sockets=shared)


def _shared_socket(host: str, port: int) -> socket.socket:
    """One of several listeners on the port: the kernel deals new connections out among the processes that are there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    return listener


@app.command()
def media() -> None:
    """Live calls: bridges the carrier's media sockets to the Realtime API."""
    zones.require()
    Settings().broker()
    from webhooks import media_app

    logs.configure("media")
    media_app.main()


@app.command()
def worker(
    queues: str = typer.Option("", help="Comma-separated queues to work on; all when empty."),
    name: str = typer.Option("worker", help="Of this worker, unique on its host."),
    concurrency: int = typer.Option(0, min=0, help="Jobs at a time; 0 chooses: 8 processes, or 32 threads."),
    pool: str = typer.Option("", help="prefork or threads; chosen when empty (docs/decisions/0003-worker-pool.md)."),
) -> None:
    """Dialing, settling, CRM and calendar jobs. Two of them, one for the slow outside, keep dials from waiting (Procfile)."""
    zones.require()
    Settings().broker()
    logs.configure("worker")
    from campaign.jobs import QUEUES
    from dialer.worker import app as celery

    pool = pool or ("prefork" if _can_fork() else "threads")
    concurrency = concurrency or (8 if pool == "prefork" else 32)
    celery.worker_main(
        [
            "worker",
            "--hostname",
            f"{name}@%h",
            "--queues",
            queues or ",".join(sorted(set(QUEUES.values()))),
            "--pool",
            pool,
            "--concurrency",
            str(concurrency),
            "--loglevel",
            "INFO",
            "--without-gossip",
            "--without-mingle",
        ]
    )


def _can_fork() -> bool:
    """The prefork pool's semaphores live in /dev/shm on Linux."""
    return sys.platform != "linux" or os.access("/dev/shm", os.W_OK)  # noqa: S108  not a temporary file of ours


@app.command()
def beat() -> None:
    """The clock: wakes what is due every second. A second one does no harm."""
    zones.require()
    settings = Settings()
    settings.broker()
    logs.configure("beat")
    from dialer.worker import app as celery

    settings.var_dir.mkdir(parents=True, exist_ok=True)
    celery.start(["beat", "--loglevel", "INFO", "--schedule", str(settings.var_dir / "beat"), "--pidfile="])


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from campaign import migrations
    from campaign.database import Database

    settings = Settings()
    database = Database(settings.database_url)
    migrations.upgrade(database.engine)
    database.dispose()
    print("database is up to date", file=sys.stderr)


@app.command()
def up(quiet: bool = typer.Option(False, help="Only write logs to var/log.")) -> None:
    """Everything on this machine: Redis, database, worker, beat, media and web."""
    zones.require()
    from webhooks.commands import up as everything

    raise typer.Exit(everything.run(Settings(), quiet=quiet))


@app.command()
def demo(once: bool = typer.Option(False, "--once", help="End when every lead has come to rest.")) -> None:
    """Watch the whole product work on this machine, with simulated vendors and no accounts."""
    from webhooks.commands import demo as show

    raise typer.Exit(show.run(Settings(_env_file=None), once=once))


@app.command()
def doctor() -> None:
    """Check every credential, permission, address and clock, and say how to mend what is ill."""
    from webhooks.commands import doctor as checks

    raise typer.Exit(checks.run(Settings()))
