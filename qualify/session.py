"""The conversation as events in, commands out: `handle(event, now) -> list[Command]`. No I/O, no clock, no audio decoding.

`now` is seconds on a clock that never jumps. A wait is a command (`WakeAt`). After `Finish` nothing more is commanded.
Every rule lives in a module of its own; this one dispatches, keeps the timers and gives the account of the call.
"""

from collections.abc import Iterator
from typing import assert_never

from qualify import (
    answering,
    card_talk,
    comeback,
    discretion,
    floor,
    idle,
    keypad,
    limits,
    opening,
    outage,
    parting,
    pruning,
    recorder,
    replies,
    rotation,
    supervision,
    tongue,
    tooling,
    voice,
)
from qualify import events as ev
from qualify.commands import Command, ConnectModel, WakeAt
from qualify.context import OUTPUT
from qualify.ending import Stage as End
from qualify.recovery import Standby
from qualify.responses import Slot, Wish
from qualify.talk import Talk, new_talk
from qualify.terms import Terms

MEDIA_DEAD = 5.0
"""Seconds without any audio from the phone after which its socket is taken for dead. (twilio.md R73)"""
FROZEN = 0.75
OVER = End.OVER


class Session:
    """One call's brain. `talk` is its state, readable by whoever writes the call down."""

    def __init__(self, terms: Terms, now: float, epoch: float = 0.0) -> None:
        """`epoch`: seconds since 1970 at which the session's clock stood at zero; 0 when unknown."""
        self.talk: Talk = new_talk(terms, now, epoch)
        self.taped: ev.Event = ev.ClockRang()
        """The last event, as far as a tape may keep it."""
        self._wake_at: float | None = None
        self._flowing: str | None = None
        """The item whose audio was played last, as long as nothing else has happened since."""

    @property
    def over(self) -> bool:
        return self.talk.ending.stage is OVER

    @property
    def owed(self) -> bool:
        """Whether the model has yet to say what a response cost."""
        return bool(self.talk.responses.active)

    def begin(self, now: float) -> list[Command]:
        """The phone stream is open: fetch the model."""
        self.talk.uplink.media_at = now
        commands: list[Command] = [ConnectModel(self.talk.recovery.next_delay(now))]
        return commands + list(self._wake(now))

    def handle(self, event: ev.Event, now: float) -> list[Command]:
        talk, self.taped = self.talk, event
        if type(event) is ev.AgentAudio and event.item_id in talk.playback.items:
            # Audio of an item that sounds already makes nothing due; until something else happens, more of it is simply played.
            talk.model_at = now
            if event.item_id == self._flowing:
                talk.active_at = now
                return talk.playback.more(event.payload, now)
            commands = voice.agent_audio(talk, event, now)
            self._flowing = event.item_id if commands else None
            return commands
        if type(event) is ev.CallerAudio:
            return [] if talk.ending.stage is OVER else [*talk.uplink.take(event, now)]
        self._flowing = None
        if talk.ending.stage is OVER:
            return self._afterwards(event, now)
        greeting = talk.greeting.stage
        event, self.taped = talk.dictation.take(event, now)
        commands = list(self._dispatch(event, now))
        if type(event) is ev.MarkEchoed and not (commands or talk.playback.silent) and talk.greeting.stage is greeting:
            return commands  # five a second: as long as more is to be heard, nothing comes due by an echo either
        if not self.over:
            commands += rotation.step(talk, now)
            commands += replies.next_response(talk, now)
            commands += self._wake(now)
        return commands

    def _afterwards(self, event: ev.Event, now: float) -> list[Command]:
        """After the end only the ledgers still grow: a tool that was at work has finished, a cut response has its price."""
        if isinstance(event, ev.ToolAnswered):
            self.talk.tools.answer(event.call_id, event.result, now)
        elif isinstance(event, ev.ResponseEnded):
            self.talk.usage.add(event.usage)
            self.talk.responses.ended(event.response_id)
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
                yield from card_talk.notice(talk, now)
                yield from answering.key_pressed(talk, now)
            case ev.StreamEnded():
                yield from parting.stream_ended(talk, event.how, now)
            case ev.ToolAnswered():
                yield from tooling.answered(talk, event, now)
                yield from answering.replied(talk, now)
            case ev.StandbyReady():
                talk.recovery.standby = Standby.READY
            case ev.StandbyLost():
                rotation.standby_lost(talk, event.reason, now)
            case ev.TransferFailed():
                yield from comeback.refused(talk, event.code, now)
            case ev.ClockRang():
                self._wake_at = None
                yield from self._tick(now)
            case ev.Verdict():
                yield from answering.verdict(talk, event.answered_by, now)
            case ev.CallOver():
                yield from parting.stream_ended(talk, "stop", now)
            case ev.CameBack():
                yield from comeback.took_up(talk, event, now)
            case ev.StopAsked() | ev.TakeOverAsked() | ev.Whispered() | ev.SayAsked():
                yield from supervision.obey(talk, event, now)
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
                yield from voice.agent_words(talk, event, now)
            case ev.AgentItem():
                yield from voice.agent_item(talk, event, now)
            case ev.AgentAudioEnded():
                yield from voice.agent_audio_ended(talk, event, now)
            case ev.SpeechStarted():
                yield from voice.speech_started(talk, event, now)
            case ev.SpeechStopped():
                yield from voice.speech_stopped(talk, event, now)
            case ev.SpeechCommitted():
                yield from voice.speech_committed(talk, event, now)
            case ev.CallerWords():
                yield from voice.caller_words(talk, event, now)
                yield from card_talk.notice(talk, now)
                # What their words show first, what they want last: facts told after an order to the model would bury it.
                yield from answering.heard(talk, talk.transcript.find(event.item_id), now)
                yield from tongue.heard(talk, event.text, now)
            case ev.ResponseStarted():
                yield from replies.started(talk, event, now)
            case ev.ResponseEnded():
                yield from tongue.spoken(talk, event)
                yield from replies.ended(talk, event, now)
                yield from limits.money(talk, now)
                yield from pruning.after_response(talk, event.usage, now)
                talk.put_away()
            case ev.ToolAsked():
                yield from tooling.asked(talk, event, now)
            case ev.ItemKept():
                talk.context.keep(event, now)
                if event.kind == OUTPUT:
                    talk.tools.acknowledged.add(event.call_id)
            case ev.ModelError():
                yield from replies.error(talk, event, now)
            case ev.ModelOpened():
                rotation.opened(talk, event.expires_at, now)
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
        yield from floor.tick(talk, now)
        if talk.speaking and now - talk.uplink.media_at >= FROZEN:
            yield from talk.uplink.pad(1000)
        yield from tooling.overdue(talk, now)
        yield from replies.tick(talk, now)
        yield from outage.check(talk, now)
        if outage.stalled(talk, now):
            yield from outage.lost(talk, ev.ModelLost(reason="stalled"), now)
        yield from keypad.tick(talk, now)
        yield from answering.tick(talk, now)
        yield from discretion.tick(talk, now)
        yield from recorder.tick(talk, now)
        yield from self._openings(now)
        yield from limits.tick(talk, now)
        yield from idle.tick(talk, now)

    def _openings(self, now: float) -> Iterator[Command]:
        talk = self.talk
        if (due := opening.due(talk)) is not None and now >= due:
            yield from opening.greet(talk, now)
        if (due := opening.overdue(talk)) is not None and now >= due:
            talk.flag("greeting_unproven")
            yield from opening.listen(talk, now)
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
        yield None if talk.ending.decided else answering.due(talk)
        yield discretion.due(talk)
        yield recorder.due(talk)
        yield opening.due(talk)
        yield opening.overdue(talk)
        yield opening.answer_due(talk)
        yield idle.due(talk)
        yield floor.due(talk)
        yield talk.retry_at
        yield talk.hold_until
        yield keypad.due(talk)
        for use in talk.tools.running():
            yield None if use.held else use.asked_at + terms.deadline_of(use.name)
        yield outage.stall_due(talk)
        yield rotation.due(talk)
        if talk.responses.slot is Slot.REQUESTED:
            yield talk.responses.requested_at + replies.REQUEST_TIMEOUT
        if not talk.recovery.up and not talk.ending.decided:
            cover_at, give_up_at = outage.limits(talk)
            settled = talk.recovery.covered or talk.presence.waiting or not talk.playback.silent
            yield None if settled else cover_at
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
