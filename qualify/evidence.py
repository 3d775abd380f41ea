"""What is heard on the line as evidence of who is there: the kind of words, whether more are to come, whether we are answered.

A recording may talk at length, but it never answers. (twilio.md 5.4, 5.5)
"""

from qualify.phrases import agrees
from qualify.presence import Sign, Who
from qualify.recorded import Kind, is_lengthy, is_live, kind_of
from qualify.talk import Talk
from qualify.transcript import Line

LATE_WORDS = 5.0
REPLIES = 2
SIGNS = {
    Kind.VOICEMAIL: Sign.VOICEMAIL_WORDS,
    Kind.SCREENER: Sign.SCREENER_WORDS,
    Kind.MENU: Sign.MENU_WORDS,
}


def is_answered(talk: Talk) -> bool:
    """Whether a person is there beyond doubt."""
    return _has_answered(talk) or _talks_with_us(talk)


def sign_of(talk: Talk, line: Line) -> Sign | None:
    """What these words are evidence of; None when they say nothing about who speaks."""
    kind, who = kind_of(line.text), talk.presence.who
    if kind is Kind.SCREENER and _greeted_before(talk, line):
        return None  # somebody who knows by now who is calling asks why
    if kind is not None:
        return SIGNS.get(kind)
    if who is Who.SCREENER and not _after_our_sentence(talk, line):
        return None
    if who is Who.MENU and (not is_live(line.text) or talk.presence.passed.count(Who.TAKEN) > 1):
        return None
    return Sign.MANY_WORDS if is_lengthy(line.text) else Sign.PLAIN_WORDS


def _greeted_before(talk: Talk, line: Line) -> bool:
    heard_ms = talk.greeting.heard_ms
    return line.started_ms >= heard_ms if heard_ms is not None else talk.listening


def _after_our_sentence(talk: Talk, line: Line) -> bool:
    """The screener itself may talk on in pieces until it was answered."""
    ours = talk.transcript.last("agent")
    return talk.presence.told and talk.playback.silent and ours is not None and line.started_ms >= ours.ended_ms


def pending(talk: Talk, now: float) -> bool:
    """Something was said and its words are still to come."""
    last = talk.transcript.last("caller")
    if not talk.terms.transcribed or last is None:
        return False
    return talk.speaking or (not last.final and talk.ms(now) - last.started_ms < LATE_WORDS * 1000)


def missed_words_at(talk: Talk) -> float | None:
    """When words that have not come are not waited for any more."""
    last = talk.transcript.last("caller")
    return (
        talk.started_at + last.started_ms / 1000 + LATE_WORDS + 0.01 if last is not None and not talk.speaking else None
    )


def _has_answered(talk: Talk) -> bool:
    """The model took an answer from them that fits its question."""
    return any(use.result.get("saved") for use in talk.tools.uses.values())


def _talks_with_us(talk: Talk) -> bool:
    """They spoke after our greeting was heard, and agreed, or had spoken before; and nothing of it sounds recorded."""
    since = round((talk.presence.since - talk.started_at) * 1000) if talk.presence.who is Who.TAKEN else 0
    said = [line for line in talk.transcript.lines if line.role == "caller" and line.started_ms >= since]
    if not said or not _greeted_before(talk, said[-1]):
        return False
    if not talk.terms.transcribed:
        return True
    spoken = [line for line in said if line.text]
    if not spoken or not _greeted_before(talk, spoken[-1]) or any(kind_of(line.text) for line in spoken):
        return False
    return len(spoken) >= REPLIES or agrees(spoken[-1].text) is True or "?" in spoken[-1].text
