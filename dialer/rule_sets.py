"""Which calling rules are in force, and their history: published by somebody, with a reason, and rolled back the same way.

The newest row rules the next decision of every process, without a restart; without rows it is the table that comes with the
product. A row that can no longer be read stops calls rather than falling back to other rules.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import groupby

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from campaign.errors import Permanent
from campaign.records import RuleSet
from dialer import law
from dialer.law import Table

SHIPPED = 0


def in_force(session: Session) -> Table:
    """The rules that decide now."""
    newest = session.exec(select(RuleSet.number, RuleSet.sha256).order_by(col(RuleSet.number).desc()).limit(1)).first()
    if newest is None:
        return law.shipped()
    number, sha256 = newest
    found = _read.get((number, sha256))
    if found is None:
        _read.clear()
        found = _read[number, sha256] = numbered(session.get_one(RuleSet, number).document, number)
    return found


_read: dict[tuple[int, str], Table] = {}
"""The table in force as this process last read it."""


@lru_cache(maxsize=8)
def numbered(document: str, number: int) -> Table:
    """A published document as a table; decisions name it by its number and its own version."""
    table = law.parse(document, source=f"rules {number}")
    return replace(table, version=f"{number}:{table.version}")


def document(session: Session, number: int | None = None) -> str:
    """The text of a version, of the one in force when none is named."""
    if number is None:
        number = _newest(session)
    if number == SHIPPED:
        return law.text()
    row = session.get(RuleSet, number)
    if row is None:
        raise Permanent(f"there are no rules {number}; see `firstring rules versions`", code="no_rules")
    return row.document


def publish(session: Session, text: str, *, source: str, by: str, why: str, now: datetime) -> RuleSet:
    """Put a checked document in force from the next decision on. Raises `Permanent` when it is wrong or changes nothing."""
    return _put(session, text, law.parse(text, source=source), by, why, now, None)


def roll_back(session: Session, to: int | None, *, by: str, why: str, now: datetime) -> RuleSet:
    """Put an earlier version in force again: the one before this when none is named."""
    number = _newest(session)
    if number == SHIPPED:
        raise Permanent("nothing was ever published: the rules in force came with the product", code="no_rules")
    to = number - 1 if to is None else to
    text = document(session, to)
    return _put(session, text, law.parse(text, source=f"rules {to}"), by, why, now, to)


def _put(session: Session, text: str, table: Table, by: str, why: str, now: datetime, restores: int | None) -> RuleSet:
    if len(why.strip()) < 10:
        raise Permanent("say why, in a sentence that will still be understood in a year: --why '…'", code="no_reason")
    changes = differences(in_force(session), table)
    if not changes:
        raise Permanent("nothing changes: these rules are in force already", code="unchanged")
    row = RuleSet(
        number=_newest(session) + 1,
        name=table.version,
        document=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        published_at=now,
        published_by=by,
        why=why.strip(),
        diff="\n".join(changes),
        restores=restores,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Permanent("somebody published rules at the same moment; look and try again", code="taken") from error
    return row


def history(session: Session) -> list[RuleSet]:
    """Every version, the newest first."""
    return list(session.exec(select(RuleSet).order_by(col(RuleSet.number).desc())))


def differences(before: Table, after: Table) -> list[str]:
    """What is not the same, a line a field: `US-FL windows: … → …`."""
    found = [] if before.floor == after.floor else ["floor: changed"]
    suspended = [[_blackout(one) for one in table.blackouts] for table in (before, after)]
    found += [f"blackout ended: {one}" for one in suspended[0] if one not in suspended[1]]
    found += [f"blackout: {one}" for one in suspended[1] if one not in suspended[0]]
    for name in sorted({*before.rows, *after.rows}):
        old, new = (one.rows[name].model_dump(mode="json") if name in one.rows else None for one in (before, after))
        if old is None or new is None:
            found.append(f"{name}: {'added' if old is None else 'removed'}")
            continue
        found += [f"{name} {key}: {_said(old[key])} → {_said(new[key])}" for key in new if old[key] != new[key]]
    return found


def _blackout(one: law.Blackout) -> str:
    return f"{one.rules} {one.start:%Y-%m-%d %H:%M%z} to {one.end:%Y-%m-%d %H:%M%z}, {one.reason}"


def _said(value: object) -> str:
    if isinstance(value, dict) and set(value) == {"days"}:
        days = value["days"]
        runs = [list(run) for _, run in groupby(days, lambda day: (day == law.HOLIDAY, days[day]))]
        return ", ".join(f"{run[0] if len(run) == 1 else f'{run[0]}-{run[-1]}'} {_spans(days[run[0]])}" for run in runs)
    if isinstance(value, list):
        return ", ".join(_said(one) for one in value) or "none"
    return "none" if value in (None, "") else str(value)


def _spans(spans: list[list[str]]) -> str:
    return " ".join("-".join(span) for span in spans) or "closed"


def _newest(session: Session) -> int:
    newest = session.exec(select(RuleSet.number).order_by(col(RuleSet.number).desc()).limit(1)).first()
    return SHIPPED if newest is None else newest
