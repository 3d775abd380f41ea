"""The JSON bodies of the REST resources, field for field as the published API has them, and the paging around lists."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.twilio import lifecycle
from sandbox.twilio.clock import rfc2822
from sandbox.twilio.records import Call, Message, Number, Recording

API = "2010-04-01"
Body = dict[str, object]
SUBRESOURCES = (
    ("notifications", "Notifications"),
    ("recordings", "Recordings"),
    ("payments", "Payments"),
    ("events", "Events"),
    ("siprec", "Siprec"),
    ("streams", "Streams"),
    ("transcriptions", "Transcriptions"),
    ("user_defined_message_subscriptions", "UserDefinedMessageSubscriptions"),
    ("user_defined_messages", "UserDefinedMessages"),
)


def formatted(number: str) -> str:
    north_american = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", number)
    return "({}) {}-{}".format(*north_american.groups()) if north_american else number


def call_body(call: Call) -> Body:
    path = f"/{API}/Accounts/{call.account_sid}/Calls/{call.sid}"
    return {
        "sid": call.sid,
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated),
        "parent_call_sid": call.parent_sid,
        "account_sid": call.account_sid,
        "to": call.to,
        "to_formatted": formatted(call.to),
        "from": call.caller,
        "from_formatted": formatted(call.caller),
        "phone_number_sid": number_sid(call.caller),
        "status": lifecycle.REST_STATUS.get(call.status, call.status),
        "start_time": rfc2822(call.started),
        "end_time": rfc2822(call.ended),
        "duration": None if call.alive else str(call.seconds),
        "price": None,
        "price_unit": "USD",
        "direction": call.direction,
        "answered_by": call.answered_by,
        "api_version": API,
        "annotation": None,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": str(call.queue_ms),
        "trunk_sid": None,
        "uri": f"{path}.json",
        "subresource_uris": {name: f"{path}/{leaf}.json" for name, leaf in SUBRESOURCES},
    }


def recording_body(recording: Recording) -> Body:
    root = f"/{API}/Accounts/{recording.account_sid}"
    return {
        "account_sid": recording.account_sid,
        "api_version": API,
        "call_sid": recording.call_sid,
        "conference_sid": None,
        "channels": recording.channels,
        "date_created": rfc2822(recording.created),
        "date_updated": rfc2822(recording.updated),
        "start_time": rfc2822(recording.created),
        "price": None,
        "price_unit": None,
        "duration": None if recording.seconds is None else str(recording.seconds),
        "sid": recording.sid,
        "source": recording.source,
        "status": recording.status,
        "error_code": None,
        "encryption_details": None,
        "track": recording.track,
        "uri": f"{root}/Calls/{recording.call_sid}/Recordings/{recording.sid}.json",
    }


def account_recording_body(recording: Recording) -> Body:
    root = f"/{API}/Accounts/{recording.account_sid}/Recordings/{recording.sid}"
    body = {name: value for name, value in recording_body(recording).items() if name != "track"}
    leaves = {"add_on_results": f"{root}/AddOnResults.json", "transcriptions": f"{root}/Transcriptions.json"}
    return body | {"uri": f"{root}.json", "media_url": None, "subresource_uris": leaves}


def message_body(message: Message) -> Body:
    uri = f"/{API}/Accounts/{message.account_sid}/Messages/{message.sid}"
    return {
        "sid": message.sid,
        "account_sid": message.account_sid,
        "messaging_service_sid": None,
        "to": message.to,
        "from": message.sender,
        "body": message.body,
        "status": message.status,
        "num_segments": str(len(message.body) // 160 + 1),
        "num_media": "0",
        "direction": message.direction,
        "api_version": API,
        "price": None,
        "price_unit": "USD",
        "error_code": message.error_code,
        "error_message": None,
        "date_created": rfc2822(message.created),
        "date_updated": rfc2822(message.created),
        "date_sent": None,
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


def number_sid(number: str) -> str:
    return "PN" + number.lstrip("+").rjust(32, "0")


def number_body(account_sid: str, number: str, configured: Number) -> Body:
    sid = number_sid(number)
    return {
        "sid": sid,
        "account_sid": account_sid,
        "phone_number": number,
        "friendly_name": formatted(number),
        "api_version": API,
        "capabilities": {"voice": True, "sms": True, "mms": False, "fax": False},
        "status": "in-use",
        "voice_url": configured.voice_url,
        "voice_method": "POST",
        "sms_url": configured.sms_url,
        "sms_method": "POST",
        "status_callback": configured.status_callback,
        "status_callback_method": "POST",
        "uri": f"/{API}/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}.json",
    }


def caller_id_body(account_sid: str, number: str) -> Body:
    sid = number_sid(number)
    uri = f"/{API}/Accounts/{account_sid}/OutgoingCallerIds/{sid}.json"
    return {
        "sid": sid,
        "account_sid": account_sid,
        "phone_number": number,
        "friendly_name": formatted(number),
        "date_created": None,
        "date_updated": None,
        "uri": uri,
    }


def page(key: str, bodies: Sequence[Body], path: str, number: int, size: int) -> Body:
    """One page; `next_page_uri` is relative and null on the last, the paging the SDK walks."""
    first = number * size
    shown = list(bodies[first : first + size])
    more = first + size < len(bodies)
    join = "&" if "?" in path else "?"
    return {
        key: shown,
        "page": number,
        "page_size": size,
        "start": first,
        "end": first + len(shown) - 1 if shown else 0,
        "uri": f"{path}{join}PageSize={size}&Page={number}",
        "first_page_uri": f"{path}{join}PageSize={size}&Page=0",
        "next_page_uri": f"{path}{join}PageSize={size}&Page={number + 1}" if more else None,
        "previous_page_uri": f"{path}{join}PageSize={size}&Page={number - 1}" if number else None,
    }
