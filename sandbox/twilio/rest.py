"""The REST doors of api.twilio.com (2010-04-01) and the dialing permissions of voice.twilio.com, by path.

Translates HTTP to the office and back: Basic auth, form fields, JSON bodies, `.json` suffixes, and the create faults.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

import phonenumbers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.twilio import resources
from sandbox.twilio.dropping import Dropped
from sandbox.twilio.fields import Fields
from sandbox.twilio.office import Office
from sandbox.twilio.params import country
from sandbox.twilio.problems import Refusal
from sandbox.twilio.records import Recording

Door = Callable[[Request, Office], Awaitable[Response]]


def refused(refusal: Refusal) -> JSONResponse:
    return JSONResponse(refusal.body(), refusal.status)


def guarded(door: Door) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        office: Office = request.app.state.office
        try:
            _authenticate(request, office)
            return await door(request, office)
        except Refusal as refusal:
            return refused(refusal)

    return endpoint


def _authenticate(request: Request, office: Office) -> None:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(secret).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal(20003) from None
    account = request.path_params.get("account", office.settings.account_sid)
    if scheme.lower() != "basic" or not office.settings.accepts(user, password):
        raise Refusal(20003)
    if account != office.settings.account_sid or office.exchange.faults.spend("401"):
        raise Refusal(20003)


async def _form(request: Request) -> Fields:
    form = await request.form()
    return Fields(tuple((key, str(value)) for key, value in form.multi_items()))


def _query(request: Request) -> Fields:
    return Fields(tuple(request.query_params.multi_items()))


def _listing(request: Request, office: Office, key: str, bodies: list[resources.Body]) -> JSONResponse:
    query = _query(request)
    size = max(1, min(1000, query.number("PageSize", 50)))
    kept = urlencode([pair for pair in query.pairs if pair[0] not in ("Page", "PageSize", "PageToken")])
    path = request.url.path + (f"?{kept}" if kept else "")
    body = resources.page(key, bodies, path, query.number("Page", 0), size)
    if office.exchange.faults.on("list_paging_extra"):
        body["meta"] = {}
    return JSONResponse(body)


async def create_call(request: Request, office: Office) -> Response:
    order, faults = await _form(request), office.exchange.faults
    to = order.one("To")
    entry = office.posts.note(to, order.one("From"))
    if faults.spend("429_n", to):
        raise Refusal(20429)
    if faults.spend("html_502", to):
        return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
    if faults.spend("500_before_create", to):
        raise Refusal(20500)
    if faults.spend("refuse", to):
        raise Refusal(int(faults.amount("refuse_code", to, 21216)))
    call = office.place(order)
    entry["sid"] = call.sid
    if faults.on("callbacks_before_201", to):
        await office.first_callback(call)
    await asyncio.sleep(faults.amount("delay_then_201", to))
    if faults.spend("201_lost", to):
        return Dropped()
    if faults.spend("500_after_create", to):
        raise Refusal(20500)
    entry["answered"] = 201
    return JSONResponse(resources.call_body(call), 201)


async def list_calls(request: Request, office: Office) -> Response:
    calls = office.listed(_query(request))
    return _listing(request, office, "calls", [resources.call_body(call) for call in calls])


async def one_call(request: Request, office: Office) -> Response:
    call = office.call(request.path_params["sid"])
    if request.method == "POST":
        office.change(call, await _form(request))
    elif request.method == "DELETE":
        if call.alive:
            raise Refusal(20001, "The call is in progress")
        del office.exchange.calls[call.sid]
        return Response(status_code=204)
    return JSONResponse(resources.call_body(call))


async def call_events(request: Request, office: Office) -> Response:
    call = office.call(request.path_params["sid"])
    events: list[resources.Body] = [
        {"request": {"method": "POST", "url": hook["url"], "parameters": hook["params"]}, "response": {}}
        for hook in call.webhooks
    ]
    return _listing(request, office, "events", events)


async def call_recordings(request: Request, office: Office) -> Response:
    call, recorder = office.call(request.path_params["sid"]), office.exchange.recorder
    if request.method == "POST":
        journey = office.journeys.get(call.sid)
        if call.status != "in-progress" or journey is None or journey.leg is None:
            raise Refusal(21220, "Requested resource is not eligible for recording")
        recording = recorder.start(call, journey.leg, await _form(request), "StartCallRecordingAPI")
        return JSONResponse(resources.recording_body(recording), 201)
    mine = [recorder.recordings[sid] for sid in call.recordings if recorder.recordings[sid].status != "deleted"]
    return _listing(request, office, "recordings", [resources.recording_body(one) for one in mine])


async def call_recording(request: Request, office: Office) -> Response:
    call, recorder = office.call(request.path_params["sid"]), office.exchange.recorder
    sid = request.path_params["recording"]
    if request.method == "DELETE":
        return _deleted(office, recorder.of(call, sid))
    recording = recorder.update(call, sid, await _form(request)) if request.method == "POST" else recorder.of(call, sid)
    return JSONResponse(resources.recording_body(recording))


def _deleted(office: Office, recording: Recording) -> Response:
    if recording.status in ("in-progress", "paused"):
        raise Refusal(20001, "The recording is in progress")
    office.exchange.recorder.delete(recording)
    return Response(status_code=204)


async def list_recordings(request: Request, office: Office) -> Response:
    query = _query(request)
    found = [one for one in office.exchange.recorder.recordings.values() if one.status != "deleted"]
    if call_sid := query.one("CallSid"):
        found = [one for one in found if one.call_sid == call_sid]
    return _listing(request, office, "recordings", [resources.account_recording_body(one) for one in found])


def _media(request: Request, sound: bytes) -> Response:
    """Players ask for pieces (RFC 9110, 14.2); anything but one plain range gets the whole."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    headers = {"accept-ranges": "bytes"}
    if asked is None:
        return Response(sound, media_type="audio/x-wav", headers=headers)
    start, end = int(asked[1]), min(int(asked[2] or len(sound)), len(sound) - 1)
    if start > end:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{len(sound)}"})
    headers["content-range"] = f"bytes {start}-{end}/{len(sound)}"
    return Response(sound[start : end + 1], 206, headers, media_type="audio/x-wav")


async def account_recording(request: Request, office: Office) -> Response:
    sid, _, kind = request.path_params["recording"].partition(".")
    recording = office.exchange.recorder.recordings.get(sid)
    if recording is None or recording.status == "deleted":
        raise Refusal(20404)
    if request.method == "DELETE":
        return _deleted(office, recording)
    if kind in ("", "wav"):
        return _media(request, office.exchange.recorder.media(recording))
    if kind == "json":
        return JSONResponse(resources.account_recording_body(recording))
    raise Refusal(20404, "The sandbox keeps recordings as .wav only")


async def messages(request: Request, office: Office) -> Response:
    texts, faults = office.texts, office.exchange.faults
    if request.method == "GET":
        query = _query(request)
        found = [one for one in texts.sent.values() if query.one("To") in ("", one.to)]
        return _listing(request, office, "messages", [resources.message_body(one) for one in found])
    order = await _form(request)
    to = order.one("To")
    texts.posts.append({"to": to, "from": order.one("From"), "body": order.one("Body")})
    if faults.spend("sms_429_n", to):
        raise Refusal(20429)
    if faults.spend("sms_refuse", to):
        raise Refusal(int(faults.amount("sms_refuse_code", to, 21610)))
    message = texts.accept(order)
    body = resources.message_body(message)
    office.exchange.begin(texts.deliver(message))
    if faults.spend("sms_201_lost", to):
        return Dropped()
    if faults.spend("sms_500_after_create", to):
        raise Refusal(20500)
    return JSONResponse(body, 201)


async def one_message(request: Request, office: Office) -> Response:
    message = office.texts.sent.get(request.path_params["sid"])
    if message is None:
        raise Refusal(20404)
    return JSONResponse(resources.message_body(message))


async def phone_numbers(request: Request, office: Office) -> Response:
    wanted = _query(request).one("PhoneNumber")
    numbers = [number for number in dict.fromkeys((*office.settings.numbers, *office.numbers)) if wanted in number]
    bodies = [resources.number_body(office.settings.account_sid, number, office.number(number)) for number in numbers]
    return _listing(request, office, "incoming_phone_numbers", bodies)


async def phone_number(request: Request, office: Office) -> Response:
    known = {resources.number_sid(number): number for number in (*office.settings.numbers, *office.numbers)}
    number = known.get(request.path_params["sid"])
    if number is None:
        raise Refusal(20404)
    if request.method == "POST":
        order, configured = await _form(request), office.number(number)
        given = {name: order.one(name) for name, _ in order.pairs}
        configured.voice_url = given.get("VoiceUrl", configured.voice_url)
        configured.sms_url = given.get("SmsUrl", configured.sms_url)
        configured.status_callback = given.get("StatusCallback", configured.status_callback)
    return JSONResponse(resources.number_body(office.settings.account_sid, number, office.number(number)))


async def caller_ids(request: Request, office: Office) -> Response:
    bodies = [resources.caller_id_body(office.settings.account_sid, number) for number in sorted(office.verified)]
    return _listing(request, office, "outgoing_caller_ids", bodies)


async def account(request: Request, office: Office) -> Response:
    sid = office.settings.account_sid
    uri = f"/{resources.API}/Accounts/{sid}.json"
    named = {"sid": sid, "friendly_name": "Firstring sandbox", "status": "active", "type": "Full", "uri": uri}
    return JSONResponse({**named, "owner_account_sid": sid, "subresource_uris": {}})


async def balance(request: Request, office: Office) -> Response:
    return JSONResponse({"account_sid": office.settings.account_sid, "balance": "100.00", "currency": "USD"})


def _permission(iso: str, office: Office) -> resources.Body:
    """Calls are allowed to the countries of the account's own numbers, to low-risk numbers only."""
    allowed = iso in {country(number) for number in office.settings.numbers}
    flags = {"high_risk_special_numbers_enabled": False, "high_risk_tollfraud_numbers_enabled": False}
    named: resources.Body = {"iso_code": iso, "name": iso, "continent": None, "links": {}}
    codes = [str(phonenumbers.country_code_for_region(iso))]
    url = f"{office.settings.base_url}/v1/DialingPermissions/Countries/{iso}"
    return {**named, **flags, "country_codes": codes, "low_risk_numbers_enabled": allowed, "url": url}


async def dialing_permission(request: Request, office: Office) -> Response:
    iso = request.path_params["iso"].upper()
    if iso not in phonenumbers.SUPPORTED_REGIONS:
        raise Refusal(20404)
    return JSONResponse(_permission(iso, office))


async def dialing_permissions(request: Request, office: Office) -> Response:
    """The newer paging: one page, named by `meta.key`."""
    listed = [_permission(iso, office) for iso in sorted(phonenumbers.SUPPORTED_REGIONS)]
    for name in ("LowRiskNumbersEnabled", "HighRiskSpecialNumbersEnabled", "HighRiskTollfraudNumbersEnabled"):
        if wanted := _query(request).one(name):
            field = re.sub("(?<!^)(?=[A-Z])", "_", name).lower()
            listed = [one for one in listed if one[field] is (wanted.lower() == "true")]
    url = str(request.url)
    paging = {"page": 0, "page_size": len(listed), "first_page_url": url, "previous_page_url": None}
    meta = {**paging, "url": url, "next_page_url": None, "key": "content"}
    return JSONResponse({"content": listed, "meta": meta})


async def unknown(request: Request, office: Office) -> Response:
    raise Refusal(20404, f"The requested resource {request.url.path} was not found")


def routes() -> list[Route]:
    root = "/2010-04-01/Accounts/{account}"
    call = root + "/Calls/{sid}"
    table: list[tuple[str, Door, list[str]]] = [
        (root + "/Calls.json", create_call, ["POST"]),
        (root + "/Calls.json", list_calls, ["GET"]),
        (call + "/Recordings.json", call_recordings, ["GET", "POST"]),
        (call + "/Recordings/{recording}.json", call_recording, ["GET", "POST", "DELETE"]),
        (call + "/Events.json", call_events, ["GET"]),
        (call + ".json", one_call, ["GET", "POST", "DELETE"]),
        (root + "/Recordings.json", list_recordings, ["GET"]),
        (root + "/Recordings/{recording}", account_recording, ["GET", "DELETE"]),
        (root + "/Messages.json", messages, ["GET", "POST"]),
        (root + "/Messages/{sid}.json", one_message, ["GET"]),
        (root + "/IncomingPhoneNumbers.json", phone_numbers, ["GET"]),
        (root + "/IncomingPhoneNumbers/{sid}.json", phone_number, ["GET", "POST"]),
        (root + "/OutgoingCallerIds.json", caller_ids, ["GET"]),
        (root + "/Balance.json", balance, ["GET"]),
        ("/2010-04-01/Accounts/{account}.json", account, ["GET"]),
        ("/v1/DialingPermissions/Countries", dialing_permissions, ["GET"]),
        ("/v1/DialingPermissions/Countries/{iso}", dialing_permission, ["GET"]),
        ("/{path:path}", unknown, ["GET", "POST", "DELETE", "PUT"]),
    ]
    return [Route(path, guarded(door), methods=methods) for path, door, methods in table]
