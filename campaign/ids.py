"""Identifiers: time-ordered (UUIDv7 layout, RFC 9562), prefixed with what they name, safe in paths and file names."""

import os
import time


def new(prefix: str) -> str:
    """`lead_0199…`: 48 bits of milliseconds, then 80 random bits, as 32 hex digits behind the prefix."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"
