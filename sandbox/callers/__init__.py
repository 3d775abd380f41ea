"""Who answers the phone in the sandbox: the number dialled chooses a persona, a pure brain plays it.

The telephone (`sandbox.twilio`) plays what the brain says and tells it what was heard; all judgement is scripted here.
"""

from sandbox.callers.actions import Action, HangUp, Press, Say, StopTalking
from sandbox.callers.brain import Brain
from sandbox.callers.persona import Answer, Interrupt, Persona, Rule, cast, persona_for

__all__ = [
    "Action",
    "Answer",
    "Brain",
    "HangUp",
    "Interrupt",
    "Persona",
    "Press",
    "Rule",
    "Say",
    "StopTalking",
    "cast",
    "persona_for",
]
