"""The migrations make exactly the tables the models describe, on both databases."""

import shutil

import sqlalchemy as sa

from campaign import migrations
from campaign.database import Database


def test_migrations_match_the_models_on_sqlite(tmp_path) -> None:  # type: ignore[no-untyped-def]
    database = Database(f"sqlite:///{tmp_path}/fresh.db")
    migrations.upgrade(database.engine)
    migrations.upgrade(database.engine)
    assert migrations.differences(database.engine) == []
    database.dispose()
    shutil.rmtree(tmp_path)


def test_migrations_match_the_models_on_postgresql(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.engine.begin() as connection:  # the fixture hands out a database that has the tables already
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    migrations.upgrade(database.engine)
    migrations.upgrade(database.engine)
    assert migrations.differences(database.engine) == []
    database.dispose()
