"""The stand-in in Spanish: a playbook acted out in it, and a call that changes into it."""

from sandbox.callers import Brain, persona_for
from sandbox.realtime.turn import Call, Say
from tests.sandbox.realtime.test_personas import SLOTS, Line
from tests.sandbox.realtime.test_standin import FACTS, Talk

HORAS = [
    {"slot_id": "s1", "say": "martes 24 de noviembre a las 10:00 de la mañana"},
    {"slot_id": "s2", "say": "miércoles 25 de noviembre a las 2:30 de la tarde"},
]
BRIEF = "Playbook: solar-us-es\nFrom now on speak Spanish only."


def said(talk: Talk) -> str:
    return " ".join(step.text for step in talk.turns[-1] if isinstance(step, Say))


def test_a_spanish_caller_books_with_a_spanish_playbook(make_bench, session_config, library, monkeypatch):
    """Real speech both ways."""
    monkeypatch.setattr("tests.sandbox.realtime.test_personas.SLOTS", HORAS)
    bench = make_bench(seed=3)
    spanish = session_config(idle_timeout_ms=8000) | {
        "instructions": "Playbook: solar-us-es\n# Facts\nfirst_name: María\nbrand: Brightroof\n"
    }
    bench.send("session.update", session=spanish)
    line = Line(bench, Brain(persona_for("+12125550118"), library))
    line.run(240)
    story = "\n".join(entry["text"] for entry in bench.session.stage.journal.transcript)
    assert ("schedule", {"kind": "meeting", "slot_id": "s1", "confirm": True}) in line.desk.called, story
    assert line.desk.called[-1] == ("end_call", {"reason": "completed"}), story
    saved = [
        answer["value"] for name, given in line.desk.called if name == "save_answers" for answer in given["answers"]
    ]
    assert saved == ["yes", 200, "mucho sol", "lo antes posible"], story
    assert bench.broken_rules() == []
    assert SLOTS[0]["say"] not in story


def test_told_of_another_playbook_it_goes_on_with_the_open_question_and_greets_nobody():
    talk = Talk(FACTS)
    talk.respond()
    talk.hears("Yes, sure.")
    assert said(talk) == "Do you own your home?"
    talk.hears_only("¿Habla español?")
    assert talk.told(f"{BRIEF}\nDo not greet or introduce yourself again.") == (Say("¿Su casa es propia?"),)
    assert talk.hears("Sí, es propia.") == (
        Call("save_answers", {"answers": [{"question_id": "homeowner", "value": "yes"}]}),
    )


def test_told_before_anything_was_heard_it_says_what_it_is_told():
    talk = Talk(FACTS)
    talk.hears_only("¿Bueno? ¿Habla español?")
    opening = "Hola, María, le habla Ava, asistente de inteligencia artificial. ¿Tiene un momento para unas preguntas rápidas?"
    assert talk.told(f'{BRIEF}\nSay exactly this now, all of it: "{opening}"') == (Say(opening),)
    assert talk.hears("Sí, claro.") == (Say("¿Su casa es propia?"),)
