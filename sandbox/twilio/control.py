"""The doors tests use and Twilio does not have: `/_sandbox/…` (health, reset, faults, scripts, and what to assert)."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.twilio.faults import KNOBS, UnknownKnob
from sandbox.twilio.office import Office
from sandbox.twilio.problems import Refusal
from sandbox.twilio.records import Call
from sandbox.twilio.resources import recording_body
from sandbox.twilio.scripts import prepare, read_script


def _office(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


def shown(office: Office, call: Call) -> dict[str, Any]:
    recordings = office.exchange.recorder.recordings
    return {
        "sid": call.sid,
        "to": call.to,
        "from": call.caller,
        "status": call.status,
        "direction": call.direction,
        "parent_sid": call.parent_sid,
        "alive": call.alive,
        "posts": office.posts.per_number().get(call.to, 0),
        "order": call.fields.as_shown(),
        "timeline": call.timeline,
        "seconds": call.seconds,
        "time_limit": call.time_limit,
        "sip": call.sip,
        "answered_by": call.answered_by,
        "amd": call.amd,
        "queue_ms": call.queue_ms,
        "heard": [caption.shown() for caption in call.heard],
        "said": [caption.shown() for caption in call.said],
        "heard_bytes": call.heard_bytes,
        "digits": call.digits,
        "streams": [log.shown() for log in call.streams],
        "recordings": [
            recording_body(recordings[sid]) | {"ordered": recordings[sid].ordered}
            for sid in call.recordings
            if sid in recordings
        ],
        "webhooks": call.webhooks,
        "alerts": [alert.shown() for alert in call.alerts],
    }


async def health(request: Request) -> Response:
    return JSONResponse({"name": "twilio", "simulated": True})


async def reset(request: Request) -> Response:
    await _office(request).reset()
    return JSONResponse({"reset": True})


async def faults(request: Request) -> Response:
    faults = _office(request).exchange.faults
    if request.method == "POST":
        try:
            faults.turn(await request.json())
        except UnknownKnob as error:
            return JSONResponse({"error": str(error)}, 400)
    return JSONResponse({"everyone": faults.everyone, "by_number": faults.by_number, "knobs": KNOBS})


async def script(request: Request) -> Response:
    document = await request.json()
    exchange = _office(request).exchange
    try:
        spelled = read_script(document)
        await asyncio.to_thread(prepare, spelled, exchange.voices)
        exchange.fates.scripts[document["to"]] = spelled
    except (KeyError, TypeError, ValueError) as error:
        return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
    return JSONResponse({"to": document["to"]})


async def calls(request: Request) -> Response:
    office = _office(request)
    shown_calls = [shown(office, call) for call in office.exchange.calls.values()]
    return JSONResponse(
        {
            "calls": shown_calls,
            "alive": sum(1 for call in shown_calls if call["alive"]),
            "posts": office.posts.per_number(),
            "post_log": office.posts.entries,
        }
    )


async def one_call(request: Request) -> Response:
    office = _office(request)
    call = office.exchange.calls.get(request.path_params["sid"])
    return JSONResponse(shown(office, call)) if call else JSONResponse({"error": "no such call"}, 404)


async def alerts(request: Request) -> Response:
    return JSONResponse({"alerts": [alert.shown() for alert in _office(request).exchange.ledger.alerts]})


async def messages(request: Request) -> Response:
    texts = _office(request).texts
    shown_texts = [
        {
            "sid": one.sid,
            "to": one.to,
            "from": one.sender,
            "body": one.body,
            "status": one.status,
            "direction": one.direction,
        }
        for one in texts.sent.values()
    ]
    return JSONResponse({"messages": shown_texts, "posts": texts.posts})


async def ring_us(request: Request) -> Response:
    """`{"from": "+1…", "to": "+1…"}`: a person rings a number whose voice URL is set."""
    document = await request.json()
    try:
        call = _office(request).receive(document["from"], document["to"])
    except (KeyError, Refusal) as error:
        return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
    return JSONResponse({"sid": call.sid})


async def text_us(request: Request) -> Response:
    """`{"from": "+1…", "to": "+1…", "body": "STOP"}`: a person texts a number whose SMS URL is set."""
    document, office = await request.json(), _office(request)
    url = office.number(document["to"]).sms_url
    if not url:
        return JSONResponse({"error": f"no SMS URL is set on {document['to']}"}, 400)
    replies = await office.texts.receive(document["from"], document["to"], document["body"], url)
    return JSONResponse({"replies": replies})


async def numbers(request: Request) -> Response:
    """`{"number": "+1…", "voice_url": …, "sms_url": …, "status_callback": …}`, or `{"verified": ["+1…"]}`."""
    document, office = await request.json(), _office(request)
    office.verified |= set(document.get("verified", ()))
    if "number" in document:
        configured = office.number(document["number"])
        for name in ("voice_url", "sms_url", "status_callback"):
            setattr(configured, name, document.get(name, getattr(configured, name)))
    return JSONResponse({"numbers": sorted(office.numbers), "verified": sorted(office.verified)})


def routes() -> list[Route]:
    return [
        Route("/_sandbox/health", health),
        Route("/_sandbox/reset", reset, methods=["POST"]),
        Route("/_sandbox/faults", faults, methods=["GET", "POST"]),
        Route("/_sandbox/calls/script", script, methods=["POST"]),
        Route("/_sandbox/calls/inbound", ring_us, methods=["POST"]),
        Route("/_sandbox/messages/inbound", text_us, methods=["POST"]),
        Route("/_sandbox/numbers", numbers, methods=["POST"]),
        Route("/_sandbox/calls", calls),
        Route("/_sandbox/calls/{sid}", one_call),
        Route("/_sandbox/alerts", alerts),
        Route("/_sandbox/messages", messages),
    ]
