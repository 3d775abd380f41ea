"""The lists themselves: a CSV file of numbers, or a service asked over HTTP. One question, one answer, no policy.

The service gets `POST {"phone", "agreed_at"}` with a bearer token and answers `{"listed": bool, "as_of"?, "version"?}`;
`agreed_at` is when the person gave this number, which is what a reassigned-numbers database wants to know.
"""

import csv
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import httpx
from dotenv import dotenv_values

from campaign.errors import Permanent, Retryable
from campaign.file import ScrubList
from dialer.list_rules import fresh_until

TIMEOUT_S = 10.0
_NO_DIGIT = re.compile(r"\D")
NANP = re.compile(r"\+1(\d{10})")


@dataclass(frozen=True, slots=True)
class Found:
    listed: bool
    as_of: datetime
    version: str = ""


class Lookup(Protocol):
    def look_up(self, phone: str, agreed_at: datetime | None, now: datetime) -> Found:
        """Whether a number in E.164 is on the list. Raises `Retryable` or `Permanent`."""
        ...


def environment() -> dict[str, str]:
    """Where a list's `secret_env` is looked for: the process's own variables over `.env`."""
    return {**{name: value or "" for name, value in dotenv_values(".env").items()}, **os.environ}


def trouble(one: ScrubList, country: str, now: datetime, given: Mapping[str, str]) -> str:
    """What keeps a list from being asked, as far as can be seen without asking about anybody; empty when nothing does."""
    if one.url:
        missing = one.secret_env and not given.get(one.secret_env)
        return f"set {one.secret_env}" if missing else ""
    try:
        edition = CsvList(Path(one.csv or "")).edition()
    except Permanent as error:
        return f"{error}; apply the campaign again when it is there"
    old = fresh_until(one, country, edition) <= now
    return f"the file is of {edition:%Y-%m-%d}: fetch a newer one, until then its leads wait" if old else ""


def opened(one: ScrubList, environment: Mapping[str, str]) -> Lookup:
    if one.csv:
        return CsvList(Path(one.csv))
    return HttpList(one.url or "", environment.get(one.secret_env or "", ""))


class CsvList:
    """Numbers in the column `phone`, or the first one; with or without +1. The file's own date is the edition's."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def edition(self) -> datetime:
        """Raises `Permanent` when the file cannot be read."""
        return self._read()[1]

    def look_up(self, phone: str, agreed_at: datetime | None, now: datetime) -> Found:
        numbers, edition = self._read()
        national = NANP.fullmatch(phone)
        written = {phone.removeprefix("+"), *([national[1]] if national else [])}
        return Found(not numbers.isdisjoint(written), edition, self._path.name)

    def _read(self) -> tuple[frozenset[str], datetime]:
        try:
            changed = os.stat(self._path).st_mtime_ns
            return _numbers(self._path, changed), datetime.fromtimestamp(changed / 1e9, UTC)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise Permanent(
                f"the list {self._path.name} cannot be read: {type(error).__name__}", code="list_unreadable"
            ) from error


@lru_cache(maxsize=8)
def _numbers(path: Path, _changed: int) -> frozenset[str]:
    with open(path, newline="", encoding="utf-8-sig") as lines:
        rows = csv.reader(lines)
        first = next(rows, [])
        place = first.index("phone") if "phone" in first else 0
        found = {_NO_DIGIT.sub("", row[place]) for row in (first, *rows) if len(row) > place}
    return frozenset(found - {""})


class HttpList:
    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def look_up(self, phone: str, agreed_at: datetime | None, now: datetime) -> Found:
        question = {"phone": phone, "agreed_at": agreed_at.isoformat() if agreed_at else None}
        try:
            answer = httpx.post(self._url, json=question, headers=self._headers, timeout=TIMEOUT_S)
        except httpx.HTTPError as error:
            raise Retryable(
                "the list's service does not answer", code="list_away", kind=type(error).__name__
            ) from error
        if answer.status_code in (401, 403):
            raise Permanent("the list's service refuses our token", code="list_refuses", status=answer.status_code)
        if not answer.is_success:
            raise Retryable(
                "the list's service did not answer the question", code="list_away", status=answer.status_code
            )
        return _read(answer, now)


def _read(answer: httpx.Response, now: datetime) -> Found:
    """An answer that does not say yes or no is none."""
    try:
        told = answer.json()
        listed, as_of = told["listed"], told.get("as_of")
        moment = datetime.fromisoformat(as_of) if as_of else now
        if not isinstance(listed, bool) or moment.tzinfo is None:
            raise ValueError("not a yes or no with a time")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Permanent("the list's service answers in another shape", code="list_shape") from error
    return Found(listed, moment, str(told.get("version") or "")[:100])
