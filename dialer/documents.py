"""The TwiML we answer, built with the SDK's own classes so that nothing is ever pasted into XML.

Our fixed sentences stand here by language; a language without them hears English, and is told so by the voice's own tag.
"""

from collections.abc import Mapping

from twilio.twiml.voice_response import Connect, Stream, VoiceResponse

APOLOGY = {
    "en": "Sorry, we are having a technical problem. We will call you back. Goodbye.",
    "es": "Disculpe, tenemos un problema técnico. Le volveremos a llamar. Adiós.",
}
HOLD = {"en": "One moment please.", "es": "Un momento, por favor."}
NOBODY_FREE = {
    "en": "Sorry, nobody can take your call right now. We will get back to you. Goodbye.",
    "es": "Disculpe, en este momento nadie puede atenderle. Le llamaremos más tarde. Adiós.",
}
VOICES = {"en": ("en-US", "en-AU", "en-GB", "en-IN"), "es": ("es-US", "es-MX", "es-ES")}
"""Tags the carrier's default voices know, the first for any other of the language."""


def tag(language: str | None) -> str | None:
    """What `<Say>` is told: None leaves the language to the carrier."""
    known = VOICES.get(primary(language))
    return language if known is None or language in known else known[0]


def primary(language: str | None) -> str:
    return (language or "en").partition("-")[0]


def fixed(sentence: Mapping[str, str], language: str | None) -> tuple[str, str | None]:
    """One of our sentences as `say` takes it: the words, and the tag of the language they are in."""
    spoken = language if primary(language) in sentence else "en"
    return sentence[primary(spoken)], tag(spoken)


def converse(
    attempt_url: str, media_url: str, attempt_id: str, token: str, *, hold_s: int = 0, language: str | None = None
) -> str:
    """Connect the call to the media process. The token travels as a parameter, never in an address (R2, R52).

    `hold_s`: seconds to wait first, after asking the person to hold on.
    """
    response = VoiceResponse()
    if hold_s:
        words, spoken = fixed(HOLD, language)
        response.say(words, language=spoken)
        response.pause(length=hold_s)
    stream = Stream(url=media_url, name=attempt_id, status_callback=f"{attempt_url}/stream")
    stream.parameter(name="attempt", value=attempt_id)
    stream.parameter(name="token", value=token)
    connect = Connect(action=f"{attempt_url}/connect-end", method="POST")
    connect.append(stream)
    response.append(connect)
    response.hangup()
    return str(response)


def hang_up() -> str:
    response = VoiceResponse()
    response.hangup()
    return str(response)


def say(words: str, language: str | None = None) -> str:
    """A sentence, then the end."""
    response = VoiceResponse()
    response.say(words, language=tag(language))
    response.hangup()
    return str(response)
