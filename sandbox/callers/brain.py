"""A persona on the phone: what was heard and the time go in, speech, key presses and hanging up come out.

Pure: no clock, no sockets; `now_ms` counts from anywhere, and `on_tick` is called about every 20 ms. It promises to end
every call: it hangs up after a farewell, after its last line, and when nothing happens for the persona's patience.
An agent has "stopped" after some 400 ms of silence, the ear's own gap; its words should be handed in before that.
"""

from dataclasses import dataclass

from sandbox.callers.actions import Action, HangUp, Press, Say, StopTalking
from sandbox.callers.persona import Answer, Interrupt, Persona, Rule
from sandbox.callers.turn import Repertoire, is_farewell
from sandbox.speech import Library
from sandbox.speech.library import Speech
from sandbox.speech.tones import beep

REPLY_AFTER_MS = 150  # after both: the agent stopped, and its words were understood
GUESS_AFTER_MS = 350  # after the agent stopped, when no words were understood
ANSWER_PAUSE_MS = 300
SAME_TURN_MS = 500  # an agent that goes on sooner than this after it stopped is still in the same turn
SHORTEST_UTTERANCE_MS = 250
BEEP_AFTER_MS = 400
HANG_UP_AFTER_MS = 300
FAREWELL_MS = 3000  # the agent hangs up first, if it is as polite as it should be
MAILBOX_MS = 45_000
MENU_ROUNDS, MENU_PAUSE_MS = 4, 5000


@dataclass(frozen=True, slots=True)
class _Planned:
    at_ms: int
    action: Action


class Brain:
    """One call of one persona; `call` counts the calls to this number from 1."""

    def __init__(self, persona: Persona, library: Library, call: int = 1) -> None:
        self.persona = persona
        self.answer: Answer = persona.answer_to(call)
        self._library = library
        self._repertoire = Repertoire(persona)
        self._planned: list[_Planned] = []
        self._talking_until = 0
        self._gone = False
        self._turn = 0  # of the agent, counted from 1
        self._closed_turn = 0  # the last one that was answered or interrupted
        self._agent_since: int | None = None
        self._agent_until = 0
        self._interrupt: tuple[int, Interrupt] | None = None
        self._heard = ""
        self._heard_at = 0
        self._unanswered = False
        self._nudged = False
        self._quiet_since = 0

    def on_answer(self, now_ms: int) -> list[Action]:
        """The call was picked up."""
        self._quiet_since = now_ms
        if self.persona.greeting and self.answer != "silence":
            self._say(self.persona.greeting, now_ms + ANSWER_PAUSE_MS)
        if self.answer == "voicemail":
            self._speak(Speech(beep(), "(beep)", True), self._talking_until + BEEP_AFTER_MS)
            self._plan(self._talking_until + MAILBOX_MS, HangUp())
        if self.answer == "menu":
            for _ in range(MENU_ROUNDS - 1):
                self._say(self.persona.greeting, self._talking_until + MENU_PAUSE_MS)
            self._plan(self._talking_until + MENU_PAUSE_MS, HangUp())
        return self._due(now_ms)

    def on_agent_started(self, now_ms: int) -> list[Action]:
        """The agent's voice begins to sound."""
        new = self._turn == self._closed_turn or now_ms - self._agent_until >= SAME_TURN_MS
        self._turn += new
        if new and self._converses:
            planned = (one for one in self.persona.interrupts if one.turn == self._turn)
            self._interrupt = next(((now_ms + one.after_ms, one) for one in planned), None)
        self._agent_since, self._nudged = now_ms, False
        return self._due(now_ms)

    def on_agent_stopped(self, now_ms: int) -> list[Action]:
        """The agent's voice is silent again."""
        long_enough = self._agent_since is not None and now_ms - self._agent_since >= SHORTEST_UTTERANCE_MS
        self._unanswered = self._unanswered or (long_enough and self._turn > self._closed_turn)
        self._agent_since, self._agent_until, self._quiet_since = None, now_ms, now_ms
        return self._due(now_ms)

    def on_agent_speech(self, text: str, now_ms: int) -> list[Action]:
        """Words of the agent, once they were understood; those of a turn already answered come too late."""
        if self._turn > self._closed_turn:
            self._heard, self._heard_at = f"{self._heard} {text}".strip(), now_ms
            self._unanswered = True
        return self._due(now_ms)

    def on_tick(self, now_ms: int) -> list[Action]:
        """Time went by."""
        if self._converses and now_ms >= self._talking_until:
            self._break_in(now_ms)
            self._take_turn(now_ms)
            self._nudge(now_ms)
        self._lose_patience(now_ms)
        return self._due(now_ms)

    @property
    def _converses(self) -> bool:
        return self.answer in ("human", "screening") and not self._leaving

    @property
    def _leaving(self) -> bool:
        return self._gone or any(isinstance(one.action, HangUp) for one in self._planned)

    def _break_in(self, now_ms: int) -> None:
        if self._interrupt is None or now_ms < self._interrupt[0]:
            return
        interrupt, self._interrupt = self._interrupt[1], None
        if self._agent_since is not None:
            if not interrupt.listens:
                self._close_turn()
            self._say(interrupt.say, now_ms)

    def _take_turn(self, now_ms: int) -> None:
        guess_at, reply_at = self._agent_until + GUESS_AFTER_MS, max(self._agent_until, self._heard_at) + REPLY_AFTER_MS
        ready_at = reply_at if self._heard else guess_at
        if not self._unanswered or self._agent_since is not None or now_ms < ready_at:
            return
        rule = self._reply()
        if is_farewell(self._heard):
            self._plan(now_ms + FAREWELL_MS, HangUp())
        elif rule is None:
            self._unanswered = False  # a remark that waits for no answer; what follows belongs to the same turn
            return
        else:
            self._obey(rule, now_ms + rule.delay_ms)
        self._close_turn()

    def _reply(self) -> Rule | None:
        if is_farewell(self._heard):
            return None
        rule = self._repertoire.answer(self._heard)
        asks = not self._heard or self._heard.rstrip().endswith("?")
        return rule or (self._repertoire.fallback() if asks else None)

    def _close_turn(self) -> None:
        self._closed_turn, self._heard, self._unanswered = self._turn, "", False

    def _obey(self, rule: Rule, at_ms: int) -> None:
        if rule.press:
            self._plan(at_ms, Press(rule.press))
        if rule.say:
            self._say(rule.say, at_ms)
        if rule.cut_ms:
            self._plan(at_ms + rule.cut_ms, HangUp())
        elif rule.then == "hang_up":
            self._plan(max(at_ms, self._talking_until) + HANG_UP_AFTER_MS, HangUp())

    def _nudge(self, now_ms: int) -> None:
        since = self._quiet_since
        if self._nudged or self._agent_since is not None or now_ms < since + self.persona.nudge_s * 1000:
            return
        self._nudged = True
        self._say(self.persona.impatient, now_ms)
        self._quiet_since = since

    def _lose_patience(self, now_ms: int) -> None:
        waited = now_ms - self._quiet_since
        if self._agent_since is not None or self._leaving or waited < self.persona.patience_s * 1000:
            return
        if self._converses:
            self._say(self.persona.goodbye, now_ms)
        self._plan(max(now_ms, self._talking_until) + HANG_UP_AFTER_MS, HangUp())

    def _say(self, text: str, at_ms: int) -> None:
        self._speak(self._library.say(text, self.persona.voice), at_ms)

    def _speak(self, speech: Speech, at_ms: int) -> None:
        self._plan(at_ms, Say(speech.mulaw, speech.text))
        self._talking_until = self._quiet_since = at_ms + speech.milliseconds

    def _plan(self, at_ms: int, action: Action) -> None:
        self._planned.append(_Planned(at_ms, action))

    def _due(self, now_ms: int) -> list[Action]:
        """What is to be done now, in order; hanging up is the last thing ever done."""
        due = sorted((one for one in self._planned if one.at_ms <= now_ms), key=lambda one: one.at_ms)
        self._planned = [one for one in self._planned if one.at_ms > now_ms]
        actions: list[Action] = []
        for one in due:
            if self._gone:
                break
            if isinstance(one.action, HangUp):
                self._gone = True
                if one.at_ms < self._talking_until:
                    actions.append(StopTalking())
            actions.append(one.action)
        return actions if not self._gone or actions else []
