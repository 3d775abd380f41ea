"""Twilio's REST API through its SDK: places, ends, redirects, records and looks up calls. Holds no policy.

Placing answers with a typed result, never an exception: whether the request was processed is the one thing that matters
(reference/twilio.md 2.3, 13.1). Exactly one POST a call of `place`, no client retries; how it is sent is `dialer/rest.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from ssl import SSLCertVerificationError
from time import sleep
from typing import Any

import requests
import structlog
from twilio.base.exceptions import TwilioException
from twilio.rest.api.v2010.account.call import CallInstance
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, SSLError

from campaign.errors import Permanent, Retryable
from campaign.settings import Settings
from dialer.errors import CALL_GONE, CREATE, LIMIT_TOO_LOW, NOT_YET, Remedy
from dialer.rest import RebasedHttp, sdk

log = structlog.get_logger()

RECORDING_WAITS_S = (0.3, 0.6, 0.9)
TROUBLE = (TwilioException, requests.exceptions.RequestException)
UNREADABLE = (ValueError, KeyError, TypeError)
"""A 201 whose body the SDK cannot read."""
EVENTS = ["initiated", "ringing", "answered", "completed"]


@dataclass(frozen=True, slots=True)
class Order:
    """One call to place. `base` is the attempt's own address; every URL Twilio gets lies under it (R2)."""

    to: str
    from_: str
    base: str
    ring_seconds: int
    max_call_seconds: int


@dataclass(frozen=True, slots=True)
class Placed:
    """201: Twilio has it. `queue_ms` is its back-pressure signal."""

    call_sid: str
    queue_ms: int | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A definite no: no call exists."""

    code: int


@dataclass(frozen=True, slots=True)
class Throttled:
    """429: provably not processed; the same attempt may be sent again."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """No connection was made; the same attempt may be sent again."""

    why: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """Sent, and no usable answer: there may be a call. Reconcile, never repeat."""

    why: str


Placing = Placed | Refusal | Throttled | NotSent | Unclear


@dataclass(frozen=True, slots=True)
class CarrierCall:
    """A call as the carrier has it."""

    call_sid: str
    status: str
    created_at: datetime | None
    duration_s: int | None
    answered_by: str | None
    price: float | None


@dataclass(frozen=True, slots=True)
class CarrierRecording:
    status: str
    duration_s: int | None


class Carrier:
    """Thread-safe; opens connections on first use. `close` ends all of them."""

    def __init__(self, settings: Settings) -> None:
        self._http = RebasedHttp(settings.twilio_api_url)
        self._sdk = sdk(settings, self._http)

    def warm(self) -> None:
        """Load the SDK's modules (0.1-1 s the first time) before a lead waits for them."""
        _ = self._sdk.calls

    def place(self, order: Order) -> Placing:
        """POST one call."""
        try:
            call = self._sdk.calls.create(**_parameters(order))
        except (*TROUBLE, *UNREADABLE) as error:
            return unplaced(error)
        return Placed(call.sid, _whole(call.queue_time)) if call.sid else Unclear("no_sid")

    def end(self, call_sid: str) -> None:
        """Hang up, whatever the call is doing. One that is over already is ended (R38)."""
        self._update(call_sid, status="completed")

    def cancel(self, call_sid: str) -> None:
        """End the call unless it has been answered."""
        self._update(call_sid, status="canceled")

    def redirect(self, call_sid: str, twiml: str, time_limit: int | None = None) -> None:
        """Replace what the call is doing. Raises Permanent `call_over` when it has ended."""
        changes: dict[str, Any] = {"twiml": twiml} | ({} if time_limit is None else {"time_limit": time_limit})
        try:
            done = self._update(call_sid, **changes)
        except Permanent as error:
            if error.data.get("twilio_code") != LIMIT_TOO_LOW:
                raise
            done = self._update(call_sid, twiml=twiml)  # refused as a whole: nothing has happened yet (R84)
        if not done:
            raise Permanent("the call is over", code="call_over")

    def start_recording(self, call_sid: str, status_callback: str) -> str | None:
        """Record both sides on two channels; the recording's sid, or None when the call is over (R78)."""
        for wait in (*RECORDING_WAITS_S, None):
            try:
                recording = self._sdk.calls(call_sid).recordings.create(
                    recording_status_callback=status_callback,
                    recording_status_callback_event=["in-progress", "completed", "absent"],
                    recording_channels="dual",
                )
            except (TwilioException, requests.exceptions.RequestException) as error:
                if _code(error) != NOT_YET:
                    raise _translated(error) from error
                if wait is None:
                    log.warning("recording did not start: the call is not in progress", call_sid=call_sid)
                    return None
                sleep(wait)
            else:
                return str(recording.sid)
        return None

    def pause_recording(self, call_sid: str) -> None:
        """Silence takes the place of what is said; nothing to pause is no error."""
        self._change_recording(call_sid, status="paused", pause_behavior="silence")

    def resume_recording(self, call_sid: str) -> None:
        self._change_recording(call_sid, status="in-progress")

    def discard_recording(self, call_sid: str, recording_sid: str | None) -> None:
        """Stop what is being recorded of a call and delete all recordings of it; done before is done (R82).

        The list may lag behind a recording just begun, which is why its sid is asked for as well.
        """
        self._change_recording(call_sid, status="stopped")
        try:
            listed = {str(found.sid) for found in self._sdk.calls(call_sid).recordings.list(limit=20)}
        except (TwilioException, requests.exceptions.RequestException) as error:
            if getattr(error, "status", None) != HTTPStatus.NOT_FOUND:
                raise _translated(error) from error
            listed = set()
        for sid in sorted(listed | ({recording_sid} if recording_sid else set())):
            self._delete_recording(sid)

    def _change_recording(self, call_sid: str, **changes: str) -> None:
        try:
            self._sdk.calls(call_sid).recordings("Twilio.CURRENT").update(**changes)
        except (TwilioException, requests.exceptions.RequestException) as error:
            if _code(error) in CALL_GONE or getattr(error, "status", None) == HTTPStatus.NOT_FOUND:
                return
            raise _translated(error) from error

    def _delete_recording(self, recording_sid: str) -> None:
        try:
            self._sdk.recordings(recording_sid).delete()
        except (TwilioException, requests.exceptions.RequestException) as error:
            if getattr(error, "status", None) != HTTPStatus.NOT_FOUND:
                raise _translated(error) from error

    def recording(self, recording_sid: str) -> CarrierRecording | None:
        """What a recording has come to; None when the carrier has none."""
        try:
            found = self._sdk.recordings(recording_sid).fetch()
        except (TwilioException, requests.exceptions.RequestException) as error:
            if getattr(error, "status", None) == HTTPStatus.NOT_FOUND:
                return None
            raise _translated(error) from error
        return CarrierRecording(str(getattr(found.status, "value", found.status)), _whole(found.duration))

    def fetch(self, call_sid: str) -> CarrierCall | None:
        """The call as the carrier has it now (eventually consistent); None when it has none."""
        try:
            return _read(self._sdk.calls(call_sid).fetch())
        except (TwilioException, requests.exceptions.RequestException) as error:
            if getattr(error, "status", None) == HTTPStatus.NOT_FOUND:
                return None
            raise _translated(error) from error

    def find(self, to: str, from_: str) -> list[CarrierCall]:
        """Recent calls between two numbers, queued ones included: a start-time filter would hide those (R8)."""
        try:
            calls = self._sdk.calls
            found = calls.list(to=to, from_=from_, limit=50)
            found += calls.list(to=to, from_=from_, status="queued", limit=50)
        except (TwilioException, requests.exceptions.RequestException) as error:
            raise _translated(error) from error
        return list({call.sid: _read(call) for call in found}.values())

    def close(self) -> None:
        self._http.close()

    def _update(self, call_sid: str, **changes: Any) -> bool:
        """True when done, False when the call was over."""
        try:
            self._sdk.calls(call_sid).update(**changes)
        except (TwilioException, requests.exceptions.RequestException) as error:
            if _code(error) in CALL_GONE or getattr(error, "status", None) == HTTPStatus.NOT_FOUND:
                return False
            raise _translated(error) from error
        return True


def _parameters(order: Order) -> dict[str, Any]:
    """Booleans as lower-case words: the SDK would send `True` (R14). Never both `Url` and `Twiml` (R15)."""
    return {
        "to": order.to,
        "from_": order.from_,
        "url": f"{order.base}/voice",
        "method": "POST",
        "fallback_url": f"{order.base}/fallback",
        "fallback_method": "POST",
        "status_callback": f"{order.base}/status",
        "status_callback_method": "POST",
        "status_callback_event": EVENTS,
        "timeout": order.ring_seconds,
        "time_limit": order.max_call_seconds,
        "machine_detection": "DetectMessageEnd",
        "async_amd": "true",
        "async_amd_status_callback": f"{order.base}/amd",
        "async_amd_status_callback_method": "POST",
    }


def unplaced(error: Exception) -> Refusal | Throttled | NotSent | Unclear:
    """What an error of a create says about whether it was processed: the `network` rows of `data/outcomes.tsv`."""
    if isinstance(error, TwilioException):
        return _answer(error)
    sent = not isinstance(error, requests.exceptions.RequestException) or not _never_connected(error)
    return Unclear(type(error).__name__) if sent else NotSent(type(error).__name__)


def _answer(error: TwilioException) -> Refusal | Throttled | Unclear:
    """A REST error as a result. A code that equals the HTTP status is no code of Twilio's but a missing body (R25)."""
    status, code = getattr(error, "status", None), _code(error)
    if status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.BAD_REQUEST:
        return Unclear(f"http_{status}")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled()
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) and code not in CREATE:
        return Refusal(int(status))
    return Refusal(code or int(status))


def _code(error: Exception) -> int | None:
    """`TwilioServiceException` and a bare `TwilioException` are no `TwilioRestException`: ask, do not match (R26)."""
    code = getattr(error, "code", None)
    return int(code) if isinstance(code, int | str) and str(code).isdigit() else None


def _translated(error: Exception) -> Retryable | Permanent:
    status, code = getattr(error, "status", None), _code(error)
    data: dict[str, Any] = {"status": status, "twilio_code": code, "kind": type(error).__name__}
    if isinstance(status, int) and 400 <= status < 500 and status != HTTPStatus.TOO_MANY_REQUESTS:
        wrong_account = CREATE.get(code or status) is Remedy.HALT_ACCOUNT
        return Permanent("Twilio refused", code="carrier_auth" if wrong_account else "carrier_refused", **data)
    return Retryable("Twilio did not answer", code="carrier_down", **data)


def _never_connected(error: Exception) -> bool:
    """No connection, so nothing was sent: name resolution, refusal, connect timeout, a certificate we do not trust."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    before_the_request = NewConnectionError | ConnectTimeoutError
    return any(isinstance(cause, before_the_request) or _bad_certificate(cause) for cause in _causes(error))


def _bad_certificate(cause: BaseException) -> bool:
    return isinstance(cause, SSLError) and any(isinstance(inner, SSLCertVerificationError) for inner in cause.args)


def _causes(error: BaseException) -> Iterator[BaseException]:
    for inner in error.args:
        if isinstance(inner, MaxRetryError) and inner.reason is not None:
            yield inner.reason
        elif isinstance(inner, BaseException):
            yield inner


def _read(call: CallInstance) -> CarrierCall:
    return CarrierCall(
        call_sid=str(call.sid),
        status=str(getattr(call.status, "value", call.status)),
        created_at=call.date_created.replace(tzinfo=call.date_created.tzinfo or UTC) if call.date_created else None,
        duration_s=_whole(call.duration),
        answered_by=str(call.answered_by) if call.answered_by else None,
        price=float(call.price) if call.price else None,
    )


def _whole(value: object) -> int | None:
    """The API's numbers are strings, and null, "" and "0" are used alike."""
    text = str(value or "").strip()
    return int(text) if text.isdigit() else None
