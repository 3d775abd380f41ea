"""Random interleavings of everything that can happen, and what must hold whatever comes when.

Truncate <= heard (true, plus the lag's guess) <= sent <= generated; one response at a time; every tool answered once; no audio of a
discarded response after a clear; a terminal mark before the hang-up; silence after the end.
"""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qualify import commands as do
from qualify import events as ev
from qualify.audio import size
from qualify.responses import Slot
from tests.qualify.script import GREETING, PCMU, Call, audio

ACTIONS = [
    "wait_little",
    "wait_long",
    "speech_start",
    "speech_stop",
    "words",
    "opt_words",
    "farewell_words",
    "audio",
    "audio_end",
    "words_agent",
    "response_start",
    "done",
    "cancelled",
    "failed",
    "incomplete",
    "tool",
    "end_call",
    "tool_answer",
    "error_busy",
    "error_other",
    "lost",
    "opened",
    "configured",
    "key",
    "verdict_human",
    "verdict_machine",
    "kept",
    "stale_mark",
    "unknown",
    "item",
    "stop",
]


class Chaos:
    """Feeds random events, as a server and a phone might, and checks each command as it is given."""

    def __init__(self) -> None:
        self.call = Call()
        self.responses: list[str] = []
        self.open: str | None = None
        self.items: dict[str, str] = {}
        self.generated: dict[str, int] = {}
        self.tools: list[str] = []
        self.answered: list[str] = []
        self.cleared_responses: set[str] = set()
        self.requests_open = 0
        self.seen = 0
        self.session_number = 0
        self.tool_session: dict[str, int] = {}

    def step(self, action: str, amount: int) -> None:
        getattr(self, f"do_{action}", self.do_nothing)(amount)
        self.check()

    def check(self) -> None:
        call, talk = self.call, self.call.talk
        for command in call.sent[self.seen :]:
            match command:
                case do.Truncate():
                    assert 0 <= command.audio_end_ms <= self.generated.get(command.item_id, 0) // 8
                case do.AnswerTool():
                    assert command.call_id not in self.answered
                    assert command.call_id in self.tools
                    assert self.tool_session[command.call_id] == self.session_number
                    self.answered.append(command.call_id)
                case _:
                    pass
        self.seen = len(call.sent)
        for spoken in talk.playback.items.values():
            assert 0 <= spoken.heard <= spoken.sent <= spoken.received
            assert talk.playback.heard_ms(spoken.item_id, call.now) * 8 <= spoken.sent
        assert talk.responses.slot is not Slot.ACTIVE or talk.responses.active
        if call.session.over:
            assert len(call.of(do.Finish)) == 1

    def do_nothing(self, amount: int) -> None: ...

    def do_wait_little(self, amount: int) -> None:
        self.call.wait(amount / 50)

    def do_wait_long(self, amount: int) -> None:
        self.call.wait(amount / 2)

    def do_speech_start(self, amount: int) -> None:
        self.call.on(ev.SpeechStarted(f"u{amount}"))

    def do_speech_stop(self, amount: int) -> None:
        self.call.on(ev.SpeechStopped(f"u{amount}")).on(ev.SpeechCommitted(f"u{amount}"))

    def do_words(self, amount: int) -> None:
        self.call.on(ev.CallerWords(f"u{amount}", "about two hundred"))

    def do_opt_words(self, amount: int) -> None:
        if amount > 8:
            self.call.on(ev.CallerWords(f"u{amount}", "stop calling me"))

    def do_farewell_words(self, amount: int) -> None:
        self.call.on(ev.CallerWords(f"u{amount}", "ok bye"))

    def do_response_start(self, amount: int) -> None:
        if self.open is None:
            asked = self.call.of(do.AskResponse)
            request = asked[-1].event_id if asked and amount % 2 else ""
            self.open = self.call.fresh("r")
            self.call.on(ev.ResponseStarted(self.open, request))

    def do_item(self, amount: int) -> None:
        if self.open is not None:
            item = self.call.fresh("a")
            self.items[item] = self.open
            self.call.on(ev.AgentItem(self.open, item)).on(ev.AgentWords(self.open, item, GREETING, True))

    def do_audio(self, amount: int) -> None:
        if not self.items:
            return
        item = list(self.items)[-1]
        response = self.items[item]
        discarded = response in self.call.talk.responses.discarded
        before = len(self.call.of(do.Play))
        payload = audio(amount * 23)
        if not discarded and self.call.talk.ending.stage.value not in ("hanging_up", "over"):
            self.generated[item] = self.generated.get(item, 0) + size(payload)
        self.call.on(ev.AgentAudio(response, item, payload))
        if discarded:
            assert len(self.call.of(do.Play)) == before

    def do_audio_end(self, amount: int) -> None:
        if self.items:
            item = list(self.items)[-1]
            self.call.on(ev.AgentAudioEnded(self.items[item], item))

    def _end(self, status: str, **more: Any) -> None:
        if self.open is not None:
            self.call.on(ev.ResponseEnded(self.open, status, **more))
            self.open = None

    def do_done(self, amount: int) -> None:
        self._end("completed")

    def do_cancelled(self, amount: int) -> None:
        self._end("cancelled", reason="turn_detected")

    def do_failed(self, amount: int) -> None:
        self._end("failed", code="server_error")

    def do_incomplete(self, amount: int) -> None:
        self._end("incomplete", reason="max_output_tokens" if amount % 2 else "content_filter")

    def do_tool(self, amount: int) -> None:
        if self.open is not None:
            call_id = self.call.fresh("call")
            self.tools.append(call_id)
            self.tool_session[call_id] = self.session_number
            for _ in range(2):
                self.call.on(ev.ToolAsked(self.open, call_id, "check_slots", "{}"))

    def do_end_call(self, amount: int) -> None:
        if self.open is not None:
            call_id = self.call.fresh("call")
            self.tools.append(call_id)
            self.tool_session[call_id] = self.session_number
            self.call.on(ev.ToolAsked(self.open, call_id, "end_call", '{"reason": "completed"}'))

    def do_tool_answer(self, amount: int) -> None:
        if self.tools:
            self.call.on(ev.ToolAnswered(self.tools[amount % len(self.tools)], {"slots": []}))

    def do_kept(self, amount: int) -> None:
        if self.answered:
            self.call.on(ev.ItemKept("i", self.answered[-1]))

    def do_error_busy(self, amount: int) -> None:
        asked = self.call.of(do.AskResponse)
        if asked:
            self.call.on(
                ev.ModelError(
                    "conversation_already_has_active_response", "", "", asked[-1].event_id if amount % 2 else ""
                )
            )

    def do_error_other(self, amount: int) -> None:
        self.call.on(ev.ModelError("server_error", "x", "", ""))

    def do_lost(self, amount: int) -> None:
        self.open = None
        self.session_number += 1
        self.items.clear()
        self.call.on(ev.ModelLost(1006))

    def do_opened(self, amount: int) -> None:
        if self.call.talk.recovery.stage.value in ("connecting", "lost"):
            self.call.on(ev.ModelOpened())

    def do_configured(self, amount: int) -> None:
        self.call.on(ev.ModelConfigured(PCMU, PCMU))

    def do_key(self, amount: int) -> None:
        self.call.on(ev.KeyPressed(str(amount % 9)))

    def do_verdict_human(self, amount: int) -> None:
        self.call.on(ev.Verdict("human"))

    def do_verdict_machine(self, amount: int) -> None:
        if amount > 9:
            self.call.on(ev.Verdict("machine_end_beep"))

    def do_stale_mark(self, amount: int) -> None:
        self.call.on(ev.MarkEchoed("a1:100:0.1"))

    def do_unknown(self, amount: int) -> None:
        self.call.on(ev.Unknown("model", "x"))

    def do_stop(self, amount: int) -> None:
        if amount > 9:
            self.call.on(ev.StreamEnded("stop"))


STEPS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(1, 10)), max_size=80)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(start=st.booleans(), steps=STEPS)
def test_invariants_hold_in_any_order(start: bool, steps: list[tuple[str, int]]):
    chaos = Chaos()
    if start:
        chaos.call.model_opens().model_ready().caller_says("Hello?")
        chaos.check()
    for action, amount in steps:
        chaos.step(action, amount)
    chaos.call.on(ev.StreamEnded("stop"))
    chaos.check()
    chaos.call.ends_well()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_every_call_comes_to_an_end_by_itself(steps: list[tuple[str, int]]):
    """Whatever happened: with a model gone silent and a person too, the line is given back."""
    chaos = Chaos()
    chaos.call.model_opens().model_ready().caller_says("Hello?")
    for action, amount in steps:
        chaos.step(action, amount)
    for _ in range(100):
        if chaos.call.session.over or chaos.call.of(do.HangUp) or chaos.call.of(do.Transfer):
            break
        chaos.call.wait(10)
    assert chaos.call.session.over or chaos.call.of(do.HangUp) or chaos.call.of(do.Transfer)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_the_clock_is_never_asked_in_a_loop(steps: list[tuple[str, int]]):
    """A deadline that has passed and changes nothing must not ring again and again."""
    chaos = Chaos()
    chaos.call.model_opens().model_ready().caller_says("Hello?")
    for action, amount in steps:
        chaos.step(action, amount)
    before = len(chaos.call.of(do.WakeAt))
    chaos.call.wait(5)
    assert len(chaos.call.of(do.WakeAt)) - before < 80
