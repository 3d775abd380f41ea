"""Calling rules as versions: published with a name and a reason, in force at the next decision, tried beforehand."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from campaign import store
from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import parse
from campaign.records import Attempt, Consent, Lead
from dialer import ask, law, preview, rule_sets
from tests.dialer.stage import CAMPAIGN

NOW = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)
"""A Wednesday, 12:30 in New York."""
WHY = "Counsel asked for a later start in New York"
FLORIDA = (
    'US-FL:\n    name: "Florida"\n    zones: [America/New_York, America/Chicago]\n    windows: {all: ["08:00-20:00"]}'
)


def draft(*changes: tuple[str, str]) -> str:
    text = law.text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


LATER = draft((FLORIDA, FLORIDA.replace("08:00-20:00", "14:00-20:00")))
NEVER = draft((FLORIDA, FLORIDA + "\n    flag: block"))


@pytest.fixture
def leads(database: Database) -> Callable[..., str]:
    with database.transaction() as session:
        store.apply(session, parse(CAMPAIGN), CAMPAIGN, by="tests", now=NOW)
    count = iter(range(10_000))

    def add(phone: str, **changes: Any) -> str:
        lead_id = f"lead_{next(count):032}"
        with database.transaction() as session:
            session.add(waiting(lead_id, phone, **changes))
            session.flush()
            session.add(consent(lead_id, phone))
        return lead_id

    return add


def waiting(lead_id: str, phone: str, **changes: Any) -> Lead:
    usual: dict[str, Any] = {"state": "scheduled", "received_at": NOW - timedelta(hours=1), "updated_at": NOW}
    return Lead(
        id=lead_id, campaign="solar-us", source="website", external_id=lead_id, phone=phone, country="US", due_at=NOW,
        **usual | changes,
    )  # fmt: skip


def consent(lead_id: str, phone: str) -> Consent:
    return Consent(
        id="con" + lead_id[4:], lead_id=lead_id, campaign="solar-us", seller_legal_name="Brightroof Solar LLC", phone=phone,
        given=True, text="I agree", at=NOW - timedelta(hours=1), recorded_at=NOW - timedelta(hours=1), salt=secrets.token_hex(16),
    )  # fmt: skip


def called(session: Session, lead_id: str, phone: str, at: datetime) -> None:
    session.add(
        Attempt(
            id=f"att_{secrets.token_hex(8)}", lead_id=lead_id, campaign="solar-us", campaign_version=1, number=1, fence=1,
            state="no_answer", to_number=phone, from_number="+12125550100", intent_at=at, intent_real_at=at, settled_at=at,
        )
    )  # fmt: skip


def publish(database: Database, text: str, why: str = WHY) -> int:
    with database.transaction() as session:
        return rule_sets.publish(session, text, source="draft.yaml", by="ops", why=why, now=NOW).number


def decided(database: Database, lead_id: str) -> tuple[str, str, str]:
    with database.transaction() as session:
        lead = session.get_one(Lead, lead_id)
        campaign, version = store.get(session, lead.campaign)
        _, row = ask.decided(session, lead, campaign, version, NOW)
        return row.verdict, row.reason, row.rules_version


def test_what_is_published_decides_the_next_call_and_a_roll_back_undoes_it(
    database: Database, leads: Callable[..., str]
) -> None:
    lead_id = leads("+13055550123")
    shipped = law.shipped().version
    assert decided(database, lead_id)[::2] == ("allow", f"{shipped}/tzdata-2026f")
    assert publish(database, LATER) == 1
    assert decided(database, lead_id) == ("defer", "outside_calling_hours", f"1:{shipped}/tzdata-2026f")
    assert publish(database, NEVER) == 2
    assert decided(database, lead_id)[:2] == ("deny", "rules_not_acknowledged")
    with database.transaction() as session:
        rule_sets.roll_back(session, None, by="ops", why="Too strict by far, say sales", now=NOW)
    assert decided(database, lead_id)[:2] == ("defer", "outside_calling_hours")
    with database.transaction() as session:
        rule_sets.roll_back(session, 0, by="ops", why="Back to what we know well", now=NOW)
    assert decided(database, lead_id)[0] == "allow"
    with database.reading() as session:
        history = rule_sets.history(session)
        assert [(row.number, row.restores, row.published_by) for row in history] == [
            (4, 0, "ops"),
            (3, 1, "ops"),
            (2, None, "ops"),
            (1, None, "ops"),
        ]
        assert history[-1].why == WHY
        assert history[-1].diff.startswith("US-FL windows: mon-sun 08:00-20:00 → ")
        assert "14:00-20:00" in history[-1].diff
        assert rule_sets.document(session, 1) == LATER
        assert rule_sets.document(session) == law.text()


def test_a_blackout_is_published_like_any_rule(database: Database, leads: Callable[..., str]) -> None:
    storm = "{rules: US-FL, start: 2026-11-25T00:00:00-05:00, end: 2026-11-27T00:00:00-05:00, reason: a hurricane}"
    here, elsewhere = leads("+13055550123"), leads("+12125550101")
    publish(database, draft(("blackouts: []", f"blackouts: [{storm}]")), "The governor declared an emergency")
    assert decided(database, here)[:2] == ("defer", "blackout")
    assert decided(database, elsewhere)[0] == "allow"
    with database.reading() as session:
        assert rule_sets.history(session)[0].diff.startswith(
            "blackout: US-FL 2026-11-25 00:00-0500 to 2026-11-27 00:00"
        )
        with pytest.raises(Permanent, match=r"x:\d+: blackouts\.0\.rules: there is no row US-QQ"):
            law.parse(draft(("blackouts: []", f"blackouts: [{storm.replace('US-FL', 'US-QQ')}]")), source="x")


def test_nothing_is_published_without_a_reason_a_change_and_a_table_that_can_be_read(database: Database) -> None:
    refused = [
        (LATER, "oops", "say why"),
        (law.text(), WHY, "nothing changes"),
        (draft((FLORIDA, FLORIDA.replace("20:00", "07:00"))), WHY, r"draft\.yaml:\d+: jurisdictions\.US-FL\.windows"),
    ]
    for text, why, said in refused:
        with pytest.raises(Permanent, match=said):
            publish(database, text, why)
    with database.transaction() as session:
        with pytest.raises(Permanent, match="nothing was ever published"):
            rule_sets.roll_back(session, None, by="ops", why=WHY, now=NOW)
        with pytest.raises(Permanent, match="there are no rules 7"):
            rule_sets.document(session, 7)


def test_a_preview_says_who_would_move_and_who_would_be_refused(database: Database, leads: Callable[..., str]) -> None:
    here, there = leads("+13055550123"), leads("+13055550124")
    leads("+12125550101")
    leads("+13055550125", state="booked")
    with database.transaction() as session:
        for hours_ago in (1, 2, 23):
            called(session, there, "+13055550124", NOW - timedelta(hours=hours_ago))
    with database.reading() as session:
        later = preview.preview(session, law.parse(LATER, source="x"), law.shipped(), NOW)
        never = preview.preview(session, law.parse(NEVER, source="x"), law.shipped(), NOW)
        past = preview.backtest(session, law.parse(LATER, source="x"), NOW, days=1)
    assert (later.leads, dict(later.moved)) == (3, {"unchanged": 1, "later": 2})
    assert dict(later.places["US-FL"]) == {"later": 2}
    moved = {one.id: one for one in later.examples["later"]}
    assert (moved[here].before, moved[here].after) == (NOW, NOW.replace(hour=19, minute=0))
    assert moved[there].after == datetime(2026, 11, 26, 19, 0, tzinfo=UTC), "two calls today, tomorrow from 14:00"
    assert dict(never.moved) == {"unchanged": 1, "refused": 2}
    assert dict(never.reasons) == {"rules_not_acknowledged": 2}
    assert [(hour.hour, now, then) for hour, now, then in later.hours[:2]] == [(17, 2, 1), (19, 0, 1)]
    assert (past.calls, past.kept, dict(past.waits)) == (3, 0, {"US-FL": 3})


def test_a_preview_answers_as_the_gate_does(database: Database, leads: Callable[..., str]) -> None:
    """The same leads asked one by one through the gate, at night and in the afternoon."""
    phones = ["+12125550101", "+13055550123", "+18505550123", "+16055550123", "+14165550123", "+14045550123"]
    ids = [leads(phone, callback_at=NOW + timedelta(days=1) if phone == phones[0] else None) for phone in phones]
    with database.transaction() as session:
        called(session, ids[1], phones[1], NOW - timedelta(minutes=5))
    with database.transaction() as session:
        for now in (NOW, NOW + timedelta(hours=14)):
            asker = preview._Asker(preview._campaigns(session))
            for one in preview.waiting(session, now):
                moment, reason, _ = asker.about(one, law.shipped(), now)
                campaign, version = store.get(session, "solar-us")
                verdict, _ = ask.decided(session, session.get_one(Lead, one.id), campaign, version, now)
                if one.phone == "+14165550123":
                    assert verdict.reason == "country_not_allowed"
                elif isinstance(verdict, ask.Deny):
                    assert (moment, reason) == (None, verdict.reason)
                else:
                    assert moment == (verdict.until if isinstance(verdict, ask.Defer) else now), one.phone
