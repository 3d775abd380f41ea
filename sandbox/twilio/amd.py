"""Answering machine detection: the verdict on who answered and when it is known. Decides only; no audio is analysed.

Times are milliseconds since the answer. A machine in DetectMessageEnd is known at the end of its greeting, which
only the call itself can tell: `at_ms` is None then. Source: twilio.com/docs/voice/answering-machine-detection.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.twilio.faults import Faults
from sandbox.twilio.fields import Fields

HUMAN_MS, MACHINE_MS, SCREENING_MS = 1600, 3500, 2600
QUIET_S = 0.6  # longer than the pause between a greeting and its beep
BEEP = "machine_end_beep"


@dataclass(frozen=True)
class Verdict:
    answered_by: str
    at_ms: int | None


def verdict(order: Fields, answer: str, faults: Faults, to: str, told: str = "") -> Verdict | None:
    """None: detection was not asked for, or never speaks. `told`: the verdict that belongs to this callee, if any."""
    mode = order.one("MachineDetection")
    if (
        mode not in ("Enable", "DetectMessageEnd")
        or order.one("SendDigits")
        or faults.on("amd_never", to)
        or told == "never"
    ):
        return None
    silence = order.number("MachineDetectionSilenceTimeout", 5000)
    plain = {
        "human": Verdict("human", HUMAN_MS),
        "screening": Verdict("unknown", SCREENING_MS),
        "silence": Verdict("unknown", silence),
        "voicemail": Verdict(BEEP, None) if mode == "DetectMessageEnd" else Verdict("machine_start", MACHINE_MS),
        "menu": Verdict("machine_end_silence", None)
        if mode == "DetectMessageEnd"
        else Verdict("machine_start", MACHINE_MS),
    }[answer]
    if told:
        plain = Verdict(told, MACHINE_MS)
    at_ms = int(faults.amount("amd_at_ms", to)) if faults.value("amd_at_ms", to) is not None else plain.at_ms
    return Verdict(str(faults.value("amd_verdict", to) or plain.answered_by), at_ms)
