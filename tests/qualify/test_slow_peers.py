"""R75: a model that is away costs the oldest audio, never memory. For sockets see `test_lines`."""

import base64

from qualify.events import CallerAudio
from qualify.uplink import RING_MS, Uplink

FRAME = base64.b64encode(b"\x20" * 160).decode()


def test_the_persons_audio_is_kept_for_ten_seconds_of_an_outage_and_the_oldest_goes_first():
    """R75."""
    uplink = Uplink()
    for number in range(750):
        uplink.take(CallerAudio(f"{number:04}{FRAME[4:]}", number * 20), 100 + number * 0.02)
    kept = uplink.connect()
    assert len(kept) == RING_MS // 20
    assert [command.payload[:4] for command in kept][:1] == ["0250"]  # type: ignore[union-attr]
    assert uplink.dropped_ms == 5000
