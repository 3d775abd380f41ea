"""The one table of what the carrier says: complete, sourced, and safe where nobody has told us what a code means."""

import json
import ssl
from pathlib import Path
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest.api.v2010.account.call import CallInstance
from twilio.rest.api.v2010.account.message import MessageInstance
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NameResolutionError, NewConnectionError, SSLError

from dialer import table
from dialer.carrier import NotSent, Refusal, Throttled, Unclear, unplaced
from dialer.errors import Remedy, refusal
from dialer.outcomes import Line, Then, conclude, unmapped
from dialer.states import CARRIER, OVER, State

TEXT_ACTIONS = {"opt_out", "give_up", "wait", "halt_account", "-"}
ACTIONS = {
    "status": {*Then, "-"},
    "sip": {*Then},
    "alert": {*Then},
    "create": {*Remedy},
    "network": {"wait", "reconcile"},
    "verdict": {*Then, "-"},
    "text": TEXT_ACTIONS,
    "text.status": {"-"},
}
STORED = Path(__file__).parents[3] / "shared" / "data" / "twilio_api_v2010.json"


def test_every_row_is_whole_and_names_its_source():
    """R43: nothing in the table is blank, every action is one that code obeys, no code stands twice."""
    lines = (Path(table.__file__).parent / "data" / "outcomes.tsv").read_text().splitlines()
    given = [line.split("\t") for line in lines if not line.startswith("#")]
    assert all(len(row) == 6 and all(row) for row in given), [row for row in given if len(row) != 6]
    assert len({(row[0], row[1]) for row in given}) == len(given)
    assert {row[0] for row in given} == set(ACTIONS)
    assert [row for row in given if row[4] not in ACTIONS[row[0]]] == []


def _words(status: type[object]) -> set[str]:
    return {str(word) for name, word in vars(status).items() if name.isupper()}


def test_every_status_of_the_api_is_in_the_table():
    """R39: those of the REST resource, and `initiated`, which only callbacks have."""
    assert _words(CallInstance.Status) | {"initiated"} == set(table.rows("status"))
    assert _words(MessageInstance.Status) == set(table.rows("text.status"))


@pytest.mark.skipif(not STORED.exists(), reason="the stored API description is not on this machine")
def test_the_published_api_has_no_other_statuses():
    found: set[str] = set()

    def walk(node: Any) -> None:
        match node:
            case {"enum": list() as words} if "in-progress" in words and "no-answer" in words:
                found.update(words)
            case dict():
                for inner in node.values():
                    walk(inner)
            case list():
                for inner in node:
                    walk(inner)

    walk(json.loads(STORED.read_text()))
    assert found <= set(table.rows("status"))


@pytest.mark.parametrize("code", [code for code in table.rows("create") if code != table.DEFAULT])
def test_a_refused_create_leads_to_its_rows_remedy(code: str):
    """R19-R24: each code has one remedy, and an ending that follows from it."""
    assert refusal(int(code)) == table.rows("create")[code].action
    line = Line(State.REFUSED, None, int(code))
    assert conclude(line, None).then in Then
    assert unmapped(line) is None


@pytest.mark.parametrize("code", [code for code in table.rows("sip") if code not in (table.DEFAULT, "5xx")])
def test_a_failed_calls_sip_code_leads_to_its_row(code: str):
    """R43, table 13.2."""
    row, ending = table.rows("sip")[code], conclude(Line(State.FAILED, int(code)), None)
    assert (ending.reached, ending.disposition, ending.then) == (row.reached, row.word, row.action)


@pytest.mark.parametrize("code", [code for code in table.rows("alert") if code != table.DEFAULT])
def test_an_error_of_a_call_leads_to_its_row(code: str):
    """R43, tables 13.2 and 13.3: the error says more than the SIP code."""
    ending = conclude(Line(State.FAILED, 503, int(code)), None)
    assert (ending.disposition, ending.then) == (table.rows("alert")[code].word, table.rows("alert")[code].action)


def test_every_state_a_call_can_end_in_has_an_ending():
    for word, state in CARRIER.items():
        if state in OVER and state is not State.COMPLETED:
            assert conclude(Line(state), None).then == table.rows("status")[word].action


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (Line(State.FAILED, 499), "sip 499"),
        (Line(State.FAILED, 699), "sip 699"),
        (Line(State.FAILED, None, 99999), "alert 99999"),
        (Line(State.REFUSED, None, 99999), "create 99999"),
    ],
)
def test_what_no_row_knows_is_held_for_review_and_named(line: Line, code: str):
    """R24: fail closed, with an alarm that names the code."""
    assert conclude(line, None).then is Then.REVIEW
    assert unmapped(line) == code


def test_a_verdict_nobody_knows_hangs_up_on_nobody():
    """R58."""
    line = Line(State.COMPLETED, answered_by="machine_of_a_new_kind", duration_s=9)
    assert unmapped(line) == "verdict machine_of_a_new_kind"
    assert table.look_up("verdict", "machine_of_a_new_kind").word == "unknown"
    assert conclude(line, None).disposition == "answered_no_bridge"


def test_what_every_call_says_needs_no_alarm():
    assert unmapped(Line(State.COMPLETED, 200, None, "human", 60)) is None
    assert unmapped(Line(State.FAILED, 503)) is None
    assert unmapped(Line(State.BUSY, 486)) is None


def _rest(status: int, code: int | None = None) -> TwilioRestException:
    return TwilioRestException(status, "/Calls.json", code=code if code is not None else status)


def _no_connection(why: Exception) -> requests.exceptions.ConnectionError:
    return requests.exceptions.ConnectionError(MaxRetryError(None, "/", why))  # type: ignore[arg-type]


NETWORK: dict[str, Exception] = {
    "ConnectTimeout": requests.exceptions.ConnectTimeout(MaxRetryError(None, "/", ConnectTimeoutError())),  # type: ignore[arg-type]
    "NameResolutionError": _no_connection(NameResolutionError("api", None, OSError())),  # type: ignore[arg-type]
    "ConnectionRefused": _no_connection(NewConnectionError(None, "refused")),  # type: ignore[arg-type]
    "CertificateError": requests.exceptions.SSLError(
        MaxRetryError(None, "/", SSLError(ssl.SSLCertVerificationError("bad")))  # type: ignore[arg-type]
    ),
    "ReadTimeout": requests.exceptions.ReadTimeout("read timed out"),
    "ConnectionReset": requests.exceptions.ConnectionError(ConnectionResetError()),
    "IncompleteRead": requests.exceptions.ChunkedEncodingError("incomplete"),
    "http_500": _rest(500, 20500),
    "http_502": _rest(502),
    "http_503": _rest(503, 20503),
    "bare_TwilioException": TwilioException("Unable to fetch page"),
    "http_429": _rest(429, 20429),
}


def test_every_network_row_is_tried():
    assert set(NETWORK) == set(table.rows("network"))


@pytest.mark.parametrize("name", NETWORK)
def test_trouble_on_the_way_is_what_its_row_says(name: str):
    """R3-R6, R18, R25, R26: sent or not is the one thing that matters."""
    kinds = {"not_sent": NotSent, "unclear": Unclear, "throttled": Throttled}
    assert type(unplaced(NETWORK[name])) is kinds[table.rows("network")[name].word]


def test_a_definite_no_keeps_its_code():
    """R20-R22."""
    assert unplaced(_rest(400, 21211)) == Refusal(21211)
    assert unplaced(_rest(401)) == Refusal(401)
    assert unplaced(ValueError("a 201 that is no JSON")) == Unclear("ValueError")
