"""Handing the call to a colleague: after the announcement was heard when the person asked for it, at once on an order.

Which colleague comes from the roster, by the tool or the order; whether anybody takes the call is the carrier's side.
What follows when nobody does is `comeback`'s. (twilio.md R83, R85, R88)
"""

from collections.abc import Iterator

from qualify import closing, interruption, parting
from qualify.commands import Command, Tell, Transfer
from qualify.talk import Talk


def begin(talk: Talk, person: str, number: str, now: float) -> Iterator[Command]:
    """The person asked for a human. The agent has said so or is saying so: that is heard out first."""
    if talk.opted_out:
        return  # they said stop while a colleague was looked for
    talk.transfer = Transfer(person, number)
    yield from closing.decide(talk, "transferred", "agent", now)
    talk.ending.spoke = True
    yield from closing.progress(talk, now)


def order(talk: Talk, person: str, number: str, now: float) -> Iterator[Command]:
    """A supervisor takes over: the agent stops in mid-word, and the carrier is told in the same instant."""
    yield from interruption.interrupt(talk, now)
    talk.responses.wish = None
    talk.transfer = Transfer(person, number, ordered=True)
    talk.ending.decide("transferred", "system", now, 0.0)
    yield Tell("state", {"state": "ending", "reason": "transferred"})
    yield from parting.hand_over(talk, talk.transfer, now)
