"""The generic webhook against a receiver that verifies what it gets."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaign.database import Database
from campaign.errors import Permanent
from campaign.jobs import Job
from campaign.records import OutboxEntry
from campaign.settings import Settings
from crm_sync.choice import adapter
from crm_sync.deliver import deliver

NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)


def entry(database: Database, entry_id: str) -> OutboxEntry:
    with database.reading() as session:
        return session.get_one(OutboxEntry, entry_id)


def test_a_signed_message_says_everything(
    database: Database, to_sink: Settings, sink: Any, settled: Callable[..., str]
) -> None:
    entry_id = settled()
    deliver(database, to_sink, entry_id, NOW)
    (got,) = sink.see("deliveries")
    assert (got["id"], got["verified"], got["path"]) == (entry_id, True, "/crm")
    message = got["payload"]
    assert message["type"] == "call.finished"
    data = message["data"]
    assert data["contact"]["email"] == "dana@example.com"
    assert data["call"]["outcome"] == "booked"
    assert ["Monthly bill", "180"] in data["call"]["answers"]
    assert data["meeting"]["starts_at"] == "2027-03-02T15:00:00+00:00"
    assert data["consent"]["ip"] == "203.0.113.9"
    assert data["call"]["recording_url"].startswith("https://firstring.example.com/console/recordings/att_")
    assert entry(database, entry_id).state == "done"


def test_a_repeat_carries_the_same_id_and_words(
    database: Database, to_sink: Settings, sink: Any, settled: Callable[..., str]
) -> None:
    entry_id = settled()
    sink.fault(drop_after={"times": 1})
    deliver(database, to_sink, entry_id, NOW)
    assert entry(database, entry_id).state == "due"
    deliver(database, to_sink, entry_id, entry(database, entry_id).due_at)
    first, again = sink.see("deliveries")
    assert first["id"] == again["id"] == entry_id
    assert first["payload"] == again["payload"]
    assert again["duplicate"]
    assert entry(database, entry_id).state == "done"


def test_gone_is_for_a_person_to_look_at(
    database: Database, to_sink: Settings, sink: Any, settled: Callable[..., str]
) -> None:
    entry_id = settled()
    sink.fault(gone=True)
    deliver(database, to_sink, entry_id, NOW)
    row = entry(database, entry_id)
    assert row.state == "review"
    assert (row.last_error or "").startswith("crm_gone")


@pytest.mark.parametrize(
    ("status", "after", "wait"), [(503, 120, 120), (429, None, 5), (500, None, 5), (302, None, 5), (400, None, 5)]
)
def test_anything_but_2xx_is_tried_again_later(
    database: Database,
    to_sink: Settings,
    sink: Any,
    settled: Callable[..., str],
    status: int,
    after: float | None,
    wait: float,
) -> None:
    entry_id = settled()
    sink.fault(errors=[{"status": status, "retry_after": after}])
    deliver(database, to_sink, entry_id, NOW)
    row = entry(database, entry_id)
    assert row.state == "due"
    assert timedelta(seconds=wait) <= row.due_at - NOW <= timedelta(seconds=wait * 1.2)


def test_no_crm_empties_the_outbox(
    database: Database, settled: Callable[..., str], settings_of: Callable[..., Settings]
) -> None:
    entry_id = settled()
    deliver(database, settings_of(crm="none"), entry_id, NOW)
    assert entry(database, entry_id).state == "done"


def test_a_delivery_lets_the_contacts_next_one_go_and_no_other(
    database: Database, settled: Callable[..., str], settings_of: Callable[..., Settings], sent: list[Any]
) -> None:
    first, second, _third = (settled(at=NOW + timedelta(seconds=number)) for number in range(3))
    sent.clear()
    deliver(database, settings_of(crm="none"), first, NOW)
    assert sent == [(Job.DELIVER, second)]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"crm": "salesforce"}, "crm_not_supported"),
        ({"crm": "pipedrive"}, "crm_not_supported"),
        ({"crm": "hubspot"}, "crm_settings"),
        ({"crm": "webhook"}, "crm_settings"),
        ({"crm": "webhook", "crm_webhook_url": "http://127.0.0.1:1", "crm_webhook_secret": "whsec_!"}, "crm_settings"),
    ],
)
def test_settings_that_cannot_work_are_refused_and_lose_nothing(
    database: Database,
    settled: Callable[..., str],
    settings_of: Callable[..., Settings],
    given: dict[str, str],
    code: str,
) -> None:
    entry_id = settled()
    with pytest.raises(Permanent) as refused:
        adapter(settings_of(**given))
    assert refused.value.code == code
    with pytest.raises(Permanent):
        deliver(database, settings_of(**given), entry_id, NOW)
    row = entry(database, entry_id)
    assert (row.state, row.tries) == ("due", 0)
