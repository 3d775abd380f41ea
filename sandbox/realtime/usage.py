"""Usage numbers from durations: one audio token per 100 ms heard and per 50 ms spoken, a text token per 4 characters.

The whole conversation is billed again for each response; what was sent before counts as cached in blocks of 64
tokens, unless the instructions changed in between.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.realtime.conversation import Item

USER_MS_PER_TOKEN = 100
ASSISTANT_MS_PER_TOKEN = 50
_CHARACTERS_PER_TOKEN = 4
_CACHE_BLOCK = 64


@dataclass
class Meter:
    """Remembers what the last response already sent, which is what can be cached now."""

    _instructions: str = ""
    _text: int = 0
    _audio: int = 0

    def usage(self, instructions: str, context: Iterable[Item], output: Iterable[Item]) -> dict[str, Any]:
        text = text_tokens(instructions)
        audio = 0
        for item in context:
            item_text, item_audio = _input_tokens(item)
            text, audio = text + item_text, audio + item_audio
        same = instructions == self._instructions
        cached_text = min(text, self._text) // _CACHE_BLOCK * _CACHE_BLOCK if same else 0
        cached_audio = min(audio, self._audio) // _CACHE_BLOCK * _CACHE_BLOCK if same else 0
        self._instructions, self._text, self._audio = instructions, text, audio
        spoken = list(output)
        out_audio = sum(item.audio_ms // ASSISTANT_MS_PER_TOKEN for item in spoken)
        out_text = sum(text_tokens(item.words + item.arguments) for item in spoken)
        return {
            "total_tokens": text + audio + out_audio + out_text,
            "input_tokens": text + audio,
            "output_tokens": out_audio + out_text,
            "input_token_details": {
                "text_tokens": text,
                "audio_tokens": audio,
                "image_tokens": 0,
                "cached_tokens": cached_text + cached_audio,
                "cached_tokens_details": {"text_tokens": cached_text, "audio_tokens": cached_audio, "image_tokens": 0},
            },
            "output_token_details": {"text_tokens": out_text, "audio_tokens": out_audio},
        }


def transcription_usage(audio_ms: int, transcript: str) -> dict[str, Any]:
    audio, text = audio_ms // USER_MS_PER_TOKEN, text_tokens(transcript)
    return {
        "type": "tokens",
        "total_tokens": audio + text,
        "input_tokens": audio,
        "input_token_details": {"text_tokens": 0, "audio_tokens": audio},
        "output_tokens": text,
    }


def text_tokens(text: str) -> int:
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def _input_tokens(item: Item) -> tuple[int, int]:
    """What an item costs when it is sent again as context: (text, audio)."""
    if item.audio_bytes:
        heard = item.audio_ms if item.heard_ms is None else item.heard_ms
        per_token = USER_MS_PER_TOKEN if item.role == "user" else ASSISTANT_MS_PER_TOKEN
        return 0, heard // per_token
    return text_tokens(item.words + item.arguments + item.output), 0
