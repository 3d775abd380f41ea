"""The decision core held against a checker that steps minute by minute, and the checker against a core with mistakes in it."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer import decision, hours
from tests.dialer import oracle
from tests.dialer.oracle import AHEAD, STARTS, WEEKS, Answer, Case, answer, draw

CASES = 10_000
ENOUGH = 4_000
"""Cases within which every seeded mistake must show."""


def core(case: Case, decide: Any = decision, openings: Any = hours) -> Answer:
    """The core's answer in the checker's words."""

    def at(minute: int | None) -> datetime | None:
        return None if minute is None else STARTS[case.stretch] + timedelta(minutes=minute)

    def statute(number: int, law: oracle.Law) -> Any:
        caps = tuple(decide.Cap(calls, timedelta(minutes=span)) for calls, span in law.caps)
        return decide.Statute(
            f"L{number}", WEEKS[law.week], law.holidays, (), caps, law.callback, law.lock_days, law.no_recall
        )

    bounds = tuple(
        decide.bind(made, zone, WEEKS["floor"])
        for number, law in enumerate(case.laws)
        for made in [statute(number, law)]
        for zone in law.zones
    )
    terms = decide.Terms(at(case.given), at(case.expires), at(case.revoked))
    asked = decide.Asked(
        bounds=bounds,
        attempts=tuple(at(one) for one in case.attempts),
        consent=terms,
        callback=None if case.callback is None else decide.Callback(at(case.callback), case.express),
        not_before=at(case.not_before),
        refused_at=at(case.refused),
        hung_up_at=at(case.hung_up),
        blackouts=tuple((at(start), at(end)) for start, end in case.blackouts),
        campaign=(openings.Opening(case.campaign[1], WEEKS[case.campaign[0]]),) if case.campaign else (),
        gap=timedelta(minutes=case.gap),
        per_day=case.per_day,
    )
    policy = decide.Policy(
        guard=timedelta(seconds=case.guard_s),
        horizon=timedelta(minutes=AHEAD),
        promise_over_manners=case.manners_yield,
    )
    now = at(case.now)
    said = decide.decide(asked, policy, now)
    if isinstance(said, decide.Deny):
        return said.reason, None
    until = now if isinstance(said, decide.Allow) else said.until
    return "ok", int((until - STARTS[case.stretch]) / timedelta(minutes=1))


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**48))
def test_the_core_agrees_with_a_checker_that_steps_minute_by_minute(seed: int) -> None:
    case = draw(seed)
    assert core(case) == answer(case), case


MISTAKES: dict[str, tuple[str, str, str]] = {
    "first zone only": (
        "decision",
        "return (*(bound.hours for bound in way.asked.bounds), *way.asked.floor)",
        "return (*(bound.hours for bound in way.asked.bounds[:1]), *way.asked.floor)",
    ),
    "last zone only": (
        "decision",
        "return (*(bound.hours for bound in way.asked.bounds), *way.asked.floor)",
        "return (*(bound.hours for bound in way.asked.bounds[-1:]), *way.asked.floor)",
    ),
    "inclusive close": (
        "hours",
        "if found + guard < end or (found < end and",
        "if found + guard <= end or (found <= end and",
    ),
    "no guard": ("hours", "if found + guard < end or (found < end and", "if found < end or (found < end and"),
    "the weekday of UTC": (
        "hours",
        "self.week[day.weekday()]",
        "self.week[datetime.combine(day, time(20), zone(self.zone)).astimezone(UTC).weekday()]",
    ),
    "no holidays": ("hours", "if day in self.holidays", "if False"),
    "opens at the earlier instant": ("hours", "start = max(_instants(info", "start = min(_instants(info"),
    "closes at the later instant": ("hours", "end = min(_instants(info", "end = max(_instants(info"),
    "remembers an opening for too long": (
        "hours",
        "if place and moment < self._stretches[place - 1][1]:",
        "if place and moment <= self._stretches[place - 1][1] + timedelta(minutes=30):",
    ),
    "no caps": ("decision", "if live >= cap.calls:", "if live > 99:"),
    "one call too many": ("decision", "if live >= cap.calls:", "if live > cap.calls:"),
    "rolling as the calendar day": (
        "decision",
        "live = len(attempts) - bisect_right(attempts, moment - cap.span)\n        if live",
        "live = len(attempts) - bisect_right(attempts, moment.replace(hour=0, minute=0))\n        if live",
    ),
    "the day's calls of one zone only": (
        "decision",
        "for name in _named(way.asked.bounds)[0] if _today",
        "for name in _named(way.asked.bounds)[0][:1] if _today",
    ),
    "the gap from the first call": ("decision", "attempts[-1] + way.asked.gap", "attempts[0] + way.asked.gap"),
    "no campaign hours": (
        "decision",
        "if not way.asked.campaign or not way.manners:",
        "if way.asked or not way.manners:",
    ),
    "callback always": (
        "decision",
        "found <= asked.callback.at + policy.tolerance",
        "found > asked.callback.at - policy.tolerance",
    ),
    "callback never": (
        "decision",
        "    if asked.callback:\n        kept",
        "    if asked.callback and not asked.bounds:\n        kept",
    ),
    "a callback widens everywhere": ("decision", 'if statute.callback == "never":', 'if statute.callback == "":'),
    "nobody asks whether a request is express": (
        "decision",
        "bound.promised if express or",
        "bound.promised if True or",
    ),
    "consent ignored": (
        "decision",
        "        if not one.passed:",
        "        if one.rule == 'hang_up' and not one.passed:",
    ),
    "who hung up is called again": (
        "decision",
        "for one in asked.bounds if one.statute.no_recall",
        "for one in asked.bounds[1:] if one.statute.no_recall",
    ),
    "a consent that lapses meanwhile": (
        "decision",
        "asked.consent.expires_at <= found",
        "asked.consent.expires_at <= now",
    ),
    "no blackouts": ("decision", "if start <= moment < end:", "if start == moment > end:"),
    "a pause of elapsed days": (
        "decision",
        "begins(bound.zone, said_on + timedelta(days=days + 1))",
        "refused + timedelta(days=days)",
    ),
    "one pass is enough": (
        "decision",
        "        if moment == before:\n            return moment",
        "        if before:\n            return moment",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_seeded_mistake_is_caught(mistake: str) -> None:
    where, right, wrong = MISTAKES[mistake]
    with mistaken(where, right, wrong) as (decide, openings):
        caught = next((seed for seed in range(ENOUGH) if _said(seed, decide, openings) != _right(seed)), None)
    assert caught is not None, f"{mistake}: nothing in {ENOUGH} cases shows it"


def _said(seed: int, decide: ModuleType, openings: ModuleType) -> Answer:
    """A core that breaks over its own mistake has not answered."""
    try:
        return core(draw(seed), decide, openings)
    except (RuntimeError, AssertionError) as broke:
        return f"broke: {broke}", None


_known: dict[int, Answer] = {}


def _right(seed: int) -> Answer:
    """The checker's answer, worked out once for all mistakes."""
    if seed not in _known:
        _known[seed] = answer(draw(seed))
    return _known[seed]


@contextmanager
def mistaken(where: str, right: str, wrong: str) -> Iterator[tuple[ModuleType, ModuleType]]:
    """Copies of both modules under other names, one of them with a mistake in it."""
    texts = {
        name: Path(module.__file__ or "").read_text("utf-8")
        for name, module in (("hours", hours), ("decision", decision))
    }
    assert texts[where].count(right) == 1, f"the core no longer reads {right!r}"
    texts[where] = texts[where].replace(right, wrong)
    texts["decision"] = texts["decision"].replace("from dialer.hours import", "from mistaken_hours import")
    made = {}
    try:
        for name in ("hours", "decision"):
            module = importlib.util.module_from_spec(ModuleSpec(f"mistaken_{name}", None))
            sys.modules[module.__name__] = made[name] = module
            exec(compile(texts[name], f"mistaken_{name}", "exec"), module.__dict__)
        yield made["decision"], made["hours"]
    finally:
        for module in made.values():
            del sys.modules[module.__name__]


NEW_YORK = "America/New_York"


def test_an_earlier_call_in_the_future_means_the_clock_went_back() -> None:
    now = datetime(2026, 11, 25, 17, tzinfo=UTC)
    bound = decision.bind(decision.Statute("US", WEEKS["floor"]), NEW_YORK, WEEKS["floor"])
    ahead = now + timedelta(minutes=7)
    said = decision.decide(decision.Asked((bound,), attempts=(ahead,)), decision.Policy(), now)
    assert isinstance(said, decision.Defer)
    assert (said.reason, said.until) == ("clock_went_back", ahead)


def test_the_trace_names_every_rule_its_inputs_and_what_each_would_say_alone() -> None:
    now = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
    law = decision.Statute("US-FL", WEEKS["floor"], caps=(decision.Cap(1, timedelta(hours=24)),))
    bound = decision.bind(law, NEW_YORK, WEEKS["floor"])
    asked = decision.Asked((bound,), attempts=(now - timedelta(hours=8),), gap=timedelta(minutes=30))
    said = decision.decide(asked, decision.Policy(), now)
    assert isinstance(said, decision.Defer)
    assert said.until == now + timedelta(hours=16)
    rows = {one.rule: one.row() for one in said.findings}
    assert list(rows) == ["consent_term", "hang_up", *(rule.name for rule in decision.RULES)]
    assert rows["hours"]["inputs"] == {"zones": [NEW_YORK], "places": [f"US-FL {NEW_YORK}"], "promised": False}
    assert rows["hours"]["until"] == "2026-11-25T13:00:00+00:00"
    assert rows["rolling_cap"]["inputs"] == {"caps": [{"calls": 1, "allowed": 1, "hours": 24.0}]}
    assert rows["rolling_cap"]["until"] == "2026-11-25T18:30:00+00:00"
    assert said.reason == "rolling_cap"
    assert rows["gap"]["passed"]


def test_no_place_is_no_call() -> None:
    said = decision.decide(decision.Asked(()), decision.Policy(), datetime(2026, 11, 25, 17, tzinfo=UTC))
    assert isinstance(said, decision.Deny)
    assert said.reason == "no_calling_hours"
