"""The rules of faults, without a server."""

import pytest

from sandbox.local.faults import DropAfter, DropBefore, Faults, Refuse, Stall, UnknownKnob


def test_a_rule_is_spent_after_its_times() -> None:
    faults = Faults()
    faults.change({"errors": [{"status": 503, "times": 2}]})
    assert [faults.next_for("GET", "/x") for _ in range(3)] == [Refuse(503), Refuse(503), None]


def test_rules_match_method_and_path() -> None:
    faults = Faults()
    faults.change({"drop_after": {"method": "post", "path": "/events"}, "stall": {"seconds": 2, "path": "/slow"}})
    assert faults.next_for("GET", "/events") is None
    assert faults.next_for("POST", "/v3/events/1") == DropAfter()
    assert faults.next_for("GET", "/slow") == Stall(2)


def test_null_clears_and_a_number_means_times() -> None:
    faults = Faults({"gone": False})
    faults.change({"drop_before": 5, "gone": True, "latency_ms": 10})
    assert faults.next_for("GET", "/") == DropBefore()
    faults.change({"drop_before": None, "gone": None, "latency_ms": None})
    assert (faults.next_for("GET", "/"), faults.knobs["gone"], faults.latency_ms) == (None, False, 0)


@pytest.mark.parametrize(
    "document", [{"typo": 1}, {"errors": {"times": 1}}, {"stall": {"seconds": "long"}}, {"errors": "x"}]
)
def test_a_wrong_document_changes_nothing(document: dict[str, object]) -> None:
    faults = Faults()
    with pytest.raises(UnknownKnob):
        faults.change({"latency_ms": 9} | document)
    assert (faults.latency_ms, faults.rules) == (0, {})
