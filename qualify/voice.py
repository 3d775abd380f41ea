"""Who speaks: the agent's audio on its way to the phone, its words, its echoes; the person's turns, and their right to interrupt.

Interrupting clears the phone first and then tells the model what was heard. (realtime.md rules 15-34)
"""

from collections.abc import Iterator

from qualify import closing, interruption, opening, parting
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


def agent_audio(talk: Talk, event: ev.AgentAudio, now: float) -> Iterator[Command]:
    if event.response_id in talk.responses.discarded or talk.ending.parting:
        talk.counts["late_audio"] += 1
        return
    if event.item_id not in talk.spoke_by:
        _know_item(talk, event.response_id, event.item_id, now)
    if event.item_id not in talk.playback.items:
        talk.latency.audio_sent(now)
        if talk.latency.greeting_ms is None:
            talk.latency.greeting_ms = talk.ms(now)
        yield from opening.recording_notice(talk)
    talk.voice_locked = talk.agent_since_caller = True
    talk.active_at = now
    if talk.ending.stage is End.FAREWELL:
        talk.ending.spoke = True
    yield from talk.playback.play(event.response_id, event.item_id, event.payload, now)


def agent_audio_ended(talk: Talk, event: ev.AgentAudioEnded) -> Iterator[Command]:
    if event.response_id not in talk.responses.discarded:
        yield from talk.playback.end(event.item_id)


def agent_words(talk: Talk, event: ev.AgentWords, now: float) -> None:
    if event.response_id in talk.responses.discarded and event.item_id not in talk.spoke_by:
        return
    line = talk.transcript.line("agent", event.item_id, talk.ms(now))
    if not line.final:
        line.text = event.text if event.whole else line.text + event.text


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
    if spoken is None or line is None or spoken.flushed:
        return
    line.ended_ms = talk.ms(now)
    if not line.sounded:  # generated long before it was played: a turn begins when it sounds
        line.sounded, line.started_ms = True, max(line.started_ms, line.ended_ms - spoken.heard // BYTES_PER_MS)
    if item_id in talk.item_at:
        talk.read_backs.heard(line.text, spoken.heard / max(1, spoken.received), talk.item_at[item_id])
    if spoken.ended and spoken.heard >= spoken.received and not line.final:
        line.final = True
        yield Tell("turn", {"role": "agent", "text": line.text})


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
    if talk.ending.final:
        return
    talk.greeting.unanswered = False
    began = talk.uplink.wall(event.audio_ms + talk.terms.vad_prefix_ms, now)
    if not talk.playback.silent:
        talk.latency.interrupted(began, now)
    yield from interruption.interrupt(talk, now)
    talk.read_backs.caller_speaks()
    talk.agent_since_caller = False
    if talk.ending.decided:
        talk.ending.suspend()


def speech_stopped(talk: Talk, event: ev.SpeechStopped, now: float) -> Iterator[Command]:
    talk.speaking, talk.active_at = False, now
    talk.latency.caller_stopped(talk.uplink.wall(event.audio_ms - talk.terms.vad_silence_ms, now), now)
    if talk.greeting.stage is Greet.WAITING:
        yield from opening.greet(talk, now)


def speech_committed(talk: Talk, event: ev.SpeechCommitted, now: float) -> None:
    talk.speaking, talk.active_at = False, now
    talk.caller_turns += 1
    talk.transcript.line("caller", event.item_id, talk.ms(now))
    talk.read_backs.caller_spoke()
    if talk.listening:
        talk.awaited_since = now


def caller_words(talk: Talk, event: ev.CallerWords, now: float) -> Iterator[Command]:
    """The transcript is telemetry, except where code may not rely on the model: consent, opting out, a mere goodbye."""
    line = talk.transcript.line("caller", event.item_id, talk.ms(now))
    line.text, line.final, line.ended_ms = event.text.strip(), True, talk.ms(now)
    talk.usage.add_transcription(event.usage)
    if line.text:
        yield Tell("turn", {"role": "caller", "text": line.text})
    yield from opening.recording_consent(talk, line)
    if takes_back(line.text):
        talk.read_backs.withdraw()
    if opts_out(line.text):
        yield from closing.opt_out(talk, "voice", now)
    elif talk.ending.suspended and says_farewell(line.text):
        yield from closing.resume(talk, now)
