"""Who speaks: the agent's audio on its way to the phone, its words, its echoes; the person's turns, and their right to interrupt.

Interrupting clears the phone first and then tells the model what was heard. (realtime.md rules 15-34)
"""

from collections.abc import Iterator

from qualify import closing, floor, goals, guardrail, opening, parting, recorder, unclear
from qualify import events as ev
from qualify.audio import BYTES_PER_MS
from qualify.commands import Command, Tell
from qualify.ending import Stage as End
from qualify.greeting import Stage as Greet
from qualify.phrases import opts_out, says_farewell, takes_back
from qualify.talk import Talk


def agent_item(talk: Talk, event: ev.AgentItem, now: float) -> Iterator[Command]:
    if event.response_id in talk.responses.discarded:
        return
    _know_item(talk, event.response_id, event.item_id, now)
    yield from ()


def agent_audio(talk: Talk, event: ev.AgentAudio, now: float) -> list[Command]:
    """Fifty a second at worst; all but an item's first make nothing due (`Session.handle` relies on it)."""
    fenced = talk.ending.stage is End.DRAINING or talk.ending.parting  # nothing follows the goodbye's mark
    if event.response_id in talk.responses.discarded or fenced:
        talk.counts["late_audio"] += 1
        return []
    begun = [] if event.item_id in talk.playback.items else list(_first_audio(talk, event, now))
    talk.voice_locked = talk.agent_since_caller = True
    talk.active_at = now
    if talk.ending.stage is End.FAREWELL:
        talk.ending.spoke = True
    return begun + talk.playback.play(event.response_id, event.item_id, event.payload, now)


def _first_audio(talk: Talk, event: ev.AgentAudio, now: float) -> Iterator[Command]:
    if event.item_id not in talk.spoke_by:
        _know_item(talk, event.response_id, event.item_id, now)
    talk.latency.audio_sent(event.item_id, now, talk.ms(now))
    yield from recorder.notice(talk, event.response_id)


def agent_audio_ended(talk: Talk, event: ev.AgentAudioEnded, now: float) -> Iterator[Command]:
    if event.response_id not in talk.responses.discarded:
        yield from talk.playback.end(event.item_id, whole=True)
        yield from _heard(talk, event.item_id, now)


def agent_words(talk: Talk, event: ev.AgentWords, now: float) -> Iterator[Command]:
    if event.response_id in talk.responses.discarded and event.item_id not in talk.spoke_by:
        return
    line = talk.transcript.line("agent", event.item_id, talk.ms(now))
    if not line.final:
        line.text = event.text if event.whole else line.text + event.text
        yield from guardrail.check(talk, event.response_id, line, event.text, now)
        yield from guardrail.runaway(talk, event, now)


def _know_item(talk: Talk, response_id: str, item_id: str, now: float) -> None:
    talk.spoke_by[item_id] = response_id
    talk.item_at[item_id] = now
    talk.transcript.line("agent", item_id, talk.ms(now))
    if response_id in talk.greeting.response_ids and item_id not in talk.greeting.item_ids:
        talk.greeting.item_ids.append(item_id)


def echoed(talk: Talk, event: ev.MarkEchoed, now: float) -> Iterator[Command]:
    """The phone has played up to a mark. Stale marks (flushed by a clear) prove nothing."""
    if not talk.playback.echoed(event.name, now):
        talk.counts["stale_marks"] += 1
        return
    talk.active_at = now
    item_id = event.name.rsplit(":", 2)[0]
    yield from _heard(talk, item_id, now)
    yield from opening.progress(talk, now)
    if event.name == talk.ending.mark and talk.ending.stage is End.DRAINING:
        yield from parting.heard_out(talk, now)


def _heard(talk: Talk, item_id: str, now: float) -> Iterator[Command]:
    """More of an item was heard: read-backs may now count, and a finished line is told to those who watch."""
    spoken, line = talk.playback.items.get(item_id), talk.transcript.find(item_id)
    if spoken is None or line is None or spoken.flushed or not spoken.heard:
        return
    line.ended_ms = talk.ms(now)
    if not line.sounded:  # generated long before it was played: a turn begins when it sounds
        line.sounded, line.started_ms = True, max(line.started_ms, line.ended_ms - spoken.heard // BYTES_PER_MS)
        talk.latency.sounded(item_id, now - spoken.heard / BYTES_PER_MS / 1000)
    if item_id in talk.item_at and spoken.whole:  # words run ahead of audio while an item is being made
        talk.read_backs.heard(line.text, spoken.heard / max(1, spoken.received), talk.item_at[item_id])
    if spoken.ended and spoken.heard >= spoken.received and not line.final:
        line.final = True
        yield Tell("turn", {"role": "agent", "text": line.heard})


def speech_started(talk: Talk, event: ev.SpeechStarted, now: float) -> Iterator[Command]:
    talk.speaking, talk.active_at = True, now
    talk.nudges = 0
    if event.item_id:
        talk.transcript.line("caller", event.item_id, talk.ms(now))
    if talk.greeting.stage is Greet.WAITING:
        return
    if not talk.listening:
        talk.greeting.unanswered = True
        return
    if not talk.ending.final:
        yield from floor.began(talk, talk.uplink.wall(event.audio_ms + talk.hearing.prefix_ms, now), now)


def speech_stopped(talk: Talk, event: ev.SpeechStopped, now: float) -> Iterator[Command]:
    talk.speaking, talk.active_at = False, now
    floor.stopped(talk, event.item_id)
    talk.latency.caller_stopped(talk.uplink.wall(event.audio_ms - talk.hearing.silence_ms, now), now)
    if talk.greeting.stage is Greet.WAITING:
        yield from opening.greet(talk, now)


def speech_committed(talk: Talk, event: ev.SpeechCommitted, now: float) -> Iterator[Command]:
    talk.speaking, talk.active_at = False, now
    talk.latency.committed(now)
    talk.caller_turns += 1
    talk.transcript.line("caller", event.item_id, talk.ms(now))
    if talk.listening:
        yield from floor.committed(talk, event.item_id)


def caller_words(talk: Talk, event: ev.CallerWords, now: float) -> Iterator[Command]:
    """The transcript is telemetry, except where code may not rely on the model: consent, opting out, a mere goodbye."""
    line = talk.transcript.line("caller", event.item_id, talk.ms(now))
    line.text, line.final, line.ended_ms = event.text.strip(), True, talk.ms(now)
    talk.usage.add_transcription(event.usage)
    if line.text:
        yield Tell("turn", {"role": "caller", "text": line.text})
    yield from recorder.heard(talk, line, now)
    held = line.item_id in talk.floor.held
    if not held and line.item_id != talk.floor.burst:  # a burst without words was noise: the agent carries on
        yield from unclear.heard(talk, line)
    yield from floor.words(talk, line, now)
    goals.heard(talk, line.text)
    if takes_back(line.text) or not (line.text or event.failed or held):
        talk.read_backs.withdraw()
    if opts_out(line.text):
        yield from closing.opt_out(talk, "voice", now)
    elif talk.ending.suspended and says_farewell(line.text):
        yield from closing.resume(talk, now)
