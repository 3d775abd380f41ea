"""Orders to a live call, by API and console: who may give them, what reaches the call, what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import redis as redis_client
from sqlmodel import select

from campaign import clock, live
from campaign.database import Database
from campaign.file import parse
from campaign.records import Call, Suppression
from qualify import events as ev
from tests.webhooks.conftest import CAMPAIGN
from tests.webhooks.records import begin_a_call
from tests.webhooks.test_console import signed_in, submitted, token_in
from webhooks.media.orders import as_event

Make = Callable[..., dict[str, Any]]


class Held:
    """A media process that holds the call, as far as Redis is concerned."""

    def __init__(self, client: redis_client.Redis, attempt_id: str) -> None:
        self.attempt_id = attempt_id
        self._listening = client.pubsub(ignore_subscribe_messages=True)
        self._listening.subscribe(live.CALL.format(attempt_id))
        self._listening.get_message(timeout=5.0)

    async def heard(self) -> dict[str, Any]:
        message = await asyncio.to_thread(self._listening.get_message, timeout=5.0)
        assert message is not None, "nothing was ordered"
        return dict(json.loads(message["data"]))

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
async def call(web: httpx.AsyncClient, broker: str, lead: Make, database: Database) -> AsyncIterator[Held]:
    attempt_id = begin_a_call(database, await submitted(web, lead()))
    client = redis_client.Redis.from_url(broker)
    held = Held(client, attempt_id)
    yield held
    held.close()
    client.close()


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"order": "take_over", "person": "Sal"}, {"kind": "take_over", "by": "Ann", "person": "Sal"}),
        ({"order": "whisper", "text": " Offer Tuesday. "}, {"kind": "whisper", "by": "Ann", "text": "Offer Tuesday."}),
        ({"order": "speak", "text": "Thank you."}, {"kind": "speak", "by": "Ann", "text": "Thank you."}),
        ({"order": "hang_up"}, {"kind": "hang_up", "by": "Ann"}),
        ({"order": "opt_out"}, {"kind": "opt_out", "by": "Ann"}),
    ],
)
async def test_an_order_reaches_the_call_with_who_gave_it(
    web: httpx.AsyncClient, bearer: dict[str, str], call: Held, order: dict[str, str], message: dict[str, str]
) -> None:
    answer = await web.post(f"/calls/{call.attempt_id}/orders", json={**order, "by": "Ann"}, headers=bearer)
    assert (answer.status_code, answer.json()) == (202, {"attempt_id": call.attempt_id, "order": order["order"]})
    assert await call.heard() == message
    assert as_event(message, parse(CAMPAIGN)) is not None


async def test_an_opt_out_holds_whether_or_not_the_call_hears_of_it(
    web: httpx.AsyncClient, bearer: dict[str, str], call: Held, database: Database
) -> None:
    call.close()
    answer = await web.post(f"/calls/{call.attempt_id}/orders", json={"order": "opt_out"}, headers=bearer)
    assert answer.status_code == 202
    with database.reading() as session:
        assert session.exec(select(Suppression.phone)).one()


@pytest.mark.parametrize(
    "order",
    [
        {"order": "take_over", "person": "Nobody"},
        {"order": "take_over", "person": "+19005551234"},
        {"order": "take_over", "person": "Sal", "number": "+19005551234"},
        {"order": "take_over"},
        {"order": "whisper", "text": "   "},
        {"order": "speak"},
        {"order": "whisper", "text": "x" * 501},
        {"order": "dance"},
        {},
    ],
)
async def test_r88_numbers_and_strangers_are_refused(
    web: httpx.AsyncClient, bearer: dict[str, str], call: Held, order: dict[str, str]
) -> None:
    answer = await web.post(f"/calls/{call.attempt_id}/orders", json=order, headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_a_call_nobody_holds_takes_no_orders(
    web: httpx.AsyncClient, bearer: dict[str, str], call: Held, database: Database
) -> None:
    path, order = f"/calls/{call.attempt_id}/orders", {"order": "hang_up"}
    call.close()
    assert (await web.post(path, json=order, headers=bearer)).json()["code"] == "not_live"
    with database.transaction() as session:
        session.get_one(Call, call.attempt_id).ended_at = clock.now()
    assert (await web.post(path, json=order, headers=bearer)).status_code == 409
    assert (await web.post("/calls/att_none/orders", json=order, headers=bearer)).status_code == 404
    assert (await web.post("/calls/a%00b/orders", json=order, headers=bearer)).status_code == 404
    assert (await web.post(path, json=order)).status_code == 401


def test_r88_the_number_is_the_rosters_whatever_the_message_says() -> None:
    """R88."""
    message = {"kind": "take_over", "person": "Sal", "number": "+19005551234", "by": "Ann"}
    assert as_event(message, parse(CAMPAIGN)) == ev.TakeOverAsked("Sal", "+12125550111", "Ann")
    assert as_event({**message, "person": "Nobody"}, parse(CAMPAIGN)) is None


async def test_the_page_of_a_live_call_shows_what_is_said_and_gives_orders(
    web: httpx.AsyncClient, broker: str, call: Held
) -> None:
    with redis_client.Redis.from_url(broker) as client:
        for told in (
            {"kind": "turn", "role": "caller", "text": "<b>How much?</b>"},
            {"kind": "note", "text": "Ann listens."},
        ):
            client.rpush(live.TOLD.format(call.attempt_id), json.dumps(told))
    path = f"/console/calls/{call.attempt_id}"
    assert (await web.get(path)).status_code == 303
    assert (await web.get(f"{path}/told")).status_code == 303
    assert (await web.post(f"{path}/orders", data={"order": "hang_up"})).status_code == 303
    await signed_in(web)
    page, told_page = await web.get(path), await web.get(f"{path}/told")
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert "&lt;b&gt;How much?&lt;/b&gt;" in told_page.text
    assert "Ann listens." in told_page.text
    assert (await web.post(f"{path}/orders", data={"order": "hang_up"})).status_code == 403, "not this session's form"
    form = {"form_token": token_in(page.text), "order": "take_over", "person": "Sal", "by": "Ann"}
    answer = await web.post(f"{path}/orders", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?by=Ann&done=take_over")
    assert await call.heard() == {"kind": "take_over", "by": "Ann", "person": "Sal"}
    assert "Ringing your colleague" in (await web.get(answer.headers["location"])).text
    assert (await web.post(f"{path}/orders", data={**form, "person": "Nobody"})).status_code == 422
    assert (await web.post(f"{path}/orders", data={**form, "order": "dance"})).status_code == 422


async def test_a_call_that_is_over_offers_its_story_instead(
    web: httpx.AsyncClient, call: Held, database: Database
) -> None:
    with database.transaction() as session:
        session.get_one(Call, call.attempt_id).ended_at = clock.now()
    await signed_in(web)
    page = await web.get(f"/console/calls/{call.attempt_id}")
    assert "Our agent is not on this call any more" in page.text
    assert "Put through now" not in page.text
    assert 'http-equiv="refresh"' not in (await web.get(f"/console/calls/{call.attempt_id}/told")).text
