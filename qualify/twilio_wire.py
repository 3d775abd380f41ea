"""Twilio Media Streams, both directions, without I/O: text in, events out; commands' parts in, text out.

Base64 audio is cut out and pasted in as text, never decoded. Unknown or broken messages become `Unknown` (counted,
never fatal). Source: Twilio's Media Streams message reference.
"""

import msgspec

from qualify.audio import is_base64
from qualify.events import CallerAudio, KeyPressed, MarkEchoed, StreamEnded, Unknown

MAX_MESSAGE = 64 * 1024


class _Frame(msgspec.Struct, gc=False):
    payload: str
    timestamp: str = "0"
    track: str = "inbound"


class _Name(msgspec.Struct):
    name: str


class _Digit(msgspec.Struct):
    digit: str


class MediaFormat(msgspec.Struct, frozen=True):
    encoding: str = ""
    sampleRate: int | str = 0
    channels: int | str = 0

    @property
    def is_mulaw(self) -> bool:
        return (self.encoding, str(self.sampleRate), str(self.channels)) == ("audio/x-mulaw", "8000", "1")


class Start(msgspec.Struct, frozen=True):
    """The stream's first real message: which call it belongs to, and the one-time token."""

    streamSid: str
    callSid: str
    accountSid: str = ""
    mediaFormat: MediaFormat = MediaFormat()
    customParameters: dict[str, str] = {}


class _Connected(msgspec.Struct, tag_field="event", tag="connected"):
    pass


class _Started(msgspec.Struct, tag_field="event", tag="start"):
    start: Start


class _Media(msgspec.Struct, tag_field="event", tag="media", gc=False):
    media: _Frame


class _Marked(msgspec.Struct, tag_field="event", tag="mark"):
    mark: _Name


class _Dtmf(msgspec.Struct, tag_field="event", tag="dtmf"):
    dtmf: _Digit


class _Stopped(msgspec.Struct, tag_field="event", tag="stop"):
    pass


_DECODER = msgspec.json.Decoder(_Connected | _Started | _Media | _Marked | _Dtmf | _Stopped)
Inbound = CallerAudio | MarkEchoed | KeyPressed | StreamEnded | Unknown | Start | None


def read(text: str | bytes) -> Inbound:
    """One message. None for those that carry nothing (`connected`, another track's audio)."""
    try:
        message = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Unknown("phone", _kind(text))
    match message:
        case _Media(media=frame):
            return _audio(frame)
        case _Marked(mark=mark):
            return MarkEchoed(mark.name)
        case _Dtmf(dtmf=dtmf):
            return KeyPressed(dtmf.digit) if dtmf.digit in KEYS else Unknown("phone", "dtmf")
        case _Stopped():
            return StreamEnded("stop")
        case _Started(start=start):
            return start
        case _:
            return None


KEYS = frozenset("0123456789*#ABCD")


def _audio(frame: _Frame) -> CallerAudio | Unknown | None:
    if frame.track != "inbound":
        return None
    if not is_base64(frame.payload):
        return Unknown("phone", "bad_audio")
    return CallerAudio(frame.payload, _ms(frame.timestamp))


def _ms(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _kind(text: str | bytes) -> str:
    try:
        found = msgspec.json.decode(text, type=dict[str, msgspec.Raw]).get("event")
        return str(msgspec.json.decode(found))[:40] if found is not None else ""
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "malformed"


class Writer:
    """Writes to one stream. The sid goes in once; a frame then costs one concatenation."""

    __slots__ = ("_mark", "_media", "clear")

    def __init__(self, stream_sid: str) -> None:
        sid = msgspec.json.encode(stream_sid).decode()
        self._media = '{"event":"media","streamSid":' + sid + ',"media":{"payload":"'
        self._mark = '{"event":"mark","streamSid":' + sid + ',"mark":{"name":'
        self.clear = '{"event":"clear","streamSid":' + sid + "}"

    def media(self, payload: str) -> str:
        """`payload` is base64, checked where it entered, and needs no escaping."""
        return self._media + payload + '"}}'

    def mark(self, name: str) -> str:
        return self._mark + msgspec.json.encode(name).decode() + "}}"
