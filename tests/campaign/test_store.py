"""Campaign versions and doors."""

import pytest

from campaign import clock, store
from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import parse

from .test_file import DOCUMENT


def test_each_change_is_a_new_version_and_no_change_is_none(database: Database) -> None:
    with database.transaction() as session:
        first = store.apply(session, parse(DOCUMENT), DOCUMENT, by="ops", now=clock.now())
        again = store.apply(session, parse(DOCUMENT), DOCUMENT, by="ops", now=clock.now())
        assert (first.version, again.version) == (1, 1)
        changed = DOCUMENT.replace("20:00", "19:00")
        assert store.apply(session, parse(changed), changed, by="ops", now=clock.now()).version == 2
    with database.reading() as session:
        assert [(row.name, row.version) for row in store.active(session)] == [("solar-us", 2)]
        campaign, version, source = store.by_source(session, "website") or pytest.fail("the door is gone")
        assert (campaign.hours.windows["mon"], version, source.kind) == ((("09:00", "19:00"),), 2, "standard")


def test_a_door_belongs_to_one_campaign(database: Database) -> None:
    with database.transaction() as session:
        store.apply(session, parse(DOCUMENT), DOCUMENT, by="ops", now=clock.now())
    other = DOCUMENT.replace("name: solar-us", "name: other")
    with (
        pytest.raises(Permanent, match="source 'website' belongs to campaign 'solar-us'"),
        database.transaction() as session,
    ):
        store.apply(session, parse(other), other, by="ops", now=clock.now())


def test_a_renamed_door_is_closed(database: Database) -> None:
    renamed = DOCUMENT.replace("name: website", "name: landing")
    with database.transaction() as session:
        store.apply(session, parse(DOCUMENT), DOCUMENT, by="ops", now=clock.now())
        store.apply(session, parse(renamed), renamed, by="ops", now=clock.now())
    with database.reading() as session:
        assert store.by_source(session, "website") is None
        assert store.by_source(session, "landing") is not None
