"""The hash chain: whole when nobody touched it, broken when anybody did."""

from datetime import UTC, datetime

from sqlmodel import select

from campaign import evidence
from campaign.database import Database
from campaign.records import ChainEntry, Decision

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
