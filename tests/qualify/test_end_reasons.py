"""end_call: whatever words a model puts into `reason`, the call ends for the reason it meant."""

import json

import pytest

from qualify.tooling import end_reason


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("opted_out", "opted_out"),
        ("Opted out", "opted_out"),
        ("opt-out", "opted_out"),
        ("caller asked to stop", "opted_out"),
        ("They said: don’t call again!", "opted_out"),
        ("do_not_call", "opted_out"),
        ("wants to be removed from the list", "opted_out"),
        ("not interested", "not_interested"),
        ("caller declined", "not_interested"),
        ("it was a wrong number", "wrong_number"),
        ("reached voice mail", "voicemail"),
        ("disqualified: renter", "not_qualified"),
        ("call back tomorrow", "callback"),
        ("meeting booked, they will stop by on Tuesday", "completed"),
        ("conversation finished", "completed"),
        ("pidió que no vuelvan a llamarle", "opted_out"),
        ("no llamar nunca más", "opted_out"),
        ("número equivocado", "wrong_number"),
        ("no le interesa", "not_interested"),
        ("volver a llamar mañana", "callback"),
        ("", "completed"),
    ],
)
def test_words_are_understood(words: str, reason: str) -> None:
    assert end_reason(json.dumps({"reason": words})) == reason


@pytest.mark.parametrize(
    "arguments", ["", "{}", "null", "[1]", "{oops", '{"reason": null}', '{"reason": 7}', "[" * 100_000]
)
def test_no_reason_at_all_is_a_normal_end(arguments: str) -> None:
    assert end_reason(arguments) == "completed"
