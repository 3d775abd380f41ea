"""Every numbered rule of the live call has a test that names it, or a written reason why not."""

from tests.house import rules


def test_every_rule_is_covered_or_explained():
    tests = rules.named()
    bare = [
        f"{kind} {number}: {rule.words}"
        for kind, some in rules.rules().items()
        for number, rule in some.items()
        if not rule.not_applied and not tests[kind][number]
    ]
    assert bare == []


def test_the_page_is_up_to_date():
    assert rules.PAGE.read_text("utf-8") == rules.page(), "run: python -m tests.house.rules"
