"""When the model dies, stalls or refuses while the person is on the phone: cover, rebuild, go on; or apologise and end.

The rebuilt session gets what was really heard and a note not to greet again. (realtime.md section 3; rules 2, 4, 57, 58, 65)
"""

from collections.abc import Iterator

from qualify import closing, discretion, goals, parting, summary
from qualify import events as ev
from qualify.commands import AddItem, Command, Configure, ConnectModel, SwitchModel
from qualify.greeting import Stage as Greet
from qualify.recovery import Stage, Standby
from qualify.responses import Wish
from qualify.talk import Talk

PHONE_FORMAT = "audio/pcmu"
HISTORY = 12
DROPPED = "The line dropped for a moment. "
RE_ANCHOR = (
    "Continue the same call in the same language from where you stopped. Do not greet or introduce yourself again."
)
HELD_UP = (
    "They were put on hold for a colleague who could not be reached. Your greeting has not been heard yet: begin with it, and "
    "apologise for the wait in a few words behind it."
)
START_OVER = "The line dropped as you began. Begin again with the greeting."


def opened(talk: Talk) -> Iterator[Command]:
    """Configure it; a model that refused the whole configuration once is not asked again."""
    talk.recovery.opened()
    yield Configure(talk.event_id("su"), talk.hearing, minimal=talk.config_tries > 0, language=talk.terms.language)


def configured(talk: Talk, event: ev.ModelConfigured, now: float) -> Iterator[Command]:
    if {event.input_format, event.output_format} != {PHONE_FORMAT}:
        talk.flag("wrong_format", f"{event.input_format} {event.output_format}")
        yield from closing.give_up(talk, "wrong audio format", now)
        return
    talk.model_used = event.model or talk.model_used
    if talk.recovery.stage is Stage.CONFIGURING:
        yield from _up(talk, now)


def _up(talk: Talk, now: float) -> Iterator[Command]:
    again, owed = talk.recovery.was_up or bool(talk.came_back), talk.recovery.owed
    talk.recovery.configured(now)
    yield from discretion.facts(talk)
    if again:
        yield from _rebuild(talk)
    while talk.untold:
        yield from talk.tell(talk.untold.popleft())
    ring_speaks = again and talk.uplink.kept_speech()
    yield from talk.uplink.connect()
    if again and owed and talk.listening and not ring_speaks and not talk.ending.decided:
        talk.responses.want(Wish(must=True))


def _rebuild(talk: Talk) -> Iterator[Command]:
    for role, text, item_id in _history(talk):
        yield AddItem(talk.event_id("h"), role, text, item_id=talk.context.stand_in(item_id, talk.event_id("h")))
    greeting = talk.greeting
    if greeting.stage is Greet.SPEAKING and not greeting.complete:  # the disclosure was never generated in full
        greeting.stage = Greet.WAITING
        yield AddItem(talk.event_id("h"), "system", START_OVER)
    elif greeting.stage is not Greet.WAITING:
        yield from goals.restate(talk)
        dropped = DROPPED + RE_ANCHOR if talk.recovery.owed else RE_ANCHOR
        yield AddItem(talk.event_id("h"), "system", talk.came_back or dropped)
    elif talk.came_back:
        yield AddItem(talk.event_id("h"), "system", HELD_UP)
    talk.came_back = ""


def _history(talk: Talk) -> list[tuple[str, str, str]]:
    """Role, text and the turn it stands for: older turns in short, the last ones as heard, then what the tools did."""
    lines = [line for line in talk.transcript.lines if line.role != "note" and not line.item_id.startswith("clip:")]
    older, last = lines[:-HISTORY], lines[-HISTORY:]
    short = [("system", summary.so_far((), older), "")] if older else []
    roles = {"agent": "assistant", "caller": "user"}
    turns = [(roles[line.role], _words(talk, line.item_id), line.item_id) for line in last]
    facts = summary.tool_lines(talk.tools.uses.values())
    done = [("system", "\n".join(facts), "")] if facts else []
    return [*short, *(turn for turn in turns if turn[1]), *done]


def _words(talk: Talk, item_id: str) -> str:
    line, spoken = talk.transcript.find(item_id), talk.playback.items.get(item_id)
    if line is None:
        return ""
    if line.role == "caller":
        return line.text or "[unintelligible]"
    if spoken is not None and line.cut_at is None and not spoken.ended:
        return line.text[: int(len(line.text) * spoken.heard / max(1, spoken.received))].strip()
    return line.heard.strip()


def lost(talk: Talk, event: ev.ModelLost, now: float) -> Iterator[Command]:
    """The phone keeps what it has; everything asked of the old session is void."""
    if talk.ending.parting:
        return
    was_up = talk.recovery.up
    talk.recovery.lost(now)
    if was_up:
        talk.flag("model_lost", f"{event.code} {event.reason}"[:120])
        void(talk, now)
    if event.fatal:
        yield from closing.give_up(talk, event.reason or "model refused", now)
    elif talk.ending.decided:
        yield from closing.progress(talk, now)
    elif was_up and talk.recovery.standby is Standby.READY:
        yield from _change(talk, now, owed=True)
    else:
        talk.recovery.standby = Standby.NONE
        yield ConnectModel(talk.recovery.next_delay(now))


def rotate(talk: Talk, now: float, *, owed: bool) -> Iterator[Command]:
    """Leave the present session for a new one, by our own wish. `owed`: something of it is cut off and must be taken up."""
    talk.counts["rotations"] += 1
    void(talk, now)
    yield from _change(talk, now, owed=owed)


def _change(talk: Talk, now: float, *, owed: bool) -> Iterator[Command]:
    yield SwitchModel() if talk.recovery.rotate(now, owed=owed) else ConnectModel()


def void(talk: Talk, now: float) -> None:
    """Everything asked of the model's old session is lost with it."""
    talk.responses.reset()
    talk.uplink.disconnect()
    talk.speaking = talk.voice_locked = False
    talk.floor.doubt_until = talk.retry_at = None
    talk.floor.held.clear()
    talk.recent_responses.clear()
    talk.context.reset(talk.playback.items, now)
    for spoken in talk.playback.items.values():
        spoken.ended = True


def stall_due(talk: Talk) -> float | None:
    """When a model that owes us something counts as stalled: an answer, or the taking of our configuration."""
    if talk.ending.decided:
        return None
    if talk.recovery.stage is Stage.CONFIGURING:
        return talk.model_at + talk.terms.configured_within
    if not (talk.recovery.up and talk.responses.busy):
        return None  # counted from what we asked for last: it owed us nothing before
    return max(talk.model_at, talk.responses.requested_at) + talk.terms.stalled_after


def stalled(talk: Talk, now: float) -> bool:
    """The model owes us something and has sent nothing at all for too long."""
    return (due := stall_due(talk)) is not None and now >= due


def limits(talk: Talk) -> tuple[float, float]:
    """When to cover the silence of an outage, and when to give up."""
    recovery, terms = talk.recovery, talk.terms
    give_up = terms.give_up_after if recovery.was_up else terms.give_up_at_start
    return recovery.since + terms.cover_after, recovery.since + give_up


def check(talk: Talk, now: float) -> Iterator[Command]:
    if talk.recovery.up or talk.ending.decided:
        return
    cover_at, give_up_at = limits(talk)
    if now >= give_up_at:
        yield from closing.give_up(talk, "model unreachable", now)
    elif now >= cover_at and not talk.recovery.covered and talk.playback.silent and not talk.presence.waiting:
        talk.recovery.covered = True
        yield from parting.play_clip(talk, "one_moment", now)


def refused(talk: Talk, event: ev.ModelError, now: float) -> Iterator[Command]:
    """Our configuration was refused: one minimal try, then give up. (rule 4)"""
    if talk.config_tries:
        yield from closing.give_up(talk, f"configuration refused: {event.code}", now)
        return
    talk.config_tries += 1
    talk.flag("update_refused", f"{event.code} {event.param}".strip())
    yield Configure(talk.event_id("su"), talk.hearing, minimal=True, language=talk.terms.language)
