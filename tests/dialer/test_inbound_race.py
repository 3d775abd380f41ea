"""They ring us while we ring them, and the carrier tells us twice: still one person on one call, on each database."""

import threading
from collections.abc import Callable

from sqlmodel import col

from campaign import clock
from campaign.records import Attempt, InboundCall
from dialer import inbound
from tests.dialer.stage import ACCOUNT, CALLER, Stage

ROUNDS = 6


def at_once(*works: Callable[[], object]) -> None:
    """All from the same moment on; what one raises fails the test."""
    gate, failed = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        gate.wait()
        try:
            work()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []


def test_r11_whoever_comes_first_has_the_line(stage: Stage):
    """R3, R11: dial and call back at the same moment; one attempt, at most one POST, nobody answered by two."""
    answers: list[str] = []
    for number in range(ROUNDS):
        phone, call_sid = f"+1212555016{number}", f"CA{number:032d}"
        stage.twilio.script(phone, answer="human", ring_s=10.0)
        lead_id = stage.lead(phone)
        params = {"CallSid": call_sid, "From": phone, "To": CALLER, "CallStatus": "ringing", "AccountSid": ACCOUNT}

        def dials(lead_id: str = lead_id) -> None:
            stage.dial(lead_id)

        def rings(params: dict[str, str] = params) -> None:
            with stage.database.transaction() as session:
                answers.append(inbound.answer(session, params, stage.settings, clock.now()))

        at_once(dials, rings, rings)
        (attempt,) = stage.all(Attempt, col(Attempt.to_number) == phone)
        (row,) = stage.all(InboundCall, InboundCall.call_sid == call_sid)
        theirs = attempt.direction == "inbound"
        assert (row.attempt_id == attempt.id, row.answer) == (theirs, "agent" if theirs else "held")
        assert stage.twilio.posts(phone) == (0 if theirs else 1)
    assert all("<Stream" in answer or "held=1" in answer for answer in answers)
