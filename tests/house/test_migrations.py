"""The migrations make exactly the tables the models describe, on both databases."""

import shutil

import sqlalchemy as sa
from sqlmodel import select

from campaign import migrations, stand_ins
from campaign.database import Database
from campaign.records import HashKey


def test_migrations_match_the_models_on_sqlite(tmp_path) -> None:  # type: ignore[no-untyped-def]
    database = Database(f"sqlite:///{tmp_path}/fresh.db")
    _upgraded_twice(database)
    database.dispose()
    shutil.rmtree(tmp_path)


def test_migrations_match_the_models_on_postgresql(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.engine.begin() as connection:  # the fixture hands out a database that has the tables already
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    _upgraded_twice(database)
    database.dispose()


def _upgraded_twice(database: Database) -> None:
    migrations.upgrade(database.engine)
    migrations.upgrade(database.engine)
    assert migrations.differences(database.engine) == []
    with database.reading() as session:  # the key that is made with the tables, once
        assert stand_ins.is_ours(session, stand_ins.of(session, "+12125550101"))
        assert len(session.exec(select(HashKey)).all()) == 1
