"""Keys: digits for the model, pound ends them, nine opts out unless digits were asked for."""

import json

import pytest

from qualify import commands as do
from qualify import events as ev
from qualify import tools
from qualify.tools.desk import Desk
from tests.qualify.paper import NOW
from tests.qualify.script import Call


def press(call: Call, keys: str, pause: float = 0.3) -> Call:
    for key in keys:
        call.on(ev.KeyPressed(key)).wait(pause)
    return call


def typed(call: Call) -> list[str]:
    return [item.text for item in call.of(do.AddItem)]


def asked_to_type(**result: object) -> Call:
    call = Call().opened()
    call.tool_answers(call.tool("save_answers"), error="unclear_answer", _keypad=True, **result)
    return call.forget()


def test_pound_ends_an_entry_at_once():
    """Rule 68, R74."""
    call = press(Call().opened(), "250#", 0.05)
    assert typed(call) == ["[keypad] 250"]
    call.wait(5)
    assert len(typed(call)) == 1
    assert len(call.of(do.AskResponse)) == 1


def test_pound_alone_says_nothing():
    """R74."""
    assert typed(press(Call().opened(), "##").wait(3)) == []


def test_a_nine_opts_out():
    """Truth 4: at any time, unless a number is being typed."""
    call = press(Call().opened(), "9")
    assert call.of(do.Suppress) == [do.Suppress("keypress")]


def test_where_digits_were_asked_for_a_nine_may_be_the_first():
    """Rule 68: and people pause between the groups."""
    call = press(asked_to_type(), "917", 0.2).wait(2)
    assert typed(call) == []
    press(call, "5550101#", 0.2)
    assert typed(call) == ["[keypad] 9175550101"]
    assert not call.of(do.Suppress)


def test_a_nine_that_stays_alone_opts_out_all_the_same():
    call = press(asked_to_type(), "9").wait(5)
    assert call.of(do.Suppress) == [do.Suppress("keypress")]
    assert not any("[keypad]" in text for text in typed(call))


def test_a_nine_and_pound_is_an_answer():
    assert typed(press(asked_to_type(), "9#")) == ["[keypad] 9"]


def test_once_answered_by_voice_the_nine_opts_out_again():
    call = asked_to_type()
    call.tool_answers(call.tool("save_answers"), saved=["monthly_bill"])
    assert press(call, "9").of(do.Suppress)


def save(desk: Desk, question: str, value: str, confirmed: frozenset[str] = frozenset()) -> dict[str, object]:
    given = json.dumps({"answers": [{"question_id": question, "value": value}]})
    return tools.run("save_answers", given, desk, NOW, confirmed)


@pytest.mark.parametrize(
    ("language", "line"),
    [("en-US", "press pound"), ("en-AU", "press hash"), ("es-ES", "pulse almohadilla"), ("es-US", "tecla numeral")],
)
def test_a_number_unclear_twice_is_asked_for_by_keypad(desk: Desk, language: str, line: str):
    desk.playbook = desk.playbook.model_copy(update={"language": language})
    assert "say" not in save(desk, "monthly_bill", "mumble")
    second = save(desk, "monthly_bill", "mumble")
    assert line in str(second["say"])
    assert (second["error"], second["_keypad"]) == ("unclear_answer", True)
    assert save(desk, "monthly_bill", "[keypad] 250")["saved"] == ["monthly_bill"]
    assert desk.answers["monthly_bill"] == 250
    assert "say" not in save(desk, "monthly_bill", "mumble")  # counted anew


def test_a_model_that_understood_nothing_says_so(desk: Desk):
    assert save(desk, "monthly_bill", "unclear")["_keypad"]


def test_a_choice_cannot_be_typed(desk: Desk):
    for _ in range(3):
        assert "_keypad" not in save(desk, "roof_shade", "mumble")


def test_typed_digits_are_read_back_like_spoken_ones(desk: Desk):
    """DESIGN section 6."""
    question = desk.playbook.questions[0].model_copy(update={"id": "mobile", "type": "phone", "disqualify": None})
    desk.playbook = desk.playbook.model_copy(update={"questions": (question,)})
    desk.lead.phone = "+12125550199"
    first = save(desk, "mobile", "[keypad] 9175550101")
    assert (first["status"], first["read_back"]) == ("read_back", "9-1-7, 5-5-5, 0-1-0-1")
    assert desk.answers == {}
    assert save(desk, "mobile", "917 555 0101", frozenset([str(first["_key"])]))["saved"] == ["mobile"]
    assert desk.answers == {"mobile": "+19175550101"}
