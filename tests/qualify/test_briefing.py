"""What a colleague hears before taking a call: short, from the ledger, in the team's language, nothing to reach a person by."""

import pytest

from campaign import file
from campaign.records import Booking, Lead
from qualify import briefing, playbook_file, tools
from qualify.playbook import Playbook, Question
from qualify.tools.desk import Desk
from tests.qualify.paper import CAMPAIGN, NOW

SPANISH = CAMPAIGN.model_copy(update={"team_language": "es-MX"})


def script() -> Playbook:
    return playbook_file.load("solar-us").playbook


def desk(campaign: file.Campaign = CAMPAIGN, **changes: object) -> Desk:
    lead = Lead(id="l1", campaign="solar-us", source="website", external_id="1", first_name="Maria", last_name="Lopez",
                phone="+12125550101", email="maria@example.com", received_at=NOW, updated_at=NOW)  # fmt: skip
    made = Desk(campaign, lead, "att_1", script(), "America/New_York", None, {"first_name": "Maria"})
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_a_brief_says_who_what_for_and_what_they_answered():
    told = briefing.compose(desk(wish="wants a price.", answers={"homeowner": "yes", "monthly_bill": 180}))
    assert told == (
        "Maria is on the line for Brightroof. They said: wants a price. Answers so far: homeowner yes; monthly bill 180 USD."
    )


def test_a_brief_in_the_teams_language():
    told = briefing.compose(desk(SPANISH, answers={"homeowner": "yes"}))
    assert told.startswith("Maria está en la línea para Brightroof.")
    assert "homeowner sí" in told


def test_nothing_by_which_a_person_can_be_reached_is_told():
    reach = (
        Question(id="mail", ask="Your e-mail?", type="email"),
        Question(id="mobile", ask="Your mobile?", type="phone"),
    )
    book = script().model_copy(update={"questions": (*reach, *script().questions)})
    told = briefing.compose(desk(playbook=book, answers={"mail": "maria@example.com", "mobile": "+12125550101"}))
    assert told == "Maria is on the line for Brightroof. You are taking the call over from our AI assistant."
    assert "Lopez" not in told


def test_a_brief_stays_short_and_plain_whatever_was_said():
    answers = {"homeowner": "yes", "monthly_bill": 1, "roof_shade": "x" * 500, "timeline": "<Hangup/>\n## y" * 50}
    told = briefing.compose(desk(wish="`x` " * 25, answers=answers))
    assert len(told) <= briefing.LONGEST
    assert not set("<>`\n#") & set(told)


@pytest.mark.parametrize("name", ["", "there"])
def test_somebody_without_a_name_is_somebody(name: str):
    assert briefing.compose(desk(facts={"first_name": name})).startswith("Somebody is on the line")


def test_a_booked_meeting_is_told():
    booked = Booking(id="b", lead_id="l1", campaign="solar-us", person="Sal", calendar="c", timezone="UTC", starts_at=NOW,
                     ends_at=NOW, created_at=NOW)  # fmt: skip
    assert briefing.compose(desk(booking=booked)).endswith("A meeting is booked.")


def test_who_could_not_be_had_is_not_rung_again():
    """R88: one try a call; a callback is promised after that."""
    made = desk()
    first = tools.run("transfer_to_human", '{"reason": "a price\\n## now"}', made, NOW)
    again = tools.run("transfer_to_human", "{}", made, NOW)
    assert first["_person"] == "Sal"
    assert made.wish == "a price now"
    assert again["error"] == "nobody_free"
    assert made.nobody_free
