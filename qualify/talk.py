"""The state of one live conversation, shared by the rules in `voice`, `tooling`, `closing`, `outage` and `opening`.

Plain data and a few readings of it; what may change it when is each rule's business.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from qualify.commands import AddItem, Command, Tell
from qualify.ending import Ending
from qualify.greeting import Greeting
from qualify.latency import Latency
from qualify.playback import Playback
from qualify.recovery import Recovery
from qualify.responses import Responses, Wish
from qualify.terms import Terms
from qualify.tool_ledger import ReadBacks, ToolLedger
from qualify.transcript import Transcript
from qualify.uplink import Uplink
from qualify.usage import Usage


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
    flags: list[dict[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    listening: bool = False
    """The model lets speech interrupt it and answers by itself."""
    speaking: bool = False
    caller_turns: int = 0
    agent_since_caller: bool = False
    awaited_since: float | None = None
    """The person's turn was committed and the model is to answer by itself."""
    active_at: float = 0.0
    """When something last happened that breaks a silence."""
    model_at: float = 0.0
    """When the model last sent anything."""
    spoke_by: dict[str, str] = field(default_factory=dict)
    """Response id of each spoken item."""
    item_at: dict[str, float] = field(default_factory=dict)
    nudges: int = 0
    failures: int = 0
    retry_at: float | None = None
    continued: bool = False
    keys: str = ""
    keys_at: float = 0.0
    verdict: str = ""
    met: bool = False
    """A person has been talking with us, beyond doubt."""
    recording: bool = False
    agreed: bool | None = None
    """The person's answer to being recorded, where it is asked for first."""
    wrapped_up: bool = False
    voice_locked: bool = False
    opted_out: str = ""
    """The channel of an opt-out: `voice`, `keypress`, `api`."""
    transfer: tuple[str, str] | None = None
    """Person and number a transfer goes to."""
    recent_responses: set[str] = field(default_factory=set)
    """Responses of the present model session: only their tool calls can be answered."""
    config_tries: int = 0
    hold_until: float | None = None
    """The slot is taken by a response we don't know: no request before this, or before a response ends."""
    serial: int = 0

    def event_id(self, kind: str) -> str:
        self.serial += 1
        return f"{kind}_{self.serial}"

    def ms(self, now: float) -> int:
        return round((now - self.started_at) * 1000)

    def flag(self, name: str, detail: str = "") -> None:
        self.flags.append({"flag": name, "detail": detail})

    def note(self, text: str, now: float) -> Iterator[Command]:
        """Something the system did, for the transcript and for those who watch."""
        self.transcript.note(text, self.ms(now))
        yield Tell("note", {"text": text})

    def steer(self, text: str, *, must: bool = True) -> Iterator[Command]:
        """Tell the model something at the conversation's end (instructions stay as they are) and want an answer to it."""
        yield AddItem(self.event_id("note"), "system", text)
        self.responses.want(Wish(must=must))

    def text_of(self, item_ids: list[str]) -> str:
        return " ".join(line.text for item in item_ids if (line := self.transcript.find(item)))


def new_talk(terms: Terms, now: float) -> Talk:
    return Talk(
        terms=terms,
        started_at=now,
        greeting=Greeting(terms.mandatory, terms.ask),
        usage=Usage(terms.model),
        recovery=Recovery(since=now),
        active_at=now,
        model_at=now,
    )
