"""Our Standard Webhooks check against the reference library, and against everything a stranger may send."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from webhooks.standard_webhooks import BadSecret, fault, keys, sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "QUJD" * 8
NOW = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


def judged(headers: dict[str, str], body: bytes, secret: str = SECRET, now: datetime = NOW) -> str | None:
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    return fault(
        keys(secret), raw.get("webhook-id"), raw.get("webhook-timestamp"), raw.get("webhook-signature"), body, now
    )


def test_the_published_vector() -> None:
    """reliability.md rule 46 From the specification's own test suite."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert judged(headers, b'{"test": 2432232314}', now=datetime.fromtimestamp(1614265330, UTC)) is None


@given(body=st.text(), message_id=st.from_regex(r"[!-~]{1,60}", fullmatch=True))
def test_what_the_library_signs_we_accept_and_what_we_sign_it_accepts(body: str, message_id: str) -> None:
    library = Webhook(SECRET)
    now = datetime.now(UTC)
    theirs = library.sign(message_id, now, body)
    headers = {"webhook-id": message_id, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": theirs}
    assert judged(headers, body.encode("utf-8", "replace"), now=now) is None
    library.verify(body, sign(keys(SECRET)[0], message_id, now, body.encode()), json_parse=False)


@given(st.binary(max_size=200), st.integers(0, 10_000), st.sampled_from(["body", "webhook-id", "webhook-timestamp"]))
def test_one_changed_bit_is_refused(body: bytes, where: int, what: str) -> None:
    headers = sign(keys(SECRET)[0], "msg_1", NOW, body)
    if what == "body":
        changed = bytearray(body or b"x")
        changed[where % len(changed)] ^= 1
        assert judged(headers, bytes(changed)) == "wrong_signature"
        return
    letters = list(headers[what])
    letters[where % len(letters)] = chr(ord(letters[where % len(letters)]) ^ 1)
    assert judged({**headers, what: "".join(letters)}, body) is not None


@given(
    st.binary(max_size=50) | st.none(),
    st.binary(max_size=50) | st.none(),
    st.binary(max_size=200) | st.none(),
    st.binary(max_size=50),
)
def test_garbage_is_refused_and_never_raises(
    message_id: bytes | None, timestamp: bytes | None, signatures: bytes | None, body: bytes
) -> None:
    """reliability.md rule 44"""
    assert fault(keys(SECRET), message_id, timestamp, signatures, body, NOW) is not None


GARBAGE = [
    "",
    "v1",
    "v1,",
    "v1,,",
    "v1,!!!",
    "v1,é",
    "v1a,AAAA",
    " ",
    "v2,AAAA v1",
    "v1,AAAA,BBBB",
    "x" * 5000,
    "v1,AA=A",
]


@pytest.mark.parametrize("signature", GARBAGE)
def test_known_ways_to_upset_the_library(signature: str) -> None:
    headers = {**sign(keys(SECRET)[0], "msg_1", NOW, b"{}"), "webhook-signature": signature}
    assert judged(headers, b"{}") in ("missing_signature", "malformed_signature", "wrong_signature")


@pytest.mark.parametrize("timestamp", ["1e9", "-5", "1795356300.5", "٣", "9" * 13, "0x10", " 1", "+1795356300"])
def test_timestamps_are_whole_seconds(timestamp: str) -> None:
    headers = {**sign(keys(SECRET)[0], "msg_1", NOW, b"{}")}
    raw = timestamp.encode()
    assert (
        fault(keys(SECRET), b"msg_1", raw, headers["webhook-signature"].encode(), b"{}", NOW) == "malformed_signature"
    )


def test_any_of_several_signatures_may_match_and_any_of_several_secrets() -> None:
    ours = sign(keys(SECRET)[0], "msg_1", NOW, b"{}")
    theirs = sign(keys(OTHER)[0], "msg_1", NOW, b"{}")
    both = {**ours, "webhook-signature": f"v1a,AAAA {theirs['webhook-signature']} {ours['webhook-signature']}"}
    assert judged(both, b"{}") is None
    assert judged(theirs, b"{}") == "wrong_signature"
    assert judged(theirs, b"{}", secret=f"{SECRET} {OTHER}") is None


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(300, None), (-300, None), (301, "stale_timestamp"), (-301, "stale_timestamp")]
)
def test_five_minutes_either_way(seconds: int, verdict: str | None) -> None:
    headers = sign(keys(SECRET)[0], "msg_1", NOW + timedelta(seconds=seconds), b"{}")
    assert judged(headers, b"{}") == verdict


@pytest.mark.parametrize("secret", ["", "  ", "whsec_", "whsec_%%%", "whsec_é"])
def test_an_unusable_secret_says_so_without_quoting_it(secret: str) -> None:
    with pytest.raises(BadSecret) as caught:
        keys(secret)
    assert "%%%" not in str(caught.value)


def test_an_unpadded_secret_is_read_like_the_library_reads_it() -> None:
    unpadded = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA"
    signature = Webhook(unpadded).sign("m", NOW, "{}")
    headers = {"webhook-id": "m", "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": signature}
    assert judged(headers, b"{}", secret=unpadded) is None
