"""The terms one call runs under: limits, waits and the lines code itself must know. Plain values; nothing here acts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qualify.hearing import USUAL, Hearing

TOOL_DEADLINES = {
    "check_slots": 3.0,
    "save_answers": 2.0,
    "schedule": 8.0,
    "transfer_to_human": 3.0,
    "end_call": 2.0,
}
"""Seconds until a call is answered for the tool. Booking asks the calendar four times, and a lost booking costs most."""
UNKNOWN_TOOL_DEADLINE = 3.0
GREETS_AFTER = 1.2

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
        r"|unsubscrib|remov\w+ (?:me|my|them|their|from)|\bno (?:me |nos )?(?:vuelva|volver|llam)|\bde baja\b",
        "opted_out",
    ),
    (r"wrong (?:number|person)|(?:n[uú]mero|persona) equivocad", "wrong_number"),
    (r"voice ?mail|answering machine|buz[oó]n|contestador", "voicemail"),
    (r"not interested|no interest|\bdeclin|\brefus|\bno (?:le |me )?interes", "not_interested"),
    (r"not qualif|unqualif|disqualif|not eligible|ineligible|no calific", "not_qualified"),
    (r"call(?:ed)? ?back|volver a llamar|llamar (?:m[aá]s tarde|despu[eé]s)", "callback"),
)
"""A model's own words for a reason, the first match counting. A wish to be left alone is never lost to phrasing."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A local recording: what it says, and its audio as base64 pieces of at most 180 ms."""

    text: str
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tongue:
    """What the call needs to know to go on in another language."""

    language: str
    mandatory: tuple[str, ...]
    ask: str
    closing: dict[str, str]
    nobody_free: str
    clips: dict[str, Clip]
    spelled_asks: tuple[str, ...]
    objections: tuple[str, ...]
    forbidden: tuple[str, ...]
    screener: str
    personal: str
    brief: str
    """The playbook's lines in this language, for a model whose instructions hold those of another."""


@dataclass(frozen=True, slots=True)
class Terms:
    mandatory: tuple[str, ...]
    """Lines of the greeting that are protected from interruption."""
    ask: str
    """The greeting's last line, unprotected."""
    forbidden: tuple[str, ...] = ()
    """What the agent must never say: plain words, as `phrases.plain` makes them."""
    screener: str = ""
    """The one sentence a call screener is told."""
    personal: str = ""
    """What we know of the person, told to the model once a person is likely on the phone."""
    closing: dict[str, str] = field(default_factory=dict)
    clips: dict[str, Clip] = field(default_factory=dict)
    """Local recordings by name: `one_moment`, `apology_callback`."""
    nobody_free: str = "Nobody is free right now. Someone will call you back."
    """Said when no colleague took the call."""
    model: str = "gpt-realtime-2.1"
    language: str = "en-US"
    tongues: dict[str, Tongue] = field(default_factory=dict)
    """Every language the campaign speaks, this one included, by its code."""
    record: bool = True
    record_after_consent: bool = False
    leaves_message: bool = False
    """A machine is left a message, which the carrier speaks once we have stepped aside."""
    max_seconds: float = 900.0
    max_usd: float = 3.0
    transcribed: bool = True
    """Whether the person's words are transcribed beside the model."""
    hearing: Hearing = USUAL
    """How turns are detected."""
    spelling_silence_ms: int = 800
    """The silence that ends a turn while digits or letters are given: people pause between groups."""
    spelled_asks: tuple[str, ...] = ()
    """The questions after which digits or letters are given."""
    short_speech: float = 0.18
    """Seconds that speech over the agent must last to interrupt; 0 turns the filter off."""
    greet_after: float = GREETS_AFTER
    """Silence after which we speak first."""
    greet_at_latest: float = 8.0
    """Even when somebody (a recording?) keeps talking."""
    idle_after: float = 8.0
    nudges: int = 2
    tool_deadlines: Mapping[str, float] = field(default_factory=lambda: dict(TOOL_DEADLINES))
    stalled_after: float = 5.0
    """Something is expected of the model and it sends nothing at all."""
    configured_within: float = 3.0
    """How long a new model session may take to confirm its configuration."""
    cover_after: float = 1.5
    """A dead model is covered by a local clip after this long."""
    give_up_after: float = 8.0
    give_up_at_start: float = 3.0
    """When the model cannot be had at all, the person waits no longer than this. (twilio.md R72)"""
    farewell_within: float = 4.0
    """How long a farewell may take to begin."""
    model_lasts: float = 3600.0
    """The longest that a model session lives; one that says when it expires is believed if that is sooner."""
    model_max_age: float = 3000.0
    """Age at which a model session is left for a new one."""
    rotate_before: float = 300.0
    """Seconds before its end from which the session is left at the next quiet moment."""
    rotate_at_latest: float = 30.0
    """Seconds before its end at which it is left whatever goes on."""
    required: tuple[str, ...] = ()
    """Ids of the questions that must be answered and are not answered by the form."""
    objections: tuple[str, ...] = ()
    """Phrases by which an objection is known, in plain words."""
    restate_after: int = 4
    """The person's turns without progress after which open goals are restated to the model."""
    prune_tokens: int = 20_000
    """Input tokens of a response past which old turns are taken out of the model's context."""
    prune_every: float = 900.0
    """Seconds after which they are taken out anyway."""
    keep_turns: int = 8
    """The last turns, which always stay."""
    wrap_up_before: float = 20.0
    """Seconds before the hard limit at which the agent says goodbye."""

    def deadline_of(self, tool: str) -> float:
        return self.tool_deadlines.get(tool, UNKNOWN_TOOL_DEADLINE)
