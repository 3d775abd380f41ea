"""The installation's own key for stand-ins of erased numbers and addresses (`campaign/stand_ins.py`); made on first use."""

from sqlmodel import Field, SQLModel

ONLY = 1


class HashKey(SQLModel, table=True):
    __tablename__ = "hash_key"

    id: int = Field(default=ONLY, primary_key=True)
    key: str
    """32 random bytes, hex."""
