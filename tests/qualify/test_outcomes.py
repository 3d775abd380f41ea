"""What a call came to: the ledger rules, words only fill the gaps; claims are matched with what tools did."""

import pytest

from campaign.records import Booking, Lead
from qualify import events as ev
from qualify import outcome, playbook_file, summary
from qualify.phrases import opts_out, says_farewell
from qualify.tape import Tape, read
from qualify.tools.desk import Desk
from qualify.transcript import Line, cut_index
from qualify.usage import Usage
from tests.qualify.paper import CAMPAIGN, NOW
from tests.qualify.script import Call, audio

BOOKING = Booking(
    id="b",
    lead_id="lead_1",
    campaign="c",
    person="Sal",
    calendar="s",
    starts_at=NOW,
    ends_at=NOW,
    timezone="UTC",
    event_id="e",
    created_at=NOW,
)


def desk() -> Desk:
    lead = Lead(id="lead_1", campaign="solar-us", source="website", external_id="x", received_at=NOW, updated_at=NOW)
    return Desk(CAMPAIGN, lead, "att_1", playbook_file.load("solar-us").playbook, "America/New_York", None)


def ended(call: Call, how: str = "stop") -> Call:
    return call.on(ev.StreamEnded(how))


def settled(call: Call, at: Desk | None = None) -> tuple[str, str | None]:
    result = outcome.settle(call.talk, at or desk())
    return result.reached, result.wanted


def test_a_voicemail_is_never_a_refusal():
    call = Call()
    call.model_opens().model_ready().caller_says("No thanks, I'm not interested.")
    call.on(ev.Verdict("machine_end_beep"))
    assert settled(ended(call)) == ("voicemail", None)


def test_a_voicemail_nobody_detected_is_told_by_its_words():
    call = Call()
    call.model_opens().model_ready().caller_says("Please leave a message after the tone.")
    assert settled(ended(call)) == ("voicemail", None)


def test_a_screener_alone_is_no_person():
    call = Call()
    call.model_opens().model_ready().caller_says("Please say your name and why you are calling.")
    assert settled(ended(call)) == ("screening", None)


def test_silence_is_nobody_and_no_model_is_a_failure():
    call = Call()
    assert settled(ended(call)) == ("failed", None)
    call = Call()
    call.model_opens().model_ready().wait(1)
    assert settled(ended(call)) == ("nobody", None)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda d: setattr(d, "booking", BOOKING), "booked"),
        (lambda d: setattr(d, "callback_at", NOW), "callback"),
        (lambda d: setattr(d, "nobody_free", True), "needs_human"),
        (lambda d: d.answers.update(homeowner="no"), "not_qualified"),
        (lambda d: None, None),
    ],
)
def test_the_ledger_says_what_was_wanted(change: object, wanted: str | None):
    at = desk()
    change(at)  # type: ignore[operator]
    call = Call().opened()
    call.caller_says("Yes, sure.")
    assert settled(ended(call), at) == ("human", wanted)


def test_an_opt_out_outweighs_everything():
    at = desk()
    at.booking = BOOKING
    call = Call().opened()
    call.caller_says("Actually, stop calling me.")
    assert settled(ended(call), at) == ("human", "opted_out")


def test_a_refusal_in_the_last_words():
    call = Call().opened()
    call.caller_says("No, I'm not interested.")
    assert settled(ended(call)) == ("human", "declined")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("No, gracias, no me interesa.", "declined"),
        ("Ya no lo necesito", "declined"),
        ("Cambié de opinión.", "declined"),
        ("Déjenme en paz", "declined"),
        ("Sí me interesa.", None),
        ("No sé si me conviene", None),
    ],
)
def test_a_refusal_in_spanish(words: str, wanted: str | None):
    call = Call().opened()
    call.caller_says(words)
    assert settled(ended(call)) == ("human", wanted)


@pytest.mark.parametrize(
    ("words", "claims"),
    [
        ("Listo, queda reservada su cita para el martes.", True),
        ("Su cita está confirmada.", True),
        ("Ya le agendé la visita.", True),
        ("Le he reservado el martes.", True),
        ("Todavía no está reservada.", False),
        ("¿Quiere que le reserve el martes?", False),
        ("Para confirmar: martes a las diez. ¿Se la reservo?", False),
    ],
)
def test_claims_in_spanish(words: str, *, claims: bool):
    call = Call().opened()
    call.agent_says(words, 1000, response=call.response(request=""))
    call.wait(1.2)
    flagged = [flag["flag"] for flag in outcome.settle(ended(call).talk, desk()).flags]
    assert ("claim_without_tool" in flagged) == claims


def test_claims_without_a_tool_are_flagged():
    call = Call().opened()
    call.agent_says("Great, you're booked for Tuesday. These are guaranteed savings!", 1000, response=call.response())
    call.wait(1.2)
    flags = outcome.settle(ended(call).talk, desk()).flags
    assert {"flag": "claim_without_tool", "detail": "booked"} in flags
    assert {"flag": "forbidden_claim", "detail": "guaranteed savings"} in flags


def test_a_claim_nobody_heard_is_none():
    call = Call().opened()
    call.agent_says("Let me see now whether this works. You're booked for Tuesday.", 4000, response=call.response())
    call.wait(0.5).on(ev.SpeechStarted("u7"))
    assert "claim_without_tool" not in [f["flag"] for f in outcome.settle(ended(call).talk, desk()).flags]


@pytest.mark.parametrize(
    "words",
    [
        "Stop.",
        "Please stop calling me",
        "take me off your list",
        "Don't call me again!",
        "never call me again",
        "Remove my number from your system",
        "I want to opt out",
        "no me llame más",
        "deje de llamarme",
    ],
)
def test_words_that_opt_out(words: str):
    assert opts_out(words)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Stop by on Tuesday",
        "don't call me before nine",
        "Don't stop",
        "Can you call me back?",
        "I don't own it",
        "Call me tomorrow",
        "I stopped paying so much",
        "The bus stop is near",
    ],
)
def test_words_that_do_not(words: str):
    assert not opts_out(words)


def test_farewells():
    assert says_farewell("Thank you. Goodbye.")
    assert says_farewell("")
    assert not says_farewell("Wait, what about Tuesday?")
    assert not says_farewell("goodbye bye " * 100 + "wait")  # and in no time


def test_text_is_cut_between_words():
    assert "one two three"[: cut_index("one two three", 0.7)] == "one two "
    assert Line("agent", "i", 0, text="one two three", cut_at=0.0).heard == ""
    assert Line("agent", "i", 0, text="one two three", cut_at=1.0).heard == "one two three"


def test_money_follows_the_published_prices():
    """Realtime.md 1.9, with the usage of its own example."""
    usage = Usage("gpt-realtime-2.1-2026-10-01")
    usage.add(
        {
            "input_token_details": {
                "text_tokens": 119,
                "audio_tokens": 13,
                "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0},
            },
            "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
        }
    )
    expected = (55 * 4.0 + 64 * 0.4 + 13 * 32.0 + 30 * 24.0 + 91 * 64.0) / 1_000_000
    assert usage.usd == pytest.approx(expected, abs=1e-6)
    usage.add({"input_token_details": None, "output_token_details": {"audio_tokens": "many"}})
    assert usage.usd == pytest.approx(expected, abs=1e-6)


def test_a_tape_plays_back_without_audio():
    tape = Tape(10.0, {"tape": 1})
    for event in (
        ev.SpeechStarted("u1", 5),
        ev.CallerAudio(audio(20)),
        ev.AgentAudio("r", "i", audio(40)),
        ev.ToolAnswered("c", {"a": [1]}),
    ):
        tape.add(event, 10.5)
    header, events = read(tape.close())
    assert header == {"tape": 1}
    played = list(events)
    assert [type(event) for _, event in played] == [ev.SpeechStarted, ev.AgentAudio, ev.ToolAnswered]
    assert played[0] == (0.5, ev.SpeechStarted("u1", 5))
    assert len(played[1][1].payload) == len(audio(40))  # type: ignore[union-attr]


def test_the_ledgers_summary_is_deterministic():
    playbook = playbook_file.load("solar-us").playbook
    text = summary.from_ledger(playbook, "human", "booked", {"homeowner": "yes", "monthly_bill": 200}, "Tuesday at ten")
    assert text == (
        "Booked a meeting. Meeting: Tuesday at ten.\n- Do you own your home? yes\n"
        "- Roughly how much is your electricity bill each month? 200 USD"
    )
