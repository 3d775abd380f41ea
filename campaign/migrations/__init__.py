"""Schema migrations (Alembic), run by `firstring migrate` on SQLite and PostgreSQL alike; `make check` holds them to the models."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

import campaign.records  # noqa: F401  registers every table


def upgrade(engine: sa.Engine) -> None:
    """Bring the database to the newest schema. Two processes starting together take turns."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(7305011)"))
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def differences(engine: sa.Engine) -> list[object]:
    """What the models have that the migrated database has not, or the other way round; empty when they agree."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, SQLModel.metadata))
