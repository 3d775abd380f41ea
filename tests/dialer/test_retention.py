"""What is past its retention goes, kind by kind, and nothing before; a dispute holds everything."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from campaign import clock, consents, stand_ins
from campaign.database import Database
from campaign.records import Attempt, AuditEntry, Call, InboxMessage, Lead, ToolUse, Turn
from dialer import retention
from dialer.states import WITHDRAWN
from tests.dialer.stage import apply_campaign
from tests.dialer.test_erasure import DANA, called, everything, strange

__all__ = ["called"]


def later(**span: float) -> datetime:
    return clock.now() + timedelta(**span)


def left(database: Database) -> tuple[int, str | None, bool]:
    """Turns, the recording's state, whether the lead has its data."""
    with database.reading() as session:
        recording = session.exec(select(Attempt.recording_status)).one()
        named = bool(session.exec(select(Lead.first_name)).one())
        return len(session.exec(select(Turn)).all()), recording, named


@pytest.fixture
def ended(database: Database, called: str) -> str:
    with database.transaction() as session:
        session.get_one(Lead, called).state = "booked"
        session.exec(select(Call)).one().tape = b"tape"
        session.add(
            InboxMessage(
                id="msg_2", door="leads", source="website", message_id="m2", body=b"{dana", body_sha256="1",
                received_at=clock.now(), state="review",
            )
        )  # fmt: skip
    return called


def test_words_and_recordings_go_after_their_days_and_the_rest_after_years(database: Database, ended: str) -> None:
    assert retention.run(database, later(days=89)) == {}
    assert left(database) == (2, None, True)
    assert retention.run(database, later(days=91)) == {"recordings": 1, "transcripts": 1, "unread_messages": 1}
    assert left(database) == (0, WITHDRAWN, True)
    with database.reading() as session:
        call, use = session.exec(select(Call)).one(), session.exec(select(ToolUse)).one()
        assert (call.tape, call.summary, call.answers) == (None, "Wants solar.", {"homeowner": True})
        assert (use.name, use.arguments) == ("schedule", {})
    assert retention.run(database, later(days=1826)) == {}
    assert retention.run(database, later(days=1828)) == {"people": 1}
    assert left(database)[2] is False
    assert retention.run(database, later(days=1829)) == {}
    with database.reading() as session:
        actions = sorted((row.action, row.by) for row in session.exec(select(AuditEntry)))
        assert actions == [("erase", "retention"), ("retention", "retention"), ("retention", "retention")]
        assert stand_ins.is_one(session.get_one(Lead, ended).external_id)


def test_a_dispute_holds_everything_until_it_is_settled(database: Database, ended: str) -> None:
    with database.transaction() as session:
        assert consents.hold(session, DANA, consents.DISPUTED, by="Kim", now=clock.now()) == 1
    assert retention.run(database, later(days=4000)) == {"unread_messages": 1}
    assert left(database) == (2, None, True)
    with database.transaction() as session:
        consents.hold(session, DANA, consents.SETTLED, by="Kim", now=clock.now())
    assert retention.run(database, later(days=4000)) == {"recordings": 1, "transcripts": 1, "people": 1}


def test_a_lead_that_is_still_to_be_called_keeps_its_data(database: Database, ended: str) -> None:
    with database.transaction() as session:
        session.get_one(Lead, ended).state = "scheduled"
    assert "people" not in retention.run(database, later(days=4000))


def test_calls_and_texts_of_people_without_a_lead_go_as_words_do(database: Database) -> None:
    apply_campaign(database)
    with database.transaction() as session:
        session.add_all(strange(DANA))
    assert retention.run(database, later(days=89)) == {}
    assert retention.run(database, later(days=91)) == {"calls_of_nobody": 1, "texts_of_nobody": 1}
    assert "2125550101" not in everything(database)
    assert retention.run(database, later(days=92)) == {}
