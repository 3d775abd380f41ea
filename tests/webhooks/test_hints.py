"""Hints go out beside the answer: a broker that is slow, dead or full costs nobody a lead or a millisecond."""

import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import redis

from campaign.database import Database
from campaign.jobs import Job
from campaign.settings import Settings
from tests.webhooks.senders import signed
from webhooks import hints
from webhooks.hints import Hints
from webhooks.http_app import create_app

Make = Callable[..., dict[str, Any]]


def test_hints_arrive_in_order_and_closing_sends_the_rest() -> None:
    sent: list[tuple[Job, str]] = []
    queue = Hints(lambda job, entity_id: sent.append((job, entity_id)))
    for number in range(100):
        queue(Job.SETTLE, str(number))
    queue.close()
    assert sent == [(Job.SETTLE, str(number)) for number in range(100)]


def test_in_a_rush_of_leads_no_more_are_hinted_than_can_be_rung(monkeypatch: Any) -> None:
    """Measured: a hint for each of 300 leads a second took a fifth of the web process; the sweep finds the rest."""
    monkeypatch.setattr(hints.clock, "monotonic", lambda: 7.0)
    sent: list[tuple[Job, str]] = []
    queue = Hints(lambda job, entity_id: sent.append((job, entity_id)), dials_per_s=5.0)
    for number in range(100):
        queue(Job.DIAL, str(number))
    queue(Job.SETTLE, "x")
    queue.close()
    assert sent == [*((Job.DIAL, str(number)) for number in range(5)), (Job.SETTLE, "x")]


def test_a_sender_that_throws_does_not_stop_the_next_hint() -> None:
    sent: list[str] = []

    def send(_job: Job, entity_id: str) -> None:
        if entity_id == "bad":
            raise ConnectionError("no broker")
        sent.append(entity_id)

    queue = Hints(send)
    for entity_id in ("bad", "good"):
        queue(Job.DIAL, entity_id)
    queue.close()
    assert sent == ["good"]


def test_a_stuck_broker_holds_nobody_up(monkeypatch: Any) -> None:
    monkeypatch.setattr(hints, "CAPACITY", 2)
    stuck, asked = threading.Event(), threading.Event()

    def send(_job: Job, _entity_id: str) -> None:
        asked.set()
        stuck.wait(10)

    queue = Hints(send)
    queue(Job.DIAL, "first")
    assert asked.wait(5)
    for number in range(10):
        queue(Job.DIAL, str(number))
    queue.close(patience=0)
    stuck.set()


async def test_a_lead_is_taken_while_redis_is_away(settings: Settings, database: Database, lead: Make) -> None:
    app = create_app(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://web") as web:
            answer = await web.post("/leads/website", **signed(json.dumps(lead()).encode()))
            assert (answer.status_code, answer.json()["status"]) == (202, "queued")
            ready = await web.get("/readyz")
            assert (ready.status_code, ready.json()["redis"]) == (200, "down")


async def test_a_queued_lead_is_hinted_after_its_commit(web: httpx.AsyncClient, broker: str, lead: Make) -> None:
    with redis.Redis.from_url(broker) as client:
        client.flushdb()
        answer = await web.post("/leads/website", **signed(json.dumps(lead()).encode()))
        _, message = client.blpop("firstring:dial", timeout=10) or (b"", b"{}")
    assert answer.json()["lead_id"] in json.dumps(json.loads(message)["headers"])
