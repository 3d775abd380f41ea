"""The generic lead: bytes of a JSON or form body become a `LeadForm`, or a fault that names what is wrong.

Pure. Unknown fields are kept, nothing is guessed: a wrong type is a fault, a missing field is not. Text that no
database can hold (NUL, lone surrogates, infinite numbers) is a fault wherever it stands, unknown fields included.
"""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from dialer.agreement import is_period

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})
YES_NO = frozenset({"given", "revoked"})
NESTED = ("consent", "answers")
DEEPEST = 20
MOST_FIELDS = 2_000


class Malformed(ValueError):
    """The body is not what its content type says: 400."""


class Invalid(ValueError):
    """Parseable, but some fields are not what they should be: 422. `fields` is `[{"field", "message"}]`."""

    def __init__(self, fields: list[dict[str, str]]) -> None:
        super().__init__("invalid fields")
        self.fields = fields


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a time like 2026-11-22T14:05:00Z")
    try:
        moment = datetime.fromisoformat(value.strip())
        if moment.tzinfo is None:
            raise ValueError("no offset")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("must be a time with an offset, like 2026-11-22T14:05:00Z") from error


def _listed(value: Any) -> Any:
    """One channel of a form comes as text; the field repeated, as a list."""
    return [value] if isinstance(value, str) else value


def _period(value: str) -> str:
    if not is_period(value):
        raise ValueError("must be a period like P6M, P1Y or P90D")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]
Word = Annotated[str, StringConstraints(strict=True, max_length=64, strip_whitespace=True)]
Line = Annotated[str, StringConstraints(strict=True, max_length=254, strip_whitespace=True)]
Link = Annotated[str, StringConstraints(strict=True, max_length=2048, strip_whitespace=True)]
Channels = Annotated[list[Word], BeforeValidator(_listed), Field(max_length=20)]
Period = Annotated[Word, AfterValidator(_period)]
Prose = Annotated[str, StringConstraints(strict=True, max_length=20_000)]


class ConsentForm(BaseModel):
    """What the person agreed to, in the words they saw."""

    model_config = ConfigDict(extra="allow")

    given: bool = Field(False, strict=True)
    text: Prose = ""
    version: Line = ""
    url: Link = ""
    ip: Word = ""
    user_agent: Link = ""
    at: Moment | None = None
    method: Word = ""
    certificate_url: Link = ""
    certificate_vendor: Word | None = None
    channels: Channels | None = None
    """What was agreed to: `ai_voice`, `live_voice`, `sms`, …; leave it out when only the words say so."""
    period: Period | None = None
    """For how long, as the person was told: `P6M`, `P1Y`, `P90D`."""
    purpose: Line | None = None
    revoked: bool = Field(False, strict=True)
    """The person asks never to be called (again): suppressed at once, everywhere."""


class LeadForm(BaseModel):
    """A lead as any sender may describe it; unknown fields are kept."""

    model_config = ConfigDict(extra="allow")

    external_id: Line = ""
    first_name: Line = ""
    last_name: Line = ""
    email: Line = ""
    phone: Word = ""
    country: Word = ""
    region: Word = ""
    postcode: Word = ""
    timezone: Word = ""
    company: Line = ""
    message: Prose = ""
    answers: dict[Line, Any] = {}
    submitted_at: Moment | None = None
    consent: ConsentForm | None = None


def from_json(body: bytes) -> LeadForm:
    try:
        given = json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("the body is not JSON in UTF-8") from error
    if not isinstance(given, dict):
        raise Invalid([{"field": "body", "message": "must be a JSON object"}])
    return _checked(_without_nulls(given))


def from_form(body: bytes) -> LeadForm:
    """Dotted keys nest under `consent` and `answers`; an empty input is a field that was not given."""
    try:
        text = body.decode("utf-8")
        if any(piece and "=" not in piece for piece in text.split("&")):
            raise ValueError("a field without a value")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Malformed("the body is not a form in UTF-8") from error
    return _checked(_nested(pairs))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _without_nulls(given: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in given.items() if value is not None}
    if isinstance(kept.get("consent"), dict):
        kept["consent"] = {key: value for key, value in kept["consent"].items() if value is not None}
    return kept


def _nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for key, value in pairs:
        root, dot, leaf = key.partition(".")
        place, name = given, key
        if dot and leaf and root in NESTED and isinstance(given.setdefault(root, {}), dict):
            place, name = given[root], leaf
        known = LeadForm.model_fields if place is given else ConsentForm.model_fields if root == "consent" else {}
        if value == "" and name in known:
            continue
        place[name] = _together(place[name], value) if name in place else value
    consent = given.get("consent")
    if isinstance(consent, dict):
        for name in YES_NO & consent.keys():
            consent[name] = _yes_or_no(consent[name])
    return given


def _yes_or_no(value: Any) -> Any:
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in TRUE else False if word in FALSE else value


def _together(first: Any, second: str) -> list[str]:
    return [*first, second] if isinstance(first, list) else [first, second]


def _checked(given: dict[str, Any]) -> LeadForm:
    if faults := list(_unstorable(given, ())):
        raise Invalid(faults)
    try:
        return LeadForm.model_validate(given)
    except ValidationError as error:
        raise Invalid(
            [_fault(fault["loc"], fault["msg"].removeprefix("Value error, ")) for fault in error.errors()]
        ) from error


def _unstorable(value: Any, path: tuple[Any, ...]) -> Iterator[dict[str, str]]:
    if len(path) > DEEPEST:
        yield _fault(path[:3], "is nested too deeply")
    elif isinstance(value, dict):
        for key, inner in value.items():
            if _text_fault(key):
                yield _fault((*path, "(a field name)"), "holds a character that cannot be stored")
            else:
                yield from _unstorable(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unstorable(inner, (*path, index))
    elif isinstance(value, str) and (fault := _text_fault(value)):
        yield _fault(path, fault)
    elif isinstance(value, float) and not math.isfinite(value):
        yield _fault(path, "is not a finite number")


def _text_fault(text: str) -> str | None:
    if "\x00" in text:
        return "holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half of a surrogate pair"
    return None


def _fault(path: tuple[Any, ...], message: str) -> dict[str, str]:
    return {"field": ".".join(str(part)[:100] for part in path) or "body", "message": message}
