"""The campaign file: defaults, strictness, and errors that name the line."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import Permanent
from campaign.file import load, parse

DOCUMENT = """\
name: solar-us
seller: {legal_name: Brightroof Solar LLC, brand: Brightroof}
playbook: solar-us
timezone: America/New_York
caller_ids: ["+12125550100"]
countries: [US]
sources:
  - {name: website, kind: standard, secret_env: LEADS_WEBSITE_SECRET}
people:
  - {name: Sal, calendar: sal@example.com, phone: "+12125550111", hours: {mon-fri: ["09:00-17:00"]}}
hours: {mon-fri: ["09:00-20:00"], sat: ["10:00-12:00", "14:00-24:00"]}
retries: {}
"""


def test_the_file_of_the_design_is_accepted_as_it_stands() -> None:
    campaign = parse(DOCUMENT)
    assert campaign.people[0].hours.windows["fri"] == (("09:00", "17:00"),)
    assert campaign.hours.windows["sun"] == ()
    assert campaign.hours.on(5)[1][1].isoformat() == "00:00:00", "24:00 is the end of the day"
    assert campaign.retries.busy.after_minutes == (30.0, 120.0)


def test_what_was_validated_reads_back_the_same() -> None:
    campaign = parse(DOCUMENT)
    assert type(campaign).model_validate(campaign.model_dump(mode="json")) == campaign


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("America/New_York", "America/Nowhere", 4, "unknown time zone"),
        ("+12125550100", "212-555-0100", 5, "E.164"),
        ("[US]", "[usa]", 6, "countries"),
        ("kind: standard", "kind: pigeon", 8, "sources.0.kind"),
        ("secret_env: LEADS_WEBSITE_SECRET", "nothing: 1", 8, "sources.0"),
        ('mon-fri: ["09:00-20:00"]', 'mon-fri: ["20:00-09:00"]', 11, "ends before it starts"),
        ('mon-fri: ["09:00-20:00"]', 'monday: ["09:00-20:00"]', 11, "unknown weekday"),
        ("retries: {}", "retry: {}", 12, "no such key"),
        ("name: solar-us", "name: Solar us", 1, "does not have the form"),
        ("retries: {}", "retries: {busy: {after_minutes: [soon]}}", 12, "retries.busy"),
    ],
)
def test_each_fault_names_its_line(old: str, new: str, line: int, says: str) -> None:
    with pytest.raises(Permanent) as refused:
        parse(DOCUMENT.replace(old, new), name="solar.yaml")
    assert f"solar.yaml:{line}:" in str(refused.value)
    assert says in str(refused.value)
    assert "Value error" not in str(refused.value)


def test_a_file_that_is_not_yaml_names_the_line() -> None:
    with pytest.raises(Permanent, match=r"x\.yaml:2: not YAML"):
        parse("name: a\n  bad: [", name="x.yaml")


@given(st.text(max_size=200))
def test_any_text_is_refused_with_an_error_of_ours(text: str) -> None:
    with pytest.raises(Permanent):
        parse(text)


@given(st.sampled_from(sorted(yaml.safe_load(DOCUMENT).keys() - {"hours", "retries"})))
def test_every_required_key_is_required(key: str) -> None:
    document = yaml.safe_load(DOCUMENT)
    del document[key]
    with pytest.raises(Permanent, match=key):
        parse(yaml.safe_dump(document))


def test_a_playbook_path_is_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(DOCUMENT.replace("playbook: solar-us", "playbook: books/mine.yaml"))
    assert load(tmp_path / "c.yaml")[0].playbook == str(tmp_path / "books" / "mine.yaml")


def test_a_key_that_is_there_twice_is_refused_with_its_line() -> None:
    """YAML would take the last of them, and half of what was written would count for nothing."""
    with pytest.raises(Permanent, match=r"^x\.yaml:3: name: is there twice$"):
        parse("name: one\nplaybook: solar-us\nname: two\n", name="x.yaml")
    with pytest.raises(Permanent, match=r"x\.yaml:2: seller\.brand: is there twice"):
        parse("seller: {brand: A,\n  brand: B}\n", name="x.yaml")


def test_a_file_nested_without_end_is_refused() -> None:
    with pytest.raises(Permanent, match="nested too deeply"):
        parse("[" * 5000, name="x.yaml")
