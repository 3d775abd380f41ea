"""The installation's own key for stand-ins of erased numbers and addresses (`campaign/stand_ins.py`); made with its table."""

import secrets
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

ONLY = 1


class HashKey(SQLModel, table=True):
    __tablename__ = "hash_key"

    id: int = Field(default=ONLY, primary_key=True)
    key: str
    """32 random bytes, hex."""


@sa.event.listens_for(SQLModel.metadata.tables["hash_key"], "after_create")
def _make(table: sa.Table, connection: sa.Connection, **_: Any) -> None:
    connection.execute(table.insert().values(id=ONLY, key=secrets.token_hex(32)))
