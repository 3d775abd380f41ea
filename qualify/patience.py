"""How long a pause may be before the person's turn is taken for over: longer while they give digits or letters.

Also less easily roused on a noisy line. Only the turn detection is configured anew: the model's cache of all else survives.
(realtime.md rules 3, 34 and section 4)
"""

from collections.abc import Iterator
from dataclasses import replace

from qualify.commands import Command, Configure
from qualify.hearing import Hearing
from qualify.phrases import plain
from qualify.talk import Talk

NOISES = 2
"""False interruptions after which the line counts as noisy."""
DULLER = 0.15
DULLEST = 0.85


def response_ended(talk: Talk, said: str) -> Iterator[Command]:
    """The agent has said this: is something to be spelled out now?"""
    if not talk.listening:
        return
    spelled = any(_asks(said, ask) for ask in talk.terms.spelled_asks)
    silence = talk.terms.spelling_silence_ms if spelled else talk.terms.hearing.silence_ms
    yield from _hear(talk, replace(talk.hearing, silence_ms=silence))


def noise(talk: Talk) -> Iterator[Command]:
    """An interruption that was none."""
    talk.counts["false_interruptions"] += 1
    if talk.counts["false_interruptions"] >= NOISES and talk.hearing.threshold == talk.terms.hearing.threshold:
        talk.flag("noisy_line")
        yield from _hear(talk, replace(talk.hearing, threshold=min(DULLEST, talk.hearing.threshold + DULLER)))


def _hear(talk: Talk, hearing: Hearing) -> Iterator[Command]:
    if hearing != talk.hearing and talk.recovery.up:
        talk.hearing = hearing
        yield Configure(talk.event_id("su"), hearing, whole=False)


def _asks(said: str, ask: str) -> bool:
    """Whether the words contain most of a question, for models word things their own way."""
    heard, asked = set(plain(said).split()), plain(ask).split()
    return bool(asked) and sum(word in heard for word in asked) >= 0.7 * len(asked)
