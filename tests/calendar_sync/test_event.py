"""What a salesperson reads in the calendar: who, how to reach them, what they said, and their own clock when it differs."""

from datetime import UTC, datetime

import pytest

from calendar_sync.event import body
from campaign.file import Campaign
from campaign.records import Booking, Lead

START, END = datetime(2027, 3, 2, 15, tzinfo=UTC), datetime(2027, 3, 2, 15, 30, tzinfo=UTC)


def described(campaign: Campaign, zone: str = "America/New_York", summary: str = "Owns the home.", **lead: str) -> str:
    booking = Booking(
        id="book_1",
        lead_id="lead_1",
        attempt_id="att_1",
        campaign="solar-us",
        person="Sal",
        calendar="sal@example.com",
        starts_at=START,
        ends_at=END,
        timezone=zone,
        event_id="e",
        created_at=START,
    )
    fields = {"first_name": "Dana", "phone": "+12125550101", "email": "dana@example.com"} | lead
    person = Lead(id="lead_1", campaign="solar-us", source="w", external_id="1", received_at=START, **fields)
    text: str = body(booking, campaign, person, summary, "https://f.example/console/leads/lead_1", invite=True)[
        "description"
    ]
    return text


def test_the_facts_come_first_and_the_link_last(campaign: Campaign) -> None:
    lines = described(campaign).splitlines()
    assert lines[:2] == ["Phone: +1 212-555-0101", "Email: dana@example.com"]
    assert "What they told us:\nOwns the home." in "\n".join(lines)
    assert lines[-2].endswith("https://f.example/console/leads/lead_1")
    assert lines[-1].endswith("AI assistant.")


def test_a_lead_elsewhere_has_its_own_clock_in_the_event(campaign: Campaign) -> None:
    assert "Their local time: Tuesday 07:00 (America/Los Angeles)" in described(campaign, "America/Los_Angeles")
    assert "Their local time" not in described(campaign, "America/Toronto")


@pytest.mark.parametrize("phone", ["", "garbage"])
def test_nothing_said_and_no_number_leave_no_empty_labels(campaign: Campaign, phone: str) -> None:
    text = described(campaign, summary=" ", phone=phone, email="")
    assert "What they told us" not in text
    assert ("Phone:" in text) == bool(phone)
    assert "Email:" not in text
