"""Nothing is booked or stored that was not read back, heard and answered: the session and the tools together, attacked.

`Desked` is a scripted call whose tools are the real ones.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qualify import commands as do
from qualify import events as ev
from qualify import tools
from qualify.read_backs import ReadBacks
from qualify.tools.desk import Desk
from tests.qualify.paper import NOW, PaperCalendar
from tests.qualify.script import Call, audio

SLOT = "Tuesday, November 24th at 10:00 AM"


class Desked(Call):
    """What the model asks of a tool is run at the desk at once, as the bridge would."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.opened()

    def response(self, *, request: str | None = None) -> str:
        """One asked for before the person spoke is withdrawn: it starts, is cancelled, and the next one serves."""
        found = super().response(request=request)
        if found not in self.talk.responses.discarded:
            return found
        self.done(found, "cancelled")
        return super().response()

    def ask(self, name: str, response: str | None = None, **arguments: Any) -> dict[str, Any]:
        asked = self.tool(name, json.dumps(arguments), response=response, done=response is None)
        return self.run(asked)

    def run(self, call_id: str) -> dict[str, Any]:
        order = next(c for c in self.of(do.RunTool) if c.call_id == call_id)
        result = tools.run(order.name, order.arguments, self.desk, NOW, order.confirmed)
        self.tool_answers(call_id, **result)
        return result

    def schedule(self, slot_id: str, *, confirm: bool = False, response: str | None = None) -> dict[str, Any]:
        return self.ask("schedule", response, kind="meeting", slot_id=slot_id, confirm=confirm)

    def email(self, value: str) -> dict[str, Any]:
        return self.ask("save_answers", answers=[{"question_id": "email", "value": value}])

    def reads(self, phrase: str, heard: float = 4.1) -> str:
        """The agent reads back, in four seconds."""
        item = self.agent_says(f"Just to confirm: {phrase}. Is that right?", 4000)
        self.wait(heard)
        return item


@pytest.fixture
def call(desk: Desk) -> Desked:
    made = Desked(desk)
    made.ask("check_slots")
    return made


# --- what counts as heard and answered ---


@pytest.mark.parametrize("said", ["Yes, please.", None])
def test_a_read_back_counts_when_it_was_heard_and_then_spoken_to(said: str | None):
    """DESIGN section 6: enforced by code; the words of the transcript do not matter."""
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, _key="s1")
    call.agent_says(f"Just to confirm: {SLOT}. Shall I book it?", 4000)
    call.wait(4.1).caller_says(said)
    call.tool("schedule", done=False)
    assert call.of(do.RunTool)[-1].confirmed == {"s1"}


def test_a_read_back_that_was_not_heard_does_not_count():
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, _key="s1")
    call.agent_says(f"Just to confirm: {SLOT}. Shall I book it?", 4000)
    call.wait(1.0).caller_says("Yes.")
    call.tool("schedule", done=False)
    assert call.of(do.RunTool)[-1].confirmed == frozenset()


def test_a_read_back_without_a_word_of_the_person_does_not_count():
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, _key="s1")
    call.agent_says(f"Just to confirm: {SLOT}. Shall I book it?", 4000)
    call.wait(4.1)
    call.tool("schedule", done=False)
    assert call.of(do.RunTool)[-1].confirmed == frozenset()


def test_words_spoken_before_the_read_back_do_not_count():
    call = Call().opened()
    call.caller_says("Yes yes, book it.")
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, _key="s1")
    call.tool("schedule", done=False, response=call.response())
    assert call.of(do.RunTool)[-1].confirmed == frozenset()


def test_a_read_back_in_other_words_counts_once_most_of_it_was_heard():
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, _key="s1")
    call.agent_says("So that is Tuesday the twenty-fourth at ten in the morning, right?", 4000)
    call.wait(3.4).caller_says("Right.")
    call.tool("schedule", done=False)
    assert call.of(do.RunTool)[-1].confirmed == {"s1"}


@pytest.mark.parametrize("said", ["No, the second one.", "Actually, the other one would be better.", "Wait."])
def test_a_no_to_the_read_back_confirms_nothing(said: str):
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, _key="s1")
    call.agent_says(f"Just to confirm: {SLOT}. Shall I book it?", 4000)
    call.wait(4.1).caller_says(said)
    call.tool("schedule", done=False)
    assert call.of(do.RunTool)[-1].confirmed == frozenset()


def test_a_second_read_back_must_be_heard_again():
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, _key="s1")
    call.agent_says(f"Just to confirm: {SLOT}. Shall I book it?", 4000)
    call.wait(4.1).caller_says("Yes.")
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, _key="s1")
    call.tool("schedule", done=False, response=call.response())
    assert call.of(do.RunTool)[-1].confirmed == frozenset()


def test_other_words_count_only_with_every_number():
    """DESIGN section 6: "I have Tuesday" is no read-back of Tuesday at ten."""
    for words in ("I have Tuesday at 2 PM, or Wednesday.", "One moment, Tuesday you said.", "Tuesday the 24th, right?"):
        call = Call().opened()
        call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, _key="s1")
        call.agent_says(words, 4000)
        call.wait(4.1).caller_says("Yes.")
        call.tool("schedule", done=False)
        assert call.of(do.RunTool)[-1].confirmed == frozenset(), words


@pytest.mark.parametrize(
    ("phrase", "said", "counts"),
    [
        ("m-a-r-i-a at x dot c-o-m", "So that's M, A, R, I, A, at X dot com?", True),
        ("m-a-r-i-a at x dot c-o-m", "So that's maria@x.com?", True),
        ("m-a-r-i-a at x dot c-o-m", "So that's marie@x.com?", False),
        ("m-a-r-i-a arroba x punto c-o-m", "Es maría arroba x punto com, ¿verdad?", True),
        ("2-1-2, 5-5-5, 0-1-0-1", "Two one two, five five five, oh one oh one, right?", True),
        ("2-1-2, 5-5-5, 0-1-0-1", "That's (212) 555-0101?", True),
        ("2-1-2, 5-5-5, 0-1-0-1", "That's (212) 555-0110?", False),
        ("M-A-R-I-A", "M. A. R. I. A. Is that right?", True),
        ("M-A-R-I-A", "So, Maria, is that how it's spelled?", False),
        (
            "martes 24 de noviembre a las 4:00 de la tarde",
            "martes veinticuatro de noviembre a las cuatro de la tarde, ¿sí?",
            True,
        ),
        ("", "Anything.", False),
    ],
)
def test_what_was_said_is_compared_as_words_and_digits(phrase: str, said: str, counts: bool):
    read_backs = ReadBacks()
    read_backs.expect("k", phrase, 1.0, anew=True)
    read_backs.heard(said, 1.0, 2.0)
    assert read_backs.open["k"].heard is counts


def test_an_item_that_never_ended_proves_nothing():
    """Rules 15, 16: words run ahead of audio, so half an item's audio is not what its words say."""
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, _key="s1")
    response = call.response()
    call.on(ev.AgentItem(response, "a")).on(ev.AgentWords(response, "a", f"Just to confirm: {SLOT}."))
    call.on(ev.AgentAudio(response, "a", audio(200)))
    call.wait(1.0).caller_says("Yes.")
    call.tool("schedule", done=False)
    assert call.of(do.RunTool)[-1].confirmed == frozenset()


def test_an_item_that_ends_after_it_was_heard_counts():
    """A model that speaks no faster than it is heard."""
    call = Call().opened()
    call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, _key="s1")
    response = call.response()
    call.on(ev.AgentItem(response, "a")).on(ev.AgentWords(response, "a", f"Just to confirm: {SLOT}."))
    call.on(ev.AgentAudio(response, "a", audio(180))).wait(0.5)
    call.on(ev.AgentAudioEnded(response, "a")).done(response).caller_says("Yes.")
    call.tool("schedule", done=False)
    assert call.of(do.RunTool)[-1].confirmed == {"s1"}


def test_a_turn_that_was_only_noise_confirms_nothing():
    """An empty transcript; a transcriber that broke is no reason to doubt the person."""
    for failed, expected in ((False, frozenset()), (True, {"s1"})):
        call = Call().opened()
        call.tool_answers(call.tool("schedule"), status="read_back", read_back=SLOT, _key="s1")
        call.agent_says(f"Just to confirm: {SLOT}. Shall I book it?", 4000)
        call.wait(4.1).caller_says(None)
        call.on(ev.CallerWords("u2", "", failed=failed))
        call.tool("schedule", done=False)
        assert call.of(do.RunTool)[-1].confirmed == expected


# --- booking, attacked ---


def test_booked_after_read_back_hearing_and_answer(call: Desked, paper: PaperCalendar):
    said = call.schedule("s1")["read_back"]
    call.reads(said)
    call.caller_says("Yes, please.")
    assert call.schedule("s1", confirm=True)["status"] == "booked"
    assert len(paper.booked) == 1


def test_confirmed_first_of_all(call: Desked, paper: PaperCalendar):
    assert call.schedule("s1", confirm=True)["error"] == "not_confirmed"
    call.caller_says("Yes, go ahead.")
    assert call.schedule("s1", confirm=True)["error"] == "not_confirmed"
    assert not paper.booked


def test_asked_and_confirmed_in_one_response(call: Desked, paper: PaperCalendar):
    """Rule 47: both calls of one response run, neither books."""
    response = call.response()
    call.schedule("s1", response=response)
    assert call.schedule("s1", confirm=True, response=response)["error"] == "not_confirmed"
    assert call.schedule("s1", confirm=True, response=response)["error"] == "not_confirmed"
    assert not paper.booked


def test_cut_short_by_the_person(call: Desked, paper: PaperCalendar):
    """Rules 16, 24: what was cleared was not heard."""
    call.reads(call.schedule("s1")["read_back"], heard=0.6)
    call.caller_says("Yes.")
    assert call.schedule("s1", confirm=True)["error"] == "not_confirmed"
    assert not paper.booked


def test_generated_but_flushed_before_a_word_of_it_was_heard(call: Desked, paper: PaperCalendar):
    """Rules 18, 22: the marks that a clear sends back prove nothing."""
    said = call.schedule("s1")["read_back"]
    call.phone.echoes = False
    call.reads(said, heard=0.02)
    call.caller_says("Yes.")
    call.phone.echoes = True
    call.wait(5)
    assert call.schedule("s1", confirm=True)["error"] == "not_confirmed"
    assert not paper.booked


def test_another_time_was_read_back_meanwhile(call: Desked, paper: PaperCalendar):
    """The first was heard and spoken to ("the second one, please"): that is no yes to it."""
    call.reads(call.schedule("s1")["read_back"])
    call.caller_says("The second one, please.")
    second = call.schedule("s2")["read_back"]
    for _ in range(2):
        assert call.schedule("s1", confirm=True)["error"] == "not_confirmed"
    assert not paper.booked
    call.schedule("s2")
    call.reads(second)
    call.caller_says("Yes.")
    assert call.schedule("s1", confirm=True)["error"] == "not_confirmed"
    assert not paper.booked


def test_two_confirmations_in_one_response_after_another_read_back(call: Desked, paper: PaperCalendar):
    """Each read-back has a key of its own: the one confirmed long ago serves for none that came later."""
    call.reads(call.schedule("s1")["read_back"])
    call.caller_says("The second one, please.")
    call.schedule("s2")
    response = call.response()
    asked = [
        call.tool("schedule", json.dumps({"slot_id": "s1", "confirm": True}), response=response, done=False)
        for _ in "ab"
    ]
    assert [call.run(one)["error"] for one in asked] == ["not_confirmed", "not_confirmed"]
    assert not paper.booked


def test_spoken_before_the_read_back_ended(call: Desked, paper: PaperCalendar):
    """The person began while it was still to be heard, and finished afterwards: they answered something else."""
    said = call.schedule("s1")["read_back"]
    call.on(ev.SpeechStarted("early"))
    call.reads(said)
    call.on(ev.SpeechStopped("early")).on(ev.SpeechCommitted("early"))
    assert call.schedule("s1", confirm=True)["error"] == "not_confirmed"
    assert not paper.booked


def test_a_new_model_session_between_read_back_and_yes(call: Desked, paper: PaperCalendar):
    """Rules 58, 65: what was heard stays heard."""
    call.reads(call.schedule("s1")["read_back"])
    call.on(ev.ModelLost(1006)).model_opens().model_ready()
    call.agent_says("Sorry, the line dropped for a moment.", 1000)
    call.wait(1.2).caller_says("Yes, please.")
    assert call.schedule("s1", confirm=True)["status"] == "booked"


def test_a_model_that_dies_in_the_middle_of_the_read_back(call: Desked, paper: PaperCalendar):
    """Rules 58, 65: the phone plays what it has, which is not what the words say."""
    said = call.schedule("s1")["read_back"]
    response = call.response()
    call.on(ev.AgentItem(response, "a")).on(ev.AgentWords(response, "a", f"Just to confirm: {said}."))
    call.on(ev.AgentAudio(response, "a", audio(400)))
    call.on(ev.ModelLost(1006)).wait(1.0).model_opens().model_ready()
    call.agent_says("Sorry, the line dropped for a moment.", 1000)
    call.wait(1.2).caller_says("Yes, please.")
    assert call.schedule("s1", confirm=True)["error"] == "not_confirmed"
    assert not paper.booked


def test_a_no_means_that_it_is_read_back_again(call: Desked, paper: PaperCalendar):
    said = call.schedule("s1")["read_back"]
    call.reads(said)
    call.caller_says("No, wait.")
    call.agent_says("What would you like to change?", 800)
    call.wait(1).caller_says("Nothing, it's fine.")
    assert call.schedule("s1", confirm=True)["error"] == "not_confirmed"
    call.reads(said)
    call.caller_says("Yes.")
    assert call.schedule("s1", confirm=True)["status"] == "booked"


def test_asked_for_again_it_is_read_back_again(call: Desked, paper: PaperCalendar):
    """After a reconnect, say, the model starts over: so does the read-back."""
    call.reads(call.schedule("s1")["read_back"])
    call.caller_says("Yes.")
    assert call.schedule("s1")["status"] == "read_back"
    assert call.schedule("s1", confirm=True)["error"] == "not_confirmed"
    assert not paper.booked


def test_an_id_never_passes_to_another_time(call: Desked, desk: Desk, paper: PaperCalendar):
    """A slot that was taken is forgotten, its number is not given away."""
    before = {offer.slot_id: offer.slot for offer in desk.offers.values()}
    desk.offers.pop("s1")
    call.ask("check_slots")
    assert all(desk.offers[slot_id].slot == slot for slot_id, slot in before.items() if slot_id in desk.offers)


def test_the_same_meeting_confirmed_twice_is_booked_once(call: Desked, paper: PaperCalendar):
    call.reads(call.schedule("s1")["read_back"])
    call.caller_says("Yes.")
    response = call.response()
    assert call.schedule("s1", confirm=True, response=response)["status"] == "booked"
    assert call.schedule("s1", confirm=True, response=response)["status"] == "booked"
    assert len(paper.booked) == 1


ATTACKS = [
    "ask s1",
    "ask s2",
    "confirm s1",
    "confirm s2",
    "read s1",
    "read s2",
    "cut s1",
    "cut s2",
    "yes",
    "other",
    "no",
    "lost",
]


@given(st.lists(st.sampled_from(ATTACKS), min_size=4, max_size=14), st.booleans())
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_when_only_a_heard_and_answered_read_back_books(
    new_desk: Callable[[], Desk], story: list[str], together: bool
):
    """DESIGN section 6; rule 47: `together` has the model call its tools in one response as long as it says nothing."""
    call = Desked(new_desk())
    call.ask("check_slots")
    due, heard, answered, response = "", False, False, None
    for act in story:
        what, _, slot = act.partition(" ")
        if what not in ("ask", "confirm") and response is not None:
            call.done(response)
            response = None
        match what:
            case "ask" | "confirm":
                response = (response or call.response()) if together else None
                result = call.schedule(slot, confirm=what == "confirm", response=response)
                if result.get("status") == "booked":
                    assert (due, heard, answered) == (slot, True, True), story
                    return
                if what == "ask" or due != slot:
                    due, heard, answered = slot, False, False
            case "read":
                call.reads(call.desk.offers[slot].say)
                heard = heard or slot == due
            case "cut":  # by the person: what nobody cuts is heard while the next is being said
                call.reads(call.desk.offers[slot].say, 0.5)
                call.caller_says("Sorry?")
                answered = heard
            case "lost":
                call.on(ev.ModelLost(1006)).wait(0.5).model_opens().model_ready()
            case _:
                call.wait(0.2).caller_says({"yes": "Yes, please.", "other": "The other one.", "no": "No, wait."}[what])
                answered, heard = heard and what != "no", heard and what != "no"


# --- spelled answers ---

MARIA = "m-a-r-i-a at e-x-a-m-p-l-e dot c-o-m"


def test_an_email_is_stored_once_it_was_read_back_and_answered(call: Desked, desk: Desk):
    first = call.email("maria at example dot com")
    assert (first["status"], first["read_back"], first["saved"]) == ("read_back", MARIA, [])
    assert "email" not in desk.answers
    call.reads(MARIA)
    assert call.email("maria@example.com")["error"] == "not_confirmed"
    call.agent_says("Is it?", 400)
    call.wait(1).caller_says("Yes, that's right.")
    assert call.email("maria@example.com")["saved"] == ["email"]
    assert desk.answers["email"] == "maria@example.com"
    assert call.email("MARIA@example.com")["saved"] == ["email"]  # the same again changes nothing


def test_a_correction_is_read_back_whole(call: Desked, desk: Desk):
    call.email("marie@example.com")
    call.reads("m-a-r-i-e at e-x-a-m-p-l-e dot c-o-m")
    call.caller_says("It's Maria, with an a at the end.")
    assert call.email("maria@example.com")["read_back"] == MARIA
    assert call.email("marie@example.com")["status"] == "read_back"  # the old one is not confirmed by that turn
    assert "email" not in desk.answers
    call.email("maria@example.com")
    call.reads(MARIA)
    call.caller_says("Yes.")
    assert call.email("maria@example.com")["saved"] == ["email"]


def test_a_read_back_cut_short_stores_nothing(call: Desked, desk: Desk):
    """Rule 24."""
    call.email("maria@example.com")
    call.reads(MARIA, heard=1.5)
    call.caller_says("Yes yes.")
    assert call.email("maria@example.com")["error"] == "not_confirmed"
    assert "email" not in desk.answers


def test_the_invitation_goes_to_the_address_given_on_the_phone(call: Desked, desk: Desk, paper: PaperCalendar):
    desk.lead.email = "old@example.com"
    call.email("maria@example.com")
    call.reads(MARIA)
    call.caller_says("Yes.")
    call.email("maria@example.com")
    call.reads(call.schedule("s1")["read_back"])
    call.caller_says("Yes.")
    call.schedule("s1", confirm=True)
    assert paper.invited == ["maria@example.com"]
    assert desk.lead.email == "old@example.com"


def test_an_address_nobody_confirmed_is_not_invited(call: Desked, desk: Desk, paper: PaperCalendar):
    desk.lead.email = "old@example.com"
    call.email("maria@example.com")
    call.reads(call.schedule("s1")["read_back"])
    call.caller_says("Yes.")
    call.schedule("s1", confirm=True)
    assert paper.invited == ["old@example.com"]
