"""Reading who is busy: unreadable calendars, Google's limits, threads, credentials, and what a lookup costs."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select

from calendar_sync.availability import Availability, questions
from calendar_sync.calendar import Calendar
from calendar_sync.errors import CalendarMisconfigured, CalendarUnavailable
from calendar_sync.google import GoogleCalendar
from campaign.database import Database
from campaign.file import Campaign, Person
from campaign.records import CalendarMirror
from campaign.settings import Settings

SAL, KIM = "sal@example.com", "kim@example.com"
ZONE = "America/New_York"
NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def mirrors(database: Database) -> dict[str, str]:
    with database.reading() as session:
        return {row.calendar: row.problem for row in session.exec(select(CalendarMirror))}


def test_busy_times_are_not_offered(calendar: Calendar, campaign: Campaign, google: Any) -> None:
    google.stranger(SAL, start={"date": "2027-03-01"}, end={"date": "2027-04-01"}, summary="Holiday")
    google.stranger(KIM, start={"dateTime": "2027-03-02T05:00:00Z"}, end={"dateTime": "2027-03-31T05:00:00Z"})
    slots = calendar.offer(campaign, ZONE, NOW, limit=50)
    assert {slot.person for slot in slots} == {"Kim"}
    assert {slot.starts_at.date() for slot in slots} == {NOW.date()}


@pytest.mark.parametrize("reason", ["notFound", "internalError"])
def test_an_unreadable_calendar_is_busy_and_alarms(
    calendar: Calendar, campaign: Campaign, google: Any, database: Database, reason: str
) -> None:
    google.fault(free_busy_errors={SAL: reason})
    assert {slot.person for slot in calendar.offer(campaign, ZONE, NOW, limit=20)} == {"Kim"}
    assert mirrors(database) == {SAL: reason}
    assert calendar.check(campaign, NOW) == {SAL: reason, KIM: ""}
    google.fault(free_busy_errors=None)
    assert "Sal" in {slot.person for slot in calendar.offer(campaign, ZONE, NOW, limit=20)}
    assert mirrors(database) == {SAL: ""}


def test_no_readable_calendar_is_trouble_not_an_empty_offer(
    calendar: Calendar, campaign: Campaign, google: Any
) -> None:
    google.fault(free_busy_errors={SAL: "notFound", KIM: "notFound"})
    with pytest.raises(CalendarUnavailable) as error:
        calendar.offer(campaign, ZONE, NOW)
    assert error.value.code == "no_calendar_readable"


def test_a_stalled_calendar_is_given_up_in_time(
    calendar: Calendar, campaign: Campaign, google: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar.prefetch(campaign, NOW)
    google.fault(stall={"seconds": 30, "path": "/freeBusy", "times": 9})
    assert calendar.offer(campaign, ZONE, NOW), "what was read a moment ago still serves"
    calendar._availability.forget(SAL)
    with pytest.raises(CalendarUnavailable):
        calendar.offer(campaign, ZONE, NOW)


def test_a_prefetched_offer_asks_nobody(calendar: Calendar, campaign: Campaign, google: Any) -> None:
    calendar.prefetch(campaign, NOW)
    asked = len(google.requests("/freeBusy"))
    calendar.offer(campaign, ZONE, NOW + timedelta(minutes=1))
    assert len(google.requests("/freeBusy")) == asked == 1


def test_threads_share_one_question(calendar: Calendar, campaign: Campaign, google: Any) -> None:
    google.fault(latency_ms=100)
    with ThreadPoolExecutor(8) as pool:
        offers = list(pool.map(lambda _: calendar.offer(campaign, ZONE, NOW), range(8)))
    assert all(offers)
    assert len(google.requests("/freeBusy")) == 1


def test_two_calls_are_offered_different_times(calendar: Calendar, campaign: Campaign) -> None:
    first = {(slot.person, slot.starts_at) for slot in calendar.offer(campaign, ZONE, NOW)}
    second = {(slot.person, slot.starts_at) for slot in calendar.offer(campaign, ZONE, NOW)}
    assert not first & second


def test_a_large_pool_and_a_long_time_are_split(settings: Settings, database: Database, google: Any) -> None:
    calendars = [f"person{n}@example.com" for n in range(120)]
    pieces = list(questions(calendars, NOW, NOW + timedelta(days=200)))
    assert [(len(some), (high - low).days) for some, low, high in pieces] == [
        (50, 90), (50, 90), (50, 20), (50, 90), (50, 90), (50, 20), (20, 90), (20, 90), (20, 20),
    ]  # fmt: skip
    google.stranger(calendars[-1], start={"dateTime": "2027-09-01T10:00:00Z"}, end={"dateTime": "2027-09-01T11:00:00Z"})
    availability = Availability(GoogleCalendar(settings), database)
    busy = availability.read(calendars, NOW, NOW + timedelta(days=200), NOW)
    assert set(busy) == set(calendars)
    assert [calendar for calendar, spans in busy.items() if spans] == [calendars[-1]]


def test_eight_threads_get_their_own_answers(settings: Settings, google: Any) -> None:
    """A shared googleapiclient service hands out other threads' answers; ours must not."""
    adapter = GoogleCalendar(settings)
    wrong: list[str] = []

    def work(thread: int) -> None:
        for number in range(20):
            name = f"thread{thread}number{number}"
            at = {"dateTime": "2027-05-01T10:00:00Z"}, {"dateTime": "2027-05-01T10:30:00Z"}
            event = {"id": f"{thread:03d}{number:05d}", "summary": name, "start": at[0], "end": at[1]}
            made = adapter.insert(SAL, event, notify=False)
            read = adapter.get(SAL, event["id"])
            if made["summary"] != name or read is None or read["summary"] != name:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(google.events()) == 160


def test_an_authorized_user_goes_to_the_token_address_in_its_file(
    settings: Settings, database: Database, campaign: Campaign, google: Any, tmp_path: Path
) -> None:
    document = httpx.post(f"{google.url}/_sandbox/credentials?kind=authorized_user&email={SAL}").json()
    (tmp_path / "oauth.json").write_text(json.dumps(document))
    own = Settings(_env_file=None, google_calendar_url=google.url, google_oauth_file=tmp_path / "oauth.json")
    calendar = Calendar(own, database)
    assert calendar.offer(campaign, ZONE, NOW)
    calendar.close()


def test_impersonation_asks_for_the_user_and_refusal_is_final(
    settings: Settings, database: Database, campaign: Campaign, google: Any
) -> None:
    def offer() -> Any:
        own = settings.model_copy(update={"google_impersonate": "owner@example.com"})
        return Calendar(own, database).offer(campaign, ZONE, NOW)

    assert offer()
    google.fault(delegation="denied")
    with pytest.raises(CalendarMisconfigured) as error:
        offer()
    assert error.value.code == "bad_credentials"


def test_an_unknown_key_is_not_retried(
    settings: Settings, database: Database, campaign: Campaign, google: Any, tmp_path: Path
) -> None:
    document = json.loads(google.credentials.read_text())
    document["client_email"] = "stranger@example.iam.gserviceaccount.com"
    (tmp_path / "wrong.json").write_text(json.dumps(document))
    own = settings.model_copy(update={"google_service_account_file": tmp_path / "wrong.json"})
    with pytest.raises(CalendarMisconfigured):
        Calendar(own, database).offer(campaign, ZONE, NOW)
    assert google.requests("/freeBusy") == []
    assert len(google.requests("/token")) == 1


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"type": "service_account", "private_key": "x"}'])
def test_a_file_that_is_no_credential_is_named(
    settings: Settings, database: Database, campaign: Campaign, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
    own = settings.model_copy(update={"google_service_account_file": path})
    with pytest.raises(CalendarMisconfigured) as error:
        Calendar(own, database).offer(campaign, ZONE, NOW)
    assert str(path) in str(error.value)


def test_without_credentials_the_process_starts_and_the_offer_says_why(database: Database, campaign: Campaign) -> None:
    calendar = Calendar(Settings(_env_file=None), database)
    with pytest.raises(CalendarMisconfigured) as error:
        calendar.offer(campaign, ZONE, NOW)
    assert error.value.code == "no_credentials"


def test_tokens_that_expire_are_renewed(calendar: Calendar, campaign: Campaign, google: Any) -> None:
    calendar.prefetch(campaign, NOW)
    google.fault(expire_tokens=True)
    calendar._availability.forget(SAL)
    assert calendar.offer(campaign, ZONE, NOW)


def test_the_endpoint_is_the_root_plus_the_service_path() -> None:
    for given in ("https://www.googleapis.com", "https://www.googleapis.com/"):
        settings = Settings(_env_file=None, google_calendar_url=given)
        assert GoogleCalendar(settings).endpoint == "https://www.googleapis.com/calendar/v3/"


def test_a_person_listed_twice_is_asked_once(calendar: Calendar, campaign: Campaign, google: Any) -> None:
    twice = campaign.model_copy(update={"people": (*campaign.people, Person(name="Sal again", calendar=SAL))})
    assert calendar.offer(twice, ZONE, NOW)
    assert len(google.requests("/freeBusy")) == 1
