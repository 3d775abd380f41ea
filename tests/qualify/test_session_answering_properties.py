"""Whoever answers and whatever is heard in whatever order: no word to a machine, nothing personal before a person, and no
recording against anybody's will."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qualify import commands as do
from qualify import events as ev
from qualify.tooling import ACTING
from tests.qualify.script import GREETING, Call
from tests.qualify.test_session_properties import LIVELY, Chaos

PERSONAL = "# Facts of this person"
SAID = {
    "screener": "Please say your name and why you're calling.",
    "voicemail": "Please leave a message after the tone.",
    "menu": "For sales, press one.",
    "hold": "Please stay on the line.",
    "long": "so I am on a boat until the end of next week and then we will see about all of that again",
    "yes": "Yes, sure.",
    "hello": "Hello?",
    "unwilling": "Please don't record me.",
    "card": "4242 4242 4242 4242",
    "nothing": "",
}
ACTIONS = [
    *SAID,
    "human",
    "unknown",
    "machine",
    "acting",
    "wait_little",
    "wait_long",
    "lost",
    "opened",
    "configured",
    "key",
]


class Doubtful(Chaos):
    """A call on which nobody knows who answered."""

    def __init__(self, *, leaves_message: bool) -> None:
        super().__init__()
        self.call = Call(screener="This is Ava, an AI.", personal=PERSONAL, leaves_message=leaves_message)
        self.call.each = self.command
        self.recorder: list[str] = []

    def command(self, command: do.Command) -> None:
        presence = self.call.talk.presence
        match command:
            case do.AddItem() if command.text == PERSONAL:
                assert presence.personal or self.call.talk.told_personal
            case do.RunTool():
                assert command.name not in ACTING or presence.personal
            case do.AskResponse():
                assert not presence.mute
            case do.StartRecording() | do.PauseRecording() | do.ResumeRecording() | do.DiscardRecording():
                self.recorder.append(type(command).__name__.removesuffix("Recording"))
                self.check_recorder()
            case do.LeaveMessage():
                assert len(self.call.of(do.LeaveMessage)) == 1
            case _:
                pass
        super().command(command)

    def check_recorder(self) -> None:
        last = self.recorder[-1]
        assert self.recorder.count("Start") == 1
        assert "Discard" not in self.recorder[:-1]
        if last in ("Pause", "Resume"):
            assert self.recorder[-2] in (("Start", "Resume") if last == "Pause" else ("Pause",))

    def step(self, action: str, amount: int) -> None:
        if action in SAID:
            self.call.caller_says(SAID[action], seconds=amount / 5)
        elif action in ("human", "unknown", "machine"):
            self.call.on(ev.Verdict("machine_end_beep" if action == "machine" else action))
        elif action == "acting":
            self.do_acting(amount)
        else:
            super().step(action, amount)
        self.check()

    def do_acting(self, amount: int) -> None:
        if self.open is not None:
            call_id = self.call.fresh("call")
            self.tools.append(call_id)
            self.tool_session[call_id] = self.session_number
            self.call.on(ev.ToolAsked(self.open, call_id, sorted(ACTING)[amount % len(ACTING)], "{}"))


STEPS = st.lists(st.tuples(st.sampled_from([*LIVELY, *ACTIONS, *SAID]), st.integers(1, 10)), min_size=10, max_size=50)


@pytest.mark.parametrize("leaves_message", [False, True])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(greeted=st.booleans(), steps=STEPS)
def test_r57_r58_r60_r77_hold_in_any_order(leaves_message: bool, greeted: bool, steps: list[tuple[str, int]]):
    """R57, R58, R60, R61, R77, R82."""
    chaos = Doubtful(leaves_message=leaves_message)
    chaos.call.model_opens().model_ready()
    if greeted:
        chaos.call.caller_says("Hello?")
        chaos.say(GREETING, 10)
        chaos.call.wait(4)
    for action, amount in steps:
        chaos.step(action, amount)
    for _ in range(100):
        if chaos.call.session.over or chaos.call.of(do.HangUp) or chaos.call.of(do.LeaveMessage):
            break
        chaos.call.wait(10)
    assert chaos.call.session.over or chaos.call.of(do.HangUp) or chaos.call.of(do.LeaveMessage)
    chaos.call.on(ev.StreamEnded("stop"))
    chaos.call.ends_well()
