"""How a call is brought to its end: who may end it, for what reason, and what is said last. The steps are `parting`'s."""

from collections.abc import Iterator

from qualify import interruption, parting
from qualify.commands import Command, DropModel, Suppress, Tell
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
    # The model answers a spoken wish by itself when it listens; otherwise what is playing is cut and the line asked for.
    answers_itself = channel == "voice" and talk.listening
    was_speaking = talk.agent_since_caller
    talk.ending.decide("opted_out", "agent", now, talk.terms.farewell_within)
    yield Tell("state", {"state": "ending", "reason": "opted_out"})
    if answers_itself:
        talk.ending.spoke = was_speaking
        yield from progress(talk, now)
        return
    yield from interruption.silence(talk, now)
    talk.ending.tries = 1
    if talk.recovery.up:
        yield from talk.steer(
            f'The person must never be called again. Say exactly this and nothing else: "{line(talk, "opted_out")}"'
        )
    else:
        yield from parting.drain(talk, now)


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
    yield from interruption.silence(talk, now)
    talk.ending.decide("voicemail", by, now, 0.0)
    yield from parting.step_aside(talk, now) if message else parting.hang_up(talk, now)


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
    yield from parting.play_clip(talk, "apology_callback", now)
    yield from parting.drain(talk, now)


def give_up(talk: Talk, why: str, now: float) -> Iterator[Command]:
    """The conversation cannot be saved: apology by local clip, a callback owed, and the end."""
    talk.flag("needs_callback", why)
    talk.responses.reset()
    talk.uplink.disconnect()
    talk.listening = False
    talk.ending.decide("failed", "system", now, 0.0)
    yield DropModel()
    yield from parting.play_clip(talk, "apology_callback", now)
    yield from parting.drain(talk, now)


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
