"""The asyncio shell of one call: reads two sockets, asks the session, carries its commands out. Decides nothing.

Everything it starts it ends: when `run` returns, no task, socket or timer of the call is left. Tools and what else blocks
run in threads; a tool that is still at work when the call ends is waited for, because a booking made must be known.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any

import structlog

from campaign import clock
from campaign.errors import Permanent
from qualify import commands as do
from qualify import events as ev
from qualify import twilio_wire
from qualify.commands import Play, SendAudio
from qualify.line import Line
from qualify.model import Model
from qualify.model_link import ModelLink
from qualify.ports import Hands
from qualify.session import Session
from qualify.tape import Tape
from qualify.terms import Terms

log = structlog.get_logger()
AFTERWARDS = 15.0
"""Seconds that tools and orders to the carrier get to finish after the call."""
PRICE_WITHIN = 1.0
"""Seconds that the model gets to say what a response cost that was cut short by the call's end."""
RunTool = Callable[[do.RunTool], dict[str, Any]]


class Bridge:
    def __init__(
        self,
        terms: Terms,
        phone: Line,
        stream_sid: str,
        model: Model,
        run_tool: RunTool,
        hands: Hands,
        executor: Executor,
        header: dict[str, Any] | None = None,
        first: ev.Event | None = None,
    ) -> None:
        """`first`: what the session is told before anything else happens."""
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time
        self.started = self._now()
        epoch = clock.real_now().timestamp() - self.started
        self.session = Session(terms, self.started, epoch)
        self.tape = Tape(self.started, (header or {}) | {"epoch": epoch})
        self._take = self.session.talk.uplink.take
        self._phone, self._writer = phone, twilio_wire.Writer(stream_sid)
        self._around_audio = self._writer.around_audio
        self._model = ModelLink(model, self.feed)
        self._run_tool, self._hands, self._executor = run_tool, hands, executor
        self._first = first
        self._timer: asyncio.TimerHandle | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._recording: asyncio.Task[None] | None = None
        self._finished, self._paid = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Until the call is over and everything it started has ended."""
        try:
            self._carry_out(self.session.begin(self._now()))
            if self._first is not None:
                self.feed(self._first)
            self._phone.listen(self)
            await self._finished.wait()
        finally:
            self.feed(ev.StreamEnded("closed"))  # however we got here, the session closes its books
            await self._let_go()

    def feed(self, event: ev.Event) -> None:
        """One event in, its commands out at once."""
        now = self._now()
        try:
            self._carry_out(self.session.handle(event, now))
        finally:
            self.tape.add(self.session.taped, now)
        if self.session.over and not self.session.owed:
            self._paid.set()

    def _carry_out(self, commands: list[do.Command]) -> None:
        for command in commands:
            if isinstance(command, Play):
                self._phone.send_audio(command.payload.join(self._around_audio))
            elif isinstance(command, SendAudio):
                self._model.audio(command.payload)
            else:
                self._do(command)

    # --- the phone, as its `Ear` ---

    def hear(self, message: bytes) -> None:
        event = twilio_wire.read(message)
        if type(event) is ev.CallerAudio:  # fifty a second, for the model alone, on no tape; nothing becomes due
            for command in self._take(event, self._now()):
                self._model.audio(command.payload)
        elif event is not None and not isinstance(event, twilio_wire.Start):
            self.feed(event)

    def gone(self, code: int, reason: str) -> None:
        self.feed(ev.StreamEnded("closed"))

    # --- carrying out ---

    def _do(self, command: do.Seldom) -> None:
        match command:
            case do.Mark(name=name):
                self._phone.send(self._writer.mark(name))
            case do.Clear():
                self._phone.send(self._writer.clear)
            case do.Tell(kind=kind, data=data):
                self._hands.tell(kind, data)
            case do.WakeAt(at=at):
                self._wake(at)
            case do.RunTool():
                self._start(self._tool(command))
            case do.ConnectModel(delay=delay):
                self._model.connect(delay)
            case do.PrepareModel():
                self._model.prepare()
            case do.SwitchModel():
                self._model.switch()
            case do.DropModel():
                self._model.drop()
            case do.HangUp():
                self._start(self._order("hang_up", self._hands.hang_up))
            case do.Transfer():
                self._start(self._transfer(command))
            case do.StartRecording():
                self._record("start_recording", self._hands.start_recording)
            case do.PauseRecording():
                self._record("pause_recording", self._hands.pause_recording)
            case do.ResumeRecording():
                self._record("resume_recording", self._hands.resume_recording)
            case do.DiscardRecording():
                self._record("discard_recording", self._hands.discard_recording)
            case do.Suppress(channel=channel):
                self._start(self._order("suppress", lambda: self._hands.suppress(channel)))
            case do.SpeakIn(language=language):
                self._start(self._order("speak_in", lambda: self._hands.speak_in(language)))
            case do.Reached(who=who):
                self._start(self._order("reached", lambda: self._hands.reached(who)))
            case do.LeaveMessage():
                self._start(self._order("leave_message", self._hands.leave_message))
            case do.CloseStream() | do.Finish():
                self._finished.set()
            case _:
                self._model.send(command, voice_locked=self.session.talk.voice_locked)

    def _wake(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self.feed, ev.ClockRang())

    # --- beside the read loop ---

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task

    async def _tool(self, command: do.RunTool) -> None:
        result = await self._loop.run_in_executor(self._executor, self._run_tool, command)
        self.feed(ev.ToolAnswered(command.call_id, result))

    async def _order(self, name: str, act: Callable[[], None]) -> None:
        """An order to the outside, tried three times; a hang-up that fails closes the stream, which ends the call as well."""
        for wait in (0.3, 1.0, None):
            try:
                await self._loop.run_in_executor(self._executor, act)
                return
            except Exception as error:  # the database's own errors as well: an opt-out must not get lost over one
                log.warning("order failed", order=name, error=getattr(error, "code", type(error).__name__))
                if wait is None or isinstance(error, Permanent):
                    break
                await asyncio.sleep(wait)
        if name == "hang_up":
            self._finished.set()

    def _record(self, name: str, act: Callable[[], None]) -> None:
        """One order after the other: none may overtake the start."""
        before = self._recording

        async def in_turn() -> None:
            if before is not None:
                await asyncio.wait([before])
            await self._order(name, act)

        self._recording = self._start(in_turn())

    async def _transfer(self, command: do.Transfer) -> None:
        """Once: a transfer that may have been carried out is never ordered again. (twilio.md R85)"""
        try:
            await self._loop.run_in_executor(self._executor, self._hands.transfer, command)
        except Exception as error:  # whatever went wrong, the person must not be left in silence
            code = getattr(error, "code", None) or type(error).__name__
            log.warning("transfer failed", code=code)
            self.feed(ev.TransferFailed(str(code)))

    # --- letting go ---

    async def _let_go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._phone.close()
        if self._model.connected:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._paid.wait(), PRICE_WITHIN)
        await self._model.end()
        if self._work:
            await asyncio.wait(self._work, timeout=AFTERWARDS)
        for task in tuple(self._work):
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
