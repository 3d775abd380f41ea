"""Sounds and words that only say "I am listening", in English and Spanish: no reason to stop talking, and no answer."""

import re

from qualify.phrases import MAX_HEARD, plain

# Each sound can be read in one way only ("mm hm" is two of them): otherwise a long run of them takes 2^n steps to reject.
_BACK_CHANNEL = re.compile(
    r"^(?:(?:m+|h+m+|m+h+m*|uh huh|uhuh|ah+|aha+|oh|okay|ok|right|alright|all right|yeah|yep|yup|yes|sure|"
    r"i see|got it|i know|go on|gotcha|cool|nice|great|good|fine|interesting|really|wow|"
    r"ajá|aja|sí|si|claro|vale|ya|ya veo|entiendo|de acuerdo|bueno|bien|eso)(?:\s+|$))+$"
)


def is_back_channel(text: str) -> bool:
    """Whether these words, spoken over somebody, ask for nothing."""
    return bool(_BACK_CHANNEL.match(plain(text[:MAX_HEARD])))
