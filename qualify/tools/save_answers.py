"""save_answers: the person's answers, checked against the playbook's types; says which questions are open and who is out.

An answer that does not fit its question's type is not stored; the model is told to ask again.
"""

import re
from datetime import datetime
from typing import Any

from pydantic import Field, model_validator

from qualify.facts import VALUE_LENGTH, clean
from qualify.phrases import plain
from qualify.playbook import Question
from qualify.tools.arguments import Arguments
from qualify.tools.desk import Desk, Result, refusal

NAME = "save_answers"
DESCRIPTION = (
    "Store the person's answers as they give them. Returns the questions still open and whether they are disqualified."
)

YES = frozenset(
    ["true", "yes", "y", "yeah", "yep", "yup", "sure", "correct", "right", "definitely", "absolutely", "1", "sí", "si"]
)
NO = frozenset(["false", "no", "n", "nope", "nah", "not", "never", "rent", "0"])
NUMBER = re.compile(r"-?\d+(?:[ ,]\d{3})*(?:\.\d+)?")


class Answer(Arguments):
    question_id: str = Field(description="The question's id from the instructions")
    value: str = Field(
        description="The answer, plainly: yes or no, a number, one of the choices, or the person's words"
    )

    @model_validator(mode="before")
    @classmethod
    def _as_text(cls, given: Any) -> Any:
        if isinstance(given, dict):
            value = given.get("value", given.get("answer", ""))
            question = given.get("question_id", given.get("id", given.get("question", "")))
            return {"question_id": str(question), "value": _text(value)}
        return given


class SaveAnswers(Arguments):
    answers: list[Answer] = Field(description="One entry per answer")

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, given: Any) -> Any:
        """Also takes `{"answers": {"homeowner": "yes"}}`, one bare answer, and a bare mapping of ids."""
        if not isinstance(given, dict):
            return given
        answers = given.get("answers")
        if answers is None:
            answers = [given] if "question_id" in given else given
        if isinstance(answers, dict):
            answers = (
                [answers] if "question_id" in answers else [{"question_id": k, "value": v} for k, v in answers.items()]
            )
        return {"answers": answers}


def run(arguments: SaveAnswers, desk: Desk, now: datetime) -> Result:
    saved: list[str] = []
    unclear: list[str] = []
    with desk.lock:
        for answer in arguments.answers:
            question = desk.playbook.question(answer.question_id.strip())
            value = understood(question, answer.value) if question else None
            if question is None or value is None:
                unclear.append(clean(answer.question_id, 40))
                continue
            desk.answers[question.id] = value
            saved.append(question.id)
        result: Result = {"saved": saved, "open": desk.open_questions(), "disqualified": None}
        out = next(
            (q for q in desk.playbook.questions if q.id in desk.answers and disqualifies(q, desk.answers[q.id])), None
        )
    if out is not None and out.disqualify is not None:
        result |= {"disqualified": out.id, "say": desk.line(out.disqualify.say)}
    if unclear and not saved:
        known = ", ".join(q.id for q in desk.playbook.questions)
        return refusal(
            "unclear_answer", f"Not stored: {', '.join(unclear)}. Known questions: {known}. Ask again.", **result
        )
    return result | ({"unclear": unclear} if unclear else {})


def understood(question: Question, value: str) -> Any:
    """The answer as the question's type: "yes"/"no", a number, a choice as written in the playbook, or clean text."""
    text = clean(value, VALUE_LENGTH)
    words = plain(text).split()
    match question.type:
        case "yes_no":
            return _yes_no(words)
        case "number":
            return _number(text)
        case "choice":
            return _choice(question.choices, plain(text))
        case "text" | "email" | "phone":
            return text or None


def disqualifies(question: Question, value: Any) -> bool:
    rule = question.disqualify
    if rule is None:
        return False
    if isinstance(rule.equals, bool):
        return bool(value == ("yes" if rule.equals else "no"))
    if rule.equals is not None:
        return plain(str(value)) == plain(str(rule.equals))
    if not isinstance(value, int | float):
        return False
    return value < rule.below if rule.below is not None else rule.above is not None and value > rule.above


def _yes_no(words: list[str]) -> str | None:
    first = next((word for word in words if word in YES or word in NO or word in ("don't", "dont")), None)
    if first is None:
        return None
    return "yes" if first in YES else "no"


def _number(text: str) -> int | float | None:
    found = NUMBER.search(text)
    if found is None:
        return None
    value = float(found[0].replace(",", "").replace(" ", ""))
    return int(value) if value.is_integer() else value


def _choice(choices: tuple[str, ...], said: str) -> str | None:
    exact = [choice for choice in choices if plain(choice) == said]
    inside = exact or [choice for choice in choices if said and (plain(choice) in said or said in plain(choice))]
    if inside:
        return max(inside, key=lambda choice: len(choice) if plain(choice) in said else 0)
    scores = {choice: len(set(plain(choice).split()) & set(said.split())) for choice in choices}
    best = max(scores, key=lambda choice: scores[choice])
    return best if scores[best] else None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
