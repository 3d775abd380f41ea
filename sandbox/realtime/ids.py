"""Names as the API makes them: a prefix and 21 base62 characters, drawn from the session's own seeded generator."""

import random
import string

_BASE62 = string.ascii_letters + string.digits


class Ids:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def _draw(self, prefix: str, length: int = 21) -> str:
        return prefix + "".join(self._rng.choices(_BASE62, k=length))

    def event(self) -> str:
        return self._draw("event_")

    def item(self) -> str:
        return self._draw("item_")

    def response(self) -> str:
        return self._draw("resp_")

    def conversation(self) -> str:
        return self._draw("conv_")

    def session(self) -> str:
        return self._draw("sess_")

    def call(self) -> str:
        return self._draw("call_", 16)
