"""Who answered the phone, as evidence comes in: the carrier's verdict, what is said, how long, and whether we are answered.

All transitions stand in one table; an entry that is missing changes nothing. A person, once certain, stays one: verdicts of
the carrier may be late and wrong. What follows from a state is `answering`'s. (twilio.md 5.4, R57, R58)
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Who(StrEnum):
    UNKNOWN = "unknown"
    LIKELY = "likely"
    """a person, says the carrier, and nothing we heard speaks against it"""
    HUMAN = "human"
    """a person beyond doubt: they answer us"""
    TALKER = "talker"
    """somebody talks on and on before we said a word: a recording, unless the words say otherwise"""
    MACHINE = "machine"
    """so says the carrier; words that are still to come may tell a screener or a menu"""
    VOICEMAIL = "voicemail"
    SCREENER = "screener"
    TAKEN = "taken"
    """somebody came on behind a screener or a menu"""
    MENU = "menu"
    FAX = "fax"
    NOBODY = "nobody"


class Sign(StrEnum):
    HUMAN_VERDICT = "human_verdict"
    MACHINE_VERDICT = "machine_verdict"
    FAX_VERDICT = "fax_verdict"
    VOICEMAIL_WORDS = "voicemail_words"
    SCREENER_WORDS = "screener_words"
    MENU_WORDS = "menu_words"
    MANY_WORDS = "many_words"
    """in one breath, before we said anything"""
    PLAIN_WORDS = "plain_words"
    """nothing in them sounds recorded"""
    TALKS_ON = "talks_on"
    REPLIED = "replied"
    """they answered what we said"""
    SETTLED = "settled"
    """nothing more was said in time"""
    SILENCE = "silence"
    """not a word, however often we asked"""


_DOUBTFUL = (Who.UNKNOWN, Who.LIKELY, Who.TALKER, Who.MACHINE)
TABLE: dict[tuple[Who, Sign], Who] = {
    (Who.UNKNOWN, Sign.HUMAN_VERDICT): Who.LIKELY,
    (Who.TALKER, Sign.HUMAN_VERDICT): Who.LIKELY,
    **{(who, Sign.MACHINE_VERDICT): Who.MACHINE for who in (Who.UNKNOWN, Who.LIKELY, Who.TALKER)},
    **{(who, Sign.FAX_VERDICT): Who.FAX for who in (*_DOUBTFUL, Who.MENU)},
    **{(who, Sign.VOICEMAIL_WORDS): Who.VOICEMAIL for who in (*_DOUBTFUL, Who.SCREENER, Who.TAKEN, Who.MENU)},
    **{(who, Sign.SCREENER_WORDS): Who.SCREENER for who in (*_DOUBTFUL, Who.MENU)},
    **{(who, Sign.MENU_WORDS): Who.MENU for who in (*_DOUBTFUL, Who.TAKEN)},
    (Who.UNKNOWN, Sign.TALKS_ON): Who.TALKER,
    (Who.TALKER, Sign.MANY_WORDS): Who.VOICEMAIL,
    (Who.TALKER, Sign.TALKS_ON): Who.VOICEMAIL,
    (Who.SCREENER, Sign.MANY_WORDS): Who.TAKEN,
    (Who.TALKER, Sign.PLAIN_WORDS): Who.UNKNOWN,  # a noisy room, or a long hello
    (Who.TALKER, Sign.SETTLED): Who.UNKNOWN,
    **{(Who.MACHINE, sign): Who.VOICEMAIL for sign in (Sign.SETTLED, Sign.MANY_WORDS, Sign.PLAIN_WORDS)},
    **{(who, Sign.PLAIN_WORDS): Who.TAKEN for who in (Who.SCREENER, Who.MENU)},
    **{(who, Sign.REPLIED): Who.HUMAN for who in (Who.UNKNOWN, Who.LIKELY, Who.TAKEN)},
    **{(who, Sign.SILENCE): Who.NOBODY for who in (Who.UNKNOWN, Who.LIKELY, Who.TAKEN)},
}
MUTE = frozenset({Who.VOICEMAIL, Who.MENU, Who.FAX, Who.MACHINE, Who.TALKER})
"""To these nothing is said."""


@dataclass(slots=True)
class Presence:
    who: Who = Who.UNKNOWN
    since: float = 0.0
    """When it came to be so."""
    verdict: str = ""
    """The carrier's word on it."""
    told: bool = False
    """The screener has had its sentence."""
    passed: list[Who] = field(default_factory=list)

    def see(self, sign: Sign, now: float) -> bool:
        """Take a piece of evidence in; True when it changed who we take them for."""
        found = TABLE.get((self.who, sign), self.who)
        if found is self.who:
            return False
        self.passed.append(self.who)
        self.who, self.since = found, now
        return True

    @property
    def mute(self) -> bool:
        """Whether no word of ours may follow."""
        return self.who in MUTE or (self.who is Who.SCREENER and self.told)

    @property
    def waiting(self) -> bool:
        """Whether the greeting has to wait for a person."""
        return self.mute or self.who is Who.SCREENER

    @property
    def personal(self) -> bool:
        """Whether what we know of the person may be said and acted on. (R58, R60)"""
        return self.who in (Who.LIKELY, Who.HUMAN)

    @property
    def met(self) -> bool:
        return self.who is Who.HUMAN
