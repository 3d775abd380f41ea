"""Lists of leads from a file: read row by row, taken in by the hundred, rung behind everybody who has just asked.

A row without an id of its own is known by its content, so a list that is imported again makes no second lead.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from campaign import clock, store
from campaign.database import Database
from campaign.errors import Permanent
from webhooks.leads import payload
from webhooks.leads.intake import BACKLOG, Arrival, Message, accept

STATUSES = frozenset({"queued", "scheduled", "duplicate", "blocked"})
TOGETHER = 100
"""Rows to a transaction: short enough that a lead at the door does not wait for it."""
Row = tuple[int, dict[str, Any]]


def rows(file: Path) -> Iterator[Row]:
    """Line and lead of each row. Raises `Permanent` naming the line where the file is no CSV in UTF-8."""
    number = 1
    try:
        with open(file, newline="", encoding="utf-8-sig") as text:
            reader = csv.DictReader(text)
            for row in reader:
                number = reader.line_num
                yield number, _lead(row)
    except (csv.Error, UnicodeDecodeError) as error:
        raise Permanent(f"{file}:{number + 1}: not CSV in UTF-8: {error}", code="not_csv") from error


def batches(lines: Iterable[Row]) -> Iterator[list[Row]]:
    given = iter(lines)
    while batch := list(islice(given, TOGETHER)):
        yield batch


def take(database: Database, source: str, batch: Iterable[Row]) -> list[tuple[int, str]]:
    """Each line with what became of it: a status of `intake.Accepted`, or what is wrong with it."""
    told: list[tuple[int, str]] = []
    with database.transaction(patient=True) as session:
        door = store.by_source(session, source)
        if door is None:
            raise Permanent(f"no door named {source!r}; see `firstring campaign list`", code="no_source")
        arrivals: list[tuple[int, Arrival]] = []
        for number, lead in batch:
            body = json.dumps(lead, sort_keys=True).encode()
            try:
                form = payload.from_json(body)
            except (payload.Malformed, payload.Invalid) as error:
                told.append((number, _fault(error)))
                continue
            message = Message(source, f"import-{hashlib.sha256(body).hexdigest()}", "application/json", body)
            arrivals.append((number, Arrival(door[0], door[1], message, form, BACKLOG)))
        answers = accept(session, [arrival for _, arrival in arrivals], clock.now())
        told += [(number, answer.status) for (number, _), answer in zip(arrivals, answers, strict=True)]
    return sorted(told)


def _fault(error: payload.Malformed | payload.Invalid) -> str:
    if isinstance(error, payload.Invalid):
        return "; ".join(f"{fault['field']}: {fault['message']}" for fault in error.fields)
    return str(error)


def _lead(row: dict[str | None, Any]) -> dict[str, Any]:
    lead: dict[str, Any] = {}
    for column, value in row.items():
        if column and value:
            _put(lead, column.split("."), value)
    return lead


def _put(lead: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        inner = lead.setdefault(part, {})
        lead = inner if isinstance(inner, dict) else {}
    lead[path[-1]] = value.strip().lower() == "true" if path[-1] == "given" else value
