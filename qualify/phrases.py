"""What a person says that code must understand by itself: stop calling me, goodbye, yes. English and Spanish.

An opt-out is acted on at once, whatever the model makes of it, so these patterns ask for an unmistakable wish: "stop" alone,
or a verb and its object. "Stop by on Tuesday" and "don't call before nine" are none.
"""

import re

MAX_HEARD = 2000
_SPACES = re.compile(r"\s+")
_MARKS = re.compile(r"[^\w\s']", re.UNICODE)

_ALONE = re.compile(
    r"^(?:(?:please|just|no|ok|okay|hey|i said|por favor)\s+)*(?:stop|unsubscribe|alto|basta|parar?)"
    r"(?:\s+(?:it|now|please|stop|por favor))*$"
)
_OPT_OUT = re.compile(
    r"\bstop\s+(?:\w+\s+)?(?:call|phon|ring|contact|bother|harass)(?:ing|s)?\b(?!\s+(?:so|this|that)\s+(?:early|late))"
    r"|\b(?:take|remove|delete|get)\s+(?:me|my\s+(?:number|name|details))\s+(?:\w+\s+)?(?:off|from|out\s+of)\b"
    r"|\b(?:take|get)\s+my\s+(?:number|name)\s+off\b"
    r"|\b(?:do not|don't|dont|never)\s+(?:ever\s+)?(?:call|phone|ring|contact)\s+"
    r"(?:me\s+|us\s+|here\s+|this\s+number\s+)?(?:ever\s+)?(?:again|anymore|any\s+more)\b"
    r"|\bnever\s+(?:call|phone|ring|contact)\s+me\b(?!\s+(?:before|after|on|at|in))"
    r"|\b(?:do not|don't|dont)\s+(?:call|phone|ring|contact)\s+(?:me|us|this\s+number)$"
    r"|\b(?:put|place)\s+me\s+on\s+(?:your|the)\s+do\s+not\s+call\b"
    r"|\bdo\s+not\s+call\s+list\b"
    r"|\bunsubscribe\s+me\b|\bopt\s+(?:me\s+)?out\b"
    r"|\blose\s+my\s+number\b"
    r"|\bno\s+(?:me|nos)\s+(?:llame|llamen|vuelva|vuelvan)\b(?:\s+a\s+llamar)?(?:\s+m[aá]s|\s+nunca)?(?!\s+(?:antes|después|el|por))"
    r"|\bd(?:eje|ejen)\s+de\s+llamar\w*"
    r"|\b(?:quíteme|quitenme|quítenme|bórreme|elimíneme)\s+de\b"
)

_FAREWELL = re.compile(
    r"^(?:(?:ok|okay|alright|all right|great|good|perfect|thanks|thank you|thank you very much|thanks a lot|"
    r"you too|bye|goodbye|"
    r"see you|see you then|talk soon|cheers|have a (?:good|nice|great) (?:day|one)|yes|yeah|no|sure|mm hm|mhm|uh huh|"
    r"gracias|adiós|adios|hasta luego|chao|vale|sí)(?:\s+|$))+$"
)


_REFUSAL = re.compile(
    r"^(?:no|nope|nah|not|wait|actually|hold on|sorry no|rather)\b(?!.*\b(?:right|correct|fine|good|perfect|great|problem)\b)"
)


_AGREEMENT = re.compile(
    r"^(?:(?:oh|uh|um|well|hi|hello|hey|and)\s+)*"
    r"(?:yes|yeah|yep|yup|sure|ok|okay|alright|all right|fine|of course|go ahead|absolutely|certainly|no problem|"
    r"that's (?:fine|ok|okay|alright|all right)|it's (?:fine|ok|okay)|i (?:do|agree|guess so)|"
    r"sí|si|claro|vale|de acuerdo|está bien|bueno)(?:\s|$)"
)
_MACHINE = re.compile(
    r"leave (?:a|your|me a|us a) (?:\w+ )?(?:message|name)|record (?:a|your) message|after the (?:tone|beep|signal)"
    r"|voice ?mail|mailbox|can't (?:take|come to) (?:your call|the phone)|not available to take|you(?:'ve| have) reached the"
    r"|\bpress (?:\d|star|hash|pound|one|two|three|four|five|nine)\b"
)
_SCREENING = re.compile(
    r"call screening|screening service|who is calling|reason for (?:your )?call|stay on the line|why you are calling"
)
_DENIAL = re.compile(r"\b(?:no(?! problem)|nope|nah|not|don't|dont|do not|never|rather|won't|can't)\b")


def is_voicemail(text: str) -> bool:
    """Whether an answering machine talks like this."""
    return bool(_MACHINE.search(plain(text[:MAX_HEARD])))


def is_screening(text: str) -> bool:
    """Whether a call screening service talks like this."""
    return bool(_SCREENING.search(plain(text[:MAX_HEARD])))


def agrees(text: str) -> bool | None:
    """Whether these words agree to what was just asked: True, False, or None when they do neither ("Who is this?")."""
    said = plain(text[:MAX_HEARD])
    if _DENIAL.search(said):
        return False
    return True if _AGREEMENT.match(said) else None


def takes_back(text: str) -> bool:
    """Whether an answer to a read-back is a no or a change of mind: then nothing is confirmed, whatever the model makes of it."""
    return bool(_REFUSAL.match(plain(text[:MAX_HEARD])))


def plain(text: str) -> str:
    """Lower case, straight apostrophes, no punctuation, single spaces."""
    return _SPACES.sub(" ", _MARKS.sub(" ", text.lower().replace("’", "'"))).strip()


def opts_out(text: str) -> bool:
    """Whether these words ask never to be called again."""
    said = plain(text[:MAX_HEARD])
    return bool(said) and bool(_ALONE.match(said) or _OPT_OUT.search(said))


def says_farewell(text: str) -> bool:
    """Whether these words only end the talk (or say nothing): no reason to take up the conversation again."""
    said = plain(text[:MAX_HEARD])
    return not said or bool(_FAREWELL.match(said))
