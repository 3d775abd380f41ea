"""Where a conversation stands, folded from its items: what was asked, heard, answered, offered and promised.

Folding the items, and nothing else, is what lets the stand-in go on after a lost socket: replayed history gives the
same state as having been there.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.realtime.conversation import Item
from sandbox.realtime.script import Script

CONSENT, SPELLED_OK, OFFER, MEETING_OK, CALLBACK_WHEN, CALLBACK_OK, END = (
    "consent",
    "spelled_ok",
    "offer",
    "meeting_ok",
    "callback_when",
    "callback_ok",
    "end",
)
_AWAITING = {
    "greeting.ask": CONSENT,
    "stock.spell_back": SPELLED_OK,
    "meeting.offer": OFFER,
    "stock.one_slot": OFFER,
    "meeting.read_back": MEETING_OK,
    "callback.ask": CALLBACK_WHEN,
    "callback.read_back": CALLBACK_OK,
}
_TRIES = (
    "stock.unclear",
    "stock.yes_or_no",
    "stock.rough_number",
    "stock.which_of",
    "stock.silence",
    "stock.which_slot",
)
_TOLD = re.compile(r"^(check_slots|save_answers|schedule): (\{.*\})$", re.M)
_SAY_EXACTLY = re.compile(
    r"\b(?:say|speak|read out) (?:exactly|word for word|verbatim)[^:]*:\s*[\"“]?(.+?)[\"”]?\s*$", re.I | re.S
)
_RESUMED = ("do not greet", "don't greet", "not introduce yourself", "continue the same call")


@dataclass(frozen=True)
class Result:
    """A tool's answer with the call it answers."""

    name: str
    arguments: dict[str, Any]
    output: dict[str, Any]

    @property
    def error(self) -> str:
        return str(self.output.get("error") or "")


@dataclass
class Memory:
    script: Script
    greeted: bool = False
    awaiting: str = ""
    tries: int = 0
    closing: str = ""
    said: list[str] = field(default_factory=list)  # by the caller since the agent's last turn; "" is unclear speech
    silence: bool = False
    results: list[Result] = field(default_factory=list)  # since the agent last spoke
    unheard: list[str] = field(default_factory=list)  # lines of the last turn the caller cannot have heard
    answered: set[str] = field(default_factory=set)
    open: list[str] | None = None
    given_up: set[str] = field(default_factory=set)
    slots: list[dict[str, Any]] = field(default_factory=list)
    scheduled: Result | None = None
    spelled: Result | None = None  # the answer read back last, letter by letter
    errors: dict[str, int] = field(default_factory=dict)
    offers: int = 0
    ended: bool = False
    ordered: str = ""  # what it must say word for word; it stands until the agent has spoken, whatever else is told
    _calls: dict[str, Item] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return " ".join(word for word in self.said if word)

    def read(self, items: Iterable[Item]) -> "Memory":
        for item in items:
            self._read(item)
        return self

    def _read(self, item: Item) -> None:
        match item.type, item.role:
            case "message", "assistant":
                self._read_agent(item)
            case "message", "user":
                self._read_caller(item)
            case "message", _:
                self._read_system(item.words)
            case "function_call", _:
                if item.status == "completed":
                    self._calls[item.call_id] = item
                    self.said = []
            case _:
                self._read_result(item)

    def _read_agent(self, item: Item) -> None:
        keys = self.script.keys_in(item.words)
        heard = self.script.keys_in(item.heard_words())
        self.unheard = [key for key in keys if key not in heard or not self._complete(key, item)]
        self.said, self.results, self.ordered, self.silence = [], [], "", False
        for key in keys:
            self._take_line(key)

    def _complete(self, key: str, item: Item) -> bool:
        """Whether the line was heard to its end, not only begun."""
        heard = item.heard_words()
        return heard == item.words or self.script.keys_in(heard)[-1:] != [key]

    def _take_line(self, key: str) -> None:
        part, _, name = key.partition(".")
        self.greeted = self.greeted or (part == "greeting" and name != "screener")
        awaiting = f"question:{name}" if part == "question" else _AWAITING.get(key)
        if key in _TRIES:
            self.tries += 1
        if part == "closing":
            self.closing, awaiting = name, END
        if awaiting and awaiting != self.awaiting:
            self._give_up_on_open_question(awaiting)
            self.awaiting = awaiting
            self.tries = 0
        if awaiting == OFFER:
            self.offers += 1

    def _give_up_on_open_question(self, next_one: str) -> None:
        kind, _, name = self.awaiting.partition(":")
        if kind == "question" and name not in self.answered and next_one.startswith(("question:", OFFER)):
            self.given_up.add(name)

    def _read_caller(self, item: Item) -> None:
        """A turn without any sound is silence: whatever was said before it has been dealt with."""
        self.silence = not item.words and item.audio_bytes == 0
        self.said = [""] if self.silence else [*self.said, item.words]

    def _read_system(self, words: str) -> None:
        """A whisper; or an account of what tools did, in place of turns that are gone."""
        if any(mark in words.lower() for mark in _RESUMED):
            self.greeted = True
        for name, result in _TOLD.findall(words):
            output = _object(result)
            self._learn(Result(name, {"kind": "callback"} if "callback_id" in output else {}, output))
        if "playbook:" in words.lower():
            self.said = []  # what they asked for is done: the talk goes on in another language
        self.ordered = exact_line(words) or self.ordered

    def _learn(self, result: Result) -> None:
        """What a tool's answer means from here on, whether it came or was told of."""
        slots = _list(result.output.get("slots"))
        if offered := [slot for slot in slots if isinstance(slot, dict) and slot.get("say")]:
            self.slots = offered
        match result.name:
            case "save_answers" if result.output.get("read_back"):
                self.spelled = result
            case "save_answers" if not result.error:
                self._take_saved(result)
            case "schedule" if result.output.get("status") == "read_back":
                self.scheduled = result

    def _read_result(self, item: Item) -> None:
        call = self._calls.get(item.call_id)
        if call is None:
            return
        result = Result(call.name, _object(call.arguments), _object(item.output))
        self.results.append(result)
        self.errors[call.name] = self.errors.get(call.name, 0) + 1 if result.error else 0
        self._learn(result)
        self.ended = self.ended or (call.name == "end_call" and not result.error)

    def _take_saved(self, result: Result) -> None:
        self.answered |= {str(name) for name in _list(result.output.get("saved"))}
        if isinstance(result.output.get("open"), list):
            self.open = [str(name) for name in result.output["open"]]


def exact_line(words: str) -> str:
    """The line that these instructions want said word for word; empty when they want none."""
    found = _SAY_EXACTLY.search(words)
    return found.group(1) if found else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {"error": "unreadable"}
    return value if isinstance(value, dict) else {"value": value}
