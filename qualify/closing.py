"""How a call is brought to its end: who may end it, for what reason, and what is said last. The steps are `parting`'s."""

from collections.abc import Iterator

from qualify import interruption, parting
from qualify.commands import Command, DropModel, LeaveMessage, Suppress, Tell
from qualify.ending import Stage
from qualify.presence import Sign, Who
from qualify.talk import Talk

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
    if ending.stage is not Stage.FAREWELL or talk.responses.busy or talk.responses.wish:
        return
    if ending.spoke or ending.tries or not talk.recovery.up or talk.speaking:
        yield from parting.drain(talk, now)
        return
    ending.tries += 1
    ending.deadline = now + talk.terms.farewell_within
    yield from talk.steer(f'The call ends now. Say exactly this and nothing else: "{line(talk, ending.reason)}"')


def line(talk: Talk, reason: str) -> str:
    """The playbook's closing line for a reason."""
    closing = talk.terms.closing
    return closing.get(reason) or closing.get(CLOSING_LINE.get(reason, "declined"), "Goodbye.")


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
    talk.transfer = None
    # A spoken wish is being answered already; otherwise what is playing is cut and the line asked for.
    answered = channel == "voice" and talk.listening
    was_speaking = talk.agent_since_caller
    talk.ending.decide("opted_out", "agent", now, talk.terms.farewell_within)
    yield Tell("state", {"state": "ending", "reason": "opted_out"})
    if answered:
        talk.ending.spoke = was_speaking
        yield from progress(talk, now)
        return
    yield from interruption.interrupt(talk, now)
    talk.ending.tries = 1
    if talk.recovery.up:
        yield from talk.steer(
            f'The person must never be called again. Say exactly this and nothing else: "{line(talk, "opted_out")}"'
        )
    else:
        yield from parting.drain(talk, now)


def hush(talk: Talk, now: float) -> Iterator[Command]:
    """No word more, whatever was asked for or is playing; a person who comes yet is greeted from the beginning. (R57)"""
    talk.responses.wish = talk.retry_at = talk.floor.doubt_until = None
    talk.floor.held.clear()
    if not talk.playback.silent or talk.responses.active not in talk.responses.discarded:
        yield from interruption.interrupt(talk, now)
    talk.greeting.start_over()


def leave(talk: Talk, by: str, now: float, *, message: bool = False, reason: str = "voicemail") -> Iterator[Command]:
    """Nobody is there. Without a word: the line drops, or the carrier says the campaign's message first. (R61)"""
    yield from hush(talk, now)
    talk.ending.decide(reason, by, now, 0.0)
    if message and talk.terms.leaves_message:
        yield LeaveMessage()
        yield from parting.step_aside(talk, now)
    else:
        yield from parting.hang_up(talk, now)


def give_up(talk: Talk, why: str, now: float) -> Iterator[Command]:
    """The conversation cannot be saved: apology by local clip, a callback owed, and the end. Machines are owed nothing."""
    if talk.presence.mute:
        yield from leave(talk, "system", now, message=talk.presence.who is Who.VOICEMAIL)
        return
    talk.flag("needs_callback", why)
    talk.responses.reset()
    talk.uplink.disconnect()
    talk.ending.decide("failed", "system", now, 0.0)
    yield DropModel()
    yield from parting.play_clip(talk, "apology_callback", now)
    yield from parting.drain(talk, now)


def end_call(talk: Talk, reason: str, now: float) -> Iterator[Command]:
    """The model asked to end the call."""
    if reason == "opted_out" and not talk.opted_out:
        talk.opted_out = "voice"
        yield Suppress("voice")
        if talk.ending.decided and not talk.ending.parting:
            talk.ending.reason, talk.transfer = reason, None
    if reason == "voicemail" and talk.presence.see(Sign.VOICEMAIL_WORDS, now):
        # A message waits for the tone, in silence.
        yield from hush(talk, now) if talk.terms.leaves_message else leave(talk, "agent", now)
        return
    yield from decide(talk, reason, "agent", now)


def limit(talk: Talk, what: str, now: float) -> Iterator[Command]:
    """Time or money is nearly used up: a graceful goodbye."""
    talk.wrapped_up = True
    talk.flag(what, "")
    talk.ending.decide("limit", "system", now, talk.terms.farewell_within + 4.0)
    talk.ending.tries = 1
    yield from talk.steer(f'Time is up, the call must end. Say exactly this and nothing else: "{line(talk, "limit")}"')
