"""The suppression list as a CSV file: read line by line with a reason for each line refused, written back out.

Pure. Columns: `phone` or `email` (one of them), and as far as wanted `country` (of a national number), `scope` (a
campaign's name; `global` when empty), `reason`. A stand-in of an erased number may stand under `phone`.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from campaign import stand_ins
from campaign.errors import Permanent
from campaign.phone import Phone, parse
from campaign.records import Suppression
from campaign.suppression import GLOBAL, MAILTO, person

COLUMNS = ("phone", "email", "country", "scope", "reason")
WRITTEN = ("phone", "email", "scope", "reason", "channel", "at")
LONGEST = 254


@dataclass(frozen=True, slots=True)
class Entry:
    phone: str
    """As it stands in the row: a number, `mailto:` and an address, or a stand-in."""
    scope: str
    reason: str
    line: int = 0
    """Of the file it came from."""


@dataclass(frozen=True, slots=True)
class Fault:
    line: int
    what: str


def read(lines: Iterable[str], campaigns: frozenset[str], country: str = "") -> Iterator[Entry | Fault]:
    """Each line as an entry or a fault. Raises `Permanent` when the header is not one we know."""
    rows = csv.DictReader(lines)
    _check(list(rows.fieldnames or ()))
    try:
        for row in rows:
            if not any(row.values()):
                continue
            try:
                if None in row:
                    raise _refusal("has more fields than the first line names")
                fields = {key: (row.get(key) or "").strip() for key in COLUMNS}
                yield _entry(fields, campaigns, country, rows.line_num)
            except Permanent as refused:
                yield Fault(rows.line_num, str(refused))
    except csv.Error as error:
        yield Fault(rows.line_num, f"is not CSV from here on ({error}); nothing below was read")


def entry(typed: str, *, country: str = "", scope: str = GLOBAL, reason: str = "request") -> Entry:
    """One number, address or stand-in as it was typed. Raises `Permanent`."""
    typed = typed.strip()
    return Entry(_person(typed) if "@" in typed else _number(typed, country), scope, reason)


def _check(header: list[str]) -> None:
    unknown = [name for name in header if name not in (*COLUMNS, *WRITTEN)]
    if unknown:
        raise Permanent(f"no column is called {unknown[0]!r}; use {', '.join(COLUMNS)}", code="bad_header")
    if not {"phone", "email"} & set(header):
        raise Permanent("the first line must name the columns, `phone` or `email` among them", code="bad_header")


def _entry(row: dict[str, str], campaigns: frozenset[str], country: str, line: int) -> Entry:
    scope = row["scope"] or GLOBAL
    if bool(row["phone"]) == bool(row["email"]):
        raise _refusal("needs a phone or an email, and not both")
    if scope != GLOBAL and scope not in campaigns:
        raise _refusal(f"no campaign is called {scope[:60]!r}; use its name, or `global`")
    if len(row["reason"]) > LONGEST:
        raise _refusal(f"the reason is longer than {LONGEST} characters")
    who = _person(row["email"]) if row["email"] else _number(row["phone"], row["country"] or country)
    return Entry(who, scope, row["reason"] or "import", line)


def _person(typed: str) -> str:
    name, _, domain = typed.removeprefix(MAILTO).partition("@")
    if not (name and domain) or any(sign.isspace() for sign in typed) or len(typed) > LONGEST:
        raise _refusal("is not an e-mail address")
    return person(typed.removeprefix(MAILTO))


def _number(typed: str, country: str) -> str:
    if stand_ins.is_one(typed):
        return typed
    number = parse(typed, country or None, frozenset())
    if isinstance(number, Phone):
        return number.e164
    if number.reason == "not_a_phone_number" and not country and not typed.startswith("+"):
        raise _refusal("is no full number; write it as +12125550101, or give its country")
    raise _refusal(f"cannot be called anyway: {number.reason.replace('_', ' ')}")


def _refusal(what: str) -> Permanent:
    return Permanent(what, code="not_suppressible")


def write(rows: Iterable[Suppression]) -> Iterator[list[str]]:
    """Lines of the export, the header first; what `read` takes back."""
    yield list(WRITTEN)
    for row in rows:
        is_email = row.phone.startswith(MAILTO)
        who = ("", row.phone.removeprefix(MAILTO)) if is_email else (row.phone, "")
        yield [*who, row.scope, row.reason, row.channel, row.at.isoformat()]
