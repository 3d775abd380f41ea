"""How a call is brought to its end: who may end it, what is said last, and that it was heard before the line drops.

Goodbye, terminal mark, its echo, hang-up; bounded at every step. (realtime.md rules 55-57; twilio.md R57, R69, R70)
"""

from collections.abc import Iterator

from qualify.commands import (
    CancelResponse,
    Clear,
    CloseStream,
    Command,
    DropModel,
    Finish,
    HangUp,
    Suppress,
    Tell,
    Transfer,
)
from qualify.ending import Stage
from qualify.talk import Talk

MACHINES = frozenset({"machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"})
CLOSING_LINE = {"completed": "booked", "not_interested": "declined", "unreachable": "failed", "limit": "failed"}


def decide(talk: Talk, reason: str, by: str, now: float) -> Iterator[Command]:
    """An ending is intended. The farewell may already be on its way: then only its playing is waited for."""
    if talk.ending.decided:
        return
    talk.ending.decide(reason, by, now, talk.terms.farewell_within)
    talk.ending.spoke = talk.agent_since_caller
    yield Tell("state", {"state": "ending", "reason": reason})


def progress(talk: Talk, now: float) -> Iterator[Command]:
    """Nothing is being generated: go on to waiting for the goodbye's end, or ask for a goodbye once."""
    ending = talk.ending
    if (
        ending.stage is not Stage.FAREWELL
        or talk.responses.busy
        or talk.responses.wish
        or talk.awaited_since is not None
    ):
        return
    if ending.spoke or ending.tries or not talk.recovery.up or talk.speaking:
        yield from drain(talk, now)
        return
    ending.tries += 1
    ending.deadline = now + talk.terms.farewell_within
    yield from talk.steer(f'The call ends now. Say exactly this and nothing else: "{line(talk, ending.reason)}"')


def line(talk: Talk, reason: str) -> str:
    """The playbook's closing line for a reason."""
    closing = talk.terms.closing
    return closing.get(reason) or closing.get(CLOSING_LINE.get(reason, "declined"), "Goodbye.")


def drain(talk: Talk, now: float) -> Iterator[Command]:
    """A terminal mark behind the goodbye; its echo, or a bounded wait, ends the call."""
    mark = talk.event_id("goodbye")
    yield from talk.playback.flag(mark, now)
    talk.ending.drain(mark, now, talk.playback.unheard_ms(now))


def heard_out(talk: Talk, now: float) -> Iterator[Command]:
    """The goodbye was heard in full."""
    if talk.transfer is not None:
        person, number = talk.transfer
        yield from talk.note(f"Handing over to {person}.", now)
        yield from step_aside(talk, now)
        yield Transfer(person, number)
        return
    yield from hang_up(talk, now)


def step_aside(talk: Talk, now: float) -> Iterator[Command]:
    """From here the call is the carrier's: whatever it does next ends our stream."""
    talk.ending.step_aside(now)
    talk.uplink.disconnect()
    yield DropModel()


def hang_up(talk: Talk, now: float) -> Iterator[Command]:
    talk.latency.intend_to_end(now)
    talk.ending.hang_up(now)
    talk.uplink.disconnect()
    yield HangUp()
    yield DropModel()


def resume(talk: Talk, now: float) -> Iterator[Command]:
    """The person only said goodbye over our goodbye: the ending they interrupted goes on."""
    reason, by = talk.ending.suspended, talk.ending.by
    talk.ending.decide(reason, by, now, talk.terms.farewell_within)
    talk.ending.spoke = True
    yield from progress(talk, now)


def opt_out(talk: Talk, channel: str, now: float) -> Iterator[Command]:
    """Stop means stop: suppressed at once; then one short goodbye, whatever was being said."""
    if talk.opted_out:
        return
    talk.opted_out = channel
    yield Suppress(channel)
    if talk.ending.parting:
        return
    # The model answers a spoken wish by itself when it listens; otherwise what is playing is cut and the line asked for.
    answers_itself = channel == "voice" and talk.listening
    was_speaking = talk.agent_since_caller
    talk.ending.decide("opted_out", "agent", now, talk.terms.farewell_within)
    yield Tell("state", {"state": "ending", "reason": "opted_out"})
    if answers_itself:
        talk.ending.spoke = was_speaking
        yield from progress(talk, now)
        return
    yield from silence(talk, now)
    talk.ending.tries = 1
    if talk.recovery.up:
        yield from talk.steer(
            f'The person must never be called again. Say exactly this and nothing else: "{line(talk, "opted_out")}"'
        )
    else:
        yield from drain(talk, now)


def silence(talk: Talk, now: float) -> Iterator[Command]:
    """Cut the agent short ourselves: cancel, clear, truncate. (rules 24, 27)"""
    from qualify.voice import interrupt

    if talk.responses.active:
        yield CancelResponse(talk.event_id("cancel"), talk.responses.active)
    yield from interrupt(talk, now)


def machine(talk: Talk, answered_by: str, now: float) -> Iterator[Command]:
    """The carrier's verdict. A machine gets no word more, unless a person has long been talking with us.

    `human` and `unknown` change nothing here. (twilio.md R57, R58)
    """
    if answered_by in MACHINES and talk.met:
        talk.flag("late_machine_verdict", answered_by)
        return
    talk.verdict = talk.verdict or answered_by
    if answered_by not in MACHINES or talk.ending.parting:
        return
    leaves = talk.terms.leaves_message and answered_by.startswith("machine_end")
    yield from leave(talk, "system", now, message=leaves)


def leave(talk: Talk, by: str, now: float, *, message: bool) -> Iterator[Command]:
    """Nobody is there. Without a word: the line drops, or the worker has the carrier say the campaign's message."""
    talk.responses.wish = None
    yield from silence(talk, now)
    talk.ending.decide("voicemail", by, now, 0.0)
    yield from step_aside(talk, now) if message else hang_up(talk, now)


def transfer(talk: Talk, person: str, number: str, now: float) -> Iterator[Command]:
    talk.transfer = (person, number)
    yield from decide(talk, "transferred", "agent", now)
    talk.ending.spoke = True
    yield from progress(talk, now)


def transfer_failed(talk: Talk, now: float) -> Iterator[Command]:
    """The model is gone by now: a local clip must do, and a person calls back."""
    talk.transfer = None
    talk.flag("needs_callback", "transfer failed")
    talk.ending.reason = "failed"
    yield from play_clip(talk, "apology_callback", now)
    yield from drain(talk, now)


def give_up(talk: Talk, why: str, now: float) -> Iterator[Command]:
    """The conversation cannot be saved: apology by local clip, a callback owed, and the end."""
    talk.flag("needs_callback", why)
    talk.responses.reset()
    talk.uplink.disconnect()
    talk.listening = False
    talk.ending.decide("failed", "system", now, 0.0)
    yield DropModel()
    yield from play_clip(talk, "apology_callback", now)
    yield from drain(talk, now)


def play_clip(talk: Talk, name: str, now: float) -> Iterator[Command]:
    clip = talk.terms.clips.get(name)
    if clip is None:
        talk.flag("clip_missing", name)
        return
    item_id = f"clip:{name}:{talk.event_id('clip')}"
    talk.transcript.line("agent", item_id, talk.ms(now)).text = clip.text
    for piece in clip.pieces:
        yield from talk.playback.play("", item_id, piece, now)
    yield from talk.playback.end(item_id)


def deadline_passed(talk: Talk, now: float) -> Iterator[Command]:
    """A step of the ending took too long: take the next one."""
    match talk.ending.stage:
        case Stage.FAREWELL:
            talk.responses.wish = None
            talk.flag("farewell_missing", talk.ending.reason)
            yield from drain(talk, now)
        case Stage.DRAINING:
            talk.flag("goodbye_unproven", talk.ending.reason)
            yield from heard_out(talk, now)
        case Stage.STEPPING_ASIDE:
            talk.flag("not_taken_over", talk.ending.reason)
            yield from hang_up(talk, now)
        case Stage.HANGING_UP:
            yield CloseStream()
            yield from over(talk, talk.ending.by or "system", now)
        case Stage.TALKING | Stage.OVER:
            return


def stream_ended(talk: Talk, how: str, now: float) -> Iterator[Command]:
    """The phone leg is gone. Whoever had not decided to end was hung up on."""
    if talk.ending.parting:
        talk.latency.hung_up(now)
        yield from over(talk, talk.ending.by, now)
    else:
        yield from over(talk, "caller" if how == "stop" else "carrier", now)


def over(talk: Talk, by: str, now: float) -> Iterator[Command]:
    if talk.ending.stage is Stage.OVER:
        return
    if not talk.ending.decided:
        talk.ending.reason = talk.ending.suspended
    talk.ending.by = by
    talk.ending.over()
    talk.uplink.disconnect()
    yield from cut_unheard(talk, now)
    yield DropModel()
    yield Finish()


def cut_unheard(talk: Talk, now: float) -> Iterator[Command]:
    """What the phone had not played when it went away was never heard."""
    for item_id, heard_ms in talk.playback.clear(now).items():
        found, spoken = talk.transcript.find(item_id), talk.playback.items[item_id]
        if found is not None and spoken.ms:
            found.cut_at, found.final, found.ended_ms = heard_ms / spoken.ms, True, talk.ms(now)
            if found.heard:
                yield Tell("turn", {"role": "agent", "text": found.heard, "cut": True})


def end_call(talk: Talk, reason: str, now: float) -> Iterator[Command]:
    """The model asked to end the call."""
    if reason == "opted_out" and not talk.opted_out:
        talk.opted_out = "voice"
        yield Suppress("voice")
    if reason == "voicemail" and talk.terms.leaves_message and not talk.verdict:
        yield from leave(talk, "agent", now, message=True)  # the verdict comes with the tone: wait for it in silence
        return
    yield from decide(talk, reason, "agent", now)


def limit(talk: Talk, what: str, now: float) -> Iterator[Command]:
    """Time or money is nearly used up: a graceful goodbye."""
    talk.wrapped_up = True
    talk.flag(what, "")
    talk.ending.decide("limit", "system", now, talk.terms.farewell_within + 4.0)
    talk.ending.tries = 1
    yield from talk.steer(f'Time is up, the call must end. Say exactly this and nothing else: "{line(talk, "limit")}"')


def stop_now(talk: Talk, now: float) -> Iterator[Command]:
    """Cut everything and hang up: the hard limit, or an order from outside."""
    yield Clear()
    talk.playback.clear(now)
    if not talk.ending.decided:
        talk.ending.decide("limit", "system", now, 0.0)
    yield from hang_up(talk, now)
