"""One transaction, and jobs only after it."""

import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import InternalError
from sqlmodel import select

from campaign import clock, ids
from campaign.database import Database, after_commit, storable
from campaign.jobs import Job
from campaign.records import Halt, Suppression
from campaign.suppression import suppress, suppressed
from tests.conftest import die_with_parent


def test_reliability_13_a_job_is_sent_after_its_row_can_be_seen(database: Database) -> None:
    seen: list[tuple[Job, bool]] = []

    def send(job: Job, scope: str) -> None:
        with database.reading() as other:
            seen.append((job, other.get(Halt, scope) is not None))

    database.send = send
    with database.transaction() as session:
        session.add(Halt(scope="account", reason="test", at=clock.now()))
        after_commit(session, Job.DIAL, "account")
        assert seen == []
    assert seen == [(Job.DIAL, True)]


def test_a_failed_transaction_sends_nothing_and_stores_nothing(database: Database) -> None:
    sent: list[str] = []
    database.send = lambda _job, entity_id: sent.append(entity_id)
    with pytest.raises(RuntimeError), database.transaction() as session:  # noqa: PT012
        session.add(Halt(scope="account", reason="test", at=clock.now()))
        after_commit(session, Job.DIAL, "x")
        raise RuntimeError
    with database.reading() as session:
        assert (session.get(Halt, "account"), sent) == (None, [])


def test_reliability_14_a_dead_broker_does_not_undo_the_commit(database: Database) -> None:
    def refuse(_job: Job, _id: str) -> None:
        raise ConnectionError("broker is gone")

    database.send = refuse
    with database.transaction() as session:
        session.add(Halt(scope="account", reason="test", at=clock.now()))
        after_commit(session, Job.DIAL, "x")
    with database.reading() as session:
        assert session.get(Halt, "account") is not None


@pytest.mark.parametrize("patient", [False, True])
def test_writers_of_several_processes_take_turns_and_a_dead_one_holds_up_nobody(tmp_path: Path, patient: bool) -> None:
    url = f"sqlite:///{tmp_path / 'turns.db'}"
    code = "import sys\nfrom campaign.database import Database\nwith Database(sys.argv[1]).transaction():\n"
    code += "    print('in', flush=True)\n    sys.stdin.read()\n"
    other = subprocess.Popen(
        [sys.executable, "-c", code, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - no lock is held in our threads
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"in\n"
    entered = threading.Event()

    def write() -> None:
        with Database(url).transaction(patient=patient):
            entered.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert not entered.wait(0.3)
    other.kill()
    writer.join(20)
    assert entered.is_set()
    other.wait()


def test_times_come_back_aware_and_naive_ones_are_refused(database: Database) -> None:
    at = datetime(2026, 11, 22, 13, 40, 0, 123456, tzinfo=UTC)
    with database.transaction() as session:
        session.add(Halt(scope="account", reason="test", at=at))
    with database.reading() as session:
        assert session.get(Halt, "account").at == at  # type: ignore[union-attr]
    with pytest.raises(Exception, match="naive"), database.transaction() as session:
        session.add(Halt(scope="other", reason="test", at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_json_that_a_model_made_up_is_stored_without_what_no_database_takes(database: Database, make_lead) -> None:  # type: ignore[no-untyped-def]
    odd = {"bill": float("nan"), "most": float("inf"), "why\x00": ["a\x00b", "half \ud800 a pair", 3, True, None]}
    lead = make_lead(answers=odd)
    with database.reading() as session:
        stored = session.get(type(lead), lead.id)
        assert stored is not None
        assert stored.answers == {"bill": None, "most": None, "why": ["ab", "half ? a pair", 3, True, None]}


def test_stop_means_stop_once_and_everywhere(database: Database, make_lead) -> None:  # type: ignore[no-untyped-def]
    lead = make_lead(state="scheduled", phone="+12125550123")
    for expected in (True, False):
        with database.transaction() as session:
            new = suppress(
                session, "+12125550123", reason="opted_out", channel="voice", now=clock.now(), lead_id=lead.id
            )
            assert new is expected
    with database.reading() as session:
        assert session.get(type(lead), lead.id).state == "opted_out"  # type: ignore[union-attr]
        found = suppressed(session, "+12125550123", "any-campaign")
        assert isinstance(found, Suppression)
        assert suppressed(session, "+12125550124", "any-campaign") is None


def test_ids_sort_by_time_and_do_not_repeat() -> None:
    made = [ids.new("lead") for _ in range(1000)]
    assert len(set(made)) == 1000
    assert [made_id[:17] for made_id in made] == sorted(made_id[:17] for made_id in made)


def test_what_a_model_says_can_be_stored_whatever_it_holds(database: Database, make_lead) -> None:  # type: ignore[no-untyped-def]
    lead = make_lead(message=storable("a\x00b\ud800c"))
    with database.reading() as session:
        assert session.get(type(lead), lead.id).message == "ab?c"  # type: ignore[union-attr]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_reading_writes_nothing_and_leaves_statements_prepared(database: Database) -> None:
    """psycopg prepares a statement on its sixth use, and forgets all of them at a ROLLBACK."""
    for _ in range(8):
        with database.reading() as session:
            session.exec(select(Halt)).all()
    with database.reading() as session:
        prepared = session.execute(sa.text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%halt%'"))
        assert prepared.scalar_one() == 1
    with pytest.raises(InternalError, match="read-only"), database.reading() as session:
        session.execute(sa.text("DELETE FROM halt"))
    with database.transaction() as session:
        session.execute(sa.text("DELETE FROM halt"))
