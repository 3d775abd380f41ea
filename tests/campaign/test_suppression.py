"""Who must not be called: by number, by address, for one campaign or all, also when only a stand-in is left of them."""

from sqlmodel import select

from campaign import clock, stand_ins
from campaign.database import Database
from campaign.records import ConsentEvent, Lead, Suppression
from campaign.suppression import lift, person, suppress, suppressed
from tests.campaign.test_evidence import _consent

ANN = "+12125550101"


def stop(database: Database, phone: str = ANN, **given: str) -> bool:
    with database.transaction() as session:
        return suppress(session, phone, reason="opted_out", now=clock.now(), **{"channel": "api", **given})  # type: ignore[arg-type]


def binds(database: Database, campaign: str = "solar-us", phone: str = ANN, email: str = "") -> bool:
    with database.reading() as session:
        return suppressed(session, phone, campaign, email) is not None


def test_a_campaigns_suppression_binds_that_campaign_and_a_global_one_binds_all(database: Database) -> None:
    stop(database, scope="solar-us")
    assert (binds(database), binds(database, "dental-au")) == (True, False)
    stop(database)
    assert binds(database, "dental-au")


def test_a_person_is_known_by_address_under_any_number(database: Database, make_lead) -> None:  # type: ignore[no-untyped-def]
    lead = make_lead(phone="+12125550199", email="Ann@Example.com", state="scheduled", due_at=clock.now())
    stop(database, person(" ann@EXAMPLE.com"))
    assert binds(database, phone="+12125550777", email="ANN@example.com")
    assert not binds(database, phone="+12125550777", email="bob@example.com")
    with database.reading() as session:
        assert session.get_one(Lead, lead.id).state == "opted_out"


def test_a_stand_in_blocks_as_the_number_did_and_says_nothing_of_it(database: Database) -> None:
    stop(database)
    with database.transaction() as session:
        row = session.exec(select(Suppression)).one()
        row.phone = stand_ins.of(session, row.phone)
        assert stand_ins.of(session, row.phone) == row.phone
        assert stand_ins.is_ours(session, row.phone)
        assert not stand_ins.is_ours(session, "#0000" + row.phone[5:])
    assert "212555" not in row.phone
    assert binds(database)
    assert not binds(database, phone="+12125550102")


def test_a_stop_revokes_every_consent_for_the_number_once(database: Database, make_lead) -> None:  # type: ignore[no-untyped-def]
    lead = make_lead(phone=ANN)
    with database.transaction() as session:
        session.add(_consent(lead.id))
    assert stop(database, by="Ann")
    assert not stop(database, channel="voice")
    with database.reading() as session:
        [event] = session.exec(select(ConsentEvent)).all()
        assert (event.kind, event.channel, event.by, event.consent_id) == ("revoked", "api", "Ann", "con_1")


def test_a_dead_number_revokes_nothing(database: Database, make_lead) -> None:  # type: ignore[no-untyped-def]
    lead = make_lead(phone=ANN)
    with database.transaction() as session:
        session.add(_consent(lead.id))
    stop(database, channel="carrier")
    with database.reading() as session:
        assert session.exec(select(ConsentEvent)).all() == []


def test_a_lifted_suppression_binds_no_more(database: Database) -> None:
    stop(database)
    with database.transaction() as session:
        assert lift(session, ANN) == 1
        assert lift(session, ANN) == 0
    assert not binds(database)
