"""The TwiML of calls that come in and are not the agent's: holding on, the fixed answer with its key, and goodbyes."""

from twilio.twiml.voice_response import Gather, VoiceResponse

from dialer import documents

HOLD_S = 4
KEY_SECONDS = 5
ANSWER = {
    "en": "Thank you for calling {brand}. We cannot take your call on this line. Please reach us through our website.",
    "es": "Gracias por llamar a {brand}. No podemos atenderle en esta línea. Escríbanos a través de nuestro sitio web.",
}
KEY = {
    "en": "If you do not want calls from us, press 9.",
    "es": "Si no desea recibir nuestras llamadas, pulse 9.",
}
STOPPED = {
    "en": "Done. We will not call this number again. Goodbye.",
    "es": "Hecho. No volveremos a llamar a este número. Adiós.",
}
GOODBYE = {"en": "Goodbye.", "es": "Adiós."}

hang_up = documents.hang_up


def hold(again_url: str, language: str | None, *, first: bool) -> str:
    """A moment on the line, then the door is asked again."""
    response = VoiceResponse()
    if first:
        words, spoken = documents.fixed(documents.HOLD, language)
        response.say(words, language=spoken)
    response.pause(length=HOLD_S)
    response.redirect(again_url, method="POST")
    return str(response)


def message(own: str, brand: str, key_url: str, language: str | None) -> str:
    """The campaign's words, or ours, and the key that removes a number."""
    words, spoken = documents.fixed(ANSWER, language)
    offer, _ = documents.fixed(KEY, language)
    response = VoiceResponse()
    gather = Gather(num_digits=1, timeout=KEY_SECONDS, action=key_url, method="POST")
    gather.say(f"{own or words.format(brand=brand)} {offer}", language=spoken)
    response.append(gather)
    response.say(documents.fixed(GOODBYE, language)[0], language=spoken)
    response.hangup()
    return str(response)


def stopped(language: str | None) -> str:
    return documents.say(*documents.fixed(STOPPED, language))


def nobody(language: str | None) -> str:
    return documents.say(*documents.fixed(documents.NOBODY_FREE, language))
