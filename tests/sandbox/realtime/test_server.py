"""The shell over real sockets: handshakes, the official client, the doors for asserting, faults, many calls at once."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import subprocess
import sys

import httpx
import pytest
from openai import AsyncOpenAI
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

ANSWERS = {
    "Is now a good time": "Yes, sure.",
    "own your home": "Yes, I do.",
    "electricity bill": "About two hundred dollars.",
    "Is your roof": "Mostly sunny.",
    "panels installed": "As soon as possible.",
    "Which suits you": "The first one, please.",
    "Shall I book it": "Yes, please.",
}
SLOT = "Tuesday, November 24th at 10:00 AM"


def _socket(address, key="sk-test", query="?model=gpt-realtime-2.1", **headers):
    headers = {"Authorization": f"Bearer {key}", **headers} if key else headers
    url = address.replace("http", "ws") + "/v1/realtime" + query
    return connect(url, additional_headers=headers, compression=None)


async def _until(socket, kind):
    async with asyncio.timeout(10):
        while True:
            event = json.loads(await socket.recv())
            if event["type"] == kind:
                return event


async def _open(socket, session_config):
    await _until(socket, "session.created")
    await socket.send(json.dumps({"type": "session.update", "event_id": "su", "session": session_config()}))
    return await _until(socket, "session.updated")


async def _greet(socket):
    create = {"type": "response.create", "event_id": "rc", "response": {"metadata": {"client_event_id": "rc"}}}
    await socket.send(json.dumps(create))


async def _get(address, path):
    async with httpx.AsyncClient() as client:
        return (await client.get(address + path)).json()


async def _post(address, path, document):
    async with httpx.AsyncClient() as client:
        return await client.post(address + path, json=document, headers={"Authorization": "Bearer sk-test"})


@pytest.mark.parametrize(("key", "query"), [("sk-bad", "?model=m"), ("", "?model=m")])
async def test_a_bad_key_fails_at_the_handshake(address, key, query):
    with pytest.raises(InvalidStatus) as refused:
        await _socket(address, key, query)
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("status", [429, 503])
async def test_a_handshake_can_be_refused_once(address, status, session_config):
    await _post(address, "/_sandbox/faults", {"handshake": {"status": status}})
    with pytest.raises(InvalidStatus) as refused:
        await _socket(address)
    assert refused.value.response.status_code == status
    async with _socket(address) as socket:
        assert await _open(socket, session_config)


async def test_beta_headers_end_in_4000(address):
    async with _socket(address, **{"OpenAI-Beta": "realtime=v1"}) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await _until(socket, "never")
    assert closed.value.rcvd.code == 4000


async def test_the_official_client_books_a_meeting(address, session_config, library):
    client = AsyncOpenAI(api_key="sk-test", websocket_base_url=address.replace("http", "ws") + "/v1")
    names, transcripts = [], []
    async with asyncio.timeout(60), client.realtime.connect(model="gpt-realtime-2.1") as connection:
        number = iter(range(10_000))

        async def send(kind, **fields):
            await connection.send({"type": kind, "event_id": f"e{next(number)}", **fields})

        async def answer(words):
            sound = library.say(words, voice="rms").mulaw + b"\xff" * 8 * 700
            for at in range(0, len(sound), 1600):  # audio time is what counts, so it may be sent in bursts
                await send("input_audio_buffer.append", audio=base64.b64encode(sound[at : at + 1600]).decode())

        def result(name, arguments):
            if name == "save_answers":
                return {"saved": [each["question_id"] for each in arguments["answers"]], "disqualified": None}
            if name == "check_slots":
                return {"slots": [{"slot_id": "s1", "say": SLOT}, {"slot_id": "s2", "say": "Friday at 2:30 PM"}]}
            if arguments["confirm"]:
                return {"status": "booked", "start": "2026-11-24T10:00:00-05:00"}
            return {"status": "read_back", "read_back": SLOT, "slot_id": arguments["slot_id"]}

        async for event in connection:
            if event.type == "session.created":
                await send("session.update", session=session_config())
            elif event.type == "session.updated":
                await send("response.create", response={"metadata": {"client_event_id": "greeting"}})
            elif event.type == "response.output_audio_transcript.done":
                transcripts.append(event.transcript)
            elif event.type == "response.done":
                calls = [item for item in event.response.output if item.type == "function_call"]
                names += [call.name for call in calls]
                if "end_call" in names:
                    break
                for call in calls:
                    output = json.dumps(result(call.name, json.loads(call.arguments)))
                    item = {"type": "function_call_output", "call_id": call.call_id, "output": output}
                    await send("conversation.item.create", item=item)
                if calls:
                    await send("response.create", response={"metadata": {"client_event_id": event.response.id}})
                elif event.response.status == "completed":
                    words = [said for asked, said in ANSWERS.items() if asked in transcripts[-1]]
                    await answer(words[-1])
    assert names == [*["save_answers"] * 4, "check_slots", "schedule", "schedule", "end_call"]
    assert f"You're booked for {SLOT}." in transcripts[-1]
    (report,) = await _get(address, "/_sandbox/sessions?frames=0")
    assert report["violations"] == []
    assert [call["name"] for call in report["tool_calls"]] == names
    callers = [line["text"] for line in report["transcript"] if line["who"] == "caller"]
    assert callers == list(ANSWERS.values())


async def test_the_assert_door_shows_frames_and_broken_rules(address, session_config):
    async with _socket(address) as socket:
        await _until(socket, "session.created")
        for _ in range(3):
            await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": "//8="}))
        await socket.send(json.dumps({"type": "session.update", "session": session_config()}))
        await _until(socket, "session.updated")
    (report,) = await _get(address, "/_sandbox/sessions")
    assert [frame["type"] for frame in report["frames"]] == ["input_audio_buffer.append", "session.update"]
    assert report["frames"][0]["count"] == 3
    assert {each["rule"] for each in report["violations"]} == {"append_before_updated", "missing_event_id"}
    assert report["closed"]["by"] == "client"


async def test_the_line_is_cut_in_mid_response(address, session_config):
    await _post(address, "/_sandbox/faults", {"drop": {"after_ms": 300}})
    async with _socket(address) as socket:
        await _open(socket, session_config)
        await _greet(socket)
        with pytest.raises(ConnectionClosed) as closed:
            await _until(socket, "response.done")
    assert closed.value.rcvd is None


async def test_every_open_session_can_be_dropped_with_a_code(address, session_config):
    async with _socket(address) as socket:
        await _open(socket, session_config)
        await _post(address, "/_sandbox/faults", {"drop_now": {"code": 1011}})
        with pytest.raises(ConnectionClosed) as closed:
            await _until(socket, "never")
    assert closed.value.rcvd.code == 1011


async def test_a_stalled_line_stays_open_and_says_nothing(address, session_config):
    await _post(address, "/_sandbox/faults", {"stall": {"after_ms": 100}})
    socket = await _socket(address)
    try:
        await _open(socket, session_config)
        await _greet(socket)
        await _until(socket, "response.output_audio.delta")
        pong = await socket.ping()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(pong), 0.3)
    finally:
        socket.transport.abort()


async def test_unknown_faults_are_refused(address):
    answer = await _post(address, "/_sandbox/faults", {"explode": True})
    assert answer.status_code == 400
    assert "explode" in answer.json()["error"]


async def test_reset_forgets_all_sessions_and_cuts_those_still_open(address, session_config):
    """One that was told to stall reads and sends nothing, and would stay for ever."""
    async with _socket(address) as socket:
        await _open(socket, session_config)
    stalled = await _socket(address)
    await _open(stalled, session_config)
    await _post(address, "/_sandbox/faults", {"stall": {"after_ms": 0}})
    await _greet(stalled)
    await _post(address, "/_sandbox/reset", {})
    with pytest.raises(ConnectionClosed):
        await _until(stalled, "never")
    assert await _get(address, "/_sandbox/sessions") == []
    assert await _get(address, "/_sandbox/health") == {"name": "realtime", "simulated": True}


async def test_text_for_the_openai_client(address):
    client = AsyncOpenAI(api_key="sk-test", base_url=address + "/v1")
    talk = "Agent: Do you own your home?\nCaller: Yes, I do.\nAgent: You're booked. Goodbye."
    first = await client.responses.create(model="gpt-any", instructions="Summarise the call.", input=talk)
    second = await client.responses.create(model="gpt-any", instructions="Summarise the call.", input=talk)
    assert first.output_text == second.output_text
    assert "Yes, I do." in first.output_text
    chat = await client.chat.completions.create(model="gpt-any", messages=[{"role": "user", "content": talk}])
    assert chat.choices[0].message.content == first.output_text
    told = await client.responses.create(
        model="gpt-any", input=f"Facts: A meeting.\n\n{talk}\nCaller: How much does it cost?"
    )
    assert told.output_text == "A meeting. The caller asked: “How much does it cost?”"
    assert (await client.models.retrieve("gpt-any")).id == "gpt-any"
    schema = {"type": "object", "properties": {"summary": {"type": "string"}, "outcome": {"enum": ["booked", "none"]}}}
    wish = {"format": {"type": "json_schema", "name": "call", "schema": schema}}
    shaped = await client.responses.create(model="gpt-any", input=talk, text=wish)
    assert json.loads(shaped.output_text) == {"summary": first.output_text, "outcome": "booked"}


async def test_thirty_calls_at_once(address, session_config, house):
    """Each appends a second of silence in 20 ms frames while its greeting is generated."""
    frame = base64.b64encode(b"\xff" * 160).decode()

    async def call():
        async with _socket(address) as socket:
            await _open(socket, session_config)
            await _greet(socket)
            for _ in range(50):
                await socket.send(f'{{"type":"input_audio_buffer.append","audio":"{frame}"}}')
            return await _until(socket, "response.done")

    done = await asyncio.gather(*(call() for _ in range(30)))
    assert {event["response"]["status"] for event in done} == {"completed"}
    assert len(house.journals) == 30
    assert all(journal.appended_bytes == 8000 for journal in house.journals)


def test_it_runs_alone_and_ends_on_a_signal(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox.realtime", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "CLOCK_OFFSET": "86400"},
    ) as process:
        try:
            ready = process.stdout.readline()
            assert ready.startswith("ready http://127.0.0.1:")
            assert httpx.get(ready.split()[1] + "/_sandbox/health").json()["simulated"] is True
            process.send_signal(signal.SIGTERM)
            process.wait(5)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


def test_it_serves_loopback_only():
    command = [sys.executable, "-m", "sandbox.realtime", "--host", "0.0.0.0"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert refused.returncode != 0
    assert "loopback" in refused.stderr
