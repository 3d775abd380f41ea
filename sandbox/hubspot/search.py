"""CRM search: filter groups (OR of ANDs) over the lagging index, sorts, and pages of at most 200."""

from collections.abc import Callable
from typing import Any

from sandbox.hubspot.objects import Portal, Record, shown
from sandbox.hubspot.problems import invalid

Test = Callable[[str, dict[str, Any]], bool]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _compare(held: str, given: Any) -> int:
    one, other = _number(held), _number(str(given))
    if isinstance(one, float) and isinstance(other, float):
        return (one > other) - (one < other)
    return (held > str(given)) - (held < str(given))


def _among(held: str, given: dict[str, Any]) -> bool:
    return held.lower() in {str(value).lower() for value in given.get("values", [])}


_OPERATORS: dict[str, Test] = {
    "EQ": lambda held, given: held.lower() == str(given.get("value", "")).lower() and bool(held),
    "NEQ": lambda held, given: bool(held) and held.lower() != str(given.get("value", "")).lower(),
    "GT": lambda held, given: bool(held) and _compare(held, given.get("value")) > 0,
    "GTE": lambda held, given: bool(held) and _compare(held, given.get("value")) >= 0,
    "LT": lambda held, given: bool(held) and _compare(held, given.get("value")) < 0,
    "LTE": lambda held, given: bool(held) and _compare(held, given.get("value")) <= 0,
    "BETWEEN": lambda held, given: (
        bool(held) and _compare(held, given.get("value")) >= 0 >= _compare(held, given.get("highValue"))
    ),
    "IN": lambda held, given: bool(held) and _among(held, given),
    "NOT_IN": lambda held, given: bool(held) and not _among(held, given),
    "HAS_PROPERTY": lambda held, _given: bool(held),
    "NOT_HAS_PROPERTY": lambda held, _given: not held,
    "CONTAINS_TOKEN": lambda held, given: str(given.get("value", "")).strip("*").lower() in held.lower(),
    "NOT_CONTAINS_TOKEN": lambda held, given: str(given.get("value", "")).strip("*").lower() not in held.lower(),
}


def answer(portal: Portal, kind: str, body: dict[str, Any], lag_s: float) -> dict[str, Any]:
    limit, after = _page(body)
    groups = body.get("filterGroups") or [{"filters": body.get("filters") or []}]
    _check(portal, kind, groups)
    found = [
        (record, values)
        for record in portal.records[kind].values()
        if (values := record.at_index(lag_s)) is not None and _matches(values, groups, str(body.get("query") or ""))
    ]
    ordered = [record for record, values in _sorted(found, body.get("sorts") or [])]
    names = [str(name) for name in body.get("properties") or []]
    results = [shown(portal, record, names) for record in ordered[after : after + limit]]
    answered = {"total": len(ordered), "results": results}
    more = {"paging": {"next": {"after": str(after + limit)}}} if after + limit < len(ordered) else {}
    return answered | more


def _matches(values: dict[str, str], groups: list[dict[str, Any]], query: str) -> bool:
    mentioned = not query or any(query.lower() in value.lower() for value in values.values())
    return mentioned and any(
        all(_OPERATORS[one["operator"]](values.get(one["propertyName"], ""), one) for one in group.get("filters", []))
        for group in groups
    )


def _sorted(found: list[tuple[Record, dict[str, str]]], sorts: list[Any]) -> list[tuple[Record, dict[str, str]]]:
    for sort in reversed(sorts):
        name = sort if isinstance(sort, str) else sort.get("propertyName", "")
        falling = isinstance(sort, dict) and sort.get("direction") == "DESCENDING"
        found = sorted(found, key=lambda pair, name=name: pair[1].get(name, ""), reverse=falling)
    return found


def _check(portal: Portal, kind: str, groups: Any) -> None:
    if not isinstance(groups, list) or len(groups) > 5:
        raise invalid("At most 5 filterGroups are allowed")
    for group in groups:
        filters = group.get("filters") or []
        if len(filters) > 6:
            raise invalid("At most 6 filters per group are allowed")
        for one in filters:
            if one.get("operator") not in _OPERATORS:
                raise invalid(f"Unknown filter operator {one.get('operator')}")
            if one.get("propertyName") not in portal.properties[kind].defined:
                raise invalid(f"There was a problem with the request: unknown property {one.get('propertyName')}")


def _page(body: dict[str, Any]) -> tuple[int, int]:
    limit, after = body.get("limit", 10), str(body.get("after") or 0)
    if not isinstance(limit, int) or not 1 <= limit <= 200 or not after.isdigit():
        raise invalid("limit must be between 1 and 200, after a page cursor")
    return limit, int(after)
