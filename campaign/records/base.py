"""Column types shared by all records: aware UTC times on every database, JSON as JSONB on PostgreSQL, personal columns marked."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime; naive values are refused, because a naive time is a wrong time somewhere."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC) if dialect.name != "sqlite" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


JSON_COLUMN = JSON().with_variant(JSONB(), "postgresql")


def instant(**kw: Any) -> Any:
    return Field(default=None, sa_type=Instant, **kw)


def json_field(factory: Any = dict, **kw: Any) -> Any:
    return Field(default_factory=factory, sa_type=JSON_COLUMN, **kw)


def blob(**kw: Any) -> Any:
    return Field(default=None, sa_type=LargeBinary, **kw)


def personal(default: Any = None, **kw: Any) -> Any:
    """A column that holds personal data: erasure clears it, and nothing else may copy it."""
    return Field(default=default, sa_column_kwargs={"info": {"personal": True}}, **kw)


def to_be_sealed(table: str) -> Index:
    """Finds the rows that the chain does not have yet without reading those it has.

    Their `sealed_at` is the sealer's mark: where it looks, and no part of what is sealed.
    """
    waiting = text("sealed_at IS NULL")
    return Index(f"ix_{table}_unsealed", "id", sqlite_where=waiting, postgresql_where=waiting)
