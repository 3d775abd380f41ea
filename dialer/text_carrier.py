"""Posts one text message: exactly one POST a call, no retries, and a typed answer like a call's. Holds no policy.

There is no idempotency key for messages either (reference/twilio.md section 10), so an answer that is lost is `Unclear`.
"""

from dataclasses import dataclass

from campaign.settings import Settings
from dialer.carrier import TROUBLE, UNREADABLE, NotSent, Refusal, Throttled, Unclear, unplaced
from dialer.rest import RebasedHttp, sdk

VALID_S = 4 * 3600
"""How long the carrier may try: later than that nobody wants to read it."""


@dataclass(frozen=True, slots=True)
class TextOrder:
    text_id: str
    to: str
    from_: str
    body: str
    status_callback: str


@dataclass(frozen=True, slots=True)
class Posted:
    """201: the carrier has it."""

    message_sid: str


Posting = Posted | Refusal | Throttled | NotSent | Unclear


class TextCarrier:
    """Thread-safe; `close` ends its connections."""

    def __init__(self, settings: Settings) -> None:
        self._http = RebasedHttp(settings.twilio_api_url)
        self._sdk = sdk(settings, self._http)

    def post(self, order: TextOrder) -> Posting:
        try:
            message = self._sdk.messages.create(
                to=order.to,
                from_=order.from_,
                body=order.body,
                status_callback=order.status_callback,
                validity_period=VALID_S,
            )
        except (*TROUBLE, *UNREADABLE) as error:
            return unplaced(error)
        return Posted(str(message.sid)) if message.sid else Unclear("no_sid")

    def close(self) -> None:
        self._http.close()
