"""Parsing is total: whatever bytes come, the answer is a lead, `Malformed` or `Invalid`, and a lead can be stored."""

import contextlib
import json
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from webhooks.leads.payload import Invalid, LeadForm, Malformed, from_form, from_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NAMES = st.sampled_from([*LeadForm.model_fields, "utm", "x"])


def storable(form: LeadForm) -> None:
    """Everything kept survives UTF-8 and strict JSON, as both databases demand, and times are aware."""
    kept = form.model_dump(mode="json")
    assert "\\u0000" not in json.dumps(kept, allow_nan=False).replace("\\\\", "")
    json.dumps(kept, ensure_ascii=False).encode()
    assert form.submitted_at is None or form.submitted_at.tzinfo is UTC


@given(st.binary(max_size=300))
def test_any_bytes_as_json(body: bytes) -> None:
    with contextlib.suppress(Malformed, Invalid):
        storable(from_json(body))


@given(st.binary(max_size=300))
def test_any_bytes_as_a_form(body: bytes) -> None:
    with contextlib.suppress(Malformed, Invalid):
        storable(from_form(body))


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_any_values_in_known_fields(given_fields: dict[str, object]) -> None:
    faults = [{"field": "none", "message": "none"}]
    try:
        storable(from_json(json.dumps(given_fields).encode()))
    except Malformed:
        faults = [{"field": word, "message": word} for word in ("NaN", "Infinity") if word in json.dumps(given_fields)]
    except Invalid as error:
        faults = error.fields
    assert faults
    assert all(fault["field"] and fault["message"] for fault in faults)


def test_nulls_are_absent_and_a_byte_order_mark_is_ignored() -> None:
    form = from_json(b'\xef\xbb\xbf{"phone": null, "consent": {"given": null, "text": "x"}}')
    assert (form.phone, form.consent and form.consent.given) == ("", False)


def test_unknown_dotted_form_keys_stay_as_they_are() -> None:
    form = from_form(b"utm.source=a&answers.roof.kind=flat&consent.given=OFF&consent.partner=x&plus=a+b")
    assert form.model_extra == {"utm.source": "a", "plus": "a b"}
    assert form.answers == {"roof.kind": "flat"}
    assert form.consent is not None
    assert form.consent.model_extra == {"partner": "x"}
