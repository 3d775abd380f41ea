"""`firstring rules check` in plain words, and what `campaign apply` asks of a campaign's countries."""

from pathlib import Path

import pytest
from sqlmodel import SQLModel
from typer.testing import CliRunner

from campaign.database import Database
from campaign.errors import Permanent
from campaign.file import parse
from dialer import law
from tests.dialer.stage import CAMPAIGN
from webhooks.cli import app
from webhooks.commands.campaigns import with_rules

NAMED = "by: Dana Counsel, date: 2026-11-28, reason: read it all"


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.db")

    def run(*words: str) -> str:
        said = CliRunner().invoke(app, ["rules", "check", *words], catch_exceptions=False)
        assert said.exit_code == 0
        return " ".join(said.output.split())

    return run


def test_a_call_that_may_be_placed(check) -> None:  # type: ignore[no-untyped-def]
    said = check("+13055550123", "--at", "2026-11-23T22:05:00Z")
    for part in (
        "may be in Florida (US-FL): America/New York Mon 23 Nov 17:05 EST",
        "May be called now, with consent.",
        "✓ Within calling hours in America/New York",
        "✓ 0 of at most 3 calls in 24 hours",
        "hours for an artificial voice: mon-sun 08:00-20:00",
        "confidence A, reviewed 2026-11-22; FS501.059, FS501.616",
        "tzdata-2026f",
    ):
        assert part in said, part


def test_a_call_that_must_wait_and_one_that_must_not_be_placed(check) -> None:  # type: ignore[no-untyped-def]
    calls = [f"2026-11-23T{hour}:00:00Z" for hour in (14, 18, 22)]
    options = [word for call in calls for word in ("--called", call)]
    said = check("+13055550123", "--at", "2026-11-23T22:05:00Z", *options)
    assert "Must wait until Tue 24 Nov 09:00 EST (Tue 24 Nov 2026 14:00:00 UTC)" in said
    assert "✗ 3 of at most 3 calls in 24 hours, until Tue 24 Nov 09:00 EST" in said
    assert "a named person must acknowledge it" in check("+14045550123", "--at", "2026-11-23T22:05:00Z")
    assert "must not be called: this is a premium-rate number" in check("+19005550123")
    assert "Must not be called: we have no calling rules for this place" in check("+81312345678")


def test_a_campaign_and_a_draft_take_part(check, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    campaign, draft = tmp_path / "solar.yaml", tmp_path / "draft.yaml"
    campaign.write_text(CAMPAIGN)
    at = ("--at", "2026-11-23T13:30:00Z")
    assert "May be called now" in check("+12125550123", *at)
    assert "outside this campaign's hours" in check("+12125550123", *at, "--campaign", str(campaign))
    draft.write_text(law.text().replace('floor: {all: ["08:00-21:00"]}', 'floor: {all: ["10:00-21:00"]}'))
    assert "Must wait until Mon 23 Nov 10:00 EST" in check("+12125550123", *at, "--rules", str(draft))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("countries: [US]", "countries: [US, NZ]"),
            r"campaign:7: countries\.1: the calling rules of NZ have confidence C",
        ),
        (("countries: [US]", "countries: [JP]"), r"campaign:7: countries\.0: there are no calling rules for JP"),
        (
            (
                "countries: [US]",
                f"countries: [US]\nacknowledged: [{{rules: US-QQ, {NAMED}}}]",
            ),
            r"campaign:8: acknowledged\.0\.rules: there are no calling rules US-QQ",
        ),
    ],
)
def test_a_campaign_names_only_countries_with_rules_somebody_answers_for(change: tuple[str, str], said: str) -> None:
    text = CAMPAIGN.replace(*change)
    with pytest.raises(Permanent, match=said):
        with_rules(parse(text), text, "campaign", law.shipped())


def test_an_acknowledgement_lets_a_campaign_use_rules_we_are_not_sure_of() -> None:
    named = f"countries: [US, NZ, PR]\nacknowledged: [{{rules: NZ, {NAMED}}}]"
    text = CAMPAIGN.replace("countries: [US]", named)
    with_rules(parse(text), text, "campaign", law.shipped())


def test_a_draft_is_tried_published_listed_and_rolled_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/firstring.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    database = Database(url)
    SQLModel.metadata.create_all(database.engine)
    database.dispose()

    def run(*words: str) -> str:
        said = CliRunner().invoke(app, ["rules", *words], catch_exceptions=False)
        assert said.exit_code == 0
        return " ".join(said.output.split())

    draft = tmp_path / "draft.yaml"
    text = CliRunner().invoke(app, ["rules", "export"], catch_exceptions=False).output
    assert text == law.text()
    draft.write_text(text.replace("refusal_lock_days: 60", "refusal_lock_days: 90"))
    tried = run("preview", str(draft))
    assert "1 change against the rules in force FR refusal_lock_days: 60 → 90" in tried
    assert "0 leads wait" in tried
    assert "0 calls of the past 7 days" in tried
    why = "The regulator answered our letter"
    assert "rules 1 (" in run("publish", str(draft), "--why", why)
    assert "pause after a no: 90 days" in run("check", "+33162345678", "--at", "2026-11-23T10:30:00Z")
    assert "rules 2 are in force, as they were in 0" in run("rollback", "--why", "It was about another product")
    listed = run("versions")
    assert ", back to 0, " in listed
    assert f"{why} FR refusal_lock_days: 60 → 90" in listed
    assert CliRunner().invoke(app, ["rules", "export", "1"], catch_exceptions=False).output == draft.read_text()
