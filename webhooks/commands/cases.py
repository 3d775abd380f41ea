"""Reads a file of decision, window and resolver cases and answers each through the product's own core and resolver.

Adapts notation only: instants in ISO 8601, `rules` by name with ISO weekdays, groups written `US-FL x Chicago,New_York`.
It decides nothing. What a case cannot mean is a fault of that case; the others are answered all the same.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from campaign import phone, zones
from campaign.errors import Permanent
from dialer import decision, law, resolver
from dialer.decision import Allow, Asked, Bound, Callback, Cap, Defer, Deny, Policy, Statute, Terms, bind
from dialer.hours import DAY, Opening, Week, interval, week
from dialer.resolver import Declared

ISO_DAYS = tuple("1234567")
REFUSED = {"not_a_phone_number": "invalid", "not_a_valid_number": "invalid"}
"""Our words for a number that is none; every other class is told by our own word."""
CASE = {"id", "title", "note", "now_utc", "number", "candidates", "expected", "attempts", "blackouts", "callback"} | {
    "campaign",
    "consent",
    "not_before",
    "guard_s",
    "refused_at",
    "hung_up_at",
}
CAMPAIGN = {"name", "tz", "windows", "holidays", "per_local_day", "min_gap_min", "guard_s", "caps"}

Answer = dict[str, Any]
Fault = Callable[[str], None]


def answers(document: Mapping[str, Any], fault: Fault) -> Iterator[Answer]:
    """One answer for each case of the document, in its order; `fault` hears of those that cannot be read."""
    if not isinstance(document, Mapping):
        raise Permanent("the file of cases must be a JSON object with `rules` and `cases`", code="bad_cases")
    book = _Book(document, fault)
    kinds = (("cases", book.decided), ("windows", windowed), ("resolve", resolved))
    for name, answer in kinds:
        for case in document.get(name) or ():
            try:
                yield answer(case)
            except (KeyError, ValueError, TypeError, AttributeError, LookupError) as error:
                named = case.get("id") if isinstance(case, dict) else case
                fault(f"case {named}: {type(error).__name__}: {error}")


class _Book:
    """The file's own rules, floor and limits."""

    def __init__(self, document: Mapping[str, Any], fault: Fault) -> None:
        self.fault = fault
        try:
            self.floor = week(document.get("floor") or {}, ISO_DAYS)
            self.statutes = {name: _statute(name, given) for name, given in (document.get("rules") or {}).items()}
            self.policy = Policy(
                guard=timedelta(0),
                horizon=timedelta(days=document.get("horizon_days", 90)),
                tolerance=timedelta(seconds=document.get("callback_tolerance_s", 3600)),
                promise_over_manners=False,
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise Permanent(f"the file's rules cannot be read: {error}", code="bad_cases") from error

    def decided(self, case: Mapping[str, Any]) -> Answer:
        campaign = case.get("campaign") or {}
        if unknown := {*case} - CASE | {*campaign} - CAMPAIGN:
            self.fault(f"case {case['id']}: answered without {', '.join(sorted(unknown))}, which is not understood")
        asked = Asked(
            bounds=tuple(self._bounds(case["candidates"])),
            attempts=tuple(sorted(_moment(at) for at in case.get("attempts") or ())),
            consent=_terms(case.get("consent")),
            callback=_callback(case.get("callback")),
            not_before=_moment(case["not_before"]) if case.get("not_before") else None,
            refused_at=_moment(case["refused_at"]) if case.get("refused_at") else None,
            hung_up_at=_moment(case["hung_up_at"]) if case.get("hung_up_at") else None,
            blackouts=tuple((_moment(start), _moment(end)) for start, end in case.get("blackouts") or ()),
            campaign=tuple(_campaign_hours(campaign, case["candidates"])),
            gap=timedelta(minutes=campaign.get("min_gap_min") or 0),
            per_day=campaign.get("per_local_day"),
            caps=_caps(campaign),
        )
        guard = timedelta(seconds=case.get("guard_s") or campaign.get("guard_s") or 0)
        now = _moment(case["now_utc"])
        match decision.decide(asked, replace(self.policy, guard=guard), now):
            case Allow():
                return {"id": case["id"], "next_utc": _text(now), "reason": "ok"}
            case Defer(until=until):
                return {"id": case["id"], "next_utc": _text(until), "reason": "ok"}
            case Deny(reason=reason):
                return {"id": case["id"], "next_utc": None, "reason": reason}

    def _bounds(self, candidates: list[Any]) -> Iterator[Bound]:
        for name, names in candidates:
            if name not in self.statutes:
                raise ValueError(f"no rules for {name}")
            for one in names:
                yield bind(self.statutes[name], one, self.floor)


def windowed(case: Mapping[str, Any]) -> Answer:
    opens, closes = (_minute(case[key]) for key in ("open", "close"))
    found = interval(case["zone"], date.fromisoformat(case["date"]), opens, closes or DAY)
    start, end = found or (None, None)
    return {"id": case["id"], "start": start and _text(start), "end": end and _text(end)}


def resolved(case: Mapping[str, Any]) -> Answer:
    number = phone.parse(case["number"], None, frozenset())
    if isinstance(number, phone.Undialable):
        return {"id": case["id"], "resolved": f"reject:{REFUSED.get(number.reason, number.reason)}"}
    given = case.get("declared") or {}
    declared = Declared(
        zone=given.get("tz") or given.get("timezone") or "",
        region=given.get("state") or given.get("region") or "",
        postcode=given.get("postcode") or "",
    )
    place = resolver.resolve(number, declared, law.shipped())
    return {"id": case["id"], "resolved": "; ".join(f"{name} x {_short(found)}" for name, found in place.groups)}


def _short(names: tuple[str, ...]) -> str:
    return ",".join(name.rpartition("/")[2] for name in names)


def _statute(name: str, given: Mapping[str, Any]) -> Statute:
    return Statute(
        name=name,
        week=week(given["windows"], ISO_DAYS),
        holidays=frozenset(date.fromisoformat(day) for day in given.get("holidays") or ()),
        caps=_caps(given),
        callback="allowed" if given.get("callback_override") else "never",
        refusal_lock_days=given.get("refusal_lock_days") or 0,
        no_recall=bool(given.get("no_recall_after_hang_up")),
    )


def _caps(given: Mapping[str, Any]) -> tuple[Cap, ...]:
    return tuple(Cap(cap["n"], timedelta(hours=cap["hours"])) for cap in given.get("caps") or ())


def _campaign_hours(campaign: Mapping[str, Any], candidates: list[Any]) -> Iterator[Opening]:
    """In the campaign's own zone; without one, on the person's clock, wherever that may be."""
    if "windows" not in campaign:
        return
    windows: Week = week(campaign["windows"], ISO_DAYS)
    closed = frozenset(date.fromisoformat(day) for day in campaign.get("holidays") or ())
    names = [campaign["tz"]] if campaign.get("tz") else sorted({one for _, some in candidates for one in some})
    for name in names:
        yield Opening(name, windows, closed)


def _terms(given: Mapping[str, Any] | None) -> Terms | None:
    if given is None:
        return None
    moments = {name: _moment(given[name]) for name in decision.TERMS if given.get(name)}
    return Terms(**moments)


def _callback(given: Mapping[str, Any] | None) -> Callback | None:
    return Callback(_moment(given["at"]), express=given.get("express", True)) if given else None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return moment.astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def other_zones(document: Mapping[str, Any]) -> str:
    """What to say when the cases were worked out with other zone data than ours; empty when they were not."""
    theirs = document.get("tzdata")
    if theirs in (None, zones.version()):
        return ""
    return f"the cases were worked out with tzdata {theirs}; these answers come from {zones.version()}"
