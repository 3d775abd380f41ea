"""Reads a request body whole and raw, up to a limit, before anybody parses it: signatures cover bytes, not fields."""

from starlette.requests import Request

from webhooks.problems import Problem

MIB = 1024 * 1024
DRAINED = 16 * MIB
"""How much of a too large body is read and dropped, so that the sender gets to read the answer instead of a reset."""


async def read(request: Request, limit: int = MIB) -> bytes:
    """The body, or a 413 `Problem`; counts what arrives, so a chunked body cannot lie about its size."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        elif size > DRAINED:
            break
    if size > limit:
        raise Problem(413, "too_large", f"The body is larger than {limit} bytes.", headers={"Connection": "close"})
    return b"".join(chunks)
