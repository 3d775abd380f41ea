"""A playbook: what the agent is, says, asks and never says, as data. The prompt is compiled from it.

Strict: unknown keys and unknown placeholders are errors, so that a misspelt `required` or `{frist_name}` never reaches a
caller. Loading files is `playbook_file`'s job, making the prompt `compiler`'s.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

PLACEHOLDERS = frozenset(
    [
        "first_name",
        "brand",
        "legal_name",
        "company",
        "agent",
        "meeting_minutes",
        "slot",
        "slot_1",
        "slot_2",
        "slot_3",
        "value",
    ]
)
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


def _known_placeholders(text: str) -> str:
    for name in _PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            raise ValueError(f"unknown placeholder {{{name}}}; known are {', '.join(sorted(PLACEHOLDERS))}")
    return text


def fill(line: str, values: dict[str, str]) -> str:
    """The line with the placeholders we have values for replaced; the others stay, for the model to fill."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), line)


Line = Annotated[str, Field(min_length=1, max_length=600), AfterValidator(_known_placeholders)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Identity(Part):
    agent: str = Field(min_length=1, max_length=40, description="The name the agent gives")
    role: str = Field("an AI assistant", min_length=1, max_length=80)
    company: Line = Field("{brand}", description="For whom the agent calls")


class Voice(Part):
    """How the agent sounds, and how long it may think. All of it is kept with each call."""

    name: str = Field("marin", pattern=r"^[a-z]{2,20}$")
    speed: float = Field(
        1.0, ge=0.25, le=1.5, description="How fast the voice is played; cadence is a matter of `pace`"
    )
    pace: str = Field("", max_length=200, description="Cadence in words, for the model: brisk but unhurried")
    effort: Literal["none", "minimal", "low", "medium", "high"] = Field(
        "low", description="Reasoning before each answer; none for models that have no such setting"
    )
    max_tokens: int = Field(4096, ge=512, le=4096, description="Longest answer, tool calls included")


class Greeting(Part):
    """The mandatory opening. All of it but `ask` is protected from interruption."""

    disclosure: Line = Field(description="Who calls, and that it is an AI")
    purpose: Line
    recording: Line = Field(description="Said only when the campaign records")
    opt_out: Line
    ask: Line
    are_you_a_robot: Line
    screener: Line | None = Field(
        None, description="The one sentence for a call screener; else compiled from identity and seller"
    )

    answering: Line | None = Field(
        None, description="What takes the place of disclosure and purpose when the person rings us; else compiled"
    )

    @model_validator(mode="after")
    def _says_it_is_an_ai(self) -> "Greeting":
        named = (("disclosure", self.disclosure), ("screener", self.screener), ("answering", self.answering))
        for name, line in named:
            if line and not re.search(r"\b(AI|IA|artificial|virtual|inteligencia artificial)\b", line, re.IGNORECASE):
                raise ValueError(f"{name} must say that the caller is an AI")
        return self


class Disqualify(Part):
    """Ends the interview politely when the answer matches."""

    equals: bool | float | str | None = None
    below: float | None = None
    above: float | None = None
    say: Line

    @model_validator(mode="after")
    def _one_test(self) -> "Disqualify":
        if sum(test is not None for test in (self.equals, self.below, self.above)) != 1:
            raise ValueError("give exactly one of equals, below, above")
        return self


class Question(Part):
    id: Name
    ask: Line
    type: Literal["yes_no", "number", "choice", "text", "email", "phone", "name"]
    choices: tuple[str, ...] = ()
    unit: str = ""
    required: bool = False
    disqualify: Disqualify | None = None

    @model_validator(mode="after")
    def _choices_belong_to_choice(self) -> "Question":
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("a choice question needs choices, and only a choice question has them")
        return self


SPELLED = frozenset(["email", "phone", "name"])
"""Types of which nothing is stored that was not read back, heard and answered."""
BY_KEYPAD = frozenset(["number", "phone"])
"""Types that can be typed when speech is not understood."""
INVITATION = Question(id="email", ask="Which e-mail should the invitation go to?", type="email")
"""Answered by whoever gives another address on the phone, whether or not the playbook asks."""


class Objection(Part):
    id: Name
    when: str = Field(min_length=1)
    hear: tuple[str, ...] = ()
    say: Line


class MeetingLines(Part):
    title: str = Field(min_length=1, max_length=120)
    minutes: int = Field(30, ge=10, le=240)
    with_: str = Field(alias="with", min_length=1)
    offer: Line
    read_back: Line
    booked: Line


class CallbackLines(Part):
    ask: Line
    read_back: Line
    promised: Line


class TransferLines(Part):
    offer: Line
    unavailable: Line


class Closing(Part):
    booked: Line
    not_qualified: Line
    declined: Line
    callback: Line
    opted_out: Line
    failed: Line


class Playbook(Part):
    """One script. `file` is set by the loader when the playbook came from a path."""

    schema_: Literal[1] = Field(alias="schema")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    title: str = Field(min_length=1)
    language: str = Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    identity: Identity
    voice: Voice = Voice()
    style: tuple[Line, ...] = ()
    greeting: Greeting
    questions: tuple[Question, ...] = Field(min_length=1)
    objections: tuple[Objection, ...] = ()
    forbidden: tuple[str, ...] = ()
    meeting: MeetingLines
    callback: CallbackLines
    transfer: TransferLines
    closing: Closing
    recap: Line

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "Playbook":
        for what, ids in (("question", [q.id for q in self.questions]), ("objection", [o.id for o in self.objections])):
            if twice := {i for i in ids if ids.count(i) > 1}:
                raise ValueError(f"two {what}s have the id {sorted(twice)[0]!r}")
        return self

    def question(self, question_id: str) -> Question | None:
        return next((question for question in self.questions if question.id == question_id), None)


def json_schema() -> dict[str, Any]:
    """What `docs/playbook.schema.json` holds, for editors and for whoever reads playbooks as data."""
    schema = Playbook.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
