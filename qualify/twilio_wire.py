"""Twilio Media Streams, both directions, without I/O: text in, events out; commands' parts in, text out.

Base64 audio is cut out and pasted in as text, never decoded. Unknown or broken messages become `Unknown` (counted,
never fatal). Source: Twilio's Media Streams message reference.
"""

import msgspec

from qualify.audio import is_base64
from qualify.events import CallerAudio, KeyPressed, MarkEchoed, StreamEnded, Unknown

MAX_MESSAGE = 64 * 1024


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
    media: CallerAudio


class _Marked(msgspec.Struct, tag_field="event", tag="mark"):
    mark: _Name


class _Dtmf(msgspec.Struct, tag_field="event", tag="dtmf"):
    dtmf: _Digit


class _Stopped(msgspec.Struct, tag_field="event", tag="stop"):
    pass


_DECODER = msgspec.json.Decoder(_Connected | _Started | _Media | _Marked | _Dtmf | _Stopped, strict=False)
"""Not strict: Twilio writes a frame's numbers as strings."""
Inbound = CallerAudio | MarkEchoed | KeyPressed | StreamEnded | Unknown | Start | None


def read(text: str | bytes) -> Inbound:
    """One message. None for those that carry nothing (`connected`, another track's audio)."""
    try:
        message = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Unknown("phone", _kind(text))
    if type(message) is _Media:  # fifty a second
        frame = message.media
        if frame.track != "inbound":
            return None
        return frame if is_base64(frame.payload) else Unknown("phone", "bad_audio")
    match message:
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


def _kind(text: str | bytes) -> str:
    try:
        found = msgspec.json.decode(text, type=dict[str, msgspec.Raw]).get("event")
        return str(msgspec.json.decode(found))[:40] if found is not None else ""
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "malformed"


class Writer:
    """Writes to one stream. The sid goes in once; a frame then costs one join."""

    __slots__ = ("_mark", "around_audio", "clear")

    def __init__(self, stream_sid: str) -> None:
        sid = msgspec.json.encode(stream_sid).decode()
        self.around_audio = '{"event":"media","streamSid":' + sid + ',"media":{"payload":"', '"}}'
        """Base64 goes between, checked where it entered; it needs no escaping."""
        self._mark = '{"event":"mark","streamSid":' + sid + ',"mark":{"name":'
        self.clear = '{"event":"clear","streamSid":' + sid + "}"

    def mark(self, name: str) -> str:
        return self._mark + msgspec.json.encode(name).decode() + "}}"
