"""The TwiML of a transfer: ringing one colleague, what they hear before they take the call, and how they take it.

One noun at a time, so that whoever answers first cannot be a voicemail that wins; whatever is not the right key ends
the colleague's leg. (twilio.md 9.1; R84, R86)
"""

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

RING_SECONDS = 20
TALK_SECONDS = 3600
KEY = "1"
KEY_SECONDS = 8
WORDS = {
    "en": {
        "putting_through": "One moment. I'm putting you through to {name}.",
        "next": "One moment please. I'm trying somebody else.",
        "call": "A call from {brand}.",
        "key": "Press 1 to take it.",
    },
    "es": {
        "putting_through": "Un momento. Le paso con {name}.",
        "next": "Un momento, por favor. Lo intento con otra persona.",
        "call": "Una llamada de {brand}.",
        "key": "Pulse 1 para atenderla.",
    },
}


def words(language: str) -> dict[str, str]:
    return WORDS.get(language[:2].lower(), WORDS["en"])


def ring(base: str, caller_id: str, number: str, *, say: str = "", language: str | None = None) -> str:
    """Ring one colleague, who must press a key; then `dial-done` decides. The caller hears it ring, after `say`."""
    response = VoiceResponse()
    if say:
        response.say(say, language=language)
    dial = Dial(
        caller_id=caller_id,
        timeout=RING_SECONDS,
        time_limit=TALK_SECONDS,
        answer_on_bridge=True,
        action=f"{base}/dial-done",
        method="POST",
    )
    dial.number(number, url=f"{base}/whisper", method="POST")
    response.append(dial)
    response.hangup()
    return str(response)


def whisper(own_url: str, brief: str, language: str) -> str:
    """What the call is about, and the key. Silence ends the leg; every key, `#` included, is our decision."""
    response = VoiceResponse()
    gather = Gather(num_digits=1, timeout=KEY_SECONDS, finish_on_key="", action=own_url, method="POST")
    gather.say(f"{brief} {words(language)['key']}", language=language)
    response.append(gather)
    response.hangup()
    return str(response)


def accept() -> str:
    """An empty document: the whisper ends and the two are bridged."""
    return str(VoiceResponse())
