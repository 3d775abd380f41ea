"""The language of the talk: kept when the model slips into another, changed when the person asks for one the campaign speaks.

The model is told by items at the conversation's end, never by new instructions; the transcriber by an update that carries nothing
else. From then on local clips, closing lines, times and read-backs are in the new language. (realtime.md rules 3, 24, 27)
"""

from collections.abc import Iterator
from dataclasses import replace

from qualify import events as ev
from qualify import interruption, opening
from qualify.commands import Command, Configure, SpeakIn
from qualify.languages import NAMES, UNAVAILABLE, asked_for, primary, spoken_in
from qualify.phrases import plain
from qualify.recorded import kind_of
from qualify.talk import Talk
from qualify.terms import Tongue

SLIPPED = (
    "You spoke {slip}. This call is in {own}: speak {own} only, in every sentence, unless a system note says otherwise."
)
NOT_SPOKEN = (
    "The person asked for {wanted}, which this call cannot be held in. If they accept a callback or a colleague, use schedule or "
    'transfer_to_human. Say exactly this and nothing else: "{line}"'
)
GO_ON = "Do not greet or introduce yourself again. Go on from where you are, in {own}, with what you last asked."
FROM_THE_START = 'Your opening has not been heard. Say exactly this now, all of it: "{line}"'


def heard(talk: Talk, text: str, now: float) -> Iterator[Command]:
    """The person's words: whether they ask for another language than the one we speak."""
    wanted = None if kind_of(text) else asked_for(text)
    if wanted is None or wanted == primary(talk.terms.language) or talk.ending.decided:
        return
    if talk.presence.waiting and not talk.presence.mute:
        return  # a screener that is still owed its one sentence: nobody has come on yet
    talk.read_backs.withdraw()
    tongue = talk.terms.tongues.get(wanted)
    if tongue is not None:
        yield from _switch(talk, tongue, now)
        return
    talk.flag("language_unavailable", wanted)
    regret = NOT_SPOKEN.format(wanted=NAMES[wanted], line=UNAVAILABLE[wanted])
    if talk.listening:
        yield from interruption.interrupt(talk, now)
        yield from talk.steer(regret)
    else:  # while the greeting is protected what they said waits for its answer, and so does this
        yield from talk.tell(regret)


def _switch(talk: Talk, tongue: Tongue, now: float) -> Iterator[Command]:
    """What is being said is in the wrong language: cut it, say the opening again only if its mandatory part was not heard."""
    yield from interruption.interrupt(talk, now)
    talk.terms = replace(
        talk.terms,
        language=tongue.language,
        mandatory=tongue.mandatory,
        ask=tongue.ask,
        closing=tongue.closing,
        nobody_free=tongue.nobody_free,
        clips=tongue.clips,
        spelled_asks=tongue.spelled_asks,
        objections=tongue.objections,
        forbidden=tongue.forbidden,
        screener=tongue.screener,
        personal=tongue.personal,
    )
    talk.slipped = False
    yield from talk.note(f"The person asked for {NAMES[primary(tongue.language)]}: the call goes on in it.", now)
    yield SpeakIn(tongue.language)
    if talk.recovery.up:
        yield Configure(talk.event_id("lang"), talk.hearing, whole=False, language=tongue.language)
    again = talk.greeting.heard_ms is None
    if again:
        talk.greeting.begin_again(tongue.mandatory, tongue.ask)
        last = FROM_THE_START.format(line=" ".join((*tongue.mandatory, tongue.ask)))
    else:
        last = GO_ON.format(own=NAMES[primary(tongue.language)])
    if talk.recovery.up:
        yield from talk.steer(f"{tongue.brief}\n{last}")
    if again:
        yield from opening.greet(talk, now)


def spoken(talk: Talk, event: ev.ResponseEnded) -> Iterator[Command]:
    """The agent's lines: one in another language is flagged, and the model told, once."""
    if event.response_id in talk.responses.discarded:
        return
    own = primary(talk.terms.language)
    for item_id in [item for item, response in talk.spoke_by.items() if response == event.response_id]:
        text = talk.text_of([item_id])
        slip = spoken_in(text)
        if slip in (None, own) or plain(text) in map(plain, UNAVAILABLE.values()):
            continue
        talk.flag("wrong_language", str(slip))
        if not talk.slipped and not talk.ending.decided and own in NAMES:
            talk.slipped = True
            line = SLIPPED.format(slip=NAMES[str(slip)], own=NAMES[own])
            yield from talk.tell(line)
