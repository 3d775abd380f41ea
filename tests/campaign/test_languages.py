"""Languages: what forms write, which playbook a lead begins with, and what the file may say."""

from pathlib import Path

import pytest

from campaign import languages
from campaign.errors import Permanent
from campaign.file import load, parse
from campaign.records import Lead
from tests.campaign.test_file import DOCUMENT
from webhooks.commands.campaigns import with_playbooks

BOTH = DOCUMENT + "languages: {es: solar-us-es}\n"


def lead(**given: object) -> Lead:
    return Lead(id="lead_1", campaign="solar-us", source="website", external_id="1", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("es", "es"),
        ("ES", "es"),
        ("es-MX", "es"),
        ("es_US", "es"),
        ("Spanish", "es"),
        (" Español ", "es"),
        ("castellano", "es"),
        ("English", "en"),
        ("inglés", "en"),
        ("en-GB", "en"),
        ("fr-CA", "fr"),
        ("", None),
        ("klingon", None),
        ("1", None),
        (None, None),
        (["es"], None),
        ("x" * 5000, None),
    ],
)
def test_what_forms_write(text: object, code: str | None) -> None:
    assert languages.code(text) == code


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"extra": {"language": "es"}}, "es"),
        ({"answers": {"language": "Spanish"}}, "es"),
        ({"answers": {"preferred_language": "español"}}, "es"),
        ({"extra": {"language": "??"}, "answers": {"language": "es"}}, "es"),
        ({"extra": {"language": "en"}}, "en"),
        ({"extra": {"language": "de"}}, "de"),
        ({"extra": {"language": "whatever"}}, None),
        ({}, None),
    ],
)
def test_a_form_declares_a_language_in_many_ways(given: dict[str, object], code: str | None) -> None:
    assert languages.declared(lead(**given)) == code


def test_beside_the_conversation_a_lead_hears_their_own_language_or_the_campaigns() -> None:
    campaign = with_playbooks(parse(BOTH), BOTH, "solar.yaml")
    assert languages.beforehand(campaign, lead(extra={"language": "es"})) == "es"
    assert languages.beforehand(campaign, lead(extra={"language": "de"})) == "en-US"
    assert languages.beforehand(parse(DOCUMENT), lead()) is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("languages: {es: solar-us}", "speaks 'en'"),
        ("languages: {es: solar-es}", "no playbook 'solar-es'"),
        ("languages: {en: dental-au}", "speaks it already"),
    ],
)
def test_a_playbook_that_does_not_fit_is_refused_with_its_line(line: str, says: str) -> None:
    document = f"{DOCUMENT}{line}\n"
    with pytest.raises(Permanent, match=rf"solar\.yaml:13: languages\.\w\w: .*{says}"):
        with_playbooks(parse(document), document, "solar.yaml")


def test_a_campaign_without_its_playbook_is_refused_with_its_line() -> None:
    document = DOCUMENT.replace("playbook: solar-us", "playbook: nowhere")
    with pytest.raises(Permanent, match=r"solar\.yaml:3: playbook: no playbook 'nowhere'"):
        with_playbooks(parse(document), document, "solar.yaml")


@pytest.mark.parametrize("bad", ["languages: {Spanish: solar-us-es}", "languages: [es]", "language: spanish"])
def test_languages_are_named_by_their_code(bad: str) -> None:
    with pytest.raises(Permanent, match=r"solar\.yaml:13: language"):
        parse(f"{DOCUMENT}{bad}\n", name="solar.yaml")


def test_playbook_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(DOCUMENT + "languages: {es: books/es.yaml}\n")
    assert load(tmp_path / "c.yaml")[0].languages == {"es": str(tmp_path / "books" / "es.yaml")}
