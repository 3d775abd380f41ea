"""How machines talk on the phone: voicemail greetings, call screeners, phone menus, music on hold. English and Spanish.

The stronger pattern wins, and a person who merely mentions a voicemail matches none: what decides about hanging up on
somebody must be said the way only a recording says it. Whether it counts is `answering`'s business.
"""

import re
from enum import StrEnum

from qualify.phrases import MAX_HEARD, bare, plain

LENGTHY = 15
"""Words in one breath before we said anything: more than any person's hello."""


class Kind(StrEnum):
    SCREENER = "screener"
    MENU = "menu"
    VOICEMAIL = "voicemail"
    HOLD = "hold"


_NUMBER = r"(?:\d|star|hash|pound|zero|one|two|three|four|five|six|seven|eight|nine)"
_NUMERO = r"(?:el\s+)?(?:\d|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|asterisco|numeral|gato)"
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        Kind.SCREENER,
        re.compile(
            r"call screening|call assistant|virtual assistant (?:from|by) google|screening (?:this|your|the) call|screening service"
            r"|(?:record|say|state|tell me) your name and (?:the )?(?:reason|why|purpose)"
            r"|reason for (?:your |the )?call(?:ing)?|why (?:you're|you are|you've|you have) call(?:ing|ed)"
            r"|see if (?:this|the) person is available|(?:i'll|i will) (?:check|see|let (?:them|him|her) know) if"
            r"|(?:before|and) i(?:'ll| will)? (?:try to )?connect you"
            r"|filtro de llamadas|filtrado de llamadas|asistente virtual de google"
            r"|(?:diga|grabe|indique) su nombre y (?:el )?motivo|motivo de (?:su|la|tu) llamada"
            r"|ver si esta persona esta disponible"
        ),
    ),
    (
        Kind.VOICEMAIL,
        re.compile(
            r"after the (?:tone|beep|signal)|at the (?:tone|beep)"
            r"|record (?:a|your) (?:voice )?message|voice ?mail (?:box|service|system)"
            r"|leave (?:a|your|me a|us a) (?:\w+ )?(?:message|name)(?: and| after| at)|please leave (?:a|your|me|us)\b"
            r"|(?:reached|is) (?:my|the|our) (?:personal )?(?:voice ?mail|mailbox)|mailbox (?:is full|of|belonging)"
            r"|\b(?:i|we)(?:'m|'re| am| are)? (?:can't|cannot|can not|unable to) (?:take|answer|come to) (?:your call|the phone)"
            r"|(?:is )?not available to take (?:your|the) call|forwarded to (?:an automatic |a )?voice"
            r"|(?:i'll|i will|we'll|we will) get back to you (?:as soon|when)"
            r"|despues (?:del tono|de la senal|del bip)|al (?:oir|escuchar) (?:el tono|la senal)|buzon de voz|contestador"
            r"|(?:deje|deja|dejen|grabe) (?:(?:su|tu|un|el) )?(?:mensaje|recado|nombre)\b|correo de voz"
            r"|no (?:puedo|podemos|puede) (?:atender|contestar|responder|tomar) (?:su|tu|la) llamada"
            r"|\b(?:persona|usuario|cliente|abonado|numero)(?: \w+){1,6} no (?:esta|se encuentra) disponible"
            r"|\bha (?:llamado|marcado|comunicado) (?:al?|con)\b|\bel numero que usted marco"
        ),
    ),
    (
        Kind.MENU,
        re.compile(
            rf"\b(?:press|dial|push|select|enter) {_NUMBER}\b|(?:menu|following) options"
            r"|our (?:menu )?options have (?:recently )?changed"
            r"|dial (?:it|your party|the extension)|enter (?:the|your) (?:\w+ )?(?:extension|digit|number|pin)"
            r"|(?:listen|choose) (?:carefully|one of|from)|for (?:\w+ )?(?:sales|support|billing|english),? (?:say|press)"
            rf"|\b(?:oprima|presione|pulse|marque|digite) {_NUMERO}\b|siguientes opciones|marque la extension|para espanol"
        ),
    ),
    (
        Kind.HOLD,
        re.compile(
            r"(?:please |just )?(?:stay on|hold) the line|please (?:hold|wait)(?: while| for|$)|your call is (?:very )?important"
            r"|(?:all|our) (?:of our )?(?:agents|representatives|operators) are|in the order (?:it was|they were) received"
            r"|(?:person|party|customer|subscriber) (?:you(?:'re| are) (?:calling|trying to reach)|you (?:have )?(?:called|dialed))"
            r"|(?:is|are) being connected|trying to (?:connect|reach)|call (?:is|may be|will be) (?:being )?(?:recorded|monitored)"
            r"|(?:thank you|thanks) (?:please )?(?:stay|hold|wait)"
            r"|no cuelgue|permanezca en (?:la )?linea|mantengase en (?:la )?linea|su llamada es (?:muy )?importante"
        ),
    ),
)

_LIVE = re.compile(
    r"\b(?:hello|hi|hey|speaking|this is|can i help|may i help|who(?:'s| is)|hola|bueno|diga|habla|le atiende|en que puedo)\b"
)


def kind_of(text: str) -> Kind | None:
    """What kind of recording says these words; None when a person may."""
    said = bare(text[:MAX_HEARD])
    return next((kind for kind, pattern in _PATTERNS if pattern.search(said)), None)


def is_lengthy(text: str) -> bool:
    return len(plain(text[:MAX_HEARD]).split()) >= LENGTHY


def is_live(text: str) -> bool:
    """Whether somebody speaks up like this who has just come to the phone."""
    return bool(_LIVE.search(bare(text[:MAX_HEARD])))
