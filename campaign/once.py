"""Inserts a row that may be there already: the database's unique constraints decide, so two at once cannot both win."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import make_transient_to_detached
from sqlmodel import Session, SQLModel


def insert(session: Session, row: SQLModel) -> bool:
    """True when the row was inserted, and is then in the session; False when a unique constraint has another one."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    table = SQLModel.metadata.tables[str(type(row).__tablename__)]
    keys = table.primary_key.columns
    statement = dialect.insert(table).values(**row.model_dump()).on_conflict_do_nothing().returning(*keys)
    if session.execute(statement).first() is None:  # rowcount says -1 on PostgreSQL
        return False
    make_transient_to_detached(row)  # what we hold is what was written: no need to read it back
    session.add(row)
    return True
