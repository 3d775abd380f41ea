"""What the agent must still get done, derived in code and restated at the conversation's end when it seems to drift.

A tail item, never changed instructions: those would cost the model's whole cache. At most one stands in the context; the old
one is deleted by its id. (realtime.md 1.9)
"""

from collections.abc import Iterator

from qualify.commands import AddItem, Command, DeleteItem
from qualify.greeting import Stage
from qualify.phrases import plain
from qualify.standing import standing
from qualify.talk import Talk

STILL_OPEN = "Still open on this call, in this order:"
KEEP_ON = (
    "Answer what the person just said first, briefly; then come back to the first of these. Do not mention this list."
)


def open_goals(talk: Talk) -> tuple[str, ...]:
    """What is to be done next, and after that; nothing while the greeting is protected or once the end is decided."""
    if talk.greeting.stage is not Stage.DONE or talk.ending.decided:
        return ()
    where, earlier = standing(talk.tools.uses.values()), talk.earlier
    if where.promised or where.disqualified or where.nobody_free or (earlier and earlier.booked):
        return ("Say the closing line and call end_call.",)
    if earlier and not earlier.ordered and not where.begun:
        return ("Set a time for the call back, or help them yourself, as they wish.", "Close the call.")
    goals = [] if where.begun or earlier else ["Get the person's agreement to talk now, or offer a callback."]
    asked = talk.terms.required if where.open is None else where.open
    known = where.answers.keys() | (earlier.answered if earlier else ())
    if missing := [question for question in talk.terms.required if question in asked and question not in known]:
        goals.append(f"Get answers to these questions and save them: {', '.join(missing)}.")
    if where.read_back is not None:
        phrase = where.read_back.result.get("read_back", "the time")
        goals.append(f"Read back {phrase}, get a clear yes, then call schedule with confirm true.")
    elif where.slots:
        goals.append("Let the person choose one of the times offered, then call schedule with confirm false.")
    else:
        goals.append("Call check_slots and offer times.")
    return (*goals, "Close the call.")


def heard(talk: Talk, text: str) -> None:
    """The person's words came: an objection or a question of theirs leads away from what is open."""
    said = plain(text)
    asks = text.rstrip().endswith("?") and len(said.split()) > 3
    if asks or any(phrase in said for phrase in talk.terms.objections):
        talk.pursuit.digressed_at = talk.caller_turns


def before_response(talk: Talk) -> Iterator[Command]:
    """A response is about to be asked for: put the goals before the model when that is of use."""
    pursuit, steered = talk.pursuit, talk.steered
    talk.steered = False
    goals = open_goals(talk)
    if goals != pursuit.open:
        pursuit.open, pursuit.since_turn = goals, talk.caller_turns
        yield from _withdraw(talk)
    if goals and not steered and _useful(talk):
        yield from restate(talk)


def restate(talk: Talk) -> Iterator[Command]:
    """The goals as the last item; the old item goes."""
    yield from _withdraw(talk)
    if not (goals := open_goals(talk)):
        return
    talk.counts["goals_restated"] += 1
    talk.pursuit.open, talk.pursuit.since_turn, talk.pursuit.digressed_at = goals, talk.caller_turns, None
    talk.context.goal = talk.event_id("goal")
    text = "\n".join([STILL_OPEN, *(f"{number}. {goal}" for number, goal in enumerate(goals, 1)), KEEP_ON])
    yield AddItem(talk.event_id("add"), "system", text, item_id=talk.context.goal)


def _useful(talk: Talk) -> bool:
    """Turns without progress; or the digression was answered, and the person has spoken since."""
    pursuit = talk.pursuit
    stuck = talk.caller_turns - pursuit.since_turn >= talk.terms.restate_after
    back = pursuit.digressed_at is not None and talk.caller_turns > pursuit.digressed_at
    return stuck or back


def _withdraw(talk: Talk) -> Iterator[Command]:
    """What no longer holds is taken out."""
    goal, talk.context.goal = talk.context.goal, ""
    if goal:
        talk.context.gone(goal)
        yield DeleteItem(talk.event_id("del"), goal)
