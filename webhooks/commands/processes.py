"""One process type each: the Procfile's lines."""

import sys

import typer

from campaign import logs, migrations
from campaign.database import Database
from campaign.jobs import QUEUES
from campaign.settings import Settings

app = typer.Typer()
ALL_QUEUES = ",".join(sorted(set(QUEUES.values())))


@app.command()
def web() -> None:
    """Forms, Twilio's callbacks, the API and the console."""
    import uvicorn

    settings = Settings()
    settings.broker()
    logs.configure("web")
    uvicorn.run(
        "webhooks.http_app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
    )


@app.command()
def media() -> None:
    """Live calls: bridges the carrier's media sockets to the Realtime API."""
    Settings().broker()
    from webhooks import media_app

    logs.configure("media")
    media_app.main()


@app.command()
def worker(
    queues: str = typer.Option(ALL_QUEUES, help="Comma-separated queues to work on."),
    concurrency: int = typer.Option(8, min=1, help="Jobs at a time."),
    pool: str = typer.Option("threads", help="Celery pool: threads or prefork (docs/decisions/0003)."),
) -> None:
    """Dialing, settling, CRM and calendar jobs."""
    Settings().broker()
    logs.configure("worker")
    from dialer.worker import app as celery

    celery.worker_main(
        [
            "worker",
            "--queues",
            queues,
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


@app.command()
def beat() -> None:
    """The clock: wakes what is due every second. A second one does no harm."""
    settings = Settings()
    settings.broker()
    logs.configure("beat")
    from dialer.worker import app as celery

    settings.var_dir.mkdir(parents=True, exist_ok=True)
    celery.start(["beat", "--loglevel", "INFO", "--schedule", str(settings.var_dir / "beat"), "--pidfile="])


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    settings = Settings()
    database = Database(settings.database_url)
    migrations.upgrade(database.engine)
    database.dispose()
    print("database is up to date", file=sys.stderr)


@app.command()
def up(quiet: bool = typer.Option(False, help="Only write logs to var/log.")) -> None:
    """Everything on this machine: Redis, database, worker, beat, media and web."""
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
