"""What a colleague hears before taking a call over: who is on the line, what they want, their answers so far. Pure.

Built from the ledger, in the team's language, short; a first name and nothing by which one could be reached.
"""

from typing import Any

from qualify.facts import clean
from qualify.playbook import Question
from qualify.tools.desk import Desk

MOST_ANSWERS = 4
ANSWER_LENGTH = 60
LONGEST = 400
PRIVATE = frozenset({"email", "phone"})
"""Types of answers that are nobody's business before the call is taken."""

WORDS = {
    "en": {
        "who": "{name} is on the line for {brand}.",
        "somebody": "Somebody",
        "ordered": "You are taking the call over from our AI assistant.",
        "wish": "They said: {wish}.",
        "answers": "Answers so far: {answers}.",
        "booked": "A meeting is booked.",
        "yes": "yes",
        "no": "no",
    },
    "es": {
        "who": "{name} está en la línea para {brand}.",
        "somebody": "Una persona",
        "ordered": "Usted toma la llamada de nuestro asistente de inteligencia artificial.",
        "wish": "Ha dicho: {wish}.",
        "answers": "Respuestas hasta ahora: {answers}.",
        "booked": "Hay una cita reservada.",
        "yes": "sí",
        "no": "no",
    },
}


def compose(desk: Desk) -> str:
    """Safe to speak to whoever picks up the colleague's phone."""
    words = WORDS.get(desk.campaign.whispers_in[:2].lower(), WORDS["en"])
    name = desk.facts.get("first_name", "")
    parts = [words["who"].format(name=name if name not in ("", "there") else words["somebody"], brand=_brand(desk))]
    parts.append(words["wish"].format(wish=desk.wish.rstrip(".!? ")) if desk.wish else words["ordered"])
    if answers := "; ".join(_answers(desk, words)):
        parts.append(words["answers"].format(answers=answers))
    if desk.booking is not None:
        parts.append(words["booked"])
    return clean(" ".join(parts), LONGEST)


def _brand(desk: Desk) -> str:
    return clean(desk.campaign.seller.brand, ANSWER_LENGTH)


def _answers(desk: Desk, words: dict[str, str]) -> list[str]:
    told = [q for q in desk.playbook.questions if q.id in desk.answers and q.type not in PRIVATE]
    return [f"{q.id.replace('_', ' ')} {_said(q, desk.answers[q.id], words)}" for q in told[:MOST_ANSWERS]]


def _said(question: Question, value: Any, words: dict[str, str]) -> str:
    said = words.get(str(value).lower(), str(value)) if question.type == "yes_no" else str(value)
    return clean(f"{said} {question.unit}".strip(), ANSWER_LENGTH)
