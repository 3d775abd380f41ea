"""Eight workers get the same hint: on every database the CRM is told once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from campaign import store
from campaign.database import Database
from campaign.file import parse
from campaign.records import OutboxEntry
from campaign.settings import Settings
from crm_sync.deliver import deliver

NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)


@pytest.fixture
def database(database_url: str, campaign_document: str) -> Iterator[Database]:
    opened = Database(database_url)
    with opened.transaction() as session:
        store.apply(session, parse(campaign_document), campaign_document, by="test", now=NOW)
    yield opened
    opened.dispose()


def test_told_by_eight_workers_at_once_it_is_written_once(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    entries = [settled(), settled()]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: deliver(database, to_hubspot, entries[n % 2], NOW), range(8)))
    for _ in range(2):
        for entry_id in entries:
            with database.reading() as session:
                due = session.get_one(OutboxEntry, entry_id).due_at
            deliver(database, to_hubspot, entry_id, due)
    assert (len(hubspot.objects("contacts")), len(hubspot.objects("calls"))) == (1, 2)
