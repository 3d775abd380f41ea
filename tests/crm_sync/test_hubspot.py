"""Delivery to the sandbox's HubSpot: one contact, one call record, whatever the line and the limits do."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from campaign.database import Database
from campaign.records import Lead, OutboxEntry
from campaign.settings import Settings
from crm_sync.deliver import deliver
from crm_sync.hubspot_wire import BUSY, CONNECTED

NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)


def entry(database: Database, entry_id: str) -> OutboxEntry:
    with database.reading() as session:
        return session.get_one(OutboxEntry, entry_id)


def until_done(database: Database, settings: Settings, entry_id: str, tries: int = 6) -> OutboxEntry:
    """Deliver at each due time, as the sweep would."""
    now = NOW
    for _ in range(tries):
        deliver(database, settings, entry_id, now)
        row = entry(database, entry_id)
        if row.state != "due":
            return row
        now = max(now, row.due_at)
    return entry(database, entry_id)


def test_a_settled_call_becomes_one_contact_with_one_call(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    entry_id = settled()
    deliver(database, to_hubspot, entry_id, NOW)
    row = entry(database, entry_id)
    (contact,) = hubspot.objects("contacts")
    (call,) = hubspot.objects("calls")
    assert (row.state, row.last_error, row.lease_until) == ("done", None, None)
    assert (row.remote["contact_id"], row.remote["record_id"]) == (contact["id"], call["id"])
    known = contact["properties"]
    assert (known["email"], known["firstname"], known["phone"]) == ("dana@example.com", "Dana", "+12125550101")
    told = call["properties"]
    assert told["hs_timestamp"].startswith("2027-03-01T14:58:30")
    assert (told["hs_call_direction"], told["hs_call_status"], told["hs_call_duration"]) == (
        "OUTBOUND",
        "COMPLETED",
        "88000",
    )
    assert (told["hs_call_to_number"], told["hs_call_from_number"]) == ("+12125550101", "+12125550100")
    assert told["hs_call_disposition"] == CONNECTED
    assert told["hs_call_recording_url"] == f"https://firstring.example.com/console/recordings/{row.entity_id}.wav"
    body = told["hs_call_body"]
    for text in (
        row.entity_id,
        "booked",
        "Tuesday, March 2 2027 at 10:00 AM (America/New_York) with Sal",
        "Bill is &lt;180&gt; dollars &amp; rising.",
        "Monthly bill: 180<",
        "Roof shade: mostly sunny",
        "I agree to be called by &quot;Brightroof&quot; &lt;b&gt;using AI&lt;/b&gt;.",
        "203.0.113.9",
        "https://brightroof.example.com/quote?a=1&amp;b=2",
        "2027-03-01T14:57:00.000Z",
    ):
        assert text in body
    assert "<script>" not in body


def test_told_three_times_it_is_written_once(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    entry_id = settled()
    for _ in range(3):
        deliver(database, to_hubspot, entry_id, NOW)
    assert (len(hubspot.objects("contacts")), len(hubspot.objects("calls"))) == (1, 1)
    assert entry(database, entry_id).tries == 1


@pytest.mark.parametrize("path", ["/calls", "/contacts/batch/upsert"])
@pytest.mark.parametrize("knob", ["drop_after", "drop_before"])
def test_a_cut_line_makes_no_second_record(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str], path: str, knob: str
) -> None:
    entry_id = settled()
    hubspot.fault(**{knob: {"times": 1, "method": "POST", "path": path}})
    assert until_done(database, to_hubspot, entry_id).state == "done"
    assert (len(hubspot.objects("contacts")), len(hubspot.objects("calls"))) == (1, 1)


def test_an_account_that_lists_no_links_still_gets_its_call_once(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    """Neither links nor search by link are to be had: the earlier create is found by the number it called."""
    entry_id = settled()
    refusals = [
        {"status": 404, "times": 1, "path": "/associations"},
        {"status": 400, "times": 1, "path": "/calls/search"},
    ]
    hubspot.fault(drop_after={"times": 1, "method": "POST", "path": "/calls"}, errors=refusals, search_lag_ms=0)
    assert until_done(database, to_hubspot, entry_id).state == "done"
    assert len(hubspot.objects("calls")) == 1
    assert len(hubspot.requests("/calls/search")) == 2


def test_a_create_that_was_turned_away_is_not_searched_for(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    entry_id = settled()
    hubspot.fault(errors=[{"status": 429, "times": 1, "path": "/calls"}])
    assert until_done(database, to_hubspot, entry_id).state == "done"
    assert not hubspot.requests("/associations")
    assert len(hubspot.objects("calls")) == 1


def test_a_worker_killed_after_the_create_makes_no_second_record(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    """The record exists, its id was never written down: what a kill -9 leaves behind."""
    entry_id = settled()
    deliver(database, to_hubspot, entry_id, NOW)
    with database.transaction() as session:
        row = session.get_one(OutboxEntry, entry_id)
        row.state, row.lease_until = "due", NOW + timedelta(seconds=90)
        row.remote = {name: value for name, value in row.remote.items() if name != "record_id"}
        session.add(row)
    deliver(database, to_hubspot, entry_id, NOW + timedelta(seconds=89))
    assert entry(database, entry_id).state == "due", "its lease still holds"
    deliver(database, to_hubspot, entry_id, NOW + timedelta(seconds=91))
    assert entry(database, entry_id).state == "done"
    assert len(hubspot.objects("calls")) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 423])
def test_trouble_on_their_side_is_waited_out(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str], status: int
) -> None:
    entry_id = settled()
    hubspot.fault(errors=[{"status": status, "times": 2, "path": "/calls"}])
    row = until_done(database, to_hubspot, entry_id)
    assert (row.state, len(hubspot.objects("calls"))) == ("done", 1)
    assert row.tries > 1


def test_secondly_limit_obeys_retry_after(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    entry_id = settled()
    hubspot.fault(errors=[{"status": 429, "reason": "TEN_SECONDLY_ROLLING", "path": "/calls", "retry_after": 40}])
    deliver(database, to_hubspot, entry_id, NOW)
    row = entry(database, entry_id)
    assert (row.state, row.due_at) == ("due", NOW + timedelta(seconds=40))
    assert until_done(database, to_hubspot, entry_id).state == "done"


def test_daily_limit_pauses_the_whole_outbox(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    first = settled()
    other = settled(lead={"email": "kim@example.com", "phone": "+12125550199"}, attempt={"to_number": "+12125550199"})
    hubspot.fault(rate_limit={"policy": "DAILY", "times": 1})
    deliver(database, to_hubspot, first, NOW)
    assert entry(database, first).tries == 0
    assert entry(database, other).due_at == entry(database, first).due_at > NOW + timedelta(minutes=10)
    deliver(database, to_hubspot, other, NOW + timedelta(minutes=1))
    assert len(hubspot.requests("/crm/")) == 1
    assert until_done(database, to_hubspot, first).state == "done"


@pytest.mark.parametrize("knobs", [{"missing_scopes": True}, {}], ids=["scopes", "token"])
def test_wrong_credentials_lose_nothing(
    database: Database,
    hubspot: Any,
    settled: Callable[..., str],
    settings_of: Callable[..., Settings],
    to_hubspot: Settings,
    knobs: dict[str, Any],
) -> None:
    entry_id = settled()
    hubspot.fault(**knobs)
    token = "pat-sandbox" if knobs else "pat-wrong"
    wrong = settings_of(crm="hubspot", hubspot_access_token=token, hubspot_api_url=hubspot.url)
    deliver(database, wrong, entry_id, NOW)
    row = entry(database, entry_id)
    assert (row.state, row.tries) == ("due", 0)
    assert (row.last_error or "").startswith("crm_credentials")
    hubspot.fault(missing_scopes=False)
    assert until_done(database, to_hubspot, entry_id).state == "done"


def test_a_hopeless_crm_ends_in_review(
    database: Database, settled: Callable[..., str], settings_of: Callable[..., Settings], free_port: int
) -> None:
    entry_id = settled()
    nowhere = settings_of(
        crm="hubspot", hubspot_access_token="pat-sandbox", hubspot_api_url=f"http://127.0.0.1:{free_port}"
    )
    now = NOW
    with database.transaction() as session:
        row = session.get_one(OutboxEntry, entry_id)
        row.tries = 12
        session.add(row)
    deliver(database, nowhere, entry_id, now)
    assert entry(database, entry_id).state == "review"


def test_without_an_email_the_phone_finds_the_contact(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    hubspot.fault(search_lag_ms=0)
    for number in (1, 2):
        at = NOW + timedelta(seconds=number)
        deliver(database, to_hubspot, settled(lead={"email": ""}, at=at), at)
    (contact,) = hubspot.objects("contacts")
    assert contact["properties"]["phone"] == "+12125550101"
    assert len(hubspot.objects("calls")) == 2


def test_an_email_hubspot_refuses_is_left_out_and_flagged(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    entry_id = settled(lead={"email": "dana@@example"})
    deliver(database, to_hubspot, entry_id, NOW)
    row = entry(database, entry_id)
    assert (row.state, row.last_error) == ("done", "email_refused")
    (contact,) = hubspot.objects("contacts")
    assert not contact["properties"].get("email")


def test_unknown_mapped_properties_degrade(
    database: Database,
    to_hubspot: Settings,
    hubspot: Any,
    settled: Callable[..., str],
    map_properties: Callable[[str], None],
) -> None:
    map_properties(
        "{properties: {monthly_bill: answers.monthly_bill, zip: postcode, jobtitle: answers.roof_shade},"
        " call_properties: {our_outcome: outcome}}"
    )
    entry_id = settled(lead={"postcode": "10001"})
    deliver(database, to_hubspot, entry_id, NOW)
    row = entry(database, entry_id)
    assert row.state == "done"
    assert row.last_error == "property_refused:monthly_bill; property_refused:our_outcome"
    (contact,) = hubspot.objects("contacts")
    assert (contact["properties"]["zip"], contact["properties"]["jobtitle"]) == ("10001", "mostly sunny")


def test_a_contacts_calls_arrive_in_order(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str], sent: list[Any]
) -> None:
    """The second of one person's calls waits while the first cannot be told; another person's does not."""
    first = settled(outcome={"next": "retry", "wanted": None, "reached": "nobody"}, attempt={"state": "busy"})
    second = settled(at=NOW + timedelta(seconds=1))
    other = settled(lead={"email": "kim@example.com", "phone": "+12125550199"}, at=NOW + timedelta(seconds=1))
    hubspot.fault(errors=[{"status": 503, "path": "/calls", "times": 1}])
    later = NOW + timedelta(seconds=1)
    deliver(database, to_hubspot, first, NOW)
    deliver(database, to_hubspot, second, later)
    deliver(database, to_hubspot, other, later)
    assert [entry(database, one).state for one in (first, second, other)] == ["due", "due", "done"]
    assert entry(database, second).tries == 0
    due = entry(database, first).due_at
    deliver(database, to_hubspot, first, due)
    assert ("crm.deliver", second) in [(job.value, one) for job, one in sent]
    deliver(database, to_hubspot, second, due)
    outcomes = [call["properties"]["hs_call_disposition"] for call in hubspot.objects("calls")]
    assert outcomes == [CONNECTED, BUSY, CONNECTED]


def test_when_the_crm_is_back_what_waited_for_it_goes_at_once(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    first, other = (settled(lead={"email": f"lead{n}@example.com", "phone": f"+1212555010{n}"}) for n in range(2))
    hubspot.fault(errors=[{"status": 503, "times": 999}])
    deliver(database, to_hubspot, first, NOW)
    deliver(database, to_hubspot, other, NOW)
    with database.transaction() as session:
        row = session.get_one(OutboxEntry, other)
        row.due_at = NOW + timedelta(hours=8)
        session.add(row)
    hubspot.fault(errors=None)
    back = entry(database, first).due_at
    deliver(database, to_hubspot, first, back)
    assert entry(database, other).due_at == back
    deliver(database, to_hubspot, other, back)
    assert entry(database, other).state == "done"


def test_a_lead_that_is_not_called_is_a_contact_with_a_note(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    entry_id = settled(effect="crm.lead", lead={"state": "blocked", "outcome": None, "reason": "no_consent"})
    for _ in range(2):
        deliver(database, to_hubspot, entry_id, NOW)
    (note,) = hubspot.objects("notes")
    assert "blocked" in note["properties"]["hs_note_body"]
    assert "no consent" in note["properties"]["hs_note_body"]
    assert len(hubspot.objects("contacts")) == 1
    assert hubspot.objects("calls") == []


def test_the_call_is_linked_to_the_contact(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    entry_id = settled()
    deliver(database, to_hubspot, entry_id, NOW)
    remote = entry(database, entry_id).remote
    url = f"{hubspot.url}/crm/v4/objects/contacts/{remote['contact_id']}/associations/calls"
    linked = httpx.get(url, headers={"authorization": "Bearer pat-sandbox"}).json()["results"]
    assert [str(one["toObjectId"]) for one in linked] == [remote["record_id"]]


def test_personal_data_stays_out_of_errors(
    database: Database, to_hubspot: Settings, hubspot: Any, settled: Callable[..., str]
) -> None:
    entry_id = settled()
    hubspot.fault(errors=[{"status": 400, "path": "/calls"}])
    deliver(database, to_hubspot, entry_id, NOW)
    row = entry(database, entry_id)
    assert row.state == "review"
    with database.reading() as session:
        lead = session.exec(select(Lead)).one()
    assert not any(value in (row.last_error or "") for value in (lead.email, lead.phone, lead.last_name))
