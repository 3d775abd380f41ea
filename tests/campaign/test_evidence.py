"""The hash chain: whole when nobody touched it, broken when anybody did."""

import hashlib
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from campaign import evidence
from campaign.database import Database
from campaign.records import ChainEntry, Consent, Decision

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _decide(database: Database, lead_id: str, number: int) -> None:
    with database.transaction() as session:
        session.add(
            Decision(
                id=f"dec_{number:03}", lead_id=lead_id, campaign="solar-us", campaign_version=1, rules_version="1",
                at=NOW, verdict="allow", reason="ok", trace=[{"rule": "hours", "passed": True}], salt=f"salt{number}",
            )
        )  # fmt: skip


def test_sealed_rows_form_a_chain_that_notices_every_change(database: Database, make_lead) -> None:  # type: ignore[no-untyped-def]
    lead = make_lead()
    for number in range(5):
        _decide(database, lead.id, number)
    with database.transaction() as session:
        assert evidence.seal(session, NOW) == 5
        assert evidence.seal(session, NOW) == 0
    with database.reading() as session:
        assert list(evidence.faults(session, "solar-us")) == []

    with database.transaction() as session:
        changed = session.get(Decision, "dec_002")
        assert changed is not None
        changed.verdict = "deny"
        session.add(changed)
    with database.reading() as session:
        assert list(evidence.faults(session, "solar-us")) == ["entry 3: decision dec_002 was changed"]


def test_a_removed_link_is_noticed(database: Database, make_lead) -> None:  # type: ignore[no-untyped-def]
    lead = make_lead()
    for number in range(3):
        _decide(database, lead.id, number)
    with database.transaction() as session:
        evidence.seal(session, NOW)
        session.delete(session.exec(select(ChainEntry).where(ChainEntry.seq == 2)).one())
    with database.reading() as session:
        assert any("does not follow" in fault for fault in evidence.faults(session, "solar-us"))


def _consent(lead_id: str) -> Consent:
    return Consent(
        id="con_1", lead_id=lead_id, campaign="solar-us", seller_legal_name="S", phone="+12125550101", ip="203.0.113.7",
        given=True, recorded_at=NOW, salt="s",
    )  # fmt: skip


def test_an_erased_consent_leaves_the_chain_whole_and_a_blanked_salt_alone_does_not(
    database: Database, make_lead
) -> None:  # type: ignore[no-untyped-def]
    lead = make_lead()
    _decide(database, lead.id, 1)
    with database.transaction() as session:
        session.add(_consent(lead.id))
        session.flush()
        evidence.seal(session, NOW)
        row = session.get_one(Consent, "con_1")
        row.phone, row.ip, row.user_agent, row.salt = None, "", "", ""
    with database.transaction() as session:
        assert list(evidence.faults(session, "solar-us")) == []
        session.get_one(Consent, "con_1").ip = "198.51.100.1"
        decision = session.get_one(Decision, "dec_001")
        decision.verdict, decision.salt = "deny", ""
    with database.reading() as session:
        assert [fault.split(": ")[1] for fault in evidence.faults(session, "solar-us")] == [
            "consent con_1 was changed",
            "decision dec_001 was changed",
        ]


def test_two_sealers_at_once_make_one_chain(database: Database, make_lead) -> None:  # type: ignore[no-untyped-def]
    lead = make_lead()
    for number in range(4):
        _decide(database, lead.id, number)
    faults: list[BaseException] = []

    def beside() -> None:
        try:
            with database.transaction() as session:
                evidence.seal(session, NOW)
        except BaseException as error:
            faults.append(error)

    other = threading.Thread(target=beside)
    with database.transaction() as session:
        assert evidence.seal(session, NOW) == 4
        other.start()
        other.join(0.3)  # it has read the same head by now, or waits for its turn
    other.join(10)
    assert not faults
    with database.transaction() as session:
        assert not evidence.is_due(session)
        assert list(evidence.faults(session, "solar-us")) == []
        assert len(session.exec(select(ChainEntry)).all()) == 4


def test_what_an_older_release_sealed_without_a_mark_is_not_sealed_again(database: Database, make_lead) -> None:  # type: ignore[no-untyped-def]
    lead = make_lead()
    _decide(database, lead.id, 1)
    with database.transaction() as session:
        evidence.seal(session, NOW)
        session.execute(sa.update(Decision).values(sealed_at=None))
    _decide(database, lead.id, 2)
    with database.transaction() as session:
        assert evidence.seal(session, NOW) == 1
        assert not evidence.is_due(session)
        assert list(evidence.faults(session, "solar-us")) == []


@pytest.mark.parametrize("kind", evidence.SEALED)
def test_what_waits_is_found_without_reading_what_is_sealed(
    database: Database, explain: Callable[[str], str], kind: str
) -> None:
    """It is looked for every two seconds, in tables that only grow."""
    table = evidence.SEALED[kind]
    query = evidence._unsealed(kind, table).order_by(col(table.id)).limit(500)
    text = query.compile(database.engine, compile_kwargs={"literal_binds": True})
    assert f"ix_{kind}_unsealed" in explain(str(text))


def test_a_column_that_is_not_set_does_not_change_a_digest() -> None:
    """A column added by a later release must not break the chains of installations that exist."""
    row = _consent("lead_1")
    content = {
        name: value for name, value in row.model_dump(mode="json").items() if value is not None and name != "salt"
    }
    text = "s" + json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert row.at is None
    assert evidence.digest(row) == hashlib.sha256(text.encode()).hexdigest()
