"""The agent's voices, one for each language it speaks, and which of them has the words of a line."""

from functools import lru_cache

from sandbox.speech.library import Library

AGENTS = {"en": "ava", "es": "eva"}


@lru_cache(maxsize=2048)
def agent_voice(text: str, library: Library) -> str:
    """The voice with clips for most of the words; the first when none is better."""
    return min(AGENTS.values(), key=lambda voice: len(library.missing(text, voice)))
