"""The Spanish side of `phrases`: patterns over folded text (no accents, but "sí" keeps its own and is never the "si" of if).

Written for the Spanish of the Americas and of Spain. A wish with a time to it ("no me llame antes de las nueve") is no opt-out:
the verb must stand alone or with "más", "nunca", "otra vez".
"""

import re

_TIMED = (
    r"(?!\s+(?:antes|despues|tan|tarde|temprano|ahora|ahorita|hoy|manana|todavia|aun|asi|entre|hasta|mientras|cuando|si|el|los|las|"
    r"durante|desde|solo|por(?!\s+favor)|en(?!\s+(?:mi|la|toda)\s+vida)|al?(?!\s+(?:este|mi)\s+(?:numero|telefono|celular))|"
    r"de\s+(?:dia|noche|madrugada))\b)"
)
_EVER = r"(?:\s+(?:mas|nunca\s+mas|nunca|jamas|otra\s+vez|de\s+nuevo|por\s+favor|a\s+(?:este|mi)\s+(?:numero|telefono|celular)))"
_CALL = r"(?:llame[ns]?|contacte[ns]?|marque[ns]?|moleste[ns]?|telefonee[ns]?|hable[ns]?)"
_AGAIN = r"vuelva[ns]?\s+a\s+(?:llamar|contactar|marcar|molestar|telefonear)"
_LIST = r"(?:su|sus|la|las|esa|esta|tu|todas\s+las)\s+(?:\w+\s+)?(?:listas?|base|registros?|sistema|datos)"

ALONE = r"alto|(?<!no )basta|pare|paren|detengase"
ALONE_BEFORE = r"por\s+favor|ya|oiga|mire|bueno|le\s+digo\s+que|le\s+dije\s+que"
ALONE_AFTER = r"por\s+favor|ya|de\s+una\s+vez"

OPT_OUT = (
    rf"\bno\s+(?:me|nos)\s+{_CALL}(?:{_EVER}+|$){_TIMED}"
    rf"|\b(?:no|nunca|jamas)\s+(?:mas\s+)?(?:me\s+|nos\s+)?{_AGAIN}(?:me|nos)?\b{_TIMED}"
    rf"|\bya\s+no\s+(?:me|nos)\s+(?:este[ns]?\s+llamando|{_CALL})\b{_TIMED}"
    rf"|\b(?:nunca|jamas)\s+(?:mas\s+)?(?:me|nos)\s+{_CALL}\b{_TIMED}"
    rf"|\bno\s+quiero\s+que\s+(?:me|nos)\s+(?:{_AGAIN}|este[ns]?\s+llamando|{_CALL})\b{_TIMED}"
    r"|\bno\s+quiero\s+(?:recibir\s+)?(?:mas|sus|estas)\s+(?:\w+\s+)?llamadas?\b"
    r"|(?<!no )\b(?:deje[ns]?|deja|pare[ns]?)\s+de\s+(?:estar\s+)?"
    rf"(?:llamar|llamando|molestar|molestando|marcar|contactar)(?:me|nos)?\b{_TIMED}"
    r"|(?<!no )\b(?:quiten?|quita|saquen?|saca|borren?|borra|eliminen?|elimina|remuevan?|retiren?|bajen?)(?:me|nos)"
    rf"\s+(?:ya\s+)?de\s+{_LIST}\b"
    r"|(?<!no )(?<!ya )(?<!yo )\b(?:quiten?|saquen?|borren?|eliminen?|remuevan?|retiren?|quitar|borrar|eliminar)\s+"
    r"(?:mi|mis|todos\s+mis)\s+(?:numero|nombre|telefono|datos|informacion|celular)\b"
    r"|\b(?:den?|dar|da)me\s+de\s+baja\b"
    r"|\blista\s+de\s+(?:no\s+llamar|exclusion)\b"
    r"|\b(?:olviden?se\s+de|pierdan?)\s+mi\s+(?:numero|telefono)\b"
)

# No word twice, here or in the English beside it: a run of words that can be read in two ways each takes 2^n steps to reject.
FAREWELL = (
    r"gracias|muchas gracias|muchisimas gracias|mil gracias|muy amable|adios|hasta luego|hasta pronto|hasta manana|"
    r"hasta entonces|hasta la vista|nos vemos|chao|chau|vale|sí|si|bueno|bien|muy bien|esta bien|perfecto|claro|"
    r"de acuerdo|listo|sale|andele|igualmente|a usted|usted tambien|cuidese|que le vaya (?:muy )?bien|que este (?:muy )?bien|"
    r"(?:que )?(?:tenga|pase) (?:un |una |usted )?(?:muy )?"
    r"(?:buen|buena|feliz|bonito|lindo|excelente) (?:dia|tarde|noche|fin de semana)|"
    r"buen dia|buenos dias|buenas tardes|buenas noches"
)

REFUSAL = (
    r"no|espere|esperese|espera|un momento|perdon no|disculpe no|mejor|en realidad|de hecho|la verdad no|creo que no|para nada|"
    r"tampoco|ninguno|ninguna|que va"
)
REFUSAL_UNLESS = r"problema|inconveniente|perfecto|exacto|sí"

OPENER = r"ah|eh|este|pues|bueno|hola|buenas|mire|ay|y"
AGREEMENT = (
    r"sí|si(?=$|\s+(?:claro|por favor|gracias|senor|senora|senorita|esta bien|de acuerdo|si|puedo|puede|digame|diga|adelante|"
    r"perfecto|correcto|acepto))|claro|por supuesto|desde luego|vale|de acuerdo|esta bien|como no|adelante|digame|diga|perfecto|"
    r"correcto|exacto|asi es|dale|andele|sale|seguro|con (?:mucho )?gusto|me parece (?:muy )?bien|no hay problema|sin problema|"
    r"no tengo (?:ningun )?(?:problema|inconveniente)|estoy de acuerdo|acepto|(?:le|lo|la) escucho"
)
DENIAL = r"nunca|jamas|tampoco|para nada|de ninguna manera"

YES = ("sí", "si", "claro", "correcto", "exacto", "efectivamente", "afirmativo", "cierto", "propia", "propio")
NO = (
    "nunca",
    "jamas",
    "tampoco",
    "negativo",
    "alquilo",
    "alquilada",
    "alquilado",
    "rento",
    "rentada",
    "rentado",
    "inquilino",
)
_IDIOMS = re.compile(
    r"\b(?:claro|por supuesto|desde luego) que (?=no\b)|\bno (?:lo )?se\b|\bno estoy segur[oa]\b"
    r"|\bno hay (?:problema|inconveniente)\b"
)


def without_idioms(folded: str) -> str:
    """Folded words without the yes that opens a no ("claro que no") and the no that is none ("no sé", "cómo no")."""
    return re.sub(r"\bcomo no\b", "sí", _IDIOMS.sub(" ", folded))
