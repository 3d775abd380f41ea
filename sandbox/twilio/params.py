"""The form fields of Twilio's webhooks. Blank geographic fields are sent too: they are part of the signature."""

from __future__ import annotations

import math
from functools import lru_cache

import phonenumbers

from sandbox.twilio import lifecycle
from sandbox.twilio.clock import rfc2822, vendor_now
from sandbox.twilio.records import Call, Message, Recording

Params = list[tuple[str, str]]


@lru_cache(maxsize=4096)
def country(number: str) -> str:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""


def call_params(call: Call) -> Params:
    """What every request about a call carries; `CallStatus` is the status at this moment."""
    params = [
        ("AccountSid", call.account_sid),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", call.sid),
        ("CallStatus", call.status),
        ("Direction", call.direction),
        ("From", call.caller),
        ("To", call.to),
        ("Caller", call.caller),
        ("Called", call.to),
    ]
    for side, number in (("Called", call.to), ("To", call.to), ("Caller", call.caller), ("From", call.caller)):
        params += [(f"{side}City", ""), (f"{side}State", ""), (f"{side}Zip", ""), (f"{side}Country", country(number))]
    if call.parent_sid:
        params.append(("ParentCallSid", call.parent_sid))
    return params


def progress_params(call: Call, sequence: int, recording: Recording | None, recording_url: str) -> Params:
    params = call_params(call)
    params += [
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(sequence)),
        ("Timestamp", rfc2822(vendor_now()) or ""),
    ]
    if call.status in ("ringing", "in-progress"):
        params.append(("StirStatus", "A"))
    if call.status in lifecycle.TERMINAL:
        params += [("CallDuration", str(call.seconds)), ("Duration", str(math.ceil(call.seconds / 60)))]
        if call.sip is not None:
            params.append(("SipResponseCode", str(call.sip)))
        if call.answered_by:
            params.append(("AnsweredBy", call.answered_by))
        if recording is not None:
            params += [("RecordingUrl", recording_url), ("RecordingSid", recording.sid)]
            params.append(("RecordingDuration", str(recording.seconds or call.seconds)))
    return params


def recording_params(recording: Recording, url: str) -> Params:
    params = [
        ("AccountSid", recording.account_sid),
        ("CallSid", recording.call_sid),
        ("RecordingSid", recording.sid),
        ("RecordingUrl", url),
        ("RecordingStatus", recording.status),
        ("RecordingChannels", str(recording.channels)),
        ("RecordingSource", recording.source),
        ("RecordingStartTime", rfc2822(recording.created) or ""),
        ("RecordingTrack", recording.track),
    ]
    if recording.seconds is not None:
        params.append(("RecordingDuration", str(recording.seconds)))
    return params


def message_params(message: Message) -> Params:
    told = [] if message.error_code is None else [("ErrorCode", str(message.error_code))]
    return [
        ("AccountSid", message.account_sid),
        ("MessageSid", message.sid),
        ("SmsSid", message.sid),
        ("MessageStatus", message.status),
        ("SmsStatus", message.status),
        ("From", message.sender),
        ("To", message.to),
        ("ApiVersion", "2010-04-01"),
        *told,
    ]


def inbound_message_params(message: Message) -> Params:
    """What the number's own address is told of a text that came in."""
    params = [
        ("ToCountry", country(message.to)),
        ("SmsMessageSid", message.sid),
        ("NumMedia", "0"),
        ("SmsSid", message.sid),
        ("SmsStatus", "received"),
        ("Body", message.body),
        ("FromCountry", country(message.sender)),
        ("To", message.to),
        ("NumSegments", "1"),
        ("MessageSid", message.sid),
        ("AccountSid", message.account_sid),
        ("From", message.sender),
        ("ApiVersion", "2010-04-01"),
    ]
    return [*params, *((f"{side}{what}", "") for side in ("To", "From") for what in ("City", "State", "Zip"))]
