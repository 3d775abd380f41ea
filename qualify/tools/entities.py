"""What must be right to the letter, as a model passes it on: e-mail addresses, phone numbers, spelled names; or None.

Models write "maria at example dot com", "M-A-R-I-A" or "[keypad] 2125550101": liberal in form, strict in what comes out.
"""

import re

import phonenumbers

from qualify.facts import given_name

_EMAIL = re.compile(
    r"(?<![\w@.%+'-])[a-z0-9][a-z0-9._%+'-]{0,63}@(?:[a-z0-9](?:[a-z0-9-]{0,62})\.)+[a-z]{2,24}(?![\w@])"
)
_WORDS = (
    (r"\s*(?:\(at\)|\bat\b|\barroba\b|@)\s*", "@"),
    (r"\s*(?:\(dot\)|\bdot\b|\bpunto\b)\s*", "."),
    (r"\s*\b(?:underscore|guion bajo|guión bajo)\b\s*", "_"),
    (r"\s*\b(?:dash|hyphen|guion|guión)\b\s*", "-"),
    (r"\s*\b(?:plus|m[aá]s)\b\s*", "+"),
)
_SPELLED = re.compile(r"(?<![^\W_])(?<!['’])[^\W_](-|[\s,]+)[^\W_](?![^\W_])(?:\1[^\W_](?![^\W_]))*")
"""Single letters or digits with always the same between them."""
_HYPHENED = re.compile(r"(?:\w-){2,}\w@")
"""Rather spelled than written so."""


def email(text: str) -> str | None:
    """The address, lower case."""
    text = " ".join(text.lower().split())  # the patterns below look at every run of spaces from each of its places
    written = _EMAIL.search(text)
    if written is not None and not _HYPHENED.match(written[0]):
        return _sound(written)
    said = _together(text)
    for pattern, sign in _WORDS:
        said = re.sub(pattern, sign, said)
    return _sound(_EMAIL.search(_together(said)))


def _sound(found: re.Match[str] | None) -> str | None:
    return found[0] if found and ".." not in found[0] and ".@" not in found[0] else None


def phone(text: str, home: str) -> str | None:
    """E.164, read as in the home country (ISO)."""
    try:
        found = phonenumbers.parse("".join(re.findall(r"[\d+]", text)), home or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(found):
        return None
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def name(text: str) -> str | None:
    """Put together from its letters where it is spelled, else as written."""
    spelled = " ".join(_letters(found[0]).capitalize() for found in _SPELLED.finditer(text))
    found = given_name(spelled or text)
    return found if any(c.isalpha() for c in found) else None


def home_of(country: str, number: str | None) -> str:
    """The ISO country numbers are read in: where the person's own number is."""
    try:
        found = phonenumbers.region_code_for_number(phonenumbers.parse(number or "", None))
    except phonenumbers.NumberParseException:
        found = None
    return found or country.strip().upper()


def _together(text: str) -> str:
    return _SPELLED.sub(lambda found: _letters(found[0]), text)


def _letters(run: str) -> str:
    return re.sub(r"[\s,-]+", "", run)
