"""Erasing a person: nothing of them is left anywhere, what the law asks stays as hashes, and they are still not called."""

import json
import secrets
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, select

from campaign import clock, consents, evidence, ids, stand_ins, store
from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import parse
from campaign.records import (
    Attempt,
    Call,
    Consent,
    Decision,
    InboundCall,
    InboxMessage,
    Lead,
    Scrub,
    Suppression,
    TextMessage,
    Turn,
)
from campaign.suppression import suppress, suppressed
from dialer import ask, erasure
from dialer.gate import Deny
from dialer.states import WITHDRAWN
from tests.dialer.stage import CAMPAIGN, apply_campaign
from tests.webhooks.records import tell_a_call

DANA, ADDRESS = "+12125550101", "Dana.Reed@example.com"
TRACES = (
    "dana",
    "reed",
    "2125550101",
    "555-0101",
    "10001",
    "203.0.113",
    "mozilla",
    "south-facing",
    "wants solar",
    "form-1",
)


def lead(**given: Any) -> Lead:
    row = {
        "id": ids.new("lead"), "campaign": "solar-us", "source": "website", "external_id": "form-1",
        "first_name": "Dana", "last_name": "Reed",
        "email": ADDRESS, "phone_typed": "(212) 555-0101", "phone": DANA, "country": "US", "postcode": "10001",
        "company": "Reed Inc", "message": "South-facing roof", "answers": {"name": "Dana"}, "extra": {"x": "Reed"},
        "received_at": clock.now(), "updated_at": clock.now(), "state": "scheduled", "due_at": clock.now(),
    }  # fmt: skip
    return Lead(**{**row, **given})


@pytest.fixture
def called(database: Database) -> str:
    """A lead with everything that can hang on one."""
    apply_campaign(database)
    row, now = lead(), clock.now()
    with database.transaction() as session:
        session.add(row)
        session.flush()
        consent = Consent(
            id="con_1", lead_id=row.id, campaign="solar-us", seller_legal_name="S", phone=DANA, given=True, text="I agree",
            ip="203.0.113.9", user_agent="Mozilla/5.0", more={"name": "Dana"}, at=now, recorded_at=now, salt=secrets.token_hex(16),
        )  # fmt: skip
        message = InboxMessage(
            id="msg_1", door="leads", source="website", message_id="m", body=b'{"first_name": "Dana"}', body_sha256="0",
            received_at=now, lead_id=row.id,
        )  # fmt: skip
        scrub = Scrub(id="scr_1", phone=DANA, list="us", kind="do_not_call", checked_at=now, as_of=now, result="clear")
        session.add_all([consent, message, scrub])
    with database.transaction() as session:
        ask.decided(session, row, store.get(session, "solar-us")[0], 1, now)
    tell_a_call(database, row.id)
    with database.transaction() as session:
        evidence.seal(session, now)
    return row.id


def erase(database: Database, *lead_ids: str, **given: Any) -> dict[str, int]:
    with database.transaction() as session:
        leads = [session.get_one(Lead, lead_id) for lead_id in lead_ids]
        counts: dict[str, int] = erasure.erase(
            session, leads, by="Kim", reason="asked by letter", now=clock.now(), **given
        ).counts
        return counts


def everything(database: Database) -> str:
    """All rows of all tables as text, but for the campaign's own."""
    tables = [table for table in SQLModel.metadata.sorted_tables if table.name not in ("campaign_version", "hash_key")]
    with database.engine.connect() as connection:
        return "\n".join(
            f"{table.name} {tuple(row)}" for table in tables for row in connection.execute(sa.select(table))
        )


def test_nothing_of_the_person_is_left_in_any_table(database: Database, called: str) -> None:
    before = everything(database).lower()
    assert [trace for trace in TRACES if trace not in before] == []
    counts = erase(database, called)
    after = everything(database).lower()
    assert [trace for trace in TRACES if trace in after] == []
    assert (counts["lead"], counts["turn"], counts["recording"], counts["consent"]) == (1, 2, 1, 1)
    with database.reading() as session:
        attempt = session.exec(select(Attempt)).one()
        assert attempt.recording_status == WITHDRAWN, "the carrier's copy goes with the next sweep"
        assert session.exec(select(Call)).one().disclosed_at_ms == 3100


def test_the_proof_stays_whole_and_the_person_is_still_found_and_not_called(database: Database, called: str) -> None:
    erase(database, called)
    with database.transaction() as session:
        assert list(evidence.faults(session, "solar-us")) == []
        assert session.exec(select(Decision)).one().verdict
        assert suppressed(session, DANA, "any") is not None
        assert suppressed(session, "+12125550177", "any", ADDRESS.upper()) is not None
        again = lead(external_id="form-2")
        session.add(again)
        session.flush()
        assert len(ask.gather(session, again, parse(CAMPAIGN), clock.now()).rang) == 1, "the old call counts for caps"
        verdict = ask.decided(session, again, parse(CAMPAIGN), 1, clock.now())[0]
        assert isinstance(verdict, Deny)
        assert verdict.reason == "suppressed"


def test_erasing_twice_and_beside_a_stop_changes_nothing_more(database: Database, called: str) -> None:
    with database.transaction() as session:
        suppress(session, DANA, reason="opted_out", channel="voice", now=clock.now())
    erase(database, called)
    with database.transaction() as session:  # the same number comes back and says stop again
        session.add(lead(id="lead_2", external_id="form-2"))
        suppress(session, DANA, reason="opted_out", channel="api", now=clock.now())
    erase(database, "lead_2")
    erase(database, called)
    with database.reading() as session:
        rows = session.exec(select(Suppression)).all()
        assert sorted(row.reason for row in rows) == ["erased", "opted_out"]
        assert all(stand_ins.is_one(row.phone) for row in rows)


def test_nobody_is_erased_in_mid_call(database: Database, called: str) -> None:
    with database.transaction() as session:
        session.exec(select(Attempt)).one().settled_at = None
    with pytest.raises(Permanent, match="on the phone"):
        erase(database, called)


def test_who_is_in_a_dispute_is_erased_when_it_is_settled(database: Database, called: str) -> None:
    with database.transaction() as session:
        consents.hold(session, DANA, consents.DISPUTED, by="Kim", now=clock.now())
    with pytest.raises(Permanent, match="hold"):
        erase(database, called)


def test_retention_erases_without_a_stop(database: Database, called: str) -> None:
    erase(database, called, stop=False)
    with database.reading() as session:
        assert session.exec(select(Suppression)).all() == []
        assert stand_ins.is_one(session.get_one(Lead, called).phone or "")


def strange(phone: str) -> list[SQLModel]:
    """A call and a text of somebody who has no lead."""
    now = clock.now()
    return [
        InboundCall(call_sid=ids.new("CA"), caller=phone, called="+12125550100", answer="message", at=now),
        TextMessage(
            id=ids.new("txt"), kind="received", entity_id=ids.new("SM"), phone=phone, body="It's Dana Reed", state="received",
            due_at=now, created_at=now,
        ),
    ]  # fmt: skip


def test_calls_and_texts_without_a_lead_go_with_their_number(database: Database) -> None:
    apply_campaign(database)
    other = "+12125550102"
    with database.transaction() as session:
        session.add_all([*strange(DANA), *strange(other)])
    with database.transaction() as session:
        assert erasure.is_of_nobody(session, DANA)
        done = erasure.erase(session, [], phone=DANA, by="Kim", reason="asked by letter", now=clock.now())
        assert done.counts == {"inbound_call": 1, "text_message": 1}
    with database.reading() as session:
        assert not erasure.is_of_nobody(session, DANA)
        assert suppressed(session, DANA, "any") is not None
        assert erasure.is_of_nobody(session, other)
    assert "2125550101" not in everything(database)


def test_every_table_with_personal_columns_is_one_that_erasure_knows() -> None:
    known = {table.__tablename__ for table in (Lead, *erasure.OF_LEAD, *erasure.OF_ATTEMPT, Suppression, Scrub)}
    marked = {
        table.name
        for table in SQLModel.metadata.sorted_tables
        if any(column.info.get("personal") for column in table.columns)
    }
    assert marked <= known
    assert erasure.empties(Turn) == {"text": "", "unheard": ""}
    assert json.dumps(erasure.empties(Lead), default=str)
