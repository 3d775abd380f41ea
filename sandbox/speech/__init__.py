"""Speech without accounts: committed telephone-quality clips, a library that says any text with them, and an ear.

`Library` turns text into G.711 μ-law, `Ear` turns that μ-law back into text by recognising the very bytes.
Who speaks what, and when, is left to the callers and to the stand-in model.
"""

from sandbox.speech.ear import Ear, Heard
from sandbox.speech.library import Library, Speech

__all__ = ["Ear", "Heard", "Library", "Speech"]
