"""From the form's first byte to the carrier receiving `POST Calls`, through the whole product, beside a bare Celery no-op
on the same Redis in the same run: the part of the latency that is Celery's own.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import redis
from celery import Celery

from tests.conftest import die_with_parent
from tests.journeys.stack import Stack, until

PER_SECOND = 20
CHANNEL = "bench"


def noop_app(socket: str) -> Celery:
    """The product's settings where they touch latency; a task that notes when it began."""
    app = Celery("noop", broker=f"redis+socket://{socket}")
    app.conf.update(task_ignore_result=True, worker_disable_prefetch=True, worker_prefetch_multiplier=1)
    app.conf.broker_transport_options = {"global_keyprefix": "noop:"}
    client = redis.Redis(unix_socket_path=socket)

    @app.task(name="noop")
    def noop(sent_at: float) -> None:
        client.rpush(CHANNEL, time.time() - sent_at)

    return app


@contextmanager
def noop_worker(stack: Stack, socket: str) -> Iterator[None]:
    words = [
        "worker",
        "--pool",
        "threads",
        "--concurrency",
        "8",
        "--without-gossip",
        "--without-mingle",
        "--loglevel",
        "INFO",
    ]
    code = f"from tests.bench.rings import noop_app; noop_app({socket!r}).worker_main({words!r})"
    log = stack.folder / "noop.log"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=stack.environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no lock is held in our threads
        )
    try:
        until(lambda: " ready." in log.read_text(), "the no-op worker is ready", 60)
        yield
    finally:
        process.terminate()
        process.wait(30)


def paced(count: int, work: Any) -> None:
    """`work(i)` at PER_SECOND, whatever the last one took."""
    began = time.monotonic()
    with ThreadPoolExecutor(32) as pool:
        jobs = []
        for number in range(count):
            time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
            jobs.append(pool.submit(work, number))
        for job in jobs:
            job.result()


def product(stack: Stack, count: int, run: int) -> list[float]:
    """Milliseconds from submitting to the carrier's stamp, for each of `count` leads."""
    area = ("646", "917", "347", "212")[run % 4]
    numbers = {n: f"+1{area}{220 + n // 1000}{n % 1000:03d}{run % 10}" for n in range(count)}
    for to in numbers.values():
        stack.script(to, "busy")
    sent: dict[str, float] = {}

    def submit(number: int) -> None:
        sent[numbers[number]] = time.time()
        assert stack.submit(numbers[number], email=f"maria{number}.{run}@example.com")["status"] == "queued"

    paced(count, submit)

    def arrived() -> dict[str, float] | None:
        posts: dict[str, float] = {}
        for post in stack.seen("twilio", "calls")["post_log"]:
            posts.setdefault(post["to"], post["at"])
        return posts if set(sent) <= set(posts) else None

    posts = until(arrived, "every lead was posted", 60)
    return [1000 * (posts[to] - at) for to, at in sent.items()]


def bare(stack: Stack, count: int) -> list[float]:
    """Milliseconds from sending a no-op to its first line, at the same pace."""
    socket = str(stack.folder / "var" / "redis" / "redis.sock")
    client = redis.Redis(unix_socket_path=socket, decode_responses=True)
    app = noop_app(socket)
    client.delete(CHANNEL)
    with noop_worker(stack, socket):
        app.send_task("noop", args=(time.time(),))
        until(lambda: client.llen(CHANNEL) == 1, "the first no-op ran")
        client.delete(CHANNEL)
        paced(count, lambda _number: app.send_task("noop", args=(time.time(),)))
        until(lambda: client.llen(CHANNEL) >= count, "every no-op ran")
    return [1000 * float(value) for value in client.lrange(CHANNEL, 0, -1)]
