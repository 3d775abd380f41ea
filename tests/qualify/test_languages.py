"""What a line is spoken in, and who asks for another language: each table has those that are and those that are not."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qualify.languages import UNAVAILABLE, asked_for, spoken_in

PLAYBOOKS = Path(__file__).parents[2] / "prompts" / "playbooks"


@pytest.mark.parametrize(
    "words",
    [
        "¿Habla español?",
        "Hola, ¿habla usted español?",
        "Disculpe, ¿hablan español?",
        "¿Hay alguien que hable español?",
        "¿Podemos hablar en español?",
        "¿Me puede hablar en español, por favor?",
        "En español, por favor.",
        "Español.",
        "Prefiero español.",
        "Mejor en español.",
        "Quisiera seguir en español",
        "No hablo inglés.",
        "No, no entiendo inglés",
        "Lo siento, no hablo muy bien inglés.",
        "Solo hablo español.",
        "Do you speak Spanish?",
        "Sorry, does anyone speak Spanish?",
        "Can we speak Spanish?",
        "Could we do this in Spanish?",
        "Can you speak in Spanish, please?",
        "Can I talk to you in Spanish?",
        "In Spanish, please.",
        "I'd prefer Spanish.",
        "I only speak Spanish.",
        "I don't speak English.",
        "I don't understand much English",
        "Spanish, please.",
    ],
)
def test_asked_for_spanish(words: str):
    assert asked_for(words) == "es"


@pytest.mark.parametrize(
    "words",
    [
        "Do you speak English?",
        "Can we do this in English?",
        "English, please.",
        "In English please",
        "I'd rather speak English.",
        "I don't speak Spanish.",
        "Sorry, I don't understand Spanish.",
        "¿Habla inglés?",
        "¿Podemos seguir en inglés?",
        "Prefiero inglés",
        "No hablo español",
    ],
)
def test_asked_for_english(words: str):
    assert asked_for(words) == "en"


@pytest.mark.parametrize(
    "words",
    [
        "",
        "My wife speaks Spanish.",
        "I live near Spanish Fort.",
        "The Spanish tiles on my roof are old.",
        "I took Spanish in school.",
        "My neighbor doesn't speak English.",
        "Mi esposa habla español e inglés.",
        "Mi hijo habla inglés muy bien.",
        "Soy español.",
        "El contrato está en inglés.",
        "La carta llegó en español.",
        "We have a Spanish style house.",
        "It's plain English to me.",
        "Yes, I own it.",
        "Sí, es propia.",
        "¿Con quién hablo?",
        "For Spanish, press two.",
        "Para español, oprima dos.",
    ],
)
def test_nobody_asked(words: str):
    assert asked_for(words) is None


def _lines(name: str) -> list[str]:
    book = yaml.safe_load((PLAYBOOKS / f"{name}.yaml").read_text("utf-8"))
    spoken = [
        line for part in ("greeting", "meeting", "callback", "transfer", "closing") for line in book[part].values()
    ]
    spoken += [question["ask"] for question in book["questions"]] + [
        objection["say"] for objection in book["objections"]
    ]
    return list(map(str, spoken))


@pytest.mark.parametrize(
    ("name", "code", "other"), [("solar-us", "en", "es"), ("dental-au", "en", "es"), ("solar-us-es", "es", "en")]
)
def test_no_line_of_a_playbook_is_taken_for_another_language(name: str, code: str, other: str):
    found = [spoken_in(line) for line in _lines(name)]
    assert other not in found
    assert found.count(code) > len(found) * 0.6, "and most are recognised"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Sorry, could you say that again for me please?", "en"),
        ("Gracias, le confirmo la cita para el martes.", "es"),
        (UNAVAILABLE["es"], "es"),
        (UNAVAILABLE["en"], "en"),
        ("Hola María.", None),
        ("Okay.", None),
        ("Perfecto.", None),
        ("La Jolla, San Diego, California.", None),
        ("Hi Maria de la Cruz, this is Ava calling for Brightroof about your solar enquiry.", None),
        ("", None),
    ],
)
def test_the_language_of_a_line(line: str, code: str | None):
    assert spoken_in(line) == code


@given(st.text(max_size=300))
def test_any_text(text: str):
    assert spoken_in(text) in ("en", "es", None)
    assert asked_for(text) in ("en", "es", None)
