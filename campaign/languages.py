"""Which language a lead is spoken to in: the one their form declares, where the campaign has a playbook for it. Pure.

Forms write languages in many ways ("es-MX", "Spanish", "español"); what is none of them changes nothing.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

from campaign.file import Campaign
from campaign.records import Lead

KEYS = ("language", "preferred_language", "lang", "locale", "idioma")
NAMES = {
    "english": "en", "ingles": "en", "spanish": "es", "espanol": "es", "castellano": "es", "castilian": "es", "french": "fr",
    "francais": "fr", "portuguese": "pt", "portugues": "pt", "german": "de", "deutsch": "de", "italian": "it", "italiano": "it",
}  # fmt: skip


def code(text: object) -> str | None:
    """`es` for "es", "es-MX", "ES_us", "Spanish", "Español"; None for what names no language."""
    folded = unicodedata.normalize("NFD", str(text).strip().lower())
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    primary = bare.replace("_", "-").partition("-")[0]
    return NAMES.get(bare) or (primary if len(primary) == 2 and primary.isascii() and primary.isalpha() else None)


def declared(lead: Lead) -> str | None:
    """The language the form named, in a field of its own or among its answers."""
    fields: list[Mapping[str, Any]] = [lead.extra, lead.answers]
    return next((found for given in fields for key in KEYS if key in given and (found := code(given[key]))), None)


def beforehand(campaign: Campaign, lead: Lead) -> str | None:
    """The language of what is said to this lead outside of a conversation, where it is known."""
    wanted = declared(lead)
    return wanted if wanted in campaign.languages else campaign.language
