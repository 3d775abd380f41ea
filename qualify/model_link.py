"""The model's end of a call: one session at a time, and at most one more standing by unread. What a replaced one says is not
heard.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from campaign.errors import Permanent, Retryable
from qualify import commands as do
from qualify import events as ev
from qualify.line import Line
from qualify.model import Model
from qualify.ports import Feed


class ModelLink:
    def __init__(self, model: Model, feed: Feed) -> None:
        self._model, self._feed = model, feed
        self._around_audio = model.around_audio
        self._session: _Session | None = None
        self._line: Line | None = None
        self._standby: Line | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._lines: set[Line] = set()

    # --- what is ordered ---

    def connect(self, delay: float) -> None:
        """A new session after `delay` seconds, in place of all there is."""
        self.drop()
        self._session = _Session(self)
        self._begin(self._open(self._session, delay))

    def prepare(self) -> None:
        """Another line, to be switched to."""
        self._begin(self._stand_by())

    def switch(self) -> None:
        line, self._standby = self._standby, None
        if line is None:
            self.connect(0.0)
            return
        self.drop()
        self._session = _Session(self)
        self._take(self._session, line)

    def drop(self) -> None:
        """May be asked for in the middle of an event of the session's own."""
        lines = (self._line, self._standby)
        self._session = self._line = self._standby = None
        for task in self._opening:
            task.cancel()
        for line in lines:
            if line is not None:
                line.cut(1000, "")

    @property
    def connected(self) -> bool:
        return self._line is not None

    def audio(self, payload: str) -> None:
        if self._line is not None:
            self._line.send_audio(payload.join(self._around_audio))

    def send(self, command: do.ToModel, *, voice_locked: bool) -> None:
        text = self._model.write(command, voice_locked=voice_locked)
        if self._line is not None and text is not None:
            self._line.send(text)

    async def end(self) -> None:
        """Nothing is left when this returns."""
        self.drop()
        await asyncio.gather(*self._opening, *(line.close() for line in self._lines), return_exceptions=True)

    # --- opening ---

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="model")
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, session: "_Session", delay: float) -> None:
        try:
            await asyncio.sleep(delay)
            line = await self._model.open()
        except (Permanent, Retryable) as error:
            self._lost(session, ev.ModelLost(reason=error.code, fatal=isinstance(error, Permanent)))
        else:
            self._lines.add(line)
            self._take(session, line)

    async def _stand_by(self) -> None:
        try:
            line = await self._model.open()
        except (Permanent, Retryable) as error:
            self._feed(ev.StandbyLost(error.code))
        else:
            self._lines.add(line)
            self._standby = line
            self._feed(ev.StandbyReady())

    def _take(self, session: "_Session", line: Line) -> None:
        session.line = self._line = line
        line.listen(session)

    # --- what a session says ---

    def _hear(self, message: bytes) -> None:
        event = self._model.read(message)
        if event is not None:
            self._feed(event)

    def _gone(self, session: "_Session", code: int, reason: str) -> None:
        if session.line is not None:
            self._lines.discard(session.line)
        self._lost(session, ev.ModelLost(code, reason, self._model.is_final(code)))

    def _lost(self, session: "_Session", event: ev.ModelLost) -> None:
        if session is self._session:
            self._session = self._line = None
            self._feed(event)


class _Session:
    """Listens to one line of the model's."""

    __slots__ = ("_link", "hear", "line")

    def __init__(self, link: ModelLink) -> None:
        self._link, self.hear = link, link._hear
        self.line: Line | None = None

    def gone(self, code: int, reason: str) -> None:
        self._link._gone(self, code, reason)
