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
from qualify.recovery import Standby
from qualify.replies import REQUEST_TIMEOUT
from qualify.responses import Slot
from tests.qualify.script import GREETING, PCMU, Call, audio

CUTS = {"time_limit_hard", "media_dead"}
"""Flags of calls that were ended without hearing out what was being said."""
ACTIONS = [
    "wait_little",
    "wait_long",
    "speech_start",
    "speech_stop",
    "short_speech",
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
    "standby",
    "stale_mark",
    "unknown",
    "item",
    "whisper",
    "say",
    "take_over",
    "transfer_refused",
    "stop",
]


class Chaos:
    """Feeds random events, as a server and a phone might, and checks each command as it is given."""

    def __init__(self) -> None:
        self.call = Call(model_lasts=302.0)  # a session is left after two seconds, when it is quiet
        self.call.each = self.command
        self.responses: list[str] = []
        self.open: str | None = None
        self.items: dict[str, str] = {}
        self.generated: dict[str, int] = {}
        self.tools: list[str] = []
        self.answered: list[str] = []
        self.cleared_responses: set[str] = set()
        self.asked_at: float | None = None
        """When the request was made that nobody has taken up yet."""
        self.session_number = 0
        self.tool_session: dict[str, int] = {}

    def step(self, action: str, amount: int) -> None:
        getattr(self, f"do_{action}", self.do_nothing)(amount)
        self.check()

    def command(self, command: do.Command) -> None:
        """Each command at the moment it is given."""
        call, talk = self.call, self.call.talk
        match command:
            case do.Truncate():
                assert 0 <= command.audio_end_ms <= self.generated.get(command.item_id, 0) // 8
            case do.AnswerTool():
                assert command.call_id not in self.answered
                assert command.call_id in self.tools
                assert self.tool_session[command.call_id] == self.session_number
                self.answered.append(command.call_id)
            case do.AskResponse():
                assert self.open is None, "a second response was asked for"
                patience = min(talk.terms.stalled_after, REQUEST_TIMEOUT)
                assert self.asked_at is None or call.now - self.asked_at >= patience, "a second request was made"
                self.asked_at = call.now
            case do.SwitchModel() | do.ConnectModel():
                self._gone()
            case do.HangUp():
                cut_short = {flag["flag"] for flag in talk.flags} & CUTS
                assert talk.playback.silent or cut_short, "the goodbye was not heard out"
            case do.Transfer():
                assert not talk.opted_out, "put through after a stop"
            case do.DropModel():
                self.open = self.asked_at = None
                self.items.clear()
            case _:
                return

    def check(self) -> None:
        call, talk = self.call, self.call.talk
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

    def do_short_speech(self, amount: int) -> None:
        """A hum: voice for a moment, then the server's silence, then its words or none."""
        self.call.caller_begins(f"h{amount}").wait(amount / 50)
        self.call.voice = False
        self.call.wait(0.45).on(ev.SpeechStopped(f"h{amount}")).on(ev.SpeechCommitted(f"h{amount}"))
        self.call.on(ev.CallerWords(f"h{amount}", ("mm hm", "", "no wait")[amount % 3]))

    def do_speech_stop(self, amount: int) -> None:
        self.call.on(ev.SpeechStopped(f"u{amount}")).on(ev.SpeechCommitted(f"u{amount}"))

    def do_words(self, amount: int) -> None:
        self.call.on(ev.CallerWords(f"u{amount}", "about two hundred"))

    def do_opt_words(self, amount: int) -> None:
        if amount > 8:
            self.call.on(ev.CallerWords(f"u{amount}", "stop calling me"))

    def do_farewell_words(self, amount: int) -> None:
        self.call.on(ev.CallerWords(f"u{amount}", "ok bye"))

    def say(self, text: str, pieces: int) -> None:
        """A whole reply of the model, in a burst."""
        self.do_response_start(1)
        self.do_item(1)
        for _ in range(pieces):
            self.do_audio(10)
        self.do_audio_end(1)
        self.do_done(1)

    def do_reply(self, amount: int) -> None:
        """The model answers what it was asked for, if it was."""
        if self.asked_at is not None:
            self.say("Do you own your home?", amount)
            self.call.wait(amount / 10)

    def do_speech(self, amount: int) -> None:
        """A whole turn of the person, over whatever the agent is saying."""
        self.call.caller_begins(f"s{amount}").wait(0.3)
        self.call.voice = False
        self.call.wait(0.45).on(ev.SpeechStopped(f"s{amount}")).on(ev.SpeechCommitted(f"s{amount}"))

    def do_response_start(self, amount: int) -> None:
        if self.open is None and self.call.talk.recovery.up:
            self.asked_at = None
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
            ended, self.open = self.open, None
            self.call.on(ev.ResponseEnded(ended, status, **more))

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
            self.asked_at = None
            self.call.on(
                ev.ModelError(
                    "conversation_already_has_active_response", "", "", asked[-1].event_id if amount % 2 else ""
                )
            )

    def do_error_other(self, amount: int) -> None:
        self.asked_at = None
        self.call.on(ev.ModelError("server_error", "x", "", ""))

    def _gone(self) -> None:
        """The model's session is no more."""
        self.open = self.asked_at = None
        self.items.clear()

    def do_standby(self, amount: int) -> None:
        """The second line comes, or does not; a third of the time the new session comes up at once."""
        if self.call.talk.recovery.standby is Standby.OPENING:
            self.call.on(ev.StandbyReady() if amount > 2 else ev.StandbyLost("http_503")).wait(0.5)
            if amount % 3 == 0 and not self.call.talk.recovery.up:
                self.do_opened(1)
                self.do_configured(1)

    def do_lost(self, amount: int) -> None:
        self._gone()
        self.call.on(ev.ModelLost(1006))

    def do_opened(self, amount: int) -> None:
        if self.call.talk.recovery.stage.value in ("connecting", "lost"):
            self.open = self.asked_at = None
            self.session_number += 1
            self.call.on(ev.ModelOpened())

    def do_configured(self, amount: int) -> None:
        self.call.on(ev.ModelConfigured(PCMU, PCMU))

    def do_key(self, amount: int) -> None:
        self.call.on(ev.KeyPressed("012345678*#"[amount % 11]))

    def do_verdict_human(self, amount: int) -> None:
        self.call.on(ev.Verdict("human"))

    def do_verdict_machine(self, amount: int) -> None:
        if amount > 9:
            self.call.on(ev.Verdict("machine_end_beep"))

    def do_stale_mark(self, amount: int) -> None:
        self.call.on(ev.MarkEchoed("a1:100:0.1"))

    def do_whisper(self, amount: int) -> None:
        self.call.on(ev.Whispered("be brief", "Ann"))

    def do_say(self, amount: int) -> None:
        self.call.on(ev.SayAsked("Thank you.", "Ann"))

    def do_take_over(self, amount: int) -> None:
        self.call.on(ev.TakeOverAsked("Sal", "+12125550111", "Ann"))

    def do_transfer_refused(self, amount: int) -> None:
        if self.call.talk.ending.stage.value == "stepping_aside" and self.call.talk.transfer is not None:
            self.call.on(ev.TransferFailed("carrier_down" if amount > 3 else "call_over"))

    def do_unknown(self, amount: int) -> None:
        self.call.on(ev.Unknown("model", "x"))

    def do_stop(self, amount: int) -> None:
        if amount > 9:
            self.call.on(ev.StreamEnded("stop"))


LIVELY = ["reply", "reply", "reply", "speech", "speech", "response_start", "item", "audio", "audio", "wait_little"]
"""What happens most of the time, so that the odd things meet a conversation."""
RARE = ["stop", "verdict_machine", "lost", "end_call", "opt_words", "take_over", "transfer_refused"]
STEPS = st.lists(
    st.tuples(st.sampled_from([*LIVELY, *LIVELY, *(a for a in ACTIONS if a not in RARE), *RARE]), st.integers(1, 10)),
    min_size=25,
    max_size=70,
)
OPENINGS = st.sampled_from(["cold", "greeted", "talking"])


def begin(opening: str) -> "Chaos":
    """A line just opened, a greeting being spoken, or a conversation under way."""
    chaos = Chaos()
    if opening != "cold":
        chaos.call.model_opens().model_ready().caller_says("Hello?")
    if opening == "talking":
        chaos.say(GREETING, 10)
        chaos.call.wait(4)
    return chaos


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(opening=OPENINGS, steps=STEPS)
def test_invariants_hold_in_any_order(opening: str, steps: list[tuple[str, int]]):
    chaos = begin(opening)
    for action, amount in steps:
        chaos.step(action, amount)
    chaos.call.on(ev.StreamEnded("stop"))
    chaos.check()
    chaos.call.ends_well()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(opening=OPENINGS, steps=STEPS)
def test_every_call_comes_to_an_end_by_itself(opening: str, steps: list[tuple[str, int]]):
    """Whatever happened: with a model gone silent and a person too, the line is given back."""
    chaos = begin(opening)
    for action, amount in steps:
        chaos.step(action, amount)
    for _ in range(100):
        if chaos.call.session.over or chaos.call.of(do.HangUp) or chaos.call.of(do.Transfer):
            break
        chaos.call.wait(10)
    assert chaos.call.session.over or chaos.call.of(do.HangUp) or chaos.call.of(do.Transfer)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(opening=OPENINGS, steps=STEPS)
def test_the_clock_is_never_asked_in_a_loop(opening: str, steps: list[tuple[str, int]]):
    """A deadline that has passed and changes nothing must not ring again and again."""
    chaos = begin(opening)
    for action, amount in steps:
        chaos.step(action, amount)
    before = len(chaos.call.of(do.WakeAt))
    chaos.call.wait(5)
    assert len(chaos.call.of(do.WakeAt)) - before < 80
