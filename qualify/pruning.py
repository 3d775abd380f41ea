"""Long calls: old turns are taken out of the model's context in one block, and a summary from the ledger stands for them.

A block, because each removal costs the prompt cache; from the ledger, because it is instant and invents nothing. What is
still to be heard, still running or waits for a yes stays, and a tool call never without its output. (realtime.md section 3)
"""

from collections.abc import Iterator
from typing import Any

from qualify import summary
from qualify.commands import AddItem, Command, DeleteItem
from qualify.context import CALLS, OUTPUT, Held
from qualify.standing import standing
from qualify.talk import Talk

WORTH = 6
"""Fewer items than this are not worth a cold cache."""


def after_response(talk: Talk, usage: dict[str, Any], now: float) -> Iterator[Command]:
    """A response ended and says how large the context has become."""
    tokens = usage.get("input_tokens")
    large = isinstance(tokens, int) and tokens >= talk.terms.prune_tokens
    old = now - talk.context.pruned_at >= talk.terms.prune_every
    if (large or old) and _quiet(talk):
        yield from prune(talk, now)


def _quiet(talk: Talk) -> bool:
    """Nothing is being generated or about to be: the cold cache falls into a pause."""
    busy = talk.responses.busy or talk.responses.wish is not None or talk.tools.running()
    return talk.recovery.up and not busy and not talk.ending.decided


def prune(talk: Talk, now: float) -> Iterator[Command]:
    context = talk.context
    gone = _removable(talk)
    if len(gone) < WORTH:
        return
    talk.counts["prunings"] += 1
    context.pruned_at = now
    older, context.summary = context.summary, talk.event_id("sum")
    doomed = [*([older] if older else []), *(held.item_id for held in gone)]
    for item_id in doomed:
        context.gone(item_id)
    kept = context.turns()
    text = summary.so_far(
        talk.tools.uses.values(), [line for line in talk.transcript.lines if line.item_id not in kept]
    )
    yield AddItem(talk.event_id("add"), "system", text, item_id=context.summary, first=True)
    for item_id in doomed:
        yield DeleteItem(talk.event_id("del"), item_id)


def _removable(talk: Talk) -> list[Held]:
    """Oldest first. A call and its output go together or not at all."""
    old = [held for held in talk.context.before_last(talk.terms.keep_turns) if not _needed(talk, held)]
    calls, outputs = ({held.call_id for held in old if held.kind == kind} for kind in ("function_call", OUTPUT))
    return [held for held in old if held.kind not in CALLS or held.call_id in calls & outputs]


def _needed(talk: Talk, held: Held) -> bool:
    """Not played to its end, or part of a read-back that waits for its yes."""
    spoken = talk.playback.items.get(held.item_id)
    if spoken is not None and not spoken.flushed and not (spoken.ended and spoken.heard >= spoken.received):
        return True
    waiting = standing(talk.tools.uses.values()).read_back
    if waiting is None:
        return False
    use = talk.tools.uses.get(held.call_id)
    return (use.asked_at if use else held.at) >= waiting.asked_at
