"""What a supervisor orders in a live call: take over, whisper to the model, say words exactly, hang up, opt out.

Every order leaves a note that says who gave it. Nothing a supervisor whispers is spoken as it is; nothing is said over
the mandatory greeting; nobody who told us to stop is put through to anybody.
"""

from collections.abc import Iterator
from typing import assert_never

from qualify import closing, handover, interruption, parting
from qualify import events as ev
from qualify.commands import Command
from qualify.facts import clean
from qualify.talk import Talk

LONGEST = 500
SOMEBODY = "Somebody outside the call"
WHISPER = (
    "From a human supervisor who listens in, for you alone: do not read it out or mention it, let it steer what you say "
    "next, within your rules. "
)
SAY = 'A human supervisor wants this said now. Say exactly this and nothing else: "{}"'
SAY_LATER = 'A human supervisor wants this said as soon as your greeting is over, exactly so: "{}"'


def obey(talk: Talk, order: ev.Order, now: float) -> Iterator[Command]:
    opts_out = isinstance(order, ev.StopAsked) and order.reason == "opted_out"
    if talk.ending.parting and not opts_out:
        return  # the line is being dropped or handed over already
    who = clean(order.by, 60) or SOMEBODY
    match order:
        case ev.TakeOverAsked():
            yield from _take_over(talk, order, who, now)
        case ev.Whispered(text=text):
            yield from talk.note(f"{who} whispered to the agent: {clean(text, LONGEST)}", now)
            yield from talk.tell(WHISPER + clean(text, LONGEST))
        case ev.SayAsked(text=text):
            yield from _say(talk, clean(text, LONGEST).replace('"', "'"), who, now)
        case ev.StopAsked(reason="opted_out"):
            yield from talk.note(f"{who} opted the person out.", now)
            yield from closing.opt_out(talk, "api", now)
        case ev.StopAsked():
            yield from talk.note(f"{who} ended the call.", now)
            yield from parting.stop_now(talk, now)
        case _:
            assert_never(order)


def _take_over(talk: Talk, order: ev.TakeOverAsked, who: str, now: float) -> Iterator[Command]:
    if talk.opted_out:
        yield from talk.note(f"{who} wanted to take over; the person has said stop.", now)
        return
    yield from talk.note(f"{who} takes over.", now)
    yield from handover.order(talk, order.person, order.number, now)


def _say(talk: Talk, text: str, who: str, now: float) -> Iterator[Command]:
    yield from talk.note(f"{who} had the agent say: {text}", now)
    if talk.greeting.protected:
        yield from talk.tell(SAY_LATER.format(text))
        return
    if talk.ending.decided:
        return  # the goodbye is on its way
    yield from interruption.interrupt(talk, now)
    yield from talk.steer(SAY.format(text))
