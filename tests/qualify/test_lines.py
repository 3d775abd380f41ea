"""One contract for every library that carries our sockets, on both ends of them."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import serve as plain_server
from websockets.exceptions import ConnectionClosed, InvalidStatus

from qualify import line, line_picows, line_websockets
from qualify.line import Answer, Dial, Knock, Line, NoLine, Serve, Terms

LIBRARIES = {"picows": line_picows, "websockets": line_websockets}
TERMS = Terms(max_size=64 * 1024, ping_seconds=20)
HURRIED = Terms(max_size=64 * 1024, ping_seconds=0.1)
both = pytest.mark.parametrize("library", LIBRARIES)
mixed = pytest.mark.parametrize(("library", "other"), [("picows", "websockets"), ("websockets", "picows")])


class Listener:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.gone_with: tuple[int, str] | None = None
        self.end = asyncio.Event()

    def hear(self, message: bytes) -> None:
        self.heard.append(message)

    def gone(self, code: int, reason: str) -> None:
        assert self.gone_with is None, "told twice that it is gone"
        self.gone_with = (code, reason)
        self.end.set()


class Room:
    """The serving side of a test: who came in."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[Line] = asyncio.Queue()
        self.ears: dict[Line, Listener] = {}
        self.left = 0

    async def take(self, made: Line, path: str) -> None:
        assert path == "/in"
        self.ears[made] = Listener()
        await self.lines.put(made)
        await until(lambda: made._end, "the line ends")
        self.left += 1

    def door(self, knock: Knock) -> Answer | None:
        if knock.path == "/healthz":
            return Answer(HTTPStatus.OK, b"ok\n")
        if knock.path == "/in" and knock.header("x-key") in (None, "right"):
            return None
        return Answer(HTTPStatus.FORBIDDEN, b"no\n")

    async def visitor(self) -> tuple[Line, Listener]:
        made = await asyncio.wait_for(self.lines.get(), 5)
        made.listen(self.ears[made])
        return made, self.ears[made]


@asynccontextmanager
async def serving(library: str, terms: Terms = TERMS) -> AsyncIterator[tuple[Room, str]]:
    room, serve = Room(), LIBRARIES[library].serve
    checked: Serve = serve
    async with checked("127.0.0.1", 0, room.door, room.take, terms) as port:
        yield room, f"ws://127.0.0.1:{port}/in"
    assert room.left == len(room.ears), "somebody is still in"


async def dialed(library: str, url: str, terms: Terms = TERMS) -> tuple[Line, Listener]:
    dial: Dial = LIBRARIES[library].dial
    made, ear = await dial(url, {"X-Key": "right"}, terms), Listener()
    made.listen(ear)
    return made, ear


def peer(url: str) -> Awaitable[ClientConnection]:
    """A well-behaved stranger."""
    return connect(url, compression=None, proxy=None, max_size=None)


async def until(condition: Callable[[], object], what: str) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - conditions of all kinds
            await asyncio.sleep(0.005)
    assert condition(), what


async def handshake(url: str, *headers: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, str]:
    """A stranger who speaks the protocol by hand."""
    port = int(url.rsplit(":", 1)[1].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked = ["GET /in HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    asked += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *headers]
    writer.write(("\r\n".join(asked) + "\r\n\r\n").encode())
    return reader, writer, (await reader.readuntil(b"\r\n\r\n")).decode()


def frame(opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True) -> bytes:
    head = bytes([opcode | (0x80 if fin else 0), len(payload) | (0x80 if masked else 0)])
    return head + (b"\0\0\0\0" if masked else b"") + payload


async def close_code(reader: asyncio.StreamReader) -> int:
    """The code of the close frame that comes next, pings left out."""
    while True:
        first, length = await reader.readexactly(2)
        payload = await reader.readexactly(length & 0x7F)
        if first & 0x0F == 8:
            return int(struct.unpack("!H", payload[:2])[0])


# --- opening ---


@mixed
async def test_messages_arrive_whole_and_in_order_both_ways(library: str, other: str):
    async with serving(library) as (room, url):
        near, ear = await dialed(other, url)
        far, far_ear = await room.visitor()
        said = ["{}", "ä€😀", "x" * 60_000, *map(str, range(500))]
        for text in said:
            near.send(text)
            far.send_audio(text)
        await until(lambda: len(far_ear.heard) == len(ear.heard) == len(said), "all arrives")
        assert far_ear.heard == ear.heard == [text.encode() for text in said]
        await near.close()
        await until(lambda: far_ear.gone_with, "the other side notices")
        assert far_ear.gone_with == (1000, "")


@both
async def test_what_comes_before_somebody_listens_is_kept_in_order(library: str):
    async with serving(library) as (room, url), peer(url) as stranger:
        await stranger.send("start")
        made = await asyncio.wait_for(room.lines.get(), 5)
        assert await made.receive() == b"start"
        waiting = asyncio.create_task(made.receive())
        await asyncio.sleep(0)
        for text in ("one", "two", "three"):
            await stranger.send(text)
        assert await waiting == b"one"
        await asyncio.sleep(0.05)
        made.listen(room.ears[made])
        await until(lambda: len(room.ears[made].heard) == 2, "the rest is told")
        assert room.ears[made].heard == [b"two", b"three"]


@both
async def test_too_much_before_somebody_listens_ends_the_line(library: str):
    """R54."""
    async with serving(library) as (_, url), peer(url) as stranger:
        with suppress(ConnectionClosed):
            for _ in range(1000):
                await stranger.send("x" * 10_000)
        assert stranger.close_code == line.POLICY


@both
async def test_a_line_gone_before_somebody_listens_says_so(library: str):
    async with serving(library) as (room, url):
        async with peer(url) as stranger:
            await stranger.send("start")
        made = await asyncio.wait_for(room.lines.get(), 5)
        assert [await made.receive(), await made.receive()] == [b"start", None]
        made.listen(room.ears[made])
        assert room.ears[made].gone_with == (1000, "")


@both
async def test_the_door_answers_and_refuses_before_accepting(library: str):
    """R52; health and readiness share the port."""
    async with serving(library) as (room, url):
        web = url.replace("ws://", "http://")
        answer = await asyncio.to_thread(httpx.get, web.replace("/in", "/healthz"))
        assert (answer.status_code, answer.text) == (200, "ok\n")
        assert answer.headers["content-type"].startswith("text/plain")
        with pytest.raises(InvalidStatus) as refused:
            await connect(url, additional_headers={"X-Key": "wrong"}, proxy=None)
        assert (refused.value.response.status_code, refused.value.response.body) == (403, b"no\n")
        assert (await asyncio.to_thread(httpx.post, web)).status_code >= 400
        assert room.lines.empty()


@both
async def test_compression_is_never_agreed_to(library: str):
    async with serving(library) as (_, url):
        _, writer, answer = await handshake(url, "Sec-WebSocket-Extensions: permessage-deflate")
        assert " 101 " in answer.splitlines()[0]
        assert "sec-websocket-extensions" not in answer.lower()
        writer.close()


@mixed
async def test_a_dial_that_fails_says_why(library: str, other: str):
    async with serving(other) as (_, url):
        dial: Dial = LIBRARIES[library].dial
        with pytest.raises(NoLine) as refused:
            await dial(url, {"X-Key": "wrong"}, TERMS)
        assert refused.value.status == 403
    with pytest.raises(NoLine) as unreachable:
        await dial(url, {}, TERMS)
    assert unreachable.value.status == 0


@both
async def test_a_dial_given_up_in_the_middle_leaves_nothing(library: str):
    """The other side has not answered the upgrade yet."""
    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        ended.set()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        dial: Dial = LIBRARIES[library].dial
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await dial(url, {}, TERMS)
        await asyncio.wait_for(ended.wait(), 10)


@both
async def test_a_certificate_nobody_vouches_for_is_refused(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """TLS is verified by both; the same certificate is good once the machine trusts it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))

    async def echo(connection: ClientConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with plain_server(echo, "127.0.0.1", 0, ssl=context) as server:
        url = f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/in"
        with pytest.raises(NoLine) as refused:
            await LIBRARIES[library].dial(url, {}, TERMS)
        assert refused.value.status == 0
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "pair.pem"))
        near, ear = await dialed(library, url)
        near.send("safe")
        await until(lambda: ear.heard == [b"safe"], "it comes back")
        await near.close()


def certificate(folder: Path) -> Path:
    """Key and self-signed certificate for 127.0.0.1 in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "pair.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


# --- messages ---


@both
async def test_fragments_are_put_together(library: str):
    async with serving(library) as (room, url), peer(url) as stranger:
        _, ear = await room.visitor()
        await stranger.send(["{", '"a"', ":1}"])
        await stranger.send(["", "b"])
        await stranger.send("whole")
        await until(lambda: len(ear.heard) == 3, "all arrives")
        assert ear.heard == [b'{"a":1}', b"b", b"whole"]


@both
async def test_a_control_frame_may_come_between_fragments(library: str):
    async with serving(library) as (room, url):
        _, writer, _ = await handshake(url)
        _, ear = await room.visitor()
        writer.write(frame(1, b"a", fin=False) + frame(9, b"ping") + frame(0, b"b"))
        await until(lambda: ear.heard == [b"ab"], "the message is whole")
        writer.close()


@both
async def test_a_binary_message_is_a_message(library: str):
    async with serving(library) as (room, url), peer(url) as stranger:
        _, ear = await room.visitor()
        await stranger.send(b"\x00\xff")
        await stranger.send([b"\x01", b"\x02"])
        await until(lambda: len(ear.heard) == 2, "both arrive")
        assert ear.heard == [b"\x00\xff", b"\x01\x02"]


@both
@pytest.mark.parametrize("message", ["x" * 70_000, ["x" * 30_000] * 3], ids=["frame", "fragments"])
async def test_a_message_over_the_limit_closes_the_line(library: str, message: str | list[str]):
    """R54."""
    async with serving(library) as (room, url), peer(url) as stranger:
        _, ear = await room.visitor()
        with suppress(ConnectionClosed):
            await stranger.send(message)
            await asyncio.wait_for(stranger.recv(), 5)
        assert stranger.close_code == 1009
        await until(lambda: ear.gone_with, "the line is gone")
        assert ear.heard == []


@both
@pytest.mark.parametrize(
    "frames",
    [
        frame(0, b"continued"),
        frame(1, b"a", fin=False) + frame(1, b"b"),
        frame(1, b"not masked", masked=False),
        frame(3, b"no such kind"),
    ],
    ids=["continuation of nothing", "text inside fragments", "unmasked", "reserved opcode"],
)
async def test_what_the_protocol_forbids_closes_the_line(library: str, frames: bytes):
    async with serving(library) as (room, url):
        reader, writer, _ = await handshake(url)
        _, ear = await room.visitor()
        writer.write(frames)
        assert await asyncio.wait_for(close_code(reader), 5) == 1002
        writer.close()
        await until(lambda: ear.gone_with, "the line is gone")
        assert ear.heard == []


@both
async def test_a_listener_that_breaks_ends_its_own_line_only(library: str):
    class Broken(Listener):
        def hear(self, message: bytes) -> None:
            super().hear(message)
            raise ValueError("a bug")

    async with serving(library) as (room, url), peer(url) as one, peer(url) as two:
        first, second = [await asyncio.wait_for(room.lines.get(), 5) for _ in range(2)]
        room.ears[first] = Broken()
        for made in (first, second):
            made.listen(room.ears[made])
        for stranger in (one, two):
            await stranger.send("a")
            await stranger.send("b")
        await until(lambda: room.ears[first].gone_with and len(room.ears[second].heard) == 2, "one ends, one goes on")
        assert room.ears[first].heard == [b"a"]
        assert room.ears[first].gone_with[0] == line.BROKEN


# --- ending ---


@mixed
async def test_a_close_carries_its_code_and_reason(library: str, other: str):
    async with serving(library) as (room, url):
        near, ear = await dialed(other, url)
        far, far_ear = await room.visitor()
        await far.close(1008, "token_used")
        assert ear.gone_with == (1008, "token_used") or await _later(ear) == (1008, "token_used")
        assert far_ear.gone_with is not None
        await near.close()


async def _later(ear: Listener) -> tuple[int, str] | None:
    await asyncio.wait_for(ear.end.wait(), 5)
    return ear.gone_with


@both
async def test_a_socket_that_breaks_off_is_lost(library: str):
    async with serving(library) as (room, url):
        _, writer, _ = await handshake(url)
        _, ear = await room.visitor()
        writer.transport.abort()
        assert await _later(ear) == (line.LOST, "")


@both
async def test_a_peer_that_never_answers_a_close_is_left(library: str):
    async with serving(library) as (room, url):
        _, writer, _ = await handshake(url)
        made, ear = await room.visitor()
        await asyncio.wait_for(made.close(), 8)
        assert ear.gone_with is not None
        writer.close()


@both
async def test_nothing_is_heard_after_a_cut(library: str):
    async with serving(library) as (room, url):
        _, writer, _ = await handshake(url)
        made, ear = await room.visitor()
        made.cut(1000, "")
        writer.write(frame(1, b"too late"))
        await until(lambda: ear.gone_with, "the line is gone")
        assert ear.heard == []
        writer.close()


@both
async def test_a_half_open_peer_is_found_by_its_silence(library: str):
    """Pings that nobody answers."""
    async with serving(library, HURRIED) as (room, url):
        _, writer, _ = await handshake(url)
        _, ear = await room.visitor()
        assert await _later(ear) is not None
        writer.close()


@mixed
async def test_a_peer_that_answers_pings_is_kept(library: str, other: str):
    async with serving(library, HURRIED) as (room, url):
        near, ear = await dialed(other, url, HURRIED)
        _, far_ear = await room.visitor()
        await asyncio.sleep(0.6)
        near.send("still here")
        await until(lambda: far_ear.heard == [b"still here"], "it arrives")
        assert ear.gone_with is None
        await near.close()


@both
async def test_audio_for_a_peer_that_does_not_read_is_dropped_not_hoarded(library: str):
    """Rule 13, R75: what waits stays bounded, words still queue, and the loop goes on."""
    async with serving(library) as (room, url):
        reader, writer, _ = await handshake(url)
        made, _ = await room.visitor()
        reader._transport.pause_reading()
        text = "x" * 2000
        for _ in range(20_000):
            made.send_audio(text)
        assert 0 < made.dropped < 20_000
        made.send("a word")
        assert _waiting(made) < line.MAX_BUFFER + 200_000
        writer.transport.abort()


def _waiting(made: Line) -> int:
    if isinstance(made, line_websockets.WebsocketsLine):
        return made._connection.transport.get_write_buffer_size()
    assert isinstance(made, line_picows.PicowsLine)
    return int(made._transport.underlying_transport.get_write_buffer_size())


@both
async def test_a_server_that_ends_closes_who_is_in(library: str):
    async with serving(library) as (room, url):
        near, ear = await dialed(library, url)
        await room.visitor()
    assert await _later(ear) is not None
    assert ear.gone_with is not None
    assert ear.gone_with[0] == 1001
    await near.close()
