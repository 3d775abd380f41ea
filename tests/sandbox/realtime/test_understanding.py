"""What the scripted ear makes of recognised words."""

import pytest

from sandbox.realtime.understanding import Wish, choice_in, number_in, slot_in, wish_of, yes_or_no

SLOTS = ["Tuesday, November 24th at 10:00 AM", "Wednesday, November 25th at 2:30 PM"]
SHADE = ["sunny", "partly shaded", "mostly shaded"]


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("Yes, sure.", True),
        ("Yes, no problem.", True),
        ("Yes, that's close.", True),
        ("No, I rent.", False),
        ("No, this is my first time.", False),
        ("No, that's right.", False),
        ("I don't know.", None),
        ("Purple.", None),
        ("", None),
        ("Sí, claro.", True),
        ("Sí, es propia.", True),
        ("No, la rento.", False),
        ("No sé.", None),
    ],
)
def test_yes_or_no(words, meaning):
    assert yes_or_no(words) is meaning


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("About two hundred dollars.", 200),
        ("a hundred and fifty", 150),
        ("one eighty", 180),
        ("$1,250 I think", 1250),
        ("forty five", 45),
        ("two thousand three hundred", 2300),
        ("a lot", None),
        ("Unos doscientos dólares.", 200),
        ("ciento veinte", 120),
        ("treinta y cinco", 35),
        ("dos mil quinientos", 2500),
    ],
)
def test_numbers(words, number):
    assert number_in(words) == number


@pytest.mark.parametrize(
    ("words", "choice"),
    [
        ("Mostly sunny.", "sunny"),
        ("It's partly shaded", "partly shaded"),
        ("mostly shaded I guess", "mostly shaded"),
        ("shaded", None),
        ("dunno", None),
    ],
)
def test_choices(words, choice):
    assert choice_in(words, SHADE) == choice


def test_a_hyphen_makes_no_difference():
    assert choice_in("Just a check-up, please.", ["check-up", "clean", "something that hurts"]) == "check-up"


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("The first one, please.", 0),
        ("Actually, the second one would be better.", 1),
        ("Wednesday is good", 1),
        ("ten please", 0),
        ("two thirty", 1),
        ("the afternoon one", 1),
        ("the 24th", 0),
        ("either is fine", 0),
        ("yes", None),
        ("none of those", None),
    ],
)
def test_slots(words, place):
    assert slot_in(words, SLOTS) == place


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("Stop calling me. Take me off your list.", Wish.OPT_OUT),
        ("Stop.", Wish.OPT_OUT),
        ("Wait, are you a robot?", Wish.ROBOT),
        ("Am I talking to a real person?", Wish.ROBOT),
        ("Can I speak to a human, please?", Wish.HUMAN),
        ("Please leave a message after the tone.", Wish.VOICEMAIL),
        ("No, thanks. I'm not interested.", Wish.DECLINE),
        ("Thank you. Please stay on the line.", Wish.HOLD),
        ("You have the wrong number.", Wish.WRONG_NUMBER),
        ("Yes, I do.", None),
    ],
)
def test_wishes(words, wish):
    assert wish_of(words) == wish
