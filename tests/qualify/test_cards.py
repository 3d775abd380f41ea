"""Card numbers in text: found however they are said, and nothing else taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualify import cards

VALID = ["4242424242424242", "378282246310005", "6011111111111117", "4222222222222"]


@pytest.mark.parametrize("number", VALID)
@pytest.mark.parametrize("shape", ["{}", "it's {}.", "{}, expires soon"])
def test_a_number_that_passes_the_check_is_taken_out(number: str, shape: str):
    assert cards.masked(shape.format(number)) == shape.format(cards.MASK)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("4242-4242-4242-4242", cards.MASK),
        ("four two four two, four two four two, uh, four two four two, four two four two.", f"{cards.MASK}."),
        ("forty two forty two forty two forty two forty two forty two", cards.MASK),
        ("double four double two double four double two double four double two ok", f"{cards.MASK} ok"),
        ("cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos", cards.MASK),
        ("the cvv is 123", f"the cvv is {cards.MASK}"),
        ("mi número de tarjeta es 4242", f"mi número de tarjeta es {cards.MASK}"),
        ("+442079460958", "+442079460958"),
        ("I was born in 1984 and pay 200 dollars", "I was born in 1984 and pay 200 dollars"),
        ("0000000000000000", cards.MASK),
    ],
)
def test_digits_count_as_figures_and_as_words(said: str, left: str):
    assert cards.masked(said) == left


@given(st.text(max_size=200))
def test_text_without_digits_is_left_alone(text: str):
    if not list(cards.runs(text)):
        assert cards.masked(text) == text


@given(st.sampled_from(VALID), st.text(alphabet="abcxyz ,.", max_size=30), st.text(alphabet="abcxyz ,.", max_size=30))
def test_no_whole_number_is_left_whatever_stands_around_it(number: str, before: str, after: str):
    assert number not in cards.masked(f"{before} {number} {after}")


@given(st.integers(0, 10**12))
def test_the_check_digit_is_luhns(stem: int):
    """Of ten numbers that differ in their last digit only, one passes."""
    passing = [cards.is_card(f"4{stem:012d}{last}") for last in range(10)]
    assert sum(passing) == 1


def test_arguments_of_tools_keep_their_shape():
    given_ = '{"a": ["4242424242424242", 4242424242424242], "slot_id": "s_202611240930001", "n": 200, "ok": true}'
    assert cards.masked_json(given_) == (
        f'{{"a": ["{cards.MASK}", "{cards.MASK}"], "slot_id": "s_202611240930001", "n": 200, "ok": true}}'
    )
    assert cards.masked_json('{"a": "4242 4242 4242 42') == f'{{"a": "{cards.MASK}'


@pytest.mark.parametrize("depth", [600, 100_000])
def test_arguments_nested_without_end_are_read_as_text(depth: int):
    nested = "[" * depth + '"4242424242424242"' + "]" * depth
    assert cards.masked_json(nested) == nested.replace(VALID[0], cards.MASK)


def test_a_long_text_full_of_numbers_is_read_in_no_time():
    assert cards.masked("1 a " * 25_000) == "1 a " * 25_000
    assert cards.masked("1 a " * 5_000 + "cvv 123") == "1 a " * 5_000 + f"cvv {cards.MASK}"
