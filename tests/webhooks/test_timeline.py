"""The lines of a lead's story about promises, texts and calls of theirs, as `lead why` and the console show them."""

from datetime import UTC, datetime, timedelta

import pytest

from campaign.records import Lead, Promise, TextMessage
from webhooks.api.timeline import timeline

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)


def lines(*, promises: tuple[Promise, ...] = (), texts: tuple[TextMessage, ...] = ()) -> list[str]:
    lead = Lead(
        id="l", campaign="c", source="website", external_id="1", timezone="America/New_York", received_at=NOW, updated_at=NOW
    )  # fmt: skip
    return [moment.what for moment in timeline(lead, [], [], [], [], [], promises, texts, [])][1:]


@pytest.mark.parametrize(
    ("state", "late_s", "said"),
    [
        ("kept", 4, "Promise kept: called 4 s after the time"),
        ("kept", -30, "Promise kept: called 30 s early"),
        ("kept", 0, "Promise kept: called to the second"),
        ("broken", 1500, "Promise broken: called 25 min after the time"),
        ("broken", None, "Promise broken: not called"),
        ("void", None, "Promise no longer waited for"),
    ],
)
def test_a_promise_and_what_became_of_it(state: str, late_s: int | None, said: str):
    """On the lead's own clock."""
    promise = Promise(
        id="p", lead_id="l", campaign="c", attempt_id="a", made_at=NOW, due_at=NOW + timedelta(hours=4), state=state, late_s=late_s,
        settled_at=NOW + timedelta(hours=5),
    )  # fmt: skip
    assert lines(promises=(promise,)) == ["Promised to call at Wed 25 Nov, 16:00 EST", said]


def test_an_open_promise_is_only_made():
    promise = Promise(id="p", lead_id="l", campaign="c", attempt_id="a", made_at=NOW, due_at=NOW + timedelta(hours=4))
    assert lines(promises=(promise,)) == ["Promised to call at Wed 25 Nov, 16:00 EST"]


def test_texts_say_why_they_were_not_sent():
    common = {"entity_id": "a", "phone": "+12125550101", "due_at": NOW, "created_at": NOW}
    ours = TextMessage(id="1", kind="missed_call", state="withheld", reason="no_text_consent", **common)
    theirs = TextMessage(id="2", kind="received", state="received", reason="stop", **common)
    assert lines(texts=(ours, theirs)) == [
        "Text message, after a missed call: not sent (their consent does not name texts)",
        "Text message received: STOP",
    ]
