"""Lists a number is looked up in: how fresh, what they forbid, and that a list that cannot be asked keeps us from calling."""

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlmodel import select

from campaign import store
from campaign.database import Database
from campaign.errors import Permanent, Retryable
from campaign.file import ScrubList, load, parse
from campaign.jobs import Job
from campaign.records import Lead, Scrub
from dialer import ask, lists, scrubbing
from dialer.gate import Allow, Defer, Deny, Verdict, decide
from dialer.list_rules import Answer, due, forbidden
from tests.conftest import NOON
from tests.dialer.stage import CAMPAIGN, apply_campaign, consent
from tests.dialer.test_erasure import DANA, lead
from tests.dialer.test_gate import facts
from webhooks.commands import doctor

US = ScrubList(list="us_ndnc", countries=("US",), csv="x.csv")
RND = ScrubList(list="rnd", kind="reassigned", url="https://rnd.example/ask", days=10)


@pytest.mark.parametrize(
    ("country", "age_days", "fresh"),
    [("US", 30.9, True), ("US", 31, False), ("AU", 30, False), ("AU", 29, True), ("GB", 28, False), ("SG", 20, True),
     ("SG", 21, False), ("PR", 22, False), ("US", -1, False)],
)  # fmt: skip
def test_how_old_an_answer_may_be(country: str, age_days: float, fresh: bool) -> None:
    one = ScrubList(list="l", csv="x.csv")
    known = {"l": Answer(NOON - timedelta(days=age_days), False)}
    assert (list(due([one], country, known, NOON)) == []) is fresh


def test_a_list_asks_about_its_own_countries_and_may_want_fresher_answers() -> None:
    assert list(due([US], "AU", {}, NOON)) == []
    assert list(due([US], "US", {}, NOON)) == [US]
    assert list(due([RND], "US", {"rnd": Answer(NOON - timedelta(days=11), False)}, NOON)) == [RND]


@pytest.mark.parametrize(
    ("lists_", "consented", "reason"),
    [
        ([US], True, "on_a_do_not_call_list"),
        ([US.model_copy(update={"unless_consented": True})], True, None),
        ([US.model_copy(update={"unless_consented": True})], False, "on_a_do_not_call_list"),
        ([US.model_copy(update={"kind": "litigator"})], True, "known_litigator"),
        ([US.model_copy(update={"kind": "reassigned"})], True, "number_reassigned"),
        ([], True, None),
        ([], False, "no_do_not_call_list"),
        ([RND], False, "no_do_not_call_list"),
    ],
)
def test_what_a_list_forbids(lists_: list[ScrubList], consented: bool, reason: str | None) -> None:
    old = {"us_ndnc": Answer(NOON - timedelta(days=400), True)}
    assert forbidden(lists_, "US", old, consented=consented) == reason


def gate(*answers: tuple[str, Answer]) -> Verdict:
    campaign = parse(CAMPAIGN).model_copy(update={"scrubs": (US, RND)})
    return decide(facts(scrubs=dict(answers)), campaign, NOON)


def test_the_gate_fails_closed() -> None:
    clear = Answer(NOON - timedelta(days=1), False)
    waiting = gate(("us_ndnc", clear))
    assert isinstance(waiting, Defer)
    assert (waiting.reason, waiting.until) == ("scrub_stale", NOON + timedelta(seconds=60))
    assert isinstance(gate(("us_ndnc", clear), ("rnd", clear)), Allow)
    listed = gate(("us_ndnc", Answer(NOON - timedelta(days=90), True)))
    assert isinstance(listed, Deny)
    assert listed.reason == "on_a_do_not_call_list"


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("phone\n+12125550101\n", True),
        ("name,phone\nDana,(212) 555-0101\n", True),
        ("2125550101\n", True),
        ("12125550101,x\n", True),
        ("\ufeffphone\n+12125550102\n", False),
        ("", False),
        ("name,phone\nDana\n", False),
    ],
)
def test_a_file_of_numbers(tmp_path: Path, text: str, listed: bool) -> None:
    file = tmp_path / "list.csv"
    file.write_text(text, encoding="utf-8")
    edition = datetime(2026, 11, 1, tzinfo=UTC)
    os.utime(file, (edition.timestamp(),) * 2)
    found = lists.CsvList(file).look_up(DANA, None, NOON)
    assert (found.listed, found.as_of, found.version) == (listed, edition, "list.csv")


def test_a_file_that_is_gone_is_no_clear_answer(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="cannot be read"):
        lists.CsvList(tmp_path / "gone.csv").look_up(DANA, None, NOON)


def test_doctor_names_what_keeps_a_list_from_being_asked(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("phone\n")
    os.utime(file, ((NOON - timedelta(days=29)).timestamp(),) * 2)
    here = ScrubList(list="l", csv=str(file))
    assert lists.trouble(here, "US", NOON, {}) == ""
    assert "the file is of 2026-10-27" in lists.trouble(here, "GB", NOON, {})
    assert "cannot be read" in lists.trouble(ScrubList(list="l", csv=str(tmp_path / "no.csv")), "US", NOON, {})
    service = ScrubList(list="rnd", url="https://rnd.example", secret_env="RND_TOKEN")
    assert lists.trouble(service, "US", NOON, {}) == "set RND_TOKEN"
    assert lists.trouble(service, "US", NOON, {"RND_TOKEN": "x"}) == ""
    campaign = parse(CAMPAIGN).model_copy(update={"scrubs": (service,)})
    assert [(one.what, one.remedy) for one in doctor._lists([campaign])] == [("list rnd of solar-us", "set RND_TOKEN")]


class Service(BaseHTTPRequestHandler):
    """A list's service, with the next answer and the questions so far."""

    answer: ClassVar[tuple[int, Any]] = (200, {"listed": False})
    questions: ClassVar[list[Any]] = []

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.questions.append((self.headers["authorization"], asked))
        status, body = self.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    Service.answer, Service.questions = (200, {"listed": False}), []
    yield f"http://127.0.0.1:{server.server_port}/ask"
    server.shutdown()
    server.server_close()


def test_a_service_is_told_number_and_consent_and_says_yes_or_no(service: str) -> None:
    one = ScrubList(list="rnd", kind="reassigned", url=service, secret_env="RND")
    Service.answer = (200, {"listed": True, "as_of": "2026-11-20T00:00:00Z", "version": "47"})
    found = lists.opened(one, {"RND": "secret"}).look_up(DANA, NOON, NOON)
    assert found == lists.Found(True, datetime(2026, 11, 20, tzinfo=UTC), "47")
    assert Service.questions == [("Bearer secret", {"phone": DANA, "agreed_at": NOON.isoformat()})]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((503, {}), Retryable),
        ((302, {}), Retryable),
        ((401, {}), Permanent),
        ((200, b"<html>"), Permanent),
        ((200, {"listed": "no"}), Permanent),
        ((200, {}), Permanent),
        ((200, []), Permanent),
        ((200, {"listed": False, "as_of": "2026-11-20"}), Permanent),
    ],
)
def test_anything_else_is_no_answer(service: str, answer: tuple[int, Any], error: type[Exception]) -> None:
    Service.answer = answer
    with pytest.raises(error):
        lists.HttpList(service, "").look_up(DANA, None, NOON)


def test_a_waiting_lead_is_looked_up_and_called_or_not(database: Database, service: str, tmp_path: Path) -> None:
    file = tmp_path / "ndnc.csv"
    file.write_text("phone\n+12125550199\n")
    os.utime(file, ((NOON - timedelta(days=1)).timestamp(),) * 2)
    scrubs = f"scrubs: [{{list: rnd, kind: reassigned, url: '{service}'}}, {{list: ndnc, csv: '{file}'}}]\n"
    apply_campaign(database, CAMPAIGN + scrubs)
    sent: list[tuple[Job, str]] = []
    database.send = lambda job, entity_id: sent.append((job, entity_id))
    row = lead()
    with database.transaction() as session:
        session.add(row)
        session.flush()
        session.add(consent(row, NOON))

    def asked() -> Verdict:
        with database.transaction() as session:
            mine = session.get_one(Lead, row.id)
            verdict = ask.decided(session, mine, store.get(session, "solar-us")[0], 1, NOON)[0]
            mine.reason = verdict.reason
            return verdict

    Service.answer = (503, {})
    assert asked().reason == "scrub_stale"
    assert sent == [(Job.SCRUB, row.id)]
    assert scrubbing.scrub(database, row.id, NOON) == 1, "one list answers, the other is away"
    assert sent[-1] == (Job.DIAL, row.id)
    assert asked().reason == "scrub_stale"
    Service.answer = (200, {"listed": False})
    assert scrubbing.scrub(database, row.id, NOON) == 1
    assert isinstance(asked(), Allow)
    assert scrubbing.scrub(database, row.id, NOON) == 0, "nothing is asked twice"
    Service.answer = (200, {"listed": True})
    assert scrubbing.scrub(database, row.id, NOON + timedelta(days=32)) == 1, "the file is too old"
    assert asked().reason == "number_reassigned"
    with database.reading() as session:
        kept = [(scrub.list, scrub.result) for scrub in session.exec(select(Scrub).order_by(Scrub.checked_at))]
    assert sorted(kept[:2]) == [("ndnc", "clear"), ("rnd", "clear")]
    assert kept[2:] == [("rnd", "listed")]


def test_a_file_that_is_not_there_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CAMPAIGN + "scrubs: [{list: ndnc, csv: gone.csv}]\n")
    with pytest.raises(Permanent, match=r"c\.yaml:12: scrubs\.0\.csv: there is no such file"):
        load(tmp_path / "c.yaml")
