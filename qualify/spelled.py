"""E-mails, phone numbers and names as they are read back: character by character, computed in code, in English and Spanish.

Hyphens set the pace ("4-1-5"), as OpenAI's guide for the realtime models advises; signs are words.
"""

import re

import phonenumbers

SIGNS = {
    "en": {"@": "at", ".": "dot", "_": "underscore", "-": "dash", "+": "plus", "'": "apostrophe", "%": "percent"},
    "es": {
        "@": "arroba",
        ".": "punto",
        "_": "guion bajo",
        "-": "guion",
        "+": "más",
        "'": "apóstrofo",
        "%": "por ciento",
    },
}


def say_email(address: str, language: str) -> str:
    """`jo.b@x.com`: "j-o dot b at x dot c-o-m"."""
    signs = SIGNS["es" if language.startswith("es") else "en"]
    parts = re.findall(r"[^@._\-+'%]+|.", address)
    return " ".join(signs.get(part) or "-".join(part) for part in parts)


def say_phone(number: str, home: str) -> str:
    """E.164 in the groups of its country: "2-1-2, 5-5-5, 0-1-0-1"; with "plus" and country code where it isn't the home's."""
    found = phonenumbers.parse(number, None)
    here = phonenumbers.region_code_for_number(found) == home
    style = phonenumbers.PhoneNumberFormat.NATIONAL if here else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    groups = ["-".join(group) for group in re.findall(r"\d+", phonenumbers.format_number(found, style))]
    return ", ".join(groups) if here else "plus " + ", ".join(groups)


def say_name(name: str) -> str:
    """ "Ana Ruiz": "A-N-A, R-U-I-Z"."""
    words = ("".join(c for c in word if c.isalpha()) for word in re.split(r"[\s-]+", name))
    return ", ".join("-".join(word.upper()) for word in words if word)
