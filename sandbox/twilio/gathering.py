"""`<Gather>`: collects keys or words while its prompts play; the first key silences them. None means no input."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from sandbox.twilio import twiml
from sandbox.twilio.leg import Leg
from sandbox.twilio.params import Params

LOOK_S = 0.05


class _Keys:
    def __init__(self, verb: twiml.Gather) -> None:
        self._verb = verb
        self.digits = ""
        self.finished = asyncio.Event()
        self.touched = asyncio.Event()

    def press(self, digit: str) -> None:
        self.touched.set()
        if digit == self._verb.finish_key:
            self.finished.set()
            return
        self.digits += digit
        if self._verb.length and len(self.digits) >= self._verb.length:
            self.finished.set()


async def gather(leg: Leg, verb: twiml.Gather, prompts: Callable[[], Awaitable[None]]) -> Params | None:
    keys, said_before = _Keys(verb), len(leg.callee.said)
    leg.on_digit = keys.press if verb.digits else None
    prompting = asyncio.ensure_future(prompts())
    touched = asyncio.create_task(keys.touched.wait())
    try:
        await asyncio.wait((prompting, touched), return_when=asyncio.FIRST_COMPLETED)
        if keys.touched.is_set():
            prompting.cancel()
            leg.clear()
        return await _collect(leg, verb, keys, said_before)
    finally:
        leg.on_digit = None
        for task in (prompting, touched):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait((prompting, touched))


async def _collect(leg: Leg, verb: twiml.Gather, keys: _Keys, said_before: int) -> Params | None:
    """Waits for the finishing key, the right length, a quiet speaker, or the end of the time (each key restarts it)."""
    quiet, count, left = 0.0, 0, verb.timeout
    while left > 0:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(keys.finished.wait(), LOOK_S)
        if keys.finished.is_set():
            break
        if len(keys.digits) != count:
            count, left = len(keys.digits), verb.timeout
        spoke = verb.speech and len(leg.callee.said) > said_before
        quiet = 0.0 if leg.callee.talking else quiet + LOOK_S
        if spoke and quiet >= verb.speech_timeout:
            break
        if not leg.callee.talking:
            left -= LOOK_S
    if keys.digits or keys.finished.is_set():
        return [("Digits", keys.digits), ("FinishedOnKey", verb.finish_key)]
    words = " ".join(caption.text for caption in leg.callee.said[said_before:])
    return [("SpeechResult", words), ("Confidence", "0.9")] if verb.speech and words else None
