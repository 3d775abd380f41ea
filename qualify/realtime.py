"""OpenAI's Realtime API as a `Model`: how to reach it, and why it could not be had. Its words are read and written by
`realtime_wire` and `realtime_frames`.
"""

from dataclasses import dataclass
from typing import assert_never
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from campaign.errors import Permanent, Retryable
from qualify import commands as do
from qualify import realtime_frames, realtime_wire
from qualify.line import Dial, Line, NoLine, Terms

TERMS = Terms(max_size=16 << 20, ping_seconds=5)
"""The API sends no larger event than the 15 MiB it takes; pings find a dead peer within ten seconds."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the API is and how to get in."""

    url: str
    key: str
    model: str

    @property
    def whole(self) -> str:
        parts = urlsplit(self.url)
        query = dict(parse_qsl(parts.query)) | {"model": self.model}
        return urlunsplit(parts._replace(query=urlencode(query)))


class Realtime:
    """One call's model."""

    def __init__(self, address: Address, config: realtime_frames.Config, dial: Dial) -> None:
        self._address, self._config, self._dial = address, config, dial
        self.read = realtime_wire.read
        self.around_audio = realtime_frames.APPEND

    async def open(self) -> Line:
        try:
            return await self._dial(self._address.whole, {"Authorization": f"Bearer {self._address.key}"}, TERMS)
        except NoLine as error:
            if error.status:
                kind = Permanent if error.status in realtime_wire.FATAL_STATUS else Retryable
                raise kind(f"the Realtime API answered {error.status}", code=f"http_{error.status}") from error
            raise Retryable(f"no Realtime socket: {error.reason}", code="unreachable") from error

    def is_final(self, close_code: int) -> bool:
        return close_code in realtime_wire.FATAL_CLOSES

    def write(self, command: do.ToModel, *, voice_locked: bool = False) -> str:
        match command:
            case do.Configure():
                return realtime_frames.configure(self._config, command, voice_locked=voice_locked)
            case do.AskResponse():
                return realtime_frames.ask(command)
            case do.CancelResponse():
                return realtime_frames.cancel(command)
            case do.Truncate():
                return realtime_frames.truncate(command)
            case do.AnswerTool():
                return realtime_frames.answer(command)
            case do.AddItem():
                return realtime_frames.add_item(command)
            case do.DeleteItem():
                return realtime_frames.delete_item(command)
            case _:
                assert_never(command)
