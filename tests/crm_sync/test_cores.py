"""What the CRM is told and when it is told again, without any CRM."""

import html
import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import FirstringError
from campaign.file import parse
from campaign.records import Attempt, Booking, Call, Consent, Lead, Outcome
from crm_sync import hubspot_wire as wire
from crm_sync.errors import CrmPaused, CrmRefused, CrmUnavailable
from crm_sync.payload import CrmWrite, Facts, build, spoken, text, why
from crm_sync.schedule import WAITS_S, Again, PauseAll, Review, after
from crm_sync.webhook import message

NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
CAMPAIGN = parse("""
name: x
seller: {legal_name: A Pty Ltd, brand: Acme}
playbook: p
timezone: Australia/Sydney
caller_ids: ["+61255501234"]
countries: [AU]
sources: [{name: w, secret: s}]
people: [{name: Sal, calendar: sal@example.com}]
""")


def write(**changes: Any) -> CrmWrite:
    lead = Lead(
        id="lead_1", campaign="x", source="w", external_id="1", state="booked", email="a@example.com", received_at=NOW
    )
    attempt = Attempt(
        id="att_1",
        lead_id="lead_1",
        campaign="x",
        campaign_version=1,
        number=1,
        fence=1,
        state="completed",
        to_number="+61491570156",
        from_number="+61255501234",
        intent_at=NOW,
        call_duration_s=12,
    )
    call = Call(attempt_id="att_1", lead_id="lead_1", campaign="x", playbook="p", playbook_sha256="", reached="human")
    rows: dict[str, Any] = {
        "lead": lead,
        "attempt": attempt,
        "call": call,
        "outcome": Outcome(id="o", lead_id="lead_1", campaign="x", reached="human", next="booked", salt="s"),
    }
    for name, value in changes.items():
        row, _, field = name.partition("__")
        if field:
            setattr(rows[row], field, value)
        else:
            rows[row] = value
    return build("att_1", Facts(campaign=CAMPAIGN, **rows), "https://f.example.com", NOW)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.shown = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links |= {value or "" for name, value in attrs if name == "href"}
        assert {name for name, _ in attrs} <= {"href"}

    def handle_data(self, data: str) -> None:
        self.shown += data


HOSTILE = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=("Cs",)), st.sampled_from("<>&\"'/= ")), max_size=80
)


@given(summary=HOSTILE, name=HOSTILE, answer=HOSTILE, words=HOSTILE, url=HOSTILE)
def test_no_text_becomes_markup(summary: str, name: str, answer: str, words: str, url: str) -> None:
    consent = Consent(
        id="c",
        lead_id="lead_1",
        campaign="x",
        seller_legal_name="A",
        given=True,
        text=words,
        url=url,
        recorded_at=NOW,
        salt="s",
    )
    told = write(consent=consent, lead__first_name=name, call__summary=summary, call__answers={"q": answer})
    body = wire.engagement(told).properties["hs_call_body"]
    seen = Tags()
    seen.feed(body)
    assert seen.tags <= {"p", "strong", "ul", "li", "br", "a"}
    assert seen.links == {"https://f.example.com/console/leads/lead_1"}
    assert html.escape(answer) in body
    assert "att_1" in body


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("voicemail_exhausted", "voicemail, no calls left"),
        ("no_consent", "no consent to be called was given"),
        ("toll_free", "toll free"),
        ("answered", ""),
    ],
)
def test_a_reason_is_told_only_where_it_says_something(reason: str, words: str) -> None:
    assert why(reason) == words
    assert ("<strong>Why:</strong>" in wire.body(write(lead__reason=reason))) == bool(words)


def test_a_very_long_story_keeps_its_marker_and_fits() -> None:
    told = write(call__summary="x" * 200_000, call__answers={f"q{n}": "y" * 9000 for n in range(40)})
    body = wire.engagement(told).properties["hs_call_body"]
    assert len(body) <= wire.BODY_LIMIT
    assert "att_1" in body


@pytest.mark.parametrize(
    ("state", "reached", "detail", "message", "guid"),
    [
        ("completed", "human", "", "hang_up", wire.CONNECTED),
        ("completed", "voicemail", "", "hang_up", wire.NO_ANSWER),
        ("completed", "voicemail", "", "message", wire.LEFT_VOICEMAIL),
        ("completed", "human", "wrong_number", "hang_up", wire.WRONG_NUMBER),
        ("busy", "nobody", "", "hang_up", wire.BUSY),
        ("no_answer", "nobody", "", "hang_up", wire.NO_ANSWER),
        ("failed", "failed", "", "hang_up", None),
    ],
)
def test_the_disposition_never_claims_what_did_not_happen(
    state: str, reached: str, detail: str, message: str, guid: str | None
) -> None:
    campaign = CAMPAIGN.model_copy(update={"voicemail": CAMPAIGN.voicemail.model_copy(update={"action": message})})
    lead = Lead(id="lead_1", campaign="x", source="w", external_id="1", received_at=NOW)
    attempt = Attempt(
        id="att_1",
        lead_id="lead_1",
        campaign="x",
        campaign_version=1,
        number=1,
        fence=1,
        state=state,
        to_number="+1",
        from_number="+1",
        intent_at=NOW,
    )
    outcome = Outcome(id="o", lead_id="lead_1", campaign="x", reached=reached, detail=detail, next="retry", salt="s")
    told = build("att_1", Facts(lead=lead, campaign=campaign, attempt=attempt, outcome=outcome), "https://f", NOW)
    assert wire.engagement(told).properties.get("hs_call_disposition") == guid


def test_every_hubspot_value_is_text_and_none_is_empty() -> None:
    told = write()
    for properties in (wire.contact(told.contact), wire.engagement(told).properties):
        assert all(isinstance(value, str) and value for value in properties.values())


def test_without_a_recording_there_is_no_link_to_one() -> None:
    assert "hs_call_recording_url" not in wire.engagement(write()).properties


def test_a_cancelled_meeting_is_not_told() -> None:
    booking = Booking(
        id="b",
        lead_id="lead_1",
        campaign="x",
        person="Sal",
        calendar="c",
        starts_at=NOW,
        ends_at=NOW,
        timezone="UTC",
        state="cancelled",
        event_id="e",
    )
    assert write(booking=booking).meeting is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "yes"),
        (False, "no"),
        (None, ""),
        (180.0, "180"),
        (12.5, "12.5"),
        (["a", "b"], "a, b"),
        ({"value": 3, "heard": "three"}, "3"),
        ({"low": 1, "high": 2}, "low: 1; high: 2"),
    ],
)
def test_answers_of_any_shape_are_words(value: Any, shown: str) -> None:
    assert text(value) == shown


def test_times_are_told_in_the_leads_zone() -> None:
    assert spoken(NOW, "Australia/Sydney") == "Tuesday, March 2 2027 at 2:00 AM (Australia/Sydney)"
    assert spoken(NOW, "Nowhere/Else").endswith("(UTC)")


def test_the_webhook_message_is_json_and_stable() -> None:
    told = write()
    assert message(told) == message(told)
    assert json.loads(message(told))["data"]["marker"] == "att_1"


@pytest.mark.parametrize(
    ("status", "answer", "after_s", "kind", "wait"),
    [
        (401, {}, None, CrmPaused, 60),
        (403, {"category": "MISSING_SCOPES"}, None, CrmPaused, 60),
        (429, {"policyName": "DAILY"}, None, CrmPaused, 900),
        (429, {"policyName": "DAILY"}, 7200.0, CrmPaused, 7200),
        (429, {"policyName": "SECONDLY"}, None, CrmUnavailable, 1),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, 10.0, CrmUnavailable, 10),
        (502, {}, None, CrmUnavailable, None),
        (477, {}, 30.0, CrmUnavailable, 30),
        (400, {}, None, CrmRefused, None),
        (404, {}, None, CrmRefused, None),
    ],
)
def test_hubspots_answers_in_our_words(
    status: int, answer: dict[str, Any], after_s: float | None, kind: type[FirstringError], wait: float | None
) -> None:
    error = wire.trouble(status, answer, after_s)
    assert type(error) is kind
    assert getattr(error, "retry_after", None) == wait


@pytest.mark.parametrize(
    "answer",
    [
        {
            "message": "Property values were not valid: "
            '[{"isValid":false,"error":"PROPERTY_DOESNT_EXIST","name":"bill"}]'
        },
        {"message": 'Property "bill" does not exist'},
        {"message": "x", "errors": [{"message": "Property bill does not exist", "code": "PROPERTY_DOESNT_EXIST"}]},
        {"message": "x", "errors": [{"message": "y", "context": {"propertyName": ["bill"]}}]},
    ],
)
def test_refused_properties_are_recognised_in_every_form(answer: dict[str, Any]) -> None:
    assert set(wire.refused_properties(answer)) == {"bill"}


@given(st.dictionaries(st.sampled_from(("message", "errors", "category")), st.one_of(HOSTILE, st.none())))
def test_nonsense_errors_are_read_without_falling_over(answer: dict[str, Any]) -> None:
    list(wire.refused_properties(answer))


def test_waits_grow_and_end_with_a_person() -> None:
    trouble = CrmUnavailable("x")
    waits = []
    for tries in range(1, len(WAITS_S) + 1):
        verdict = after(trouble, tries, NOW, 0.5)
        assert isinstance(verdict, Again)
        waits.append(verdict.at - NOW)
    assert waits == sorted(waits)
    assert sum(waits, timedelta()) > timedelta(days=2)
    assert after(trouble, len(WAITS_S) + 1, NOW, 0.0) == Review()
    assert after(CrmRefused("x"), 1, NOW, 0.0) == Review()
    assert after(CrmPaused("x", retry_after=60), 1, NOW, 0.9) == PauseAll(NOW + timedelta(seconds=60))
    assert after(CrmUnavailable("x", retry_after=600), 1, NOW, 0.0) == Again(NOW + timedelta(minutes=10))
    for absurd in (1e12, float("inf")):
        assert after(CrmUnavailable("x", retry_after=absurd), 1, NOW, 0.0) == Again(NOW + timedelta(days=1))


def test_by_when_somebody_was_promised_a_call_is_told_in_the_teams_time() -> None:
    owed = {"lead__state": "needs_human", "lead__reason": "callback_promised", "lead__callback_at": NOW}
    told = wire.body(write(**owed))
    assert "Call back by:</strong> Tuesday, March 2 2027 at 2:00 AM (Australia/Sydney)" in told
    assert json.loads(message(write(**owed)))["data"]["call_back_by"].startswith("Tuesday, March 2")
    assert "Call back by" not in wire.body(write(lead__callback_at=NOW)), "a booked lead is owed nothing"


def test_a_call_they_placed_is_told_as_one():
    told = wire.engagement(write(attempt__direction="inbound")).properties
    assert (told["hs_call_direction"], told["hs_call_from_number"]) == ("INBOUND", "+61491570156")
    assert wire.engagement(write()).properties["hs_call_direction"] == "OUTBOUND"
