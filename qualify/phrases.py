"""What a person says that code must understand by itself: stop calling me, goodbye, yes. In English here, Spanish beside.

Both languages are understood in every call. An opt-out is acted on at once, whatever the model makes of it, so these patterns ask
for an unmistakable wish: "stop" alone, or a verb and its object. "Stop by on Tuesday" and "don't call before nine" are none.
"""

import re
import unicodedata

from qualify import phrases_es as es

MAX_HEARD = 2000
_SPACES = re.compile(r"\s+")
_MARKS = re.compile(r"[^\w\s']", re.UNICODE)

_ALONE = re.compile(
    rf"^(?:(?:please|just|no|ok|okay|hey|i said|{es.ALONE_BEFORE})\s+)*(?:stop|unsubscribe|{es.ALONE})"
    rf"(?:\s+(?:it|now|please|stop|{es.ALONE_AFTER}))*$"
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
    r"|" + es.OPT_OUT
)

_FAREWELL = re.compile(
    r"^(?:(?:ok|okay|alright|all right|great|good|perfect|thanks|thank you|thank you very much|thanks a lot|"
    r"you too|bye|goodbye|"
    r"see you|see you then|talk soon|cheers|have a (?:good|nice|great) (?:day|one)|yes|yeah|no|sure|mm hm|mhm|uh huh|"
    rf"{es.FAREWELL})(?:\s+|$))+$"
)
_REFUSAL = re.compile(
    rf"^(?:no|nope|nah|not|wait|actually|hold on|sorry no|rather|{es.REFUSAL})\b"
    rf"(?!.*\b(?:right|correct|fine|good|perfect|great|problem|{es.REFUSAL_UNLESS})\b)"
)
_AGREEMENT = re.compile(
    rf"^(?:(?:oh|uh|um|well|hi|hello|hey|and|{es.OPENER})\s+)*"
    r"(?:yes|yeah|yep|yup|sure|ok|okay|alright|all right|fine|of course|go ahead|absolutely|certainly|no problem|"
    r"that's (?:fine|ok|okay|alright|all right)|it's (?:fine|ok|okay)|i (?:do|agree|guess so)|"
    rf"{es.AGREEMENT})(?:\s|$)"
)
_DENIAL = re.compile(
    r"\b(?:(?<!como )no(?! problem| hay problema| hay inconveniente| tengo (?:ningun )?(?:problema|inconveniente))"
    rf"|nope|nah|not|don't|dont|do not|never|rather|won't|can't|{es.DENIAL})\b"
)


def agrees(text: str) -> bool | None:
    """Whether these words agree to what was just asked: True, False, or None when they do neither ("Who is this?")."""
    said = folded(text[:MAX_HEARD])
    if _DENIAL.search(said):
        return False
    return True if _AGREEMENT.match(said) else None


def takes_back(text: str) -> bool:
    """Whether an answer to a read-back is a no or a change of mind: then nothing is confirmed, whatever the model makes of it."""
    return bool(_REFUSAL.match(folded(text[:MAX_HEARD])))


def plain(text: str) -> str:
    """Lower case, straight apostrophes, no punctuation, single spaces."""
    return _SPACES.sub(" ", _MARKS.sub(" ", text.lower().replace("’", "'"))).strip()


def bare(text: str) -> str:
    """`plain`, without any accents."""
    return " ".join(_bare(word) for word in plain(text).split())


def folded(text: str) -> str:
    """`plain`, without accents; "sí" keeps its own, which tells it from "si"."""
    return " ".join(word if word == "sí" else _bare(word) for word in plain(text).split())


def _bare(word: str) -> str:
    return (
        word
        if word.isascii()
        else "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    )


def opts_out(text: str) -> bool:
    """Whether these words ask never to be called again."""
    said = folded(text[:MAX_HEARD])
    return bool(said) and bool(_ALONE.match(said) or _OPT_OUT.search(said))


def says_farewell(text: str) -> bool:
    """Whether these words only end the talk (or say nothing): no reason to take up the conversation again."""
    said = folded(text[:MAX_HEARD])
    return not said or bool(_FAREWELL.match(said))
