"""Long calls: old turns leave the model's context in one block, with a summary in their place."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qualify import commands as do
from qualify import events as ev
from qualify import summary
from qualify.tool_ledger import Use
from qualify.transcript import Line
from tests.qualify.script import Call

LARGE = {"input_tokens": 30_000}


def turn(call: Call, number: int, *, done: bool = True) -> Call:
    """The person says something and is answered; the API announces both items."""
    call.caller_says(f"Answer {chr(97 + number)}.")
    call.kept(f"u{call._serial}", role="user")
    item = call.agent_says(f"Question {number}?", 400, done=False)
    call.kept(item, role="assistant").wait(0.8)
    return call.done(call.talk.responses.active, usage=LARGE) if done else call


def long_call(turns: int = 10, **changes: Any) -> Call:
    call = Call(prune_tokens=10**9, **changes).opened()
    for number in range(turns):
        turn(call, number)
    return call.forget()


def with_tool(call: Call, name: str, arguments: dict[str, Any], **result: Any) -> str:
    """The API announces call and output."""
    asked = call.tool(name, json.dumps(arguments))
    call.kept(f"f_{asked}", "function_call", call_id=asked)
    call.tool_answers(asked, **result)
    call.kept(f"o_{asked}", call_id=asked, kind="function_call_output")
    return asked


def prunes(call: Call) -> Call:
    object.__setattr__(call.talk.terms, "prune_tokens", 20_000)
    return turn(call.forget(), 99)


def gone(call: Call) -> list[str]:
    return [command.item_id for command in call.of(do.DeleteItem)]


def test_a_large_context_is_summarised_first_and_then_pruned_in_one_block():
    """Realtime.md section 3, context growth: the summary goes to the root, old items go oldest first, the last turns stay."""
    call = prunes(long_call())
    added = call.of(do.AddItem)[0]
    assert (added.role, added.first, added.item_id) == ("system", True, call.talk.context.summary)
    assert "Caller: Answer a." in added.text
    assert "Answer 9." not in added.text
    assert gone(call) == sorted(gone(call), key=lambda item: int(item[1:]))
    assert sum(held.turn for held in call.talk.context.items.values()) == call.talk.terms.keep_turns
    order = [type(command) for command in call.sent if isinstance(command, do.AddItem | do.DeleteItem)]
    assert order.index(do.AddItem) < order.index(do.DeleteItem)


def test_a_small_context_is_left_alone():
    call = long_call()
    call.caller_says("Yes.")
    call.done(call.response(), usage={"input_tokens": 300})
    assert gone(call) == []


def test_the_next_summary_replaces_the_last_and_tells_the_whole_story_again():
    call = prunes(long_call())
    first = call.talk.context.summary
    object.__setattr__(call.talk.terms, "prune_tokens", 10**9)
    for number in range(20, 28):
        turn(call, number)
    prunes(call)
    assert gone(call)[0] == first
    text = next(command.text for command in call.of(do.AddItem) if command.first)
    assert "Answer a." in text
    assert "Answer u." in text


def test_a_tool_call_goes_with_its_output_or_stays():
    """Never one without the other. (realtime.md section 3)"""
    call = Call(prune_tokens=10**9).opened()
    both = with_tool(call, "save_answers", {"answers": {"homeowner": "yes"}}, saved=["homeowner"], open=["bill"])
    call.done(call.response(), usage={})
    call.kept("f_lone", "function_call", call_id="lone")
    for number in range(10):
        turn(call, number)
    prunes(call)
    assert {f"f_{both}", f"o_{both}"} <= set(gone(call))
    assert "f_lone" not in gone(call)
    text = call.of(do.AddItem)[0].text
    assert 'save_answers: {"saved": ["homeowner"], "answers": {"homeowner": "yes"}, "open": ["bill"]}' in text


def test_an_open_read_back_and_all_after_it_stay():
    call = Call(prune_tokens=10**9).opened()
    for number in range(4):
        turn(call, number)
    asked = with_tool(call, "schedule", {}, status="read_back", read_back="Tuesday at ten", slot_id="s1")
    call.done(call.response(), usage={})
    before = set(call.talk.context.items)
    for number in range(4, 16):
        turn(call, number)
    prunes(call)
    assert gone(call)
    assert set(gone(call)) <= before - {f"f_{asked}", f"o_{asked}"}


def test_what_is_still_to_be_heard_stays():
    call = Call(prune_tokens=10**9, keep_turns=1).opened()
    for number in range(6):
        turn(call, number)
    playing = [call.agent_says(f"Long {n}", 9000, response=call.response(request=""), done=False) for n in range(2)]
    for item in playing:
        call.kept(item, role="assistant")
    object.__setattr__(call.talk.terms, "prune_tokens", 20_000)
    call.forget().done(call.talk.responses.active, usage=LARGE)
    assert gone(call)
    assert not set(playing) & set(gone(call))


def test_nothing_is_pruned_while_a_tool_is_at_work():
    call = long_call()
    call.tool("check_slots", done=False)
    object.__setattr__(call.talk.terms, "prune_tokens", 20_000)
    call.done(call.talk.responses.active, usage=LARGE)
    assert gone(call) == []


def test_time_alone_prunes_as_well():
    call = long_call(prune_every=60.0)
    call.wait(1)
    call.talk.context.pruned_at -= 60
    call.caller_says("Yes.")
    call.done(call.response(), usage={})
    assert gone(call)


def test_an_item_that_is_already_gone_is_no_trouble():
    call = prunes(long_call())
    call.on(ev.ModelError("item_delete_invalid_item_id", event_id="del_1"))
    assert not call.talk.ending.decided


def test_the_summary_tells_only_what_was_heard_and_is_bounded():
    """Rule 30."""
    lines = [Line("agent", f"a{n}", 0, text=f"word{n} " * 60) for n in range(40)]
    lines.append(Line("agent", "cut", 0, text="heard unheard", cut_at=0.5))
    uses = [
        Use("c1", "check_slots", "{}", "r", 0.0, 1.0, {"slots": [{"slot_id": "s1"}], "_calendar": "sal@example.com"})
    ]
    text = summary.so_far(uses, lines)
    assert len(text) < 2500
    assert text.endswith("Agent: heard")
    assert "sal@example.com" not in text
    assert "Do not greet" in text


class Server:
    """The conversation as the API keeps it: what is added and deleted, in order."""

    def __init__(self, call: Call) -> None:
        self.call, self.items, self.calls = call, [], {}
        call.each = self.obey

    def obey(self, command: do.Command) -> None:
        match command:
            case do.AddItem(item_id=item_id, first=first):
                self.items.insert(0 if first else len(self.items), item_id or command.event_id)
            case do.DeleteItem(item_id=item_id):
                assert item_id in self.items
                self.items.remove(item_id)
            case do.AskResponse():
                self.whole()

    def whole(self) -> None:
        """What must hold whenever the model is asked to speak."""
        for call, output in self.calls.items():
            assert (call in self.items) == (output in self.items), "half a call"
        for kind in ("sum_", "goal_"):
            assert len([item for item in self.items if item.startswith(kind)]) <= 1

    def keep(self, item: str, kind: str = "message", role: str = "", call_id: str = "") -> None:
        self.items.append(item)
        self.call.kept(item, kind, role, call_id)


STORY = st.lists(
    st.sampled_from(["turn", "turn", "turn", "tool", "read_back", "yes", "large", "cut", "lost", "objection"]),
    max_size=40,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story=STORY)
def test_whatever_is_said_no_call_is_halved_and_no_item_deleted_twice(story: list[str]):
    call = Call(
        prune_tokens=20_000, keep_turns=3, restate_after=2, required=("homeowner",), objections=("price",)
    ).opened()
    server = Server(call)
    for step in story:
        usage = LARGE if step == "large" else {"input_tokens": 100}
        match step:
            case "tool" | "read_back" | "yes":
                results: dict[str, Any] = {
                    "tool": {"saved": ["homeowner"], "open": []},
                    "read_back": {"status": "read_back", "read_back": "Tuesday", "slot_id": "s1"},
                    "yes": {"status": "booked", "slot_id": "s1"},
                }
                name = "save_answers" if step == "tool" else "schedule"
                asked = call.tool(name, "{}", response=call.response(request=""))
                server.calls[f"f_{asked}"] = f"o_{asked}"
                server.keep(f"f_{asked}", "function_call", call_id=asked)
                server.items.append(f"o_{asked}")
                call.tool_answers(asked, **results[step])
                call.kept(f"o_{asked}", "function_call_output", call_id=asked)
            case "lost":
                server.items.clear()
                server.calls.clear()
                call.on(ev.ModelLost(1006)).model_opens().model_ready()
            case _:
                call.caller_says("What about the price?" if step == "objection" else "Well.")
                server.keep(f"u{call._serial}", role="user")
        if call.talk.responses.busy:
            item = call.agent_says("Right.", 300, done=False)
            server.keep(item, role="assistant")
            call.wait(0.1 if step == "cut" else 0.6)
            call.done(call.talk.responses.active, usage=usage)
    server.whole()
    held = [item for item in call.talk.context.items.values() if item.turn]
    assert {item.item_id for item in held} <= set(server.items)
