"""Guard over the whole app: every route proves who is asking, or stands here as public with its reason."""

from collections.abc import Iterator

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import BaseRoute

from campaign.settings import Settings
from webhooks.http_app import create_app

PUBLIC = {
    "/healthz": "says only that the process answers",
    "/readyz": "says only whether database and Redis answer",
    "/metrics": "numbers without personal data; keep the port inside the network",
    "/docs": "describes the API, holds no data",
    "/openapi.json": "describes the API, holds no data",
    "/static": "style sheet and icon",
    "/console/sign-in": "where one proves who one is",
    "/demo/form": "a form for the public, never in production",
    "/demo/form/{lead_id}": "what happens to a request, by an id nobody can guess and without personal data",
}
PROVED = {
    "/leads/{source}": "Standard Webhooks signature",
    "/twilio/{attempt_id}/{what}": "Twilio signature",
    "/twilio/inbound": "Twilio signature",
    "/twilio/sms": "Twilio signature",
    "/twilio/inbound/{what}": "Twilio signature",
    "/google/calendar": "channel token",
    "/media/{attempt_id}": "the media process checks Twilio's signature and the one-time token",
}
REFUSALS = {401, 403, 303, 422}


def routes(app: FastAPI) -> Iterator[BaseRoute]:
    """All routes; an included router may stand in the list as one entry that holds its own."""
    pending = list(app.routes)
    while pending:
        route = pending.pop()
        inner = getattr(getattr(route, "original_router", None), "routes", None)
        if inner:
            pending.extend(inner)
        else:
            yield route


def path_of(route: BaseRoute) -> str:
    return str(getattr(route, "path", "") or getattr(route, "path_format", ""))


async def test_every_route_is_known(app: FastAPI) -> None:
    known = {*PUBLIC, *PROVED}
    ours = ("/console", "/leads", "/calls", "/suppressions", "/consents")
    guarded = {path for path in map(path_of, routes(app)) if path.startswith(ours)}
    assert {path_of(route) for route in routes(app)} - guarded <= known


async def test_every_route_that_is_not_public_refuses_a_stranger(app: FastAPI, web: httpx.AsyncClient) -> None:
    tried = 0
    for route in routes(app):
        if not isinstance(route, APIRoute) or path_of(route) in PUBLIC:
            continue
        for method in route.methods - {"HEAD"}:
            answer = await web.request(method, path_of(route).replace("{", "").replace("}", ""))
            assert answer.status_code in REFUSALS, (method, path_of(route))
            tried += 1
    assert tried >= 10


def test_production_has_no_demo_form(settings: Settings) -> None:
    production = settings.model_copy(update={"environment": "production"})
    assert not [path for path in map(path_of, routes(create_app(production))) if path.startswith("/demo")]


def test_a_media_process_elsewhere_needs_no_relay(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"media_public_url": "wss://media.example.com"})
    sockets = [
        [route for route in routes(create_app(one)) if isinstance(route, APIWebSocketRoute)]
        for one in (settings, elsewhere)
    ]
    assert [len(found) for found in sockets] == [1, 0]
