"""The signature is held to vectors computed with Twilio's SDK, and to the SDK itself on odd input."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from sandbox.twilio.signatures import sign

TOKEN = "test_auth_token_0123456789abcdef"
STATUS_URL = "https://voice.example.com/twilio/status?attempt=7f3a&x=%20y"
STATUS = [
    ("AccountSid", "AC" + "0" * 32),
    ("ApiVersion", "2010-04-01"),
    ("CallSid", "CA" + "1" * 32),
    ("CallStatus", "completed"),
    ("CallDuration", "49"),
    ("Duration", "1"),
    ("Direction", "outbound-api"),
    ("From", "+15557654321"),
    ("To", "+15551230000"),
    ("Caller", "+15557654321"),
    ("Called", "+15551230000"),
    ("ToZip", ""),
    ("Timestamp", "Sun, 22 Nov 2026 13:40:00 +0000"),
    ("CallbackSource", "call-progress-events"),
    ("SequenceNumber", "3"),
    ("SipResponseCode", "200"),
]
DOCUMENTED = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
JSON_URL = (
    "https://voice.example.com/twilio/json?bodySHA256=543d06f606d1495983aa28429f39e3e226f667340c7f8a2e7170f6357c2bd8ab"
)


@pytest.mark.parametrize(
    ("url", "params", "token", "algorithm", "signature"),
    [
        (STATUS_URL, STATUS, TOKEN, "sha1", "Cp+OlT0giOCs+IsBU8D5+W1loAc="),
        (STATUS_URL, STATUS, TOKEN, "sha256", "EDurwCG/sHVwlciIBSiBhgdYE7fDWrUz6KUsctBc/kU="),
        ("wss://voice.example.com/media", [], TOKEN, "sha1", "lkHLWg1kzgB0b6K6uKZSEsFjHlk="),
        (JSON_URL, [], TOKEN, "sha1", "+ekPyE2NDOjt++9+guqFdlbZiws="),
        (
            "https://voice.example.com/x",
            [("SpeechResult", "café ☕"), ("A", "1")],
            TOKEN,
            "sha1",
            "qinvvVetQaTdscVyBB6DK4gx72E=",
        ),
        (
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            DOCUMENTED,
            "12345",
            "sha1",
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        ),
    ],
)
def test_vectors(url: str, params: list[tuple[str, str]], token: str, algorithm: str, signature: str) -> None:
    assert sign(url, params, token, algorithm) == signature


def test_the_fragment_is_neither_sent_nor_signed() -> None:
    assert sign(STATUS_URL + "#rc=3&rp=5xx", STATUS, TOKEN) == sign(STATUS_URL, STATUS, TOKEN)


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=6))
def test_the_sdk_agrees_on_any_form(form: dict[str, str]) -> None:
    assert sign(STATUS_URL, form.items(), TOKEN) == RequestValidator(TOKEN).compute_signature(STATUS_URL, form)


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_the_sdk_agrees_on_repeated_keys(values: list[str]) -> None:
    from starlette.datastructures import ImmutableMultiDict

    pairs = [("Digits", value) for value in values]
    form = ImmutableMultiDict(pairs)
    form.getall = form.getlist  # type: ignore[attr-defined]  # the SDK asks Django's or werkzeug's spelling
    expected = RequestValidator(TOKEN).compute_signature(STATUS_URL, form)
    assert sign(STATUS_URL, pairs, TOKEN) == expected
