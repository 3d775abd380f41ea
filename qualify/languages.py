"""The languages of a conversation: what a line is spoken in, and whether a person asks for another one. Pure tables, no model.

Both are cautious: a line must be full of one language's small words, a request must be one. "My wife speaks Spanish" is none.
"""

import re

from qualify.phrases import MAX_HEARD, folded

NAMES = {"en": "English", "es": "Spanish"}
UNAVAILABLE = {
    "en": "I'm sorry, I can't speak English on this call. Would you like someone who does to call you back?",
    "es": "Lo siento, en esta llamada no puedo hablar español. ¿Quiere que le llame alguien que lo hable?",
}
"""Said to who asks for a language the campaign has no playbook for."""

_SMALL_WORDS = {
    "en": "the and you your is are to of for we it this that what have do would can will with not at my thanks thank please how "
    "when which i'm it's i'll you're don't about sorry good right call was just from be or if there our they but so any",
    "es": "el la los las de que y en un una es esta usted su le por para con se lo del al mi muy gracias como cuando cual tiene "
    "puede sus nos esto pero sí ya hay soy favor buenos buenas momento tengo quiere cuanto entonces nuestra nuestro alguien hasta",
}
_SMALL = {code: frozenset(words.split()) for code, words in _SMALL_WORDS.items()}
_ENOUGH = 3
_TIMES = 3

_SPANISH = r"(?:spanish|espanol|castellano)"
_ENGLISH = r"(?:english|ingles)"
_ASK_EN = (
    r"\b(?:do|does|can|could|would) (?:you|anyone|anybody|someone|somebody)(?: \w+)? (?:speak|talk)(?: any| some| in)? {0}\b"
    r"|\b(?:can|could|may|shall|let) (?:we|i|you|us|me)(?: \w+)? (?:speak|talk|do|continue|go on|switch|have)(?: \w+){{0,2}}"
    r"(?: in| to)? {0}\b"
    r"|\bspeak (?:in )?{0} please\b|\b(?:in|to) {0} please\b"
    r"|\bi(?:'d| would)? (?:only speak|prefer|rather speak|rather have|like)(?: to (?:speak|talk))?(?: in)? {0}\b"
    r"|^(?:sorry |no |hi |hello |uh |um |yes )*(?:in )?{0}(?: please)?$"
)
_ASK_ES = (
    r"(?:^|\b(?:usted|ustedes|si|que|hola|bueno|disculpe|perdon|oiga|no|ahi|alguien|y) )"
    r"habla[ns]?(?: usted| ustedes)?(?: en| el)? {0}\b"
    r"|\b(?:puede[ns]?|podria[ns]?|podemos|podriamos|quiero|quisiera|prefiero|preferiria|me gustaria|vamos a|puedo)"
    r"(?: \w+){{0,3}} en {0}\b"
    r"|\bprefiero (?:el |hablar )?{0}\b|\b(?:mejor )?en {0} (?:por favor|mejor|si (?:puede|se puede))\b|\bmejor en {0}\b"
    r"|\balguien que hable {0}\b|\bsolo (?:hablo|entiendo) {0}\b"
    r"|^(?:hola |bueno |disculpe |perdon |no |sí |si )*(?:en )?{0}(?: por favor)?$"
)
_LACKS_EN = r"\bi (?:don't|do not|dont|can't|cannot) (?:really )?(?:speak|understand|know)(?: much| any| good)? {0}\b"
_LACKS_ES = r"\bno (?:hablo|entiendo|se|comprendo)(?: \w+){{0,2}} {0}\b"


def _either(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_REQUESTS = {
    "es": _either(
        _ASK_EN.format(_SPANISH), _ASK_ES.format(_SPANISH), _LACKS_EN.format(_ENGLISH), _LACKS_ES.format(_ENGLISH)
    ),
    "en": _either(
        _ASK_EN.format(_ENGLISH), _ASK_ES.format(_ENGLISH), _LACKS_EN.format(_SPANISH), _LACKS_ES.format(_SPANISH)
    ),
}


def primary(tag: str) -> str:
    """`es` of `es-US`."""
    return tag.partition("-")[0]


def asked_for(text: str) -> str | None:
    """The language a person asks to go on in, or can't do without; None when they don't."""
    said = folded(text[:MAX_HEARD])
    return next((code for code, pattern in _REQUESTS.items() if pattern.search(said)), None)


def spoken_in(text: str) -> str | None:
    """The language of a line, when its small words leave no doubt."""
    words = folded(text[:MAX_HEARD]).split()
    counts = {code: sum(word in small for word in words) for code, small in _SMALL.items()}
    code, most = max(counts.items(), key=lambda count: count[1])
    others = sum(count for other, count in counts.items() if other != code)
    return code if most >= _ENOUGH and most >= _TIMES * others else None
