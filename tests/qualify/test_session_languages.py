"""The language of a talk: kept, changed on request, and what goes with it."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qualify import commands as do
from qualify import events as ev
from qualify import outcome, realtime_frames
from qualify.hearing import USUAL
from qualify.languages import UNAVAILABLE
from qualify.realtime_frames import Config
from qualify.terms import Tongue
from tests.qualify.script import ASK, GREETING, MANDATORY, Call, clip
from tests.qualify.test_outcomes import desk
from tests.qualify.test_session_properties import ACTIONS, Chaos

OPENING = (
    "Hola, Pat, le habla Ava, una inteligencia artificial.",
    "Esta llamada se graba.",
    "Si me dice alto, no le llamo más.",
)
ASK_ES = "¿Tiene un momento?"
SPANISH = Tongue(
    language="es-US",
    mandatory=OPENING,
    ask=ASK_ES,
    closing={
        "booked": "Adiós.",
        "declined": "Adiós.",
        "opted_out": "No le llamaremos más. Adiós.",
        "failed": "Lo siento.",
    },
    nobody_free="Nadie está libre. Le llamaremos.",
    clips={"one_moment": clip("Un momento.", 900), "apology_callback": clip("Lo siento. Adiós.", 1800)},
    spelled_asks=("¿Cuál es su correo?",),
    objections=("cuánto cuesta",),
    forbidden=("ahorro garantizado",),
    screener="Le habla Ava, una IA de Brightroof.",
    personal="",
    brief="Playbook: solar-us-es\nFrom now on speak Spanish (es-US) only.",
)
ENGLISH = Tongue(
    "en-US",
    MANDATORY,
    ASK,
    {"booked": "Goodbye."},
    "Nobody is free.",
    {},
    (),
    (),
    (),
    "This is Ava, an AI.",
    "",
    "Playbook: solar-us\nFrom now on speak English only.",
)
BOTH = {"en": ENGLISH, "es": SPANISH}


def bilingual() -> Call:
    return Call(tongues=BOTH)


def told(call: Call) -> str:
    return "\n".join(item.text for item in call.of(do.AddItem) if item.role == "system")


def asks(call: Call, words: str) -> Call:
    """The answer that was already asked for begins too late, and is cancelled before the one in the new language."""
    call.caller_says(words)
    late = call.response()
    assert call.of(do.CancelResponse)[-1].response_id == late
    return call.done(late, "cancelled", "client_cancelled")


def test_asked_for_spanish_the_call_goes_on_in_it():
    call = bilingual().opened()
    call.agent_says("Do you own your home, and is it a house?", 4000)
    asks(call.wait(0.5), "Disculpe, ¿habla español?")
    assert call.of(do.SpeakIn) == [do.SpeakIn("es-US")]
    assert SPANISH.brief in told(call)
    assert "Do not greet" in told(call)
    assert call.talk.terms.language == "es-US"
    assert call.phone.cleared == 1
    call.agent_says("Claro que sí. ¿Su casa es propia?", 1000)
    assert call.talk.flags == []


def test_the_greeting_is_not_repeated_once_its_mandatory_part_was_heard():
    call = bilingual().opened()
    asks(call, "¿Podemos hablar en español?")
    assert not call.talk.greeting.protected
    assert OPENING[0] not in told(call)


def test_a_disclosure_that_was_not_heard_is_said_in_the_new_language_and_protected():
    call = bilingual().model_opens().model_ready().caller_says("¿Bueno?")
    call.agent_says(GREETING, 6000)
    call.wait(1.0).caller_says("¿Habla español?")
    assert call.phone.cleared == 1
    assert call.talk.greeting.protected
    assert " ".join((*OPENING, ASK_ES)) in told(call)
    assert len(call.of(do.AskResponse)) == 2
    call.agent_says(" ".join((*OPENING, ASK_ES)), 6000)
    call.wait(7.0)
    assert call.talk.greeting.heard_ms is not None
    assert call.talk.flags == []


def test_the_update_that_switches_the_transcriber_carries_nothing_else():
    """Rule 3: formats are asserted; no instructions and no tools, so that the cache lives."""
    call = bilingual().opened()
    asks(call, "Can we speak Spanish?")
    order = call.of(do.Configure)[-1]
    config = Config("English instructions", [{"name": "t"}], transcription_model="w", language="en-US")
    session = json.loads(realtime_frames.configure(config, order))["session"]
    assert set(session) == {"type", "audio"}
    assert session["audio"]["input"]["transcription"] == {"model": "w", "language": "es"}
    assert session["audio"]["input"]["format"] == session["audio"]["output"]["format"] == {"type": "audio/pcmu"}
    assert set(session["audio"]["output"]) == {"format"}


def test_other_updates_leave_the_transcriber_alone():
    config = Config("English instructions", [], transcription_model="w", language="en-US")
    session = json.loads(realtime_frames.configure(config, do.Configure("su", USUAL, whole=False)))["session"]
    assert "transcription" not in session["audio"]["input"]


def test_a_session_rebuilt_after_a_switch_has_the_other_playbooks_instructions():
    """Rules 57, 58."""
    call = bilingual().opened()
    asks(call, "¿Habla español?")
    call.forget().on(ev.ModelLost(1006)).wait(0.1).model_opens()
    order = call.of(do.Configure)[-1]
    config = Config(
        "English", [], transcription_model="w", language="en-US", translations={"en": "English", "es": "Español"}
    )
    session = json.loads(realtime_frames.configure(config, order))["session"]
    assert session["instructions"] == "Español"
    assert session["audio"]["input"]["transcription"]["language"] == "es"


def test_local_clips_closing_lines_and_tools_are_in_the_new_language():
    call = bilingual().opened()
    asks(call, "¿Habla español?")
    call.tool("check_slots")
    assert call.of(do.RunTool)[-1].language == "es-US"
    call.on(ev.ModelLost(1006)).wait(2.0)
    assert [line.text for line in call.talk.transcript.lines if line.item_id.startswith("clip:")] == ["Un momento."]
    call.model_opens().model_ready().forget()
    call.on(ev.KeyPressed("9"))
    assert "No le llamaremos más. Adiós." in told(call)


def test_back_to_english():
    call = bilingual().opened()
    asks(call, "¿Habla español?")
    call.agent_says("Claro que sí. ¿Su casa es propia?", 1000)
    asks(call.wait(1.5).forget(), "Sorry, can we do this in English?")
    assert call.of(do.SpeakIn) == [do.SpeakIn("en-US")]
    assert ENGLISH.brief in told(call)


def test_a_request_is_no_yes_to_what_was_read_back():
    call = bilingual().opened()
    use = call.tool("schedule")
    call.tool_answers(use, status="read_back", read_back="martes a las diez", slot_id="s1")
    call.agent_says("Just to confirm: martes a las diez. Shall I book it?", 2000)
    call.wait(2.5).caller_says("¿Habla español?")
    assert call.talk.read_backs.confirmed() == frozenset()


def test_a_language_the_campaign_does_not_speak_is_regretted_in_it_and_a_person_owed():
    call = Call().opened()
    asks(call, "¿Habla español?")
    assert UNAVAILABLE["es"] in told(call)
    assert call.of(do.SpeakIn) == []
    call.agent_says(UNAVAILABLE["es"], 2000)
    call.wait(2.5).caller_says("Sí, por favor.")
    assert [flag["flag"] for flag in call.talk.flags] == ["language_unavailable"]
    call.on(ev.StreamEnded("stop"))
    assert outcome.settle(call.talk, desk()).wanted == "needs_human"


def test_the_regret_is_the_last_the_model_is_told_also_when_the_same_words_show_a_person():
    """The form is told once somebody is there; after the order what to say it would bury the order."""
    call = Call(personal="# Form").model_opens().model_ready().caller_says("¿Bueno?")
    call.agent_says(GREETING, 6000)
    call.wait(7.0)
    assert "# Form" not in told(call)
    asks(call, "Disculpe, ¿habla español?")
    form, regret = [item.text for item in call.of(do.AddItem) if item.role == "system"]
    assert form == "# Form"
    assert UNAVAILABLE["es"] in regret


def test_a_regret_during_the_protected_greeting_waits_for_its_end():
    call = Call().model_opens().model_ready().caller_says("¿Bueno?")
    call.agent_says(GREETING, 6000)
    call.wait(1.0).caller_says("¿Habla español?")
    assert call.phone.cleared == 0
    assert len(call.of(do.AskResponse)) == 1
    assert UNAVAILABLE["es"] in told(call)


def test_a_slip_into_another_language_is_flagged_every_time_and_told_once():
    call = bilingual().opened()
    for _ in range(2):
        call.agent_says("Gracias, le pregunto: ¿es usted el dueño de su casa?", 1000)
        call.wait(1.5)
    assert [flag["flag"] for flag in call.talk.flags] == ["wrong_language", "wrong_language"]
    assert told(call).count("speak English only") == 1
    assert call.of(do.Configure) == []


def test_a_discarded_line_is_no_slip():
    call = bilingual().opened()
    response = call.response()
    call.agent_says("What is your roof like, and when would you like to have it?", 3000, response=response, done=False)
    call.wait(0.5).caller_says("¿Habla español?")
    call.done(response, "cancelled", "turn_detected")
    assert call.talk.flags == []


def test_a_menu_that_offers_spanish_asks_for_nothing():
    call = bilingual().opened()
    call.caller_says("Si puede continuar en español, oprima dos.")
    assert call.of(do.SpeakIn) == []


def test_an_opt_out_comes_before_any_language():
    call = bilingual().opened()
    call.caller_says("No me llame más. ¿No habla español?")
    assert call.talk.opted_out == "voice"
    assert call.of(do.SpeakIn) == []


class Bilingual(Chaos):
    """The same disorder with people who change their language in it."""

    def __init__(self) -> None:
        super().__init__()
        self.call = bilingual()

    def do_asks_for_spanish(self, amount: int) -> None:
        self.call.on(ev.CallerWords(f"u{amount}", "¿Habla español?"))

    def do_asks_for_english(self, amount: int) -> None:
        self.call.on(ev.CallerWords(f"u{amount}", "English, please."))


MORE: list[Any] = [*ACTIONS, *["asks_for_spanish", "asks_for_english"] * 3]
STEPS = st.lists(st.tuples(st.sampled_from([a for a in MORE if a != "tool_answer"]), st.integers(1, 10)), max_size=60)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_a_change_of_language_breaks_no_invariant(steps: list[tuple[str, int]]):
    chaos = Bilingual()
    chaos.call.model_opens().model_ready().caller_says("Hello?")
    for action, amount in steps:
        chaos.step(action, amount)
    chaos.call.on(ev.StreamEnded("stop"))
    chaos.check()
    chaos.call.ends_well()


def test_a_screener_is_owed_its_sentence_whatever_language_it_offers():
    """R60: the opening names the person; it is not said to a screener that asks for Spanish before it was answered."""
    call = Call(tongues=BOTH, screener="This is Ava, an AI.").model_opens().model_ready()
    call.caller_says("Please state your name and the reason for your call.").caller_says("En español por favor.")
    assert call.talk.presence.who == "screener"
    assert [item.text.startswith("A call screener asks") for item in call.of(do.AddItem)] == [True]
