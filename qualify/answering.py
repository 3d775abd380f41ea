"""Who answered, and what follows: a person is greeted, a screener told one sentence, a machine nothing at all.

Evidence comes from the carrier's verdict and from what the stream lets us hear; `presence` weighs it. Every waiting here is
bounded. (twilio.md 5.4, 5.5, R55-R61)
"""

from collections.abc import Callable, Iterator

from qualify import closing, discretion, evidence, opening, recorder
from qualify.commands import Command, Reached, Tell
from qualify.greeting import Stage
from qualify.presence import Sign, Who
from qualify.talk import Talk
from qualify.transcript import Line

MACHINES = frozenset({"machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other"})
TALKS_ON = 6.0
"""Seconds of speech without a pause, before we said a word, that no person's hello takes."""
LONGEST = 30.0
"""Seconds after which a greeting we only listen to is given up on."""
WORDS_WITHIN = 1.5
"""How long the carrier's "machine" waits for words that tell a screener from a voicemail."""
HEARD_OUT = 10.0
"""How long it is listened to when it is still talking: a screener's verdict may come in the middle of its words."""
QUIET = 2.0
"""Silence behind a voicemail's greeting, its tone included, that means it listens."""
SCREENING = 30.0
"""Our sentence, and 25 s for the person to take the call."""
MENU = 15.0
TAKEN = "A person has come to the phone. Begin with the greeting, all of it; they have heard nothing yet."


def verdict(talk: Talk, answered_by: str, now: float) -> Iterator[Command]:
    """The carrier's. `unknown` changes nothing, and none ends a call in which somebody answers us. (R57, R58)"""
    presence = talk.presence
    if answered_by == presence.verdict or talk.ending.parting:
        return
    presence.verdict = answered_by
    if answered_by in MACHINES and presence.who in (Who.HUMAN, Who.TAKEN):
        talk.flag("late_machine_verdict", answered_by)
    elif answered_by in MACHINES and presence.who is Who.VOICEMAIL:
        yield from closing.leave(talk, "system", now, message=answered_by != "machine_start")
    elif answered_by in MACHINES and presence.who is Who.MENU:
        yield from closing.leave(talk, "system", now, reason="machine")
    elif answered_by in MACHINES:
        yield from _see(talk, Sign.MACHINE_VERDICT, now)
    elif answered_by == "fax":
        yield from _see(talk, Sign.FAX_VERDICT, now)
    else:
        yield from _believe(talk, now)


def heard(talk: Talk, line: Line | None, now: float) -> Iterator[Command]:
    """The words of a turn are known."""
    if line is not None and not talk.presence.met and not talk.ending.parting:
        sign = evidence.sign_of(talk, line) if line.text else None
        if sign is not None:
            yield from _see(talk, sign, now)
        yield from _believe(talk, now)
    yield from replied(talk, now)


def replied(talk: Talk, now: float) -> Iterator[Command]:
    """Whether it has become certain that a person is there."""
    if not talk.presence.met and not talk.ending.parting and evidence.is_answered(talk):
        yield from _see(talk, Sign.REPLIED, now)


def key_pressed(talk: Talk, now: float) -> Iterator[Command]:
    """Machines press no keys."""
    if talk.greeting.heard_ms is not None:
        yield from _see(talk, Sign.REPLIED, now)


def nobody(talk: Talk, now: float) -> Iterator[Command]:
    yield from _see(talk, Sign.SILENCE, now)


def _believe(talk: Talk, now: float) -> Iterator[Command]:
    """The carrier hears a person; so do we once nothing that was said is still unknown."""
    if talk.presence.verdict == "human" and not evidence.pending(talk, now):
        yield from _see(talk, Sign.HUMAN_VERDICT, now)


# --- consequences ---


def _see(talk: Talk, sign: Sign, now: float) -> Iterator[Command]:
    if talk.presence.see(sign, now):
        yield Tell("presence", {"who": talk.presence.who.value})
        if (consequence := CONSEQUENCES.get(talk.presence.who)) is not None:
            yield from consequence(talk, now)


def _person(talk: Talk, now: float) -> Iterator[Command]:
    if talk.presence.met:
        yield Reached("human")
    yield from discretion.open_up(talk, now)


def _machine(talk: Talk, now: float) -> Iterator[Command]:
    yield from closing.hush(talk, now)
    if not evidence.pending(talk, now):
        yield from _see(talk, Sign.SETTLED, now)


def _voicemail(talk: Talk, now: float) -> Iterator[Command]:
    """Hung up on, or listened to until it has ended: then it is left a message."""
    yield from closing.hush(talk, now)
    at_its_end = talk.presence.verdict.startswith("machine_end")
    if at_its_end or not talk.terms.leaves_message:
        yield from closing.leave(talk, "system", now, message=at_its_end)


def _fax(talk: Talk, now: float) -> Iterator[Command]:
    yield from closing.leave(talk, "system", now, reason="machine")


def _screener(talk: Talk, now: float) -> Iterator[Command]:
    yield from _wait(talk, now)
    yield Reached("screening")
    yield from talk.steer(
        f'A call screener asks who is calling. Say exactly this and nothing else: "{talk.terms.screener}"'
    )


def _wait(talk: Talk, now: float) -> Iterator[Command]:
    """Whoever comes on yet hears the notice before they are recorded."""
    yield from closing.hush(talk, now)
    yield from recorder.pause(talk, now, None)


def _menu(talk: Talk, now: float) -> Iterator[Command]:
    """A person may come on behind it, unless the carrier knows better."""
    yield from _wait(talk, now)
    if talk.presence.verdict in MACHINES:
        yield from closing.leave(talk, "system", now, reason="machine")


def _taken(talk: Talk, now: float) -> Iterator[Command]:
    yield from talk.steer(TAKEN)
    yield from opening.greet(talk, now)


CONSEQUENCES: dict[Who, Callable[[Talk, float], Iterator[Command]]] = {
    Who.UNKNOWN: opening.greet,
    Who.LIKELY: _person,
    Who.HUMAN: _person,
    Who.MACHINE: _machine,
    Who.VOICEMAIL: _voicemail,
    Who.SCREENER: _screener,
    Who.TAKEN: _taken,
    Who.MENU: _menu,
    Who.FAX: _fax,
}


# --- time ---


def due(talk: Talk) -> float | None:
    """When waiting for more evidence ends."""
    since, quiet_since = talk.presence.since, None if talk.speaking else talk.active_at
    match talk.presence.who:
        case Who.UNKNOWN:
            return evidence.missed_words_at(talk) if talk.presence.verdict == "human" else _talks_on_at(talk)
        case Who.TALKER:
            return since + LONGEST if quiet_since is None else max(since, quiet_since) + 2 * WORDS_WITHIN
        case Who.MACHINE:
            return (
                since + HEARD_OUT
                if quiet_since is None
                else min(since + HEARD_OUT, max(since, quiet_since) + WORDS_WITHIN)
            )
        case Who.VOICEMAIL:
            return since + LONGEST if quiet_since is None else min(since + LONGEST, max(since, quiet_since) + QUIET)
        case Who.SCREENER:
            return since + SCREENING
        case Who.MENU:
            return since + MENU
        case _:
            return None


def _talks_on_at(talk: Talk) -> float | None:
    """Only words can tell a talkative person from a recording, so without them nothing is concluded."""
    last = talk.transcript.last("caller")
    waits = talk.terms.transcribed and talk.greeting.stage is Stage.WAITING
    return talk.started_at + last.started_ms / 1000 + TALKS_ON if waits and talk.speaking and last is not None else None


def tick(talk: Talk, now: float) -> Iterator[Command]:
    if talk.ending.decided or (at := due(talk)) is None or now < at:
        return
    match talk.presence.who:
        case Who.UNKNOWN if talk.presence.verdict == "human":
            yield from _believe(talk, now)
        case Who.UNKNOWN:
            yield from _see(talk, Sign.TALKS_ON, now)
        case Who.TALKER:
            yield from _see(talk, Sign.TALKS_ON if talk.speaking else Sign.SETTLED, now)
        case Who.MACHINE:
            yield from _see(talk, Sign.SETTLED, now)
        case Who.VOICEMAIL:
            yield from closing.leave(talk, "system", now, message=True)
        case Who.SCREENER:
            yield from closing.leave(talk, "system", now, reason="screening")
        case _:
            yield from closing.leave(talk, "system", now, reason="machine")
