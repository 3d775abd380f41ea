"""The state of one live conversation, shared by the rules in `voice`, `tooling`, `closing`, `outage` and `opening`.

Plain data and a few readings of it; what may change it when is each rule's business.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from qualify.commands import AddItem, Command, Tell, Transfer
from qualify.context import Context
from qualify.dictation import Dictation
from qualify.ending import Ending
from qualify.events import CameBack
from qualify.greeting import Greeting
from qualify.greeting import Stage as Greet
from qualify.hearing import USUAL, Hearing
from qualify.latency import Latency
from qualify.playback import Playback
from qualify.presence import Presence
from qualify.read_backs import ReadBacks
from qualify.recording import Recording
from qualify.recovery import Recovery
from qualify.responses import Responses, Wish
from qualify.terms import Terms
from qualify.tool_ledger import ToolLedger
from qualify.transcript import Transcript
from qualify.uplink import Uplink
from qualify.usage import Usage


@dataclass(slots=True)
class Floor:
    """Who is speaking while the agent is: see `floor`."""

    doubt_until: float | None = None
    """The person sounds while the agent has the floor: when to decide what it is."""
    began_at: float = 0.0
    noticed_at: float = 0.0
    left_ms: int = 0
    """What was still to be heard of the agent when it began."""
    taken: bool = False
    """The person interrupted the agent in this turn."""
    cut_by: str = ""
    """The turn that last interrupted the agent."""
    burst: str = ""
    """The last such turn that had too little voice to be sure of speech."""
    held: set[str] = field(default_factory=set)
    """Short turns that wait for their words."""


@dataclass(slots=True)
class Pursuit:
    """How the goals of the call have fared: see `goals`."""

    open: tuple[str, ...] = ()
    since_turn: int = 0
    """The person's turn at which the goals last changed, or were last restated."""
    digressed_at: int | None = None
    """The turn in which the person objected or asked something."""


@dataclass(slots=True)
class Talk:
    terms: Terms
    started_at: float
    greeting: Greeting
    usage: Usage
    recovery: Recovery
    uplink: Uplink = field(default_factory=Uplink)
    playback: Playback = field(default_factory=Playback)
    responses: Responses = field(default_factory=Responses)
    transcript: Transcript = field(default_factory=Transcript)
    tools: ToolLedger = field(default_factory=ToolLedger)
    read_backs: ReadBacks = field(default_factory=ReadBacks)
    ending: Ending = field(default_factory=Ending)
    latency: Latency = field(default_factory=Latency)
    floor: Floor = field(default_factory=Floor)
    context: Context = field(default_factory=Context)
    pursuit: Pursuit = field(default_factory=Pursuit)
    flags: list[dict[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    hearing: Hearing = USUAL
    """How turns are detected just now."""
    speaking: bool = False
    caller_turns: int = 0
    agent_since_caller: bool = False
    active_at: float = 0.0
    """When something last happened that breaks a silence."""
    model_at: float = 0.0
    """When the model last sent anything."""
    epoch: float = 0.0
    """Seconds since 1970 at which our clock stood at zero; 0 when unknown."""
    model_used: str = ""
    """The snapshot the API says it runs."""
    spoke_by: dict[str, str] = field(default_factory=dict)
    """Response id of each spoken item."""
    item_at: dict[str, float] = field(default_factory=dict)
    steered: bool = False
    """The model was told what to say next: nothing may come between."""
    nudges: int = 0
    unclear: int = 0
    """Turns in a row that could not be understood."""
    failures: int = 0
    retry_at: float | None = None
    continued: bool = False
    keys: str = ""
    keys_at: float = 0.0
    keys_wanted: bool = False
    """The person was asked to type digits."""
    presence: Presence = field(default_factory=Presence)
    recording: Recording = field(default_factory=Recording)
    dictation: Dictation = field(default_factory=Dictation)
    told_personal: bool = False
    """The model was told what we know of the person."""
    wrapped_up: bool = False
    slipped: bool = False
    """The model spoke another language than the call's, and was told."""
    voice_locked: bool = False
    opted_out: str = ""
    """The channel of an opt-out: `voice`, `keypress`, `api`."""
    transfer: Transfer | None = None
    """Where the call goes once it is handed over."""
    untold: deque[str] = field(default_factory=lambda: deque(maxlen=8))
    """What the model is told as soon as there is one again."""
    earlier: CameBack | None = None
    """What came before this conversation of the same call."""
    came_back: str = ""
    """How to go on, told to a model that takes up a conversation nobody took over."""
    before_ms: int = 0
    """How long the call's conversation had lasted before this one took it up."""
    recent_responses: deque[str] = field(default_factory=lambda: deque(maxlen=64))
    """Responses of the present model session: only their tool calls can be answered."""
    config_tries: int = 0
    hold_until: float | None = None
    """The slot is taken by a response we don't know: no request before this, or before a response ends."""
    serial: int = 0

    @property
    def listening(self) -> bool:
        """The protected greeting is over: speech may interrupt, and is answered."""
        return self.greeting.stage is Greet.DONE

    def event_id(self, kind: str) -> str:
        self.serial += 1
        return f"{kind}_{self.serial}"

    def ms(self, now: float) -> int:
        return self.before_ms + round((now - self.started_at) * 1000)

    def flag(self, name: str, detail: str = "") -> None:
        self.flags.append({"flag": name, "detail": detail})

    def note(self, text: str, now: float) -> Iterator[Command]:
        """Something the system did, for the transcript and for those who watch."""
        self.transcript.note(text, self.ms(now))
        yield Tell("note", {"text": text})

    def tell(self, text: str) -> Iterator[Command]:
        """Tell the model something at the conversation's end; kept for the next session while there is none."""
        if self.recovery.up:
            yield AddItem(self.event_id("note"), "system", text)
        else:
            self.untold.append(text)

    def steer(self, text: str, *, must: bool = True) -> Iterator[Command]:
        """`tell` (instructions stay as they are) and want an answer to it."""
        yield from self.tell(text)
        self.steered = True
        self.responses.want(Wish(must=must))

    def put_away(self) -> None:
        """What is over long since takes little room; of its items nothing but the words is kept."""
        for item_id in self.transcript.pack(self.playback.unheard_items()):
            self.playback.items.pop(item_id, None)
            self.spoke_by.pop(item_id, None)
            self.item_at.pop(item_id, None)

    def text_of(self, item_ids: list[str]) -> str:
        return " ".join(line.text for item in item_ids if (line := self.transcript.find(item)))


def new_talk(terms: Terms, now: float, epoch: float = 0.0) -> Talk:
    return Talk(
        terms=terms,
        started_at=now,
        greeting=Greeting(terms.mandatory, terms.ask),
        usage=Usage(terms.model),
        recovery=Recovery(since=now),
        hearing=terms.hearing,
        context=Context(pruned_at=now),
        epoch=epoch,
        active_at=now,
        model_at=now,
    )
