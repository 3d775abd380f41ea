"""A short soak: a call keeps its words, packed, and nothing of its audio. The long one: `tests.bench.media.soak`."""

import gc
import tracemalloc

from qualify import events as ev
from qualify.tape import Tape
from tests.qualify.script import Call, audio

A_TURN = 600
"""Bytes that a turn may leave behind: its words and its share of the ledger, packed; the tape is not in memory."""


def test_an_hour_of_talk_leaves_only_packed_words_behind():
    call = Call(max_seconds=7200.0, max_usd=1e9).opened()
    tape = Tape(call.now, {})
    frame = ev.CallerAudio(audio(20), 0)

    def turns(number: int) -> None:
        for _ in range(number):
            call.caller_says("Could you tell me more about that?")
            call.agent_says("Certainly. We look at the roof, at the bills, and at what the sun does there.", 8000)
            for at in range(400):
                tape.add(ev.AgentAudio("r", f"i{call.now}", audio(20)), call.now + at / 50)
                call.session.handle(frame, call.now)
            call.wait(9.0)
            call.forget()

    turns(150)
    gc.collect()
    tracemalloc.start()
    turns(200)
    gc.collect()
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not call.session.over
    assert grown < 200 * A_TURN
