"""The asyncio shell of one call: reads two sockets, asks the session, carries its commands out. Decides nothing.

Everything it starts it ends: when `run` returns, no task, socket or timer of the call is left. Tools and what else blocks
run in threads; a tool that is still at work when the call ends is waited for, because a booking made must be known.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, assert_never

import structlog

from campaign.errors import FirstringError, Permanent, Retryable
from qualify import commands as do
from qualify import events as ev
from qualify import realtime_frames, realtime_wire, twilio_wire
from qualify.line import Line
from qualify.model_link import Model, open_line
from qualify.ports import Hands, Phone
from qualify.session import Session
from qualify.tape import Tape
from qualify.terms import Terms

log = structlog.get_logger()
AFTERWARDS = 15.0
"""Seconds that tools and orders to the carrier get to finish after the call."""
RunTool = Callable[[do.RunTool], dict[str, Any]]


class Bridge:
    def __init__(
        self,
        terms: Terms,
        phone: Phone,
        stream_sid: str,
        model: Model,
        config: realtime_frames.Config,
        run_tool: RunTool,
        hands: Hands,
        executor: Executor,
        header: dict[str, Any] | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.started = self._loop.time()
        self.session = Session(terms, self.started)
        self.tape = Tape(self.started, header or {})
        self._phone, self._writer = phone, twilio_wire.Writer(stream_sid)
        self._model, self._config = model, config
        self._run_tool, self._hands, self._executor = run_tool, hands, executor
        self._line: Line | None = None
        self._model_task: asyncio.Task[None] | None = None
        self._models: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._finished = asyncio.Event()

    async def run(self) -> None:
        """Until the call is over and everything it started has ended."""
        reader = asyncio.create_task(self._read_phone(), name="phone")
        try:
            self._carry_out(self.session.begin(self._loop.time()))
            await self._finished.wait()
        finally:
            self.feed(ev.StreamEnded("closed"))  # however we got here, the session closes its books
            await self._let_go(reader)

    def feed(self, event: ev.Event) -> None:
        """One event in, its commands out at once."""
        now = self._loop.time()
        self.tape.add(event, now)
        self._carry_out(self.session.handle(event, now))

    # --- reading ---

    async def _read_phone(self) -> None:
        ended = "closed"
        while (message := await self._phone.receive()) is not None:
            event = twilio_wire.read(message)
            if isinstance(event, ev.StreamEnded):
                ended = event.how
                break
            if event is not None and not isinstance(event, twilio_wire.Start):
                self.feed(event)
        self.feed(ev.StreamEnded(ended))

    async def _read_model(self, delay: float) -> None:
        """One model session from connecting to its loss."""
        line: Line | None = None
        try:
            await asyncio.sleep(delay)
            line = self._line = await open_line(self._model)
            while (message := await line.receive()) is not None:
                event = realtime_wire.read(message)
                if event is not None:
                    self.feed(event)
            self._line = None
            fatal = line.close_code in realtime_wire.FATAL_CLOSES
            self.feed(ev.ModelLost(line.close_code, line.close_reason, fatal))
        except Permanent as error:
            self.feed(ev.ModelLost(reason=error.code, fatal=True))
        except Retryable as error:
            self.feed(ev.ModelLost(reason=error.code))
        finally:
            if line is not None:
                await asyncio.shield(asyncio.ensure_future(line.close()))

    # --- carrying out ---

    def _carry_out(self, commands: list[do.Command]) -> None:
        for command in commands:
            self._do(command)

    def _do(self, command: do.Command) -> None:
        match command:
            case do.SendAudio(payload=payload):
                if self._line is not None:
                    self._line.send_audio(realtime_frames.append(payload))
            case do.Play(payload=payload):
                self._phone.send(self._writer.media(payload))
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
                self._connect(delay)
            case do.DropModel():
                self._drop_model()
            case do.HangUp():
                self._start(self._order("hang_up", self._hands.hang_up))
            case do.Transfer(person=person, number=number):
                self._start(self._transfer(person, number))
            case do.StartRecording():
                self._start(self._order("start_recording", self._hands.start_recording))
            case do.Suppress(channel=channel):
                self._start(self._order("suppress", lambda: self._hands.suppress(channel)))
            case do.PersonMet():
                self._start(self._order("person_met", self._hands.person_met))
            case do.CloseStream() | do.Finish():
                self._finished.set()
            case _:
                self._to_model(command)

    def _to_model(self, command: do.ToModel) -> None:
        match command:
            case do.Configure():
                text = realtime_frames.configure(self._config, command, voice_locked=self.session.talk.voice_locked)
            case do.AskResponse():
                text = realtime_frames.ask(command)
            case do.CancelResponse():
                text = realtime_frames.cancel(command)
            case do.Truncate():
                text = realtime_frames.truncate(command)
            case do.AnswerTool():
                text = realtime_frames.answer(command)
            case do.AddItem():
                text = realtime_frames.add_item(command)
            case _:
                assert_never(command)
        if self._line is not None:
            self._line.send(text)

    def _wake(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self.feed, ev.ClockRang())

    def _connect(self, delay: float) -> None:
        self._drop_model()
        self._model_task = asyncio.create_task(self._read_model(delay), name="model")
        self._models.add(self._model_task)
        self._model_task.add_done_callback(self._models.discard)

    def _drop_model(self) -> None:
        """The reader may ask for this itself, in the middle of an event: cancelling takes effect at its next await."""
        self._line = None
        if self._model_task is not None:
            self._model_task.cancel()
        self._model_task = None

    # --- beside the read loop ---

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

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

    async def _transfer(self, person: str, number: str) -> None:
        try:
            await self._loop.run_in_executor(self._executor, self._hands.transfer, person, number)
        except FirstringError as error:
            self.feed(ev.TransferFailed(error.code))

    # --- letting go ---

    async def _let_go(self, reader: asyncio.Task[None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._drop_model()
        await self._phone.close()
        reader.cancel()
        if self._work:
            await asyncio.wait(self._work, timeout=AFTERWARDS)
        for task in tuple(self._work):
            task.cancel()
        await asyncio.gather(reader, *self._models, *self._work, return_exceptions=True)
