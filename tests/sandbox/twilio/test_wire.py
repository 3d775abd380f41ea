"""Every message a server may send is judged as Twilio would: acted on, or an alert and nothing else."""

from __future__ import annotations

import base64
import json

import pytest

from sandbox.twilio.wire import Audio, Breach, Clear, MarkHere, Speller, judge

SID = "MZ" + "0" * 32
SOUND = base64.b64encode(b"\x01\x02").decode()


def test_the_three_messages() -> None:
    def spelled(**document: object) -> str:
        return json.dumps({"streamSid": SID, **document})

    assert judge(spelled(event="media", media={"payload": SOUND}), SID) == Audio(b"\x01\x02")
    assert judge(spelled(event="mark", mark={"name": "r1"}), SID) == MarkHere("r1")
    assert judge(spelled(event="clear"), SID) == Clear()


@pytest.mark.parametrize(
    "document",
    [
        {"event": "media", "media": {"payload": SOUND}},
        {"event": "media", "streamSid": "MZother", "media": {"payload": SOUND}},
        {"event": "media", "streamSid": SID},
        {"event": "media", "streamSid": SID, "media": {"payload": SOUND, "track": "outbound"}},
        {"event": "media", "streamSid": SID, "media": {"payload": SOUND}, "sequenceNumber": "1"},
        {"event": "media", "streamSid": SID, "media": {"payload": "%%%"}},
        {"event": "media", "streamSid": SID, "media": {"payload": 1}},
        {"event": "media", "streamSid": SID, "media": {"payload": base64.b64encode(b"RIFF....WAVE").decode()}},
        {"event": "mark", "streamSid": SID, "mark": {}},
        {"event": "mark", "streamSid": SID, "mark": {"name": 7}},
        {"event": "clear", "streamSid": SID, "clear": {}},
        {"event": "hangup", "streamSid": SID},
        {"streamSid": SID},
        ["media"],
    ],
)
def test_anything_else_is_31951(document: object) -> None:
    verdict = judge(json.dumps(document), SID)
    assert isinstance(verdict, Breach)
    assert verdict.code == 31951


def test_binary_is_31950_and_bad_json_31951() -> None:
    binary, broken = judge(b"\x00", SID), judge("{", SID)
    assert isinstance(binary, Breach)
    assert binary.code == 31950
    assert isinstance(broken, Breach)
    assert broken.code == 31951


def test_numbers_are_spelled_as_strings_in_one_sequence() -> None:
    speller = Speller(SID)
    messages = [
        speller.start("AC1", "CA1", {"tok": "x"}, "audio/x-mulaw", 8000),
        speller.media(b"\xff" * 160, 155),
        speller.mark("m"),
        speller.dtmf("5"),
        speller.stop("AC1", "CA1"),
    ]
    documents = [json.loads(message) for message in messages]
    assert [document["sequenceNumber"] for document in documents] == ["1", "2", "3", "4", "5"]
    assert documents[1]["media"] == {
        "track": "inbound",
        "chunk": "1",
        "timestamp": "155",
        "payload": base64.b64encode(b"\xff" * 160).decode(),
    }
    assert documents[3]["dtmf"] == {"track": "inbound_track", "digit": "5"}
    assert all(document["streamSid"] == SID for document in documents)
