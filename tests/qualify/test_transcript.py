"""The transcript of a long call: old lines are packed, and all of them come back."""

from tests.qualify.script import Call


def name(number: int) -> str:
    """Without digits: many of them in a row might be a card's."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def test_every_line_of_a_long_call_is_written_down_in_order():
    """What was cut stays cut, and what is asked about the last words is answered from what is at hand."""
    call = Call(max_seconds=7200.0, max_usd=1e9).opened()
    said = []
    for number in range(150):
        call.caller_says(f"Question {name(number)}?")
        call.agent_says(f"Answer {name(number)}, and more that nobody waits for.", 4000)
        call.wait(1.0).caller_interrupts(f"x{number}")
        said.append(f"Question {name(number)}?")
        call.forget()
    lines = call.talk.transcript.lines
    assert [line.text for line in lines if line.text.startswith("Question")] == said
    answers = [line for line in lines if line.text.startswith("Answer")]
    assert len(answers) == 150
    assert all(line.cut_at is not None and line.final and line.heard and line.unheard for line in answers)
    assert [line.started_ms for line in lines] == sorted(line.started_ms for line in lines)
    assert len(call.talk.playback.items) < 150
    assert call.talk.transcript.find(lines[1].item_id) is None
    last = call.talk.transcript.last("agent")
    assert last is not None
    assert last.text == f"Answer {name(149)}, and more that nobody waits for."


def test_a_line_of_a_role_that_has_long_been_silent_is_found():
    call = Call().opened().caller_says("The only thing I say.")
    for number in range(300):
        call.talk.transcript.note(f"note {number}", 0)
        call.talk.put_away()
    last = call.talk.transcript.last("caller")
    assert last is not None
    assert last.text == "The only thing I say."
