"""The last steps of a call, once nothing more is to be decided: the goodbye is heard out, the line dropped or handed over.

Goodbye, terminal mark, its echo, hang-up; bounded at every step. (realtime.md rules 55-57; twilio.md R57, R69, R70)
"""

from collections.abc import Iterator

from qualify.commands import CancelResponse, Clear, CloseStream, Command, DropModel, Finish, HangUp, Tell, Transfer
from qualify.ending import Stage
from qualify.talk import Talk


def drain(talk: Talk, now: float) -> Iterator[Command]:
    """A terminal mark behind the goodbye; its echo, or a bounded wait, ends the call."""
    mark = talk.event_id("goodbye")
    yield from talk.playback.flag(mark, now)
    talk.ending.drain(mark, now, talk.playback.unheard_ms(now))


def heard_out(talk: Talk, now: float) -> Iterator[Command]:
    """The goodbye was heard in full."""
    if talk.transfer is not None:
        yield from hand_over(talk, talk.transfer, now)
        return
    yield from hang_up(talk, now)


def hand_over(talk: Talk, transfer: Transfer, now: float) -> Iterator[Command]:
    """One order to the carrier; our socket stays until the carrier ends the stream. (twilio.md R83, R85)"""
    yield from talk.note(f"Handing over to {transfer.person}.", now)
    yield from step_aside(talk, now)
    yield transfer


def step_aside(talk: Talk, now: float) -> Iterator[Command]:
    """From here the call is the carrier's: whatever it does next ends our stream."""
    talk.ending.step_aside(now)
    yield from _let_model_go(talk)


def _let_model_go(talk: Talk) -> Iterator[Command]:
    """It hears nothing more. A response that is being cut short has yet to tell its price. (R57)"""
    talk.uplink.disconnect()
    if (doomed := talk.responses.withdraw()) is not None:
        yield CancelResponse(talk.event_id("cancel"), doomed)
    if not talk.responses.active:
        yield DropModel()


def hang_up(talk: Talk, now: float) -> Iterator[Command]:
    talk.latency.intend_to_end(now)
    talk.ending.hang_up(now)
    yield HangUp()
    yield from _let_model_go(talk)


def stop_now(talk: Talk, now: float) -> Iterator[Command]:
    """Cut everything and hang up: the hard limit, or an order from outside."""
    yield Clear()
    talk.playback.clear(now)
    if not talk.ending.decided:
        talk.ending.decide("limit", "system", now, 0.0)
    yield from hang_up(talk, now)


def play_clip(talk: Talk, name: str, now: float) -> Iterator[Command]:
    clip = talk.terms.clips.get(name)
    if clip is None:
        talk.flag("clip_missing", name)
        return
    item_id = f"clip:{name}:{talk.event_id('clip')}"
    talk.transcript.line("agent", item_id, talk.ms(now)).text = clip.text
    for piece in clip.pieces:
        yield from talk.playback.play("", item_id, piece, now)
    yield from talk.playback.end(item_id)


def deadline_passed(talk: Talk, now: float) -> Iterator[Command]:
    """A step of the ending took too long: take the next one."""
    match talk.ending.stage:
        case Stage.FAREWELL:
            talk.responses.wish = None
            talk.flag("farewell_missing", talk.ending.reason)
            yield from drain(talk, now)
        case Stage.DRAINING:
            talk.flag("goodbye_unproven", talk.ending.reason)
            yield from heard_out(talk, now)
        case Stage.STEPPING_ASIDE:
            talk.flag("not_taken_over", talk.ending.reason)
            yield from _not_taken(talk, now)
        case Stage.HANGING_UP:
            yield CloseStream()
            yield from over(talk, talk.ending.by or "system", now)
        case Stage.TALKING | Stage.OVER:
            return


def _not_taken(talk: Talk, now: float) -> Iterator[Command]:
    """The carrier did not take the call over. A transfer may be under way all the same: only our socket is let go. (R83)"""
    if talk.transfer is None:
        yield from hang_up(talk, now)
        return
    yield CloseStream()
    yield from over(talk, talk.ending.by, now)


def stream_ended(talk: Talk, how: str, now: float) -> Iterator[Command]:
    """The phone leg is gone. Whoever had not decided to end was hung up on."""
    if talk.ending.parting:
        talk.latency.hung_up(now)
        yield from over(talk, talk.ending.by, now)
    else:
        yield from over(talk, "caller" if how == "stop" else "carrier", now)


def over(talk: Talk, by: str, now: float) -> Iterator[Command]:
    if talk.ending.stage is Stage.OVER:
        return
    if not talk.ending.decided:
        talk.ending.reason = talk.ending.suspended
    talk.ending.by = by
    talk.ending.over()
    yield from cut_unheard(talk, now)
    yield from _let_model_go(talk)
    yield Finish()


def cut_unheard(talk: Talk, now: float) -> Iterator[Command]:
    """What the phone had not played when it went away was never heard."""
    for item_id, heard_ms in talk.playback.clear(now).items():
        found, spoken = talk.transcript.find(item_id), talk.playback.items[item_id]
        if found is not None and spoken.ms:
            found.cut_at, found.final, found.ended_ms = heard_ms / spoken.ms, True, talk.ms(now)
            if found.heard:
                yield Tell("turn", {"role": "agent", "text": found.heard, "cut": True})
