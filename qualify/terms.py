"""The terms one call runs under: limits, waits and the lines code itself must know. Plain values; nothing here acts."""

from dataclasses import dataclass, field

REASONS = (
    "completed",
    "not_interested",
    "not_qualified",
    "opted_out",
    "callback",
    "wrong_number",
    "voicemail",
    "unreachable",
    "failed",
)

MEANT = (
    (
        r"\bopt(?:ed|s|ing)? ?out\b|\bstop\b(?! by)|\b(?:do not|don't|dont|never|no more) (?:be )?(?:call|contact)|\bdnc\b"
        r"|unsubscrib|remov\w+ (?:me|my|them|their|from)",
        "opted_out",
    ),
    (r"wrong (?:number|person)", "wrong_number"),
    (r"voice ?mail|answering machine", "voicemail"),
    (r"not interested|no interest|\bdeclin|\brefus", "not_interested"),
    (r"not qualif|unqualif|disqualif|not eligible|ineligible", "not_qualified"),
    (r"call(?:ed)? ?back", "callback"),
)
"""A model's own words for a reason, the first match counting. A wish to be left alone is never lost to phrasing."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A local recording: what it says, and its audio as base64 pieces of at most 180 ms."""

    text: str
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    mandatory: tuple[str, ...]
    """Lines of the greeting that are protected from interruption."""
    ask: str
    """The greeting's last line, unprotected."""
    closing: dict[str, str] = field(default_factory=dict)
    clips: dict[str, Clip] = field(default_factory=dict)
    """Local recordings by name: `one_moment`, `apology_callback`."""
    model: str = "gpt-realtime-2.1"
    language: str = "en-US"
    record: bool = True
    record_after_consent: bool = False
    leaves_message: bool = False
    """A machine is left a message, which the carrier speaks once we have stepped aside."""
    max_seconds: float = 900.0
    max_usd: float = 3.0
    transcribed: bool = True
    """Whether the person's words are transcribed beside the model."""
    vad_silence_ms: int = 450
    vad_prefix_ms: int = 300
    greet_after: float = 1.2
    """Silence after which we speak first."""
    greet_at_latest: float = 8.0
    """Even when somebody (a recording?) keeps talking."""
    idle_after: float = 8.0
    nudges: int = 2
    tool_deadline: float = 8.0
    stalled_after: float = 5.0
    """Something is expected of the model and it sends nothing at all."""
    cover_after: float = 1.5
    """A dead model is covered by a local clip after this long."""
    give_up_after: float = 8.0
    give_up_at_start: float = 3.0
    """When the model cannot be had at all, the person waits no longer than this. (twilio.md R72)"""
    farewell_within: float = 4.0
    """How long a farewell may take to begin."""
    wrap_up_before: float = 20.0
    """Seconds before the hard limit at which the agent says goodbye."""
