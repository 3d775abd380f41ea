"""The conversation as events in, commands out: `handle(event, now) -> list[Command]`. No I/O, no clock, no audio decoding.

`now` is seconds on a clock that never jumps. A wait is a command (`WakeAt`). After `Finish` nothing more is commanded.
Every rule lives in a module of its own; this one dispatches, keeps the timers and gives the account of the call.
"""

from collections.abc import Iterator
from typing import assert_never

from qualify import closing, idle, keypad, limits, opening, outage, parting, presence, replies, tooling, voice
from qualify import events as ev
from qualify.commands import Command, ConnectModel, WakeAt
from qualify.ending import Stage as End
from qualify.responses import Wish
from qualify.talk import Talk, new_talk
from qualify.terms import Terms

MEDIA_DEAD = 5.0
"""Seconds without any audio from the phone after which its socket is taken for dead. (twilio.md R73)"""
FROZEN = 0.75


class Session:
    """One call's brain. `talk` is its state, readable by whoever writes the call down."""

    def __init__(self, terms: Terms, now: float) -> None:
        self.talk: Talk = new_talk(terms, now)
        self._wake_at: float | None = None

    @property
    def over(self) -> bool:
        return self.talk.ending.stage is End.OVER

    def begin(self, now: float) -> list[Command]:
        """The phone stream is open: fetch the model."""
        self.talk.uplink.media_at = now
        commands: list[Command] = [ConnectModel(self.talk.recovery.next_delay(now))]
        return commands + list(self._wake(now))

    def handle(self, event: ev.Event, now: float) -> list[Command]:
        if self.over:
            return self._afterwards(event, now)
        if type(event) is ev.CallerAudio:  # fifty a second: nothing else can become due by it
            return self.talk.uplink.take(event, now)
        commands = list(self._dispatch(event, now))
        if not self.over:
            commands += replies.next_response(self.talk, now)
            commands += self._wake(now)
        return commands

    def _afterwards(self, event: ev.Event, now: float) -> list[Command]:
        """After the end only the ledger still grows: a tool that was at work has finished."""
        if isinstance(event, ev.ToolAnswered):
            self.talk.tools.answer(event.call_id, event.result, now)
        return []

    def _dispatch(self, event: ev.Event, now: float) -> Iterator[Command]:
        talk = self.talk
        match event:
            case ev.CallerAudio():
                yield from talk.uplink.take(event, now)
            case ev.MarkEchoed():
                yield from voice.echoed(talk, event, now)
            case ev.KeyPressed():
                yield from keypad.pressed(talk, event.digit, now)
            case ev.StreamEnded():
                yield from parting.stream_ended(talk, event.how, now)
            case ev.ToolAnswered():
                yield from tooling.answered(talk, event, now)
                yield from presence.notice(talk)
            case ev.TransferFailed():
                yield from closing.transfer_failed(talk, now)
            case ev.ClockRang():
                self._wake_at = None
                yield from self._tick(now)
            case ev.Verdict():
                yield from closing.machine(talk, event.answered_by, now)
            case ev.CallOver():
                yield from parting.stream_ended(talk, "stop", now)
            case ev.StopAsked():
                yield from _stop(talk, event.reason, now)
            case ev.Unknown():
                talk.counts[f"unknown:{event.source}:{event.kind}"] += 1
            case _:
                talk.model_at = now
                yield from self._from_model(event, now)

    def _from_model(self, event: ev.ModelEvent, now: float) -> Iterator[Command]:
        talk = self.talk
        match event:
            case ev.AgentAudio():
                yield from voice.agent_audio(talk, event, now)
            case ev.AgentWords():
                voice.agent_words(talk, event, now)
            case ev.AgentItem():
                yield from voice.agent_item(talk, event, now)
            case ev.AgentAudioEnded():
                yield from voice.agent_audio_ended(talk, event)
            case ev.SpeechStarted():
                yield from voice.speech_started(talk, event, now)
            case ev.SpeechStopped():
                yield from voice.speech_stopped(talk, event, now)
            case ev.SpeechCommitted():
                voice.speech_committed(talk, event, now)
            case ev.CallerWords():
                yield from voice.caller_words(talk, event, now)
                yield from presence.notice(talk)
            case ev.ResponseStarted():
                yield from replies.started(talk, event, now)
            case ev.ResponseEnded():
                yield from replies.ended(talk, event, now)
                yield from limits.money(talk, now)
            case ev.ToolAsked():
                yield from tooling.asked(talk, event, now)
            case ev.ItemKept():
                talk.tools.acknowledged.add(event.call_id)
            case ev.ModelError():
                yield from replies.error(talk, event, now)
            case ev.ModelOpened():
                yield from outage.opened(talk)
            case ev.ModelConfigured():
                yield from outage.configured(talk, event, now)
            case ev.ModelLost():
                yield from outage.lost(talk, event, now)
            case _:
                assert_never(event)

    # --- time ---

    def _tick(self, now: float) -> Iterator[Command]:
        """Everything that may have become due; each rule looks for itself."""
        talk, terms = self.talk, self.talk.terms
        if now - talk.started_at >= terms.max_seconds and not talk.ending.parting:
            talk.flag("time_limit_hard")
            yield from parting.stop_now(talk, now)
        elif now - talk.uplink.media_at >= MEDIA_DEAD and not talk.ending.parting:
            talk.flag("media_dead")
            yield from parting.stop_now(talk, now)
        if talk.ending.deadline is not None and now >= talk.ending.deadline:
            yield from parting.deadline_passed(talk, now)
        if talk.ending.parting:
            return
        if talk.speaking and now - talk.uplink.media_at >= FROZEN:
            yield from talk.uplink.pad(1000)
        yield from tooling.overdue(talk, now)
        yield from replies.tick(talk, now)
        yield from outage.check(talk, now)
        if outage.stalled(talk, now):
            yield from outage.lost(talk, ev.ModelLost(reason="stalled"), now)
        yield from keypad.tick(talk, now)
        yield from self._openings(now)
        yield from limits.tick(talk, now)
        yield from idle.tick(talk, now)

    def _openings(self, now: float) -> Iterator[Command]:
        talk = self.talk
        if (due := opening.due(talk)) is not None and now >= due:
            yield from opening.greet(talk, now)
        if (due := opening.overdue(talk)) is not None and now >= due:
            talk.flag("greeting_unproven")
            yield from opening.listen(talk)
        if (due := opening.answer_due(talk)) is not None and now >= due:
            talk.greeting.unanswered = False
            talk.responses.want(Wish(must=True))

    def _deadlines(self) -> Iterator[float | None]:
        talk, terms = self.talk, self.talk.terms
        yield talk.ending.deadline
        if talk.ending.parting:
            return
        yield talk.started_at + terms.max_seconds
        yield limits.due(talk)
        yield talk.uplink.media_at + (
            FROZEN if talk.speaking and talk.uplink.open and not talk.uplink.padded else MEDIA_DEAD
        )
        yield opening.due(talk)
        yield opening.overdue(talk)
        yield opening.answer_due(talk)
        yield idle.due(talk)
        yield talk.retry_at
        yield talk.hold_until
        yield keypad.due(talk)
        for use in talk.tools.running():
            yield use.asked_at + terms.tool_deadline
        if talk.responses.busy or talk.awaited_since is not None:
            yield None if talk.ending.decided else talk.model_at + terms.stalled_after
            yield talk.responses.requested_at + replies.REQUEST_TIMEOUT if talk.responses.asked_for else None
        if not talk.recovery.up and not talk.ending.decided:
            cover_at, give_up_at = outage.limits(talk)
            yield None if talk.recovery.covered or not talk.playback.silent else cover_at
            yield give_up_at

    def _wake(self, now: float) -> Iterator[Command]:
        """Ask for the earliest deadline, unless an earlier ring is already on its way."""
        due = min((at for at in self._deadlines() if at is not None), default=None)
        if due is None:
            return
        due = max(due, now + 0.01)
        if self._wake_at is None or due < self._wake_at - 0.001:
            self._wake_at = due
            yield WakeAt(due)


def _stop(talk: Talk, reason: str, now: float) -> Iterator[Command]:
    """An order from outside the conversation."""
    if reason == "opted_out":
        yield from closing.opt_out(talk, "api", now)
    else:
        yield from parting.stop_now(talk, now)
