"""Lists of who must not be called, line by line: what is taken, what is refused and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import Permanent
from campaign.suppression_list import Entry, Fault, entry, read

CAMPAIGNS = frozenset({"solar-us"})


def one(line: str, header: str = "phone,email,country,scope,reason", country: str = "") -> Entry | Fault:
    [found] = read([header + "\r\n", line + "\r\n"], CAMPAIGNS, country)
    return found


@pytest.mark.parametrize(
    ("line", "who", "scope", "reason"),
    [
        ("+12125550101,,,,", "+12125550101", "global", "import"),
        ("(212) 555-0101,,us,solar-us,asked by letter", "+12125550101", "solar-us", "asked by letter"),
        (",Ann@Example.com,,,", "mailto:ann@example.com", "global", "import"),
        ("#ab12-" + "0" * 40 + ",,,,", "#ab12-" + "0" * 40, "global", "import"),
    ],
)
def test_what_is_taken(line: str, who: str, scope: str, reason: str) -> None:
    assert one(line) == Entry(who, scope, reason, 2)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("2125550101,,,,", "no full number"),
        ("hello,,US,,", "not a phone number"),
        ("+18005551212,,,,", "toll free"),
        ("+12125550101,ann@example.com,,,", "not both"),
        (",,,solar-us,", "needs a phone or an email"),
        (",ann,,,", "not an e-mail address"),
        ("+12125550101,,,dental-xx,", "no campaign is called 'dental-xx'"),
        ("+12125550101,,,,,,more", "more fields"),
        ("+12125550101,,,," + "x" * 300, "longer than"),
    ],
)
def test_what_is_refused_and_why(line: str, why: str) -> None:
    found = one(line)
    assert isinstance(found, Fault)
    assert found.line == 2
    assert why in found.what


def test_blank_lines_are_nothing_and_a_country_for_the_file_helps() -> None:
    assert list(read(["phone\n", "\n", '""\n'], CAMPAIGNS)) == []
    assert one("212 555 0101", "phone", "US") == Entry("+12125550101", "global", "import", 2)


@pytest.mark.parametrize(("header", "why"), [("phone,scop", "scop"), ("scope,reason", "phone"), ("", "first line")])
def test_a_header_we_do_not_know_is_refused_whole(header: str, why: str) -> None:
    with pytest.raises(Permanent, match=why):
        list(read([header + "\n", "x,y\n"], CAMPAIGNS))


def test_a_single_entry_is_read_as_a_person_types_it() -> None:
    assert entry(" Ann@example.com ").phone == "mailto:ann@example.com"
    assert entry("212-555-0101", country="US").phone == "+12125550101"
    with pytest.raises(Permanent, match="full number"):
        entry("555")


@given(st.lists(st.text(), max_size=5))
def test_no_file_breaks_the_reader(lines: list[str]) -> None:
    for found in read(["phone\n", *lines], CAMPAIGNS):
        assert isinstance(found, Entry | Fault)
