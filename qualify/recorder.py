"""Whether the call is being recorded: from the notice or a yes on, never after a no, and not while a card is read out.

What to do may still fail at the carrier; the orders are carried out there one after the other. (twilio.md R77-R82)
"""

import re
from collections.abc import Iterator

from qualify.commands import Command
from qualify.phrases import MAX_HEARD, agrees, plain
from qualify.recording import Move, Stage
from qualify.talk import Talk
from qualify.transcript import Line

PAUSE = 5.0
"""Seconds without digits after which recording goes on."""
_WITHDRAWS = re.compile(
    r"\b(?:stop|quit|turn off|switch off|end|delete|erase) (?:the |this |that |your )?recording\b"
    r"|\b(?:don't|do not|dont|not|never|please no) record(?: (?:me|us|this|it|the call|our|any)\b|ing (?:me|us|this|it|the)\b|$)"
    r"|\bstop recording\b|\bno recording\b(?! (?:studio|device))"
    r"|\b(?:don't|do not|dont|didn't|rather not|not) (?:\w+ ){0,4}(?:be|being|get|have been) recorded\b"
    r"|\bwithout (?:being recorded|recording)\b"
    r"|\bno (?:me |nos )?grab(?:e|en|es|éis)\b|\b(?:deje|dejen|deja|pare|paren|detenga|detengan) (?:de grabar|la grabación)"
    r"|\bno (?:\w+ ){0,3}(?:que (?:me|nos) graben?|ser grabad[oa]s?)\b|\bsin grabar\b|\b(?:borre|borren|elimine) la grabación\b"
)
WITHDRAWN = (
    "They do not want to be recorded. Recording has stopped, and what was recorded is being deleted: "
    "say so in one short sentence, then go on with the call."
)


def notice(talk: Talk, response_id: str) -> Iterator[Command]:
    """The agent begins to speak. Recording starts with the greeting's notice, unless the person must agree first."""
    terms, recording = talk.terms, talk.recording
    if response_id in talk.greeting.response_ids:
        if terms.record and not terms.record_after_consent:
            yield from _move(talk, Move.START)
        yield from _move(talk, Move.RESUME)
    elif recording.resume_at is not None:  # the agent's turn: nobody is reading out digits
        yield from _move(talk, Move.RESUME)


def heard(talk: Talk, line: Line, now: float) -> Iterator[Command]:
    """Consent given, refused or taken back."""
    if withdraws(line.text):
        yield from withdraw(talk)
    elif not talk.ending.final:
        yield from _consent(talk, line)


def withdraw(talk: Talk) -> Iterator[Command]:
    """They may take it back at any time: stopped, and what there is of it deleted. (R82)"""
    if not talk.terms.record or talk.recording.stage is Stage.GONE:
        return
    talk.recording.agreed = False
    talk.flag("recording_withdrawn")
    yield from _move(talk, Move.WITHDRAW)
    if not talk.ending.decided:
        yield from talk.steer(WITHDRAWN, must=False)


def pause(talk: Talk, now: float, seconds: float | None = PAUSE) -> Iterator[Command]:
    """For some seconds, or (None) until somebody hears the notice again."""
    if talk.recording.stage in (Stage.ON, Stage.PAUSED):
        talk.recording.resume_at = None if seconds is None else now + seconds
    yield from _move(talk, Move.PAUSE)


def due(talk: Talk) -> float | None:
    return None if talk.speaking else talk.recording.resume_at


def tick(talk: Talk, now: float) -> Iterator[Command]:
    if (at := due(talk)) is not None and now >= at:
        yield from _move(talk, Move.RESUME)


def withdraws(text: str) -> bool:
    return bool(_WITHDRAWS.search(plain(text[:MAX_HEARD])))


def _consent(talk: Talk, answer: Line) -> Iterator[Command]:
    """The first clear yes or no spoken after the notice was heard decides for the whole call. (R77)"""
    terms, heard_ms, recording = talk.terms, talk.greeting.heard_ms, talk.recording
    if not (terms.record and terms.record_after_consent) or recording.agreed is not None:
        return
    if heard_ms is None or answer.started_ms < heard_ms:
        return
    recording.agreed = agrees(answer.text)
    if recording.agreed:
        yield from _move(talk, Move.START)


def _move(talk: Talk, move: Move) -> Iterator[Command]:
    if (order := talk.recording.move(move)) is not None:
        yield order
