"""Cutting the agent short: the phone is silenced first, then the model is told what was heard. (realtime.md rules 15-34)"""

from collections.abc import Iterator

from qualify.commands import CancelResponse, Clear, Command, Tell, Truncate
from qualify.talk import Talk

CLIP = "clip:"


def interrupt(talk: Talk, now: float) -> Iterator[Command]:
    """Silence the phone, stop the model, tell it what was heard. Nothing unheard: no clear, no truncate. (rules 24, 26, 27)"""
    responses, playback = talk.responses, talk.playback
    open_items = [
        s.item_id
        for s in playback.items.values()
        if s.response_id == responses.active and responses.active and not s.ended
    ]
    was_silent = playback.silent
    cut = playback.clear(now) if not was_silent else {}
    if not was_silent:
        talk.counts["interruptions"] += 1
        yield Clear()
    if (doomed := responses.withdraw()) is not None:
        yield CancelResponse(talk.event_id("cancel"), doomed)
    for item_id in open_items:  # all of it was heard so far, but the model is ahead of what we received
        cut.setdefault(item_id, playback.heard_ms(item_id, now))
    audible = True
    for item_id, heard in cut.items():
        if not item_id.startswith(CLIP) and item_id not in talk.context.void:
            yield Truncate(talk.event_id("cut"), item_id, min(heard, playback.items[item_id].ms) if audible else 0)
        _cut_line(talk, item_id, heard if audible else 0, now)
        audible = audible and heard >= playback.items[item_id].ms
        line = talk.transcript.find(item_id)
        if line is not None and line.heard:
            yield Tell("turn", {"role": "agent", "text": line.heard, "cut": True})


def _cut_line(talk: Talk, item_id: str, heard_ms: int, now: float) -> None:
    line, spoken = talk.transcript.find(item_id), talk.playback.items[item_id]
    share = heard_ms / spoken.ms if spoken.ms else 0.0
    if line is None:
        return
    if item_id in talk.item_at and spoken.whole:
        talk.read_backs.heard(line.text, share, talk.item_at[item_id])
    line.cut_at, line.final, line.ended_ms = share, True, talk.ms(now)
