"""The TwiML we answer, built with the SDK's own classes so that nothing is ever pasted into XML."""

from twilio.twiml.voice_response import Connect, Gather, Stream, VoiceResponse

APOLOGY = "Sorry, we are having a technical problem. We will call you back. Goodbye."
HOLD = "One moment please."
NOBODY_FREE = "Sorry, nobody can take your call right now. We will get back to you. Goodbye."
ACCEPT = "You have a call from {brand}. Press 1 to take it."
ACCEPT_KEY = "1"


def converse(attempt_url: str, media_url: str, attempt_id: str, token: str, *, hold_s: int = 0) -> str:
    """Connect the call to the media process. The token travels as a parameter, never in an address (R2, R52).

    `hold_s`: seconds to wait first, after asking the person to hold on.
    """
    response = VoiceResponse()
    if hold_s:
        response.say(HOLD)
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
    """A fixed sentence of ours, then the end."""
    response = VoiceResponse()
    response.say(words, language=language)
    response.hangup()
    return str(response)


def whisper(own_url: str, brand: str) -> str:
    """Asks whoever picked up to press a key: a colleague's voicemail presses none, and silence ends the leg (R9.1)."""
    response = VoiceResponse()
    gather = Gather(num_digits=1, timeout=6, action=own_url, method="POST")
    gather.say(ACCEPT.format(brand=brand))
    response.append(gather)
    response.hangup()
    return str(response)


def accept() -> str:
    """An empty document: the whisper ends and the two are bridged."""
    return str(VoiceResponse())
