"""Colleagues, who are reached by `<Dial>`: the last two digits of the number choose one, others take the call.

They hear what the whisper says and press a key or don't; a mailbox talks over it and presses nothing.
"""

from __future__ import annotations

from sandbox.twilio.scripts import Script, Step

HELLO = Step(at_ms=300, say="Hello?")
ACCEPTS = Script(
    ring_s=1.0,
    steps=(
        HELLO,
        Step(after_agent_ms=400, press="1"),
        Step(after_ms=1500, say="Hello?"),
        Step(at_ms=20_000, say="Thank you. Goodbye."),
        Step(at_ms=22_000, hang_up=True),
    ),
)
BY_ENDING: dict[str, Script] = {
    "91": Script(ring_s=0.5, steps=(HELLO, Step(after_agent_ms=400, press="2"))),
    "92": Script(
        ring_s=1.0,
        answer="voicemail",
        voice="kal",
        steps=(
            Step(at_ms=200, say="You have reached my mailbox. Please leave a message after the tone."),
            Step(after_ms=5000, tone_ms=400),
            Step(at_ms=25_000, hang_up=True),
        ),
    ),
    "93": Script(ring_s=60.0, answer="no_answer"),
    "94": Script(ring_s=0.2, answer="busy"),
    "95": Script(ring_s=0.5, steps=(HELLO, Step(after_agent_ms=400, press="#"))),
}
"""91 presses another key, 92 is a voicemail, 93 never answers, 94 is busy, 95 presses the hash key."""


def colleague(number: str) -> Script:
    return BY_ENDING.get(number[-2:], ACCEPTS)
