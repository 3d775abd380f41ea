"""Things that can be made to go wrong, by name: `POST /_sandbox/faults {"201_lost": 1}`.

A knob may be limited to one number with `"to": "+1…"` in the same document; null takes it away. Counted knobs
(an integer in `COUNTED`) wear off after that many uses; the others stay until taken away or reset.
The table below is the whole documentation of what each does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

KNOBS: dict[str, str] = {
    # creating a call
    "201_lost": "n times: the call is created, then the connection drops without an answer",
    "500_after_create": "n times: the call is created, the answer is 500",
    "500_before_create": "n times: no call, the answer is 500",
    "429_n": "n times: not processed, 429",
    "401": "n times: 401",
    "html_502": "n times: no call, an HTML 502 as a proxy would give",
    "delay_then_201": "seconds between creating the call and answering 201",
    "refuse": "n times: refuse with the error code in refuse_code",
    "refuse_code": "Twilio error code used by refuse (default 21216)",
    "geo_blocked": "list of prefixes that are refused with 21215",
    "list_lag_s": "a new call is invisible in lists for this many seconds",
    "list_paging_extra": "lists carry one key too many",
    "cps": "calls started per second from now on (default --cps)",
    "dial_lag_ms": "time between the 201 and dialing (default 50)",
    # webhooks
    "callbacks_duplicate": "extra deliveries of each status callback",
    "callbacks_gap_ms": "time between duplicates (default 100)",
    "callbacks_reorder": "each status callback is overtaken by the next one",
    "callbacks_drop": "events never delivered: initiated, ringing, answered, completed, amd, recording, stream",
    "callbacks_before_201": "initiated is delivered before the 201 is sent",
    "wrong_signature": "every webhook and handshake carries a signature of another token",
    "wrong_account": "webhooks name another AccountSid",
    "slow_client_ms": "delay before each webhook is sent",
    "shared_key": "{id, secret}: sign with HMAC-SHA256 and name the key",
    # answering machine detection
    "amd_verdict": "AnsweredBy to report whatever answered",
    "amd_at_ms": "when, counted from the answer; beyond the end of the call it is delivered late",
    "amd_never": "no AMD callback",
    "amd_twice": "the AMD callback is sent twice",
    # media streams
    "ws_no_start": "connected, but never start",
    "ws_media_before_start": "five media frames before start",
    "ws_gap_seq": "one sequence number is skipped",
    "ws_dup_chunk": "one media message is sent twice",
    "ws_drop_mid": "n times: the socket is cut without a close after ws_drop_ms",
    "ws_drop_ms": "when ws_drop_mid strikes, from the start of the stream (default 3000)",
    "ws_half_open": "after ws_drop_ms nothing is sent or read any more, the socket stays",
    "ws_no_stop": "the stream ends without stop",
    "ws_bad_json": "one message is not JSON",
    "ws_media_format_other": "start announces audio/l16 at 16000",
    "ws_wrong_call_sid": "start names another call",
    "ws_replay": "after ws_drop_ms the same start is sent again on a second socket; see streams[].replay",
    # recordings and transfers
    "recording_not_eligible_ms": "21220 to recordings asked for sooner after the answer",
    "recording_absent": "recordings end absent",
    "recording_callback_late_s": "delay of the recording callback",
    "recording_download_404_n": "n times: media not there yet",
    "connect_end_on_redirect": "the Connect action is requested although a redirect replaced it",
    "redirect_lag_ms": "how long the old TwiML runs on after a redirect was accepted (default 150)",
    # text messages
    "sms_refuse": "n times: refuse with the error code in sms_refuse_code",
    "sms_refuse_code": "Twilio error code used by sms_refuse (default 21610)",
    "sms_429_n": "n times: not processed, 429",
    "sms_201_lost": "n times: the text is accepted, then the connection drops without an answer",
    "sms_500_after_create": "n times: the text is accepted, the answer is 500",
    "sms_undelivered": "texts end undelivered, with this error code (30003: unreachable handset)",
    "sms_never_told": "no status callback for texts",
    "time_limit_13216": "n times: an update that carries TimeLimit is refused with 13216",
}
COUNTED = frozenset(
    {"201_lost", "500_after_create", "500_before_create", "429_n", "401", "html_502", "refuse", "ws_drop_mid"}
    | {
        "recording_download_404_n",
        "time_limit_13216",
        "sms_refuse",
        "sms_429_n",
        "sms_201_lost",
        "sms_500_after_create",
    }
)


class UnknownKnob(ValueError):
    """Named so that a misspelt fault fails the test that asked for it."""


@dataclass
class Faults:
    everyone: dict[str, object] = field(default_factory=dict)
    by_number: dict[str, dict[str, object]] = field(default_factory=dict)

    def turn(self, wishes: dict[str, object]) -> None:
        knobs = {name: value for name, value in wishes.items() if name != "to"}
        if strangers := sorted(set(knobs) - set(KNOBS)):
            raise UnknownKnob(f"unknown: {', '.join(strangers)}; known: {', '.join(KNOBS)}")
        number = wishes.get("to")
        place = self.by_number.setdefault(str(number), {}) if number else self.everyone
        for name, value in knobs.items():
            place.pop(name, None)
            if value is not None:
                place[name] = value

    def value(self, knob: str, to: str = "") -> object:
        mine = self.by_number.get(to, {})
        return mine[knob] if knob in mine else self.everyone.get(knob)

    def on(self, knob: str, to: str = "") -> bool:
        return bool(self.value(knob, to))

    def amount(self, knob: str, to: str = "", otherwise: float = 0.0) -> float:
        value = self.value(knob, to)
        return float(value) if isinstance(value, int | float) else otherwise

    def words(self, knob: str, to: str = "") -> tuple[str, ...]:
        value = self.value(knob, to)
        return tuple(str(word) for word in value) if isinstance(value, list) else ()

    def spend(self, knob: str, to: str = "") -> bool:
        """Whether this counted fault strikes now; it wears off by one."""
        for place in (self.by_number.get(to, {}), self.everyone):
            left = place.get(knob)
            if isinstance(left, int) and left > 0:
                place[knob] = int(left) - 1
                return True
        return False

    def reset(self) -> None:
        self.everyone.clear()
        self.by_number.clear()
