"""Back from a transfer that came to nothing: the conversation goes on, with what was heard and without a second greeting.

Either the carrier refused to hand over and the phone is still ours, or it rang the colleagues in vain and connected the
same call to us anew. A call that is gone is settled, not tried again. (twilio.md R85)
"""

from collections.abc import Iterator

from qualify import events as ev
from qualify import outage, parting
from qualify.commands import Command, ConnectModel, Tell
from qualify.ending import Ending
from qualify.greeting import Stage
from qualify.presence import Who
from qualify.recording import Recording
from qualify.recording import Stage as Taping
from qualify.recovery import Standby
from qualify.talk import Talk

BEFORE = "before:"
"""Begins the item ids of turns that belong to an earlier conversation of the call and are written down already."""
WANTED = (
    "You were putting the person through to a colleague, and nobody took the call; they are back on the line with you. "
    "Continue the same call in the same language. Do not greet or introduce yourself again. After the sentence below, go "
    "on as the person wishes: set a time for the call back, or help them yourself.{facts} "
    'Say exactly this and nothing else: "{line}"'
)
ORDERED = (
    "A supervisor wanted to take this call over and could not be reached; the person is back on the line with you. "
    "Continue the same call in the same language from where you stopped. Do not greet or introduce yourself again. "
    "Apologise briefly for the wait and go on.{facts}"
)


def refused(talk: Talk, code: str, now: float) -> Iterator[Command]:
    """The carrier would not hand the call over."""
    if code == "call_over":
        yield from parting.stream_ended(talk, "stop", now)
        return
    if talk.opted_out:  # while the call was being handed over
        talk.transfer = None
        talk.ending.decide("opted_out", "system", now, 0.0)
        yield from parting.hang_up(talk, now)
        return
    ordered = talk.transfer is not None and talk.transfer.ordered
    _owe(talk, f"transfer refused: {code}", ordered=ordered)
    talk.transfer, talk.ending = None, Ending()
    talk.active_at = now
    talk.recovery.lost(now)
    talk.recovery.standby = Standby.NONE  # let go of with the model, when the call was handed over
    outage.void(talk, now)
    if not talk.listening:  # the order cut the greeting short: it is owed
        talk.greeting.start_over()
    yield Tell("state", {"state": "returned"})
    yield ConnectModel(talk.recovery.next_delay(now))


def took_up(talk: Talk, event: ev.CameBack, now: float) -> Iterator[Command]:
    """The first event of a conversation that is not the call's first."""
    talk.before_ms, talk.earlier = event.at_ms, event
    for number, (role, text) in enumerate(event.turns):
        line = talk.transcript.line("agent" if role == "agent" else "caller", f"{BEFORE}{number}", 0)
        line.text, line.final, line.sounded = text, True, True
    if event.disclosed_ms is not None:  # otherwise the greeting was cut short by the order, and is owed
        greeting = talk.greeting
        greeting.stage, greeting.complete, greeting.heard_ms = Stage.DONE, True, event.disclosed_ms
    talk.caller_turns, talk.presence.who, talk.told_personal = 1, Who.HUMAN, True
    # what was begun goes on; nothing is begun again. It may have been paused: now, or with the notice that is owed, it goes on
    resume_at = None if event.disclosed_ms is None else now
    talk.recording = Recording(Taping.PAUSED if event.recorded else Taping.GONE, event.recorded, resume_at)
    _owe(talk, "nobody took the transfer", ordered=event.ordered, facts=event.facts)
    yield Tell("state", {"state": "returned"})
    yield from talk.note("Nobody took the call; the agent goes on.", now)


def _owe(talk: Talk, why: str, *, ordered: bool, facts: str = "") -> None:
    """Whoever asked for a human and got none is called back, and is told so in the playbook's words."""
    known = f"\nKnown so far:\n{facts}\n" if facts else ""
    talk.came_back = (ORDERED if ordered else WANTED).format(facts=known, line=talk.terms.nobody_free)
    talk.flag("take_over_failed" if ordered else "needs_callback", why)
