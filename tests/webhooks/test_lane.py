"""Leads that arrive together are written together; each sender is answered for its own lead alone."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, select

from campaign import clock, store
from campaign.database import Database
from campaign.file import parse
from campaign.records import Consent, Decision, InboxMessage, Lead
from tests.webhooks.conftest import CAMPAIGN
from webhooks.leads import payload
from webhooks.leads.intake import Arrival, Message
from webhooks.leads.lane import Lane

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    SQLModel.metadata.create_all(opened.engine)
    with opened.transaction() as session:
        store.apply(session, parse(CAMPAIGN), CAMPAIGN, by="tests", now=clock.now())
    yield opened
    opened.dispose()


@pytest.fixture
def lane(database: Database) -> Iterator[Lane]:
    opened = Lane(database)
    yield opened
    opened.close()


def arrival(made: dict[str, Any], message_id: str) -> Arrival:
    body = json.dumps(made).encode()
    return Arrival(
        parse(CAMPAIGN), 1, Message("website", message_id, "application/json", body), payload.from_json(body)
    )


def counted(database: Database, *tables: Any) -> list[int]:
    with database.reading() as session:
        return [len(session.exec(select(table)).all()) for table in tables]


async def test_a_rush_costs_two_transactions(lane: Lane, database: Database, lead: Make) -> None:
    """The first lead goes in alone, and whoever comes meanwhile goes in together, repeats included."""
    commits: list[object] = []
    sa.event.listen(database.engine, "commit", commits.append)
    arrivals = [arrival(lead(phone=f"+12125550{120 + number}"), f"m{number}") for number in range(20)]
    arrivals += [replace(arrivals[5]), replace(arrivals[6], message=replace(arrivals[6].message, message_id="again"))]
    answers = await asyncio.gather(*(lane.accept(one) for one in arrivals))
    assert [answer.status for answer in answers] == ["queued"] * 20 + ["duplicate"] * 2
    assert [answer.lead_id for answer in answers[20:]] == [answers[5].lead_id, answers[6].lead_id]
    assert counted(database, Lead, Consent, Decision, InboxMessage) == [20, 20, 20, 21]
    assert len(commits) <= 3


async def test_one_that_cannot_be_written_takes_nobody_down(lane: Lane, database: Database, lead: Make) -> None:
    good = [arrival(lead(), f"m{number}") for number in range(6)]
    bad = replace(good[3], message=replace(good[3].message, headers={"x": object()}))  # type: ignore[dict-item]
    answers = await asyncio.gather(*(lane.accept(one) for one in (*good[:3], bad, *good[4:])), return_exceptions=True)
    assert [isinstance(answer, Exception) for answer in answers] == [False, False, False, True, False, False]
    assert counted(database, Lead, InboxMessage) == [5, 5]


async def test_without_its_database_every_sender_is_told(lane: Lane, database: Database, lead: Make) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE decision"))
    answers = await asyncio.gather(
        *(lane.accept(arrival(lead(), f"m{number}")) for number in range(5)), return_exceptions=True
    )
    assert all(isinstance(answer, sa.exc.DBAPIError) for answer in answers)
    assert counted(database, Lead) == [0]
