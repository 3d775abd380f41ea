"""What the bridge asks of a speech-to-speech API: a line to it, and its words in ours. `realtime` is one.

A session core of our own stands behind it and never learns which API it is: another one (a full-duplex API without turns of our
making, say) is another `Model`. (docs/decisions/0008-model-transport.md)
"""

from typing import Protocol

from qualify import commands as do
from qualify import events as ev
from qualify.line import Line


class Model(Protocol):
    async def open(self) -> Line:
        """A fresh session, empty. Raises `Retryable`, or `Permanent` when trying again cannot help."""

    def read(self, message: bytes) -> ev.Event | None:
        """One message of the model's; None when it carries nothing for us. Never raises."""

    def write(self, command: do.ToModel, *, voice_locked: bool = False) -> str | None:
        """A command in the model's words; None where it has no such word. `voice_locked`: this session has spoken already."""

    @property
    def around_audio(self) -> tuple[str, str]:
        """What stands before and behind the person's audio, base64 as it came: fifty times a second."""

    def is_final(self, close_code: int) -> bool:
        """Whether a line closed with this code says that trying again cannot help."""
