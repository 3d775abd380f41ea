"""save_answers: the person's answers, checked against the playbook's types; says which questions are open and who is out.

An answer that does not fit its question's type is not stored; the model is told to ask again, from the second time on by
keypad where digits would do. An e-mail, a phone number or a spelled name is stored only when the same value comes again
after the person has heard it read back and answered: that is checked here, whatever the model says. (DESIGN section 6)
"""

from datetime import datetime
from typing import Any

from pydantic import Field, model_validator

from qualify.facts import clean
from qualify.languages import primary
from qualify.phrases import plain
from qualify.playbook import BY_KEYPAD, SPELLED, Question
from qualify.spoken import say_number
from qualify.tools import entities
from qualify.tools.answers import disqualifies, spelled, understood
from qualify.tools.arguments import Arguments
from qualify.tools.desk import Desk, Result, refusal

NAME = "save_answers"
DESCRIPTION = (
    "Store the person's answers as they give them. Returns the questions still open and whether they are disqualified. "
    "An e-mail, phone number or spelled name comes back as `read_back` first: read it aloud, then call again with the value."
)
READ_BACK = (
    "Not stored yet. Read this back aloud, ask whether it is right, then call again with the value they agreed to."
)
KEYPAD = "Say `say` and wait: what they type comes as [keypad] digits, which you save as the value."
KEYPAD_LINES = {
    "en-US": "Please type it on your keypad, then press pound.",
    "en": "Please type it on your keypad, then press hash.",
    "es-ES": "Por favor, márquelo en el teclado y pulse almohadilla.",
    "es": "Por favor, márquelo en el teclado y presione la tecla numeral.",
}
UNCLEAR = frozenset(["unclear", "unknown", "unintelligible", "inaudible"])
"""What a model sends as a value when it understood none."""


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


def run(arguments: SaveAnswers, desk: Desk, now: datetime, confirmed: frozenset[str]) -> Result:
    with desk.lock:
        return _Reading(desk, confirmed).read(arguments.answers)


class _Reading:
    """One call's answers, one by one, and what to tell the model about them."""

    def __init__(self, desk: Desk, confirmed: frozenset[str]) -> None:
        self._desk, self._confirmed = desk, confirmed
        self._saved: list[str] = []
        self._unclear: list[str] = []
        self._later: list[str] = []
        self._say_as: dict[str, str] = {}
        self._more: Result = {}

    def read(self, answers: list[Answer]) -> Result:
        for answer in answers:
            self._take(answer)
        return self._result()

    def _take(self, answer: Answer) -> None:
        question = self._desk.question(answer.question_id.strip())
        value = understood(question, answer.value, self._home()) if question else None
        if question is None or value is None:
            self._unclear.append(clean(answer.question_id, 40))
            if question is not None:
                self._not_understood(question, answer.value)
        elif self._counts(question, value):
            self._store(question, value)
        elif "read_back" in self._more:  # one at a time: nobody can answer two
            self._later.append(question.id)
        else:
            self._read_back(question, value)

    def _counts(self, question: Question, value: Any) -> bool:
        if question.type not in SPELLED or self._desk.answers.get(question.id) == value:
            return True
        return self._desk.agreed(question.id, value, self._confirmed)

    def _store(self, question: Question, value: Any) -> None:
        desk = self._desk
        desk.answers[question.id] = value
        desk.unclear.pop(question.id, None)
        self._saved.append(question.id)
        if question.type == "number":
            self._say_as[question.id] = say_number(value, question.unit, desk.playbook.language)

    def _read_back(self, question: Question, value: Any) -> None:
        """The same value again, still unanswered, is a reminder: what was heard of it meanwhile counts."""
        desk = self._desk
        word = {"error": "not_confirmed"} if desk.pending(question.id) == value else {"status": "read_back"}
        desk.unclear.pop(question.id, None)
        said = spelled(question, value, desk.playbook.language, self._home())
        key = desk.read_back(question.id, value, anew=False)
        self._more |= {**word, "read_back": said, "question_id": question.id, "message": READ_BACK, "_key": key}

    def _not_understood(self, question: Question, given: str) -> None:
        asked_for = plain(given) in UNCLEAR
        self._desk.unclear[question.id] += 2 if asked_for else 1
        if question.type in BY_KEYPAD and self._desk.unclear[question.id] >= 2:
            line = _in_language(KEYPAD_LINES, self._desk.playbook.language)
            self._more |= {"say": line, "message": KEYPAD, "_keypad": True}

    def _result(self) -> Result:
        desk, saved = self._desk, self._saved
        result: Result = {"saved": saved, "open": desk.open_questions(), "disqualified": None}
        result |= {"say_as": self._say_as} if self._say_as else {}
        result |= {"later": self._later} if self._later else {}
        out = next(
            (q for q in desk.playbook.questions if q.id in desk.answers and disqualifies(q, desk.answers[q.id])), None
        )
        if out is not None and out.disqualify is not None:
            return result | {"disqualified": out.id, "say": desk.line(out.disqualify.say)}
        if self._unclear and not saved and "read_back" not in self._more:
            known = ", ".join(q.id for q in desk.playbook.questions)
            message = f"Not stored: {', '.join(self._unclear)}. Known questions: {known}. Ask again."
            return refusal("unclear_answer", message, **result) | self._more
        return result | ({"unclear": self._unclear} if self._unclear else {}) | self._more

    def _home(self) -> str:
        return entities.home_of(self._desk.lead.country, self._desk.lead.phone)


def _in_language(lines: dict[str, str], language: str) -> str:
    return lines.get(language) or lines.get(primary(language)) or lines["en"]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
