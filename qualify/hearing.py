"""How the person's turns are detected: plain numbers, as the server's voice activity detection takes them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hearing:
    threshold: float = 0.6
    """0 to 1; higher for a noisy line."""
    prefix_ms: int = 300
    """Sound kept from before speech was noticed."""
    silence_ms: int = 450
    """The silence that ends a turn."""


USUAL = Hearing()
