"""Batch endpoints: up to 100 inputs; what fails is named in `errors` beside what succeeded, with status 207."""

from collections.abc import Callable
from typing import Any

from sandbox.hubspot.objects import Portal, shown, written
from sandbox.hubspot.problems import Problem, invalid, not_found
from sandbox.local import clock

MOST = 100
Answer = tuple[int, dict[str, Any]]


def upsert(portal: Portal, kind: str, body: dict[str, Any]) -> Answer:
    inputs = _inputs(body)
    _no_twins([str(one.get("id")) for one in inputs])

    def one(given: dict[str, Any]) -> dict[str, Any]:
        record, is_new = portal.upsert(kind, given)
        return written(record) | {"new": is_new}

    return _each(inputs, one, 200)


def create(portal: Portal, kind: str, body: dict[str, Any]) -> Answer:
    return _each(_inputs(body), lambda given: written(portal.create(kind, given)), 201)


def update(portal: Portal, kind: str, body: dict[str, Any]) -> Answer:
    inputs = _inputs(body)
    _no_twins([str(one.get("id")) for one in inputs])

    def one(given: dict[str, Any]) -> dict[str, Any]:
        return written(portal.update(portal.find(kind, str(given.get("id")), given.get("idProperty")), given))

    return _each(inputs, one, 200)


def read(portal: Portal, kind: str, body: dict[str, Any]) -> Answer:
    names = [str(name) for name in body.get("properties") or []]
    id_property = body.get("idProperty")

    def one(given: dict[str, Any]) -> dict[str, Any]:
        return shown(portal, portal.find(kind, str(given.get("id")), id_property), names)

    return _each(_inputs(body), one, 200)


def archive(portal: Portal, kind: str, body: dict[str, Any]) -> Answer:
    for given in _inputs(body):
        portal.archive(kind, str(given.get("id")))
    return 204, {}


def _each(inputs: list[dict[str, Any]], one: Callable[[dict[str, Any]], dict[str, Any]], status: int) -> Answer:
    started = clock.rfc3339(clock.now())
    results: list[dict[str, Any]] = []
    failed: list[tuple[str, Problem]] = []
    for given in inputs:
        try:
            results.append(one(given))
        except Problem as problem:
            failed.append((str(given.get("id")), problem))
    if failed and not results and all(problem.category != not_found().category for _, problem in failed):
        raise failed[0][1]
    answer: dict[str, Any] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": started,
        "completedAt": clock.rfc3339(clock.now()),
    }
    if failed:
        errors = [_error(key, problem) for key, problem in failed]
        return 207, answer | {"numErrors": len(errors), "errors": errors}
    return status, answer


def _error(key: str, problem: Problem) -> dict[str, Any]:
    body = problem.body()
    return {
        "status": "error",
        "category": body["category"],
        "message": body["message"],
        "context": {"ids": [key]},
    }


def _inputs(body: dict[str, Any]) -> list[dict[str, Any]]:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not inputs or not all(isinstance(one, dict) for one in inputs):
        raise invalid("Invalid input JSON: inputs must be a list of objects")
    if len(inputs) > MOST:
        raise invalid(f"The maximum number of inputs supported in a batch request is {MOST}, received {len(inputs)}.")
    return inputs


def _no_twins(ids: list[str]) -> None:
    twins = sorted({one for one in ids if ids.count(one) > 1})
    if twins:
        raise invalid(f"Duplicate IDs found in batch input: {twins}. IDs must be unique")
