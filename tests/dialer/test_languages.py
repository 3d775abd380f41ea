"""What the carrier says for us: in the conversation's language, else in the one the form named."""

import pytest

from campaign import clock
from campaign.records import Attempt, Call
from dialer import callbacks, documents
from dialer.handover import MOST_RETURNS
from tests.dialer.stage import ACCOUNT, CAMPAIGN, Stage, apply_campaign
from tests.dialer.test_doors import ANN, answer


def ringing(stage: Stage, **lead: object) -> tuple[str, str]:
    apply_campaign(stage.database, CAMPAIGN + "\nlanguages: {es: solar-us-es}\n")
    stage.twilio.script(ANN, answer="human", ring_s=20)
    attempt_id = stage.dial(stage.lead(ANN, **lead)) or ""
    return attempt_id, str(stage.get(Attempt, attempt_id).call_sid)


def test_a_lead_whose_form_was_in_spanish_is_held_and_apologised_to_in_spanish(stage: Stage) -> None:
    attempt_id, sid = ringing(stage, extra={"language": "es"})
    answer(stage, callbacks.voice, attempt_id, CallSid=sid, CallStatus="in-progress")
    tries = [answer(stage, callbacks.connect_end, attempt_id, CallSid=sid, CallStatus="in-progress") for _ in range(5)]
    assert f'<Say language="es-US">{documents.HOLD["es"]}</Say>' in tries[0]
    assert f'<Say language="es-US">{documents.APOLOGY["es"]}</Say>' in tries[4]


def test_a_call_that_was_switched_is_regretted_in_its_language_and_whispered_in_the_teams(stage: Stage) -> None:
    attempt_id, sid = ringing(stage)
    with stage.database.transaction() as session:
        session.add(
            Call(
                attempt_id=attempt_id, lead_id=session.get_one(Attempt, attempt_id).lead_id, campaign="solar-us",
                playbook="solar-us", playbook_sha256="0", language="es-US", started_at=clock.now(),
            )
        )  # fmt: skip
    asked = answer(stage, callbacks.whisper, attempt_id, CallSid="CAleg", ParentCallSid=sid, AccountSid=ACCOUNT)
    assert '<Say language="en-US">A call from Brightroof.' in asked
    for number in range(MOST_RETURNS + 1):
        missed = answer(
            stage, callbacks.dial_done, attempt_id, CallSid=sid, DialCallSid=f"CA{number}", DialCallStatus="no-answer"
        )
    assert documents.NOBODY_FREE["es"] in missed


@pytest.mark.parametrize(
    ("language", "words", "tag"),
    [
        ("es-US", "es", "es-US"),
        ("es-MX", "es", "es-MX"),
        ("es", "es", "es-US"),
        ("es-AR", "es", "es-US"),
        ("en-AU", "en", "en-AU"),
        (None, "en", "en-US"),
        ("fr-FR", "en", "en-US"),
    ],
)
def test_words_and_tag_go_together(language: str | None, words: str, tag: str | None) -> None:
    assert documents.fixed(documents.APOLOGY, language) == (documents.APOLOGY[words], tag)
