"""The tables: states, outcomes, error codes and retries, exhaustively."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.file import Retries
from campaign.records.lead import OUTCOMES
from dialer import retry
from dialer.decision import Asked
from dialer.errors import CREATE, Remedy, refusal
from dialer.outcomes import REMEDIES, RETRIED, VERDICTS, Line, Talk, Then, conclude, is_machine
from dialer.states import CARRIER, LEAD, OURS, OVER, PATIENCE, RANK, TERMINAL, Contradiction, Moved, State, Stays, step

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
MESSAGES = [State.QUEUED, State.INITIATED, State.RINGING, State.IN_PROGRESS, State.COMPLETED]


def follow(words: list[State], start: State = State.PLACING) -> list[State]:
    path = [start]
    for word in words:
        match step(path[-1], word):
            case Moved(state):
                path.append(state)
            case Stays() | Contradiction():
                pass
    return path


def test_every_state_has_a_rank_and_a_meaning_for_the_lead() -> None:
    assert set(RANK) == set(State) == set(LEAD)
    assert set(PATIENCE) == set(State) - OVER
    assert set(CARRIER.values()) == set(State) - set(OURS) - {State.PLACING}


def test_r33_every_order_of_messages_ends_the_same_and_never_goes_back() -> None:
    for order in permutations(MESSAGES):
        path = follow(list(order))
        assert path[-1] is State.COMPLETED
        ranks = [RANK[state] for state in path]
        assert ranks == sorted(ranks)


@given(st.lists(st.sampled_from(list(State)), max_size=12), st.sampled_from(list(State)))
def test_r34_the_end_is_final_and_ranks_only_grow(words: list[State], start: State) -> None:
    path = follow(words, start)
    for before, after in pairwise(path):
        assert before not in TERMINAL
        assert RANK[after] > RANK[before] or (after in OURS and before in OURS[after])


def test_r34_two_different_endings_are_an_alarm() -> None:
    assert step(State.BUSY, State.COMPLETED) == Contradiction(State.BUSY, State.COMPLETED)
    assert step(State.BUSY, State.BUSY) == Stays()
    assert step(State.BUSY, State.RINGING) == Stays()


def test_a_call_given_up_on_can_be_adopted_but_never_refused() -> None:
    assert step(State.UNKNOWN_NO_CALL, State.RINGING) == Moved(State.RINGING)
    assert step(State.RINGING, State.UNKNOWN_NO_CALL) == Stays()
    assert step(State.QUEUED, State.REFUSED) == Stays()
    assert step(State.UNKNOWN_NO_CALL, State.REFUSED) == Stays()
    assert step(State.UNKNOWN, State.REFUSED) == Moved(State.REFUSED), "a definite no proves there is no call"


def test_every_ending_there_can_be_has_a_next_step_and_a_voicemail_is_never_a_refusal() -> None:
    """Two stages: `wanted` only when a human was reached, whatever line and conversation claim (R42, R43)."""
    talks = [None] + [
        Talk(reached, wanted, ended_by)
        for reached, wanted, ended_by in product(
            ["human", "voicemail", "screening", "machine", "nobody", "failed", "unknown"],
            [None, *OUTCOMES],
            [None, "caller", "agent", "system", "carrier"],
        )
    ]
    lines = [
        Line(state, sip, error, answered_by, duration)
        for state, sip, error, answered_by, duration in product(
            sorted(OVER),
            [None, 200, 404, 410, 486, 487, 503, 603, 608, 999],
            [None, 32016, 13225, 77],
            [None, *VERDICTS],
            [None, 0, 9],
        )
    ]
    for line, talk in product(lines[::7], talks):
        ending = conclude(line, talk)
        assert ending.reached in {"human", "voicemail", "screening", "machine", "nobody", "failed"}
        assert ending.wanted is None or ending.reached == "human"
        assert (ending.then in (Then.FINAL, Then.CALLBACK)) == (ending.wanted is not None)


@pytest.mark.parametrize(
    ("line", "talk", "disposition", "then"),
    [
        (Line(State.BUSY, 486), None, "busy", Then.BUSY),
        (Line(State.NO_ANSWER, 487), None, "no_answer", Then.NO_ANSWER),
        (Line(State.FAILED, 404), None, "unreachable_number", Then.FAILED),
        (Line(State.FAILED, 410), None, "number_gone", Then.INVALID),
        (Line(State.FAILED, 603), None, "declined_by_network", Then.REST_CALLER),
        (Line(State.FAILED, 607), None, "unwanted", Then.BLOCKED),
        (Line(State.FAILED, 503), None, "network_trouble", Then.TRANSIENT),
        (Line(State.FAILED), None, "network_trouble", Then.TRANSIENT),
        (Line(State.FAILED, None, 32017), None, "declined_by_network", Then.REST_CALLER),
        (Line(State.CANCELED, 487), None, "canceled", Then.AGAIN),
        (Line(State.COMPLETED, duration_s=9), None, "answered_no_bridge", Then.FAILED),
        (Line(State.COMPLETED, duration_s=0), None, "answered_zero", Then.NO_ANSWER),
        (Line(State.COMPLETED, answered_by="machine_start", duration_s=3), None, "voicemail", Then.VOICEMAIL),
        (Line(State.COMPLETED, answered_by="fax"), None, "machine", Then.FAILED),
        (Line(State.COMPLETED), Talk("human", "booked", "agent"), "answered", Then.FINAL),
        (Line(State.COMPLETED), Talk("human", "callback", "agent"), "answered", Then.CALLBACK),
        (Line(State.COMPLETED), Talk("voicemail", "declined", "agent"), "voicemail", Then.VOICEMAIL),
        (Line(State.COMPLETED), Talk("human", None, "caller"), "broken_off", Then.REVIEW),
        (Line(State.COMPLETED), Talk("human", None, "system"), "dropped", Then.DROPPED),
        (Line(State.COMPLETED), Talk("unknown", None, "caller"), "silent", Then.NO_ANSWER),
        (Line(State.COMPLETED), Talk("unknown", None, "system"), "conversation_failed", Then.DROPPED),
        (Line(State.COMPLETED), Talk("screening", None, "caller"), "screening", Then.SCREENING),
        (Line(State.UNKNOWN_NO_CALL), None, "unaccounted", Then.NEXT_DAY),
        (Line(State.REFUSED, None, 20003), None, "refused_20003", Then.AGAIN),
    ],
)
def test_r42_r43_endings_by_name(line: Line, talk: Talk | None, disposition: str, then: Then) -> None:
    ending = conclude(line, talk)
    assert (ending.disposition, ending.then) == (disposition, then)


@pytest.mark.parametrize(
    ("codes", "remedy"),
    [
        ([20003, 20005, 20006, 10001, 20008, 10002, 21219, 401, 403], Remedy.HALT_ACCOUNT),
        ([21201, 21205, 21206, 21208, 21209, 21213, 21218, 21234, 21263, 32018, 13256], Remedy.HALT_CAMPAIGN),
        ([21210, 21212, 13247, 13214], Remedy.DISABLE_CALLER),
        ([10004, 20429], Remedy.WAIT),
        ([21211, 21217, 13223, 13226], Remedy.INVALID_NUMBER),
        ([21202, 21216, 13225, 32203], Remedy.BLOCK_NUMBER),
        ([21214, 13224], Remedy.TRY_LATER),
        ([21203, 21215, 13227, 32205], Remedy.HOLD_COUNTRY),
        ([1, 400, 404, 20001, 99999], Remedy.REVIEW),
    ],
)
def test_r19_to_r24_the_table_of_section_13_1(codes: list[int], remedy: Remedy) -> None:
    assert {refusal(code) for code in codes} == {remedy}


def test_every_remedy_has_a_next_step_and_every_code_one_remedy() -> None:
    assert set(REMEDIES) == set(Remedy)
    assert len(CREATE) > 40
    assert [word for word in VERDICTS if is_machine(word)] == [
        word for word in VERDICTS if word not in ("human", "unknown")
    ]


def test_retries_follow_the_list_and_then_stop() -> None:
    policy = Retries.model_validate({"busy": {"after_minutes": [30, 120]}})
    busy = [retry.after(Then.BUSY, n, n + 1, policy, NOW, Asked(())) for n in range(3)]
    assert busy == [
        retry.RetryAt(NOW + timedelta(minutes=30)),
        retry.RetryAt(NOW + timedelta(minutes=120)),
        retry.Stop("unreachable", "busy_exhausted"),
    ]


@given(st.sampled_from(RETRIED), st.integers(0, 30), st.integers(1, 30))
def test_r23_no_policy_goes_on_for_ever(then: Then, earlier: int, tried: int) -> None:
    step = retry.after(then, earlier, tried, Retries(), NOW, Asked(()))
    if isinstance(step, retry.RetryAt):
        assert tried < Retries().max_attempts
        assert step.at >= NOW + timedelta(minutes=5)
        assert then is not Then.FAILED or step.at >= NOW + timedelta(hours=24)


def test_a_broken_line_goes_to_a_colleague_in_the_end() -> None:
    assert retry.after(Then.DROPPED, 9, 2, Retries(), NOW, Asked(())) == retry.Stop("needs_human", "dropped_exhausted")


def test_backoff_doubles_and_is_bounded() -> None:
    waits = [(retry.backoff(n, NOW) - NOW).total_seconds() for n in range(1, 9)]
    assert waits == [15, 30, 60, 120, 240, 300, 300, 300]
