"""The HTTP shell of the sandbox's HubSpot: paths in their v3/v4 and dated forms, bearer auth, rate limits."""

import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.hubspot import DEFAULT_KNOBS, associations, batches, problems, search
from sandbox.hubspot.associations import OBJECT_TYPE_IDS
from sandbox.hubspot.objects import Portal, shown, written
from sandbox.hubspot.problems import Problem, invalid
from sandbox.local import clock, control
from sandbox.local.door import FaultDoor
from sandbox.local.faults import Faults, Refuse

Answer = Callable[["Api", Request], Awaitable[Response]]
_ALIASES = {name: kind for kind, type_id in OBJECT_TYPE_IDS.items() for name in (kind, kind[:-1], type_id)}


class Api:
    """The account, its faults and its limits."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.faults = Faults(DEFAULT_KNOBS)
        self.portal = Portal()
        self._recent: deque[float] = deque()

    def forget(self) -> None:
        self.portal.forget()
        self._recent.clear()

    def admit(self, request: Request) -> dict[str, str]:
        """Authentication and limits; answers the rate-limit headers."""
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise problems.unauthenticated()
        if self.faults.knobs["missing_scopes"]:
            raise Problem(403, "This app hasn't been granted all required scopes to make this call.", "MISSING_SCOPES")
        limit = self.faults.knobs["rate_limit"]
        if limit and limit.get("times", 1) > 0:
            limit["times"] = limit.get("times", 1) - 1
            raise problems.rate_limited(limit.get("policy", "SECONDLY"))
        return self._spend()

    def _spend(self) -> dict[str, str]:
        burst, now = int(self.faults.knobs["burst"]), time.monotonic()
        while self._recent and self._recent[0] < now - 10:
            self._recent.popleft()
        if len(self._recent) >= burst:
            raise problems.rate_limited("SECONDLY")
        self._recent.append(now)
        return {
            "x-hubspot-ratelimit-max": str(burst),
            "x-hubspot-ratelimit-remaining": str(burst - len(self._recent)),
            "x-hubspot-ratelimit-interval-milliseconds": "10000",
        }


async def create(api: Api, request: Request) -> Response:
    return JSONResponse(written(api.portal.create(_kind(request), await _body(request))), status_code=201)


async def read(api: Api, request: Request) -> Response:
    params, kind = request.query_params, _kind(request)
    record = api.portal.find(kind, request.path_params["key"], params.get("idProperty"))
    linked = [_known(name) for name in _csv(params.getlist("associations"))]
    return JSONResponse(shown(api.portal, record, _csv(params.getlist("properties")), linked))


async def update(api: Api, request: Request) -> Response:
    record = api.portal.find(_kind(request), request.path_params["key"], request.query_params.get("idProperty"))
    return JSONResponse(written(api.portal.update(record, await _body(request))))


async def archive(api: Api, request: Request) -> Response:
    api.portal.archive(_kind(request), request.path_params["key"])
    return Response(status_code=204)


async def listing(api: Api, request: Request) -> Response:
    kind, params = _kind(request), request.query_params
    limit, after = params.get("limit", "10"), params.get("after", "0")
    if not (limit.isdigit() and after.isdigit() and 1 <= int(limit) <= 100):
        raise invalid("limit must be between 1 and 100")
    records = [one for one in api.portal.records[kind].values() if int(one.id) > int(after)]
    part = records[: int(limit)]
    linked = [_known(name) for name in _csv(params.getlist("associations"))]
    results = [shown(api.portal, one, _csv(params.getlist("properties")), linked) for one in part]
    more = {"paging": {"next": {"after": part[-1].id}}} if len(part) < len(records) else {}
    return JSONResponse({"results": results} | more)


async def find(api: Api, request: Request) -> Response:
    lag_s = float(api.faults.knobs["search_lag_ms"]) / 1000
    return JSONResponse(search.answer(api.portal, _kind(request), await _body(request), lag_s))


_BATCHES = {
    "create": batches.create,
    "read": batches.read,
    "update": batches.update,
    "upsert": batches.upsert,
    "archive": batches.archive,
}


async def batch(api: Api, request: Request) -> Response:
    run = _BATCHES.get(request.path_params["batch"])
    if run is None:
        raise problems.not_found()
    status, answer = run(api.portal, _kind(request), await _body(request))
    return JSONResponse(answer, status_code=status) if answer else Response(status_code=status)


async def link_default(api: Api, request: Request) -> Response:
    one, other = _ends(api, request)
    api.portal.links.put(one, other)
    stamp = clock.rfc3339(clock.now())
    results = [_link(one, other), _link(other, one)]
    return JSONResponse({"status": "COMPLETE", "results": results, "startedAt": stamp, "completedAt": stamp})


async def link(api: Api, request: Request) -> Response:
    one, other = _ends(api, request)
    associations.check_types(one[0], other[0], await _json(request))
    api.portal.links.put(one, other)
    answer = {
        "fromObjectTypeId": OBJECT_TYPE_IDS[one[0]],
        "fromObjectId": int(one[1]),
        "toObjectTypeId": OBJECT_TYPE_IDS[other[0]],
        "toObjectId": int(other[1]),
        "labels": [],
    }
    return JSONResponse(answer, status_code=201)


async def unlink(api: Api, request: Request) -> Response:
    api.portal.links.drop(*_ends(api, request))
    return Response(status_code=204)


async def links(api: Api, request: Request) -> Response:
    one = api.portal.find(_kind(request), request.path_params["key"]).ref
    other = _known(request.path_params["to"])
    kinds = {"category": "HUBSPOT_DEFINED", "typeId": associations.default_type(one[0], other), "label": None}
    ids = api.portal.links.of(one, other)
    return JSONResponse({"results": [{"toObjectId": int(key), "associationTypes": [kinds]} for key in ids]})


async def properties(api: Api, request: Request) -> Response:
    return JSONResponse({"results": list(api.portal.properties[_kind(request)].defined.values())})


async def property_create(api: Api, request: Request) -> Response:
    return JSONResponse(api.portal.properties[_kind(request)].create(await _body(request)), status_code=201)


async def property_read(api: Api, request: Request) -> Response:
    return JSONResponse(api.portal.properties[_kind(request)].get(request.path_params["name"]))


async def groups(api: Api, request: Request) -> Response:
    held = api.portal.properties[_kind(request)].groups
    return JSONResponse({"results": [{"name": name, "label": label} for name, label in held.items()]})


async def group_create(api: Api, request: Request) -> Response:
    return JSONResponse(api.portal.properties[_kind(request)].create_group(await _body(request)), status_code=201)


async def account(_api: Api, _request: Request) -> Response:
    return JSONResponse(
        {
            "portalId": 1,
            "accountType": "STANDARD",
            "timeZone": "US/Eastern",
            "utcOffset": "-05:00",
            "uiDomain": "localhost",
        }
    )


# Path below its prefixes, method, what it does. More specific paths first.
_OBJECTS: tuple[tuple[str, str, Answer], ...] = (
    ("/{kind}", "POST", create),
    ("/{kind}", "GET", listing),
    ("/{kind}/search", "POST", find),
    ("/{kind}/batch/{batch}", "POST", batch),
    ("/{kind}/{key}", "GET", read),
    ("/{kind}/{key}", "PATCH", update),
    ("/{kind}/{key}", "DELETE", archive),
)
_LINKS: tuple[tuple[str, str, Answer], ...] = (
    ("/{kind}/{key}/associations/default/{to}/{to_key}", "PUT", link_default),
    ("/{kind}/{key}/associations/{to}/{to_key}", "PUT", link),
    ("/{kind}/{key}/associations/{to}/{to_key}", "DELETE", unlink),
    ("/{kind}/{key}/associations/{to}", "GET", links),
)
_PROPERTIES: tuple[tuple[str, str, Answer], ...] = (
    ("/{kind}", "GET", properties),
    ("/{kind}", "POST", property_create),
    ("/{kind}/groups", "GET", groups),
    ("/{kind}/groups", "POST", group_create),
    ("/{kind}/{name}", "GET", property_read),
)
_PREFIXES = (
    (("/crm/v4/objects", "/crm/objects/{version}"), _LINKS),
    (("/crm/v3/objects", "/crm/objects/{version}"), _OBJECTS),
    (("/crm/v3/properties", "/crm/properties/{version}"), _PROPERTIES),
    (("/account-info/v3",), (("/details", "GET", account),)),
)


def build(token: str) -> FaultDoor:
    api = Api(token)
    routes = [
        Route(prefix + path, _guarded(api, answer), methods=[verb])
        for prefixes, table in _PREFIXES
        for prefix in prefixes
        for path, verb, answer in table
    ]

    async def objects(_request: Request) -> Response:
        """Everything by type, each with its properties and the ids it is linked to."""
        return JSONResponse({kind: [_backstage(api.portal, one) for one in held.values()] for kind, held in _all(api)})

    routes += [
        control.health("hubspot"),
        control.reset(api.faults, api.forget),
        control.faults_door(api.faults),
        control.request_log(lambda: door),
        Route("/_sandbox/objects", objects),
    ]
    handlers: Any = {Problem: _problem, 404: _no_route, 405: _no_route}
    door = FaultDoor(Starlette(routes=routes, exception_handlers=handlers), api.faults, _word)
    return door


def _all(api: Api) -> list[tuple[str, dict[str, Any]]]:
    return list(api.portal.records.items())


def _backstage(portal: Portal, record: Any) -> dict[str, Any]:
    linked = {kind: portal.links.of(record.ref, kind) for kind in portal.links.linked_kinds(record.ref)}
    return written(record) | {"associations": linked}


def _guarded(api: Api, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        headers = api.admit(request)
        response = await answer(api, request)
        response.headers.update(headers)
        return response

    return guarded


def _respond(problem: Problem, retry_after: float | None = None) -> Response:
    policy = problem.more.get("policyName")
    wait = retry_after if retry_after is not None else {"SECONDLY": 1}.get(str(policy))
    return JSONResponse(
        problem.body(), status_code=problem.status, headers={} if wait is None else {"retry-after": f"{wait:g}"}
    )


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _respond(error)


async def _no_route(_request: Request, _error: Exception) -> Response:
    return _respond(problems.not_found())


def _word(refusal: Refuse) -> Response:
    return _respond(problems.of_status(refusal.status, refusal.reason), refusal.retry_after)


def _kind(request: Request) -> str:
    return _known(request.path_params["kind"])


def _known(name: str) -> str:
    if name not in _ALIASES:
        raise invalid(f"Unable to infer object type from: {name}")
    return _ALIASES[name]


def _ends(api: Api, request: Request) -> tuple[associations.Ref, associations.Ref]:
    params = request.path_params
    one = api.portal.find(_kind(request), params["key"]).ref
    other = api.portal.find(_known(params["to"]), params["to_key"]).ref
    return one, other


def _link(one: associations.Ref, other: associations.Ref) -> dict[str, Any]:
    return {"from": {"id": one[1]}, "to": {"id": other[1]}, "associationSpec": associations.spec(one[0], other[0])}


def _csv(values: list[str]) -> list[str]:
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError as error:
        raise invalid("Invalid input JSON") from error


async def _body(request: Request) -> dict[str, Any]:
    body = await _json(request)
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON: an object is expected")
    return body
