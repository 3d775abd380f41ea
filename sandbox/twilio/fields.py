"""The parameters of one request: form fields that may repeat (`StatusCallbackEvent`), order and blanks preserved."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fields:
    pairs: tuple[tuple[str, str], ...] = field(default=())

    def one(self, name: str, otherwise: str = "") -> str:
        """The last value given under this name; absent and blank are the same to Twilio."""
        return next((value for key, value in reversed(self.pairs) if key == name and value), otherwise)

    def every(self, name: str) -> tuple[str, ...]:
        """All values; one value may also hold several words separated by blanks, as TwiML attributes do."""
        return tuple(word for key, value in self.pairs if key == name for word in value.split())

    def flag(self, name: str) -> bool:
        return self.one(name).lower() == "true"

    def number(self, name: str, otherwise: int) -> int:
        text = self.one(name)
        return int(text) if text.lstrip("-").isdigit() else otherwise

    def __contains__(self, name: str) -> bool:
        return bool(self.one(name))

    def with_changes(self, other: Fields) -> Fields:
        """These fields with every name the other one speaks of replaced."""
        names = {key for key, _ in other.pairs}
        return Fields(tuple(pair for pair in self.pairs if pair[0] not in names) + other.pairs)

    def as_shown(self) -> dict[str, str | list[str]]:
        shown: dict[str, str | list[str]] = {}
        for key in dict.fromkeys(key for key, _ in self.pairs):
            values = [value for name, value in self.pairs if name == key]
            shown[key] = values[0] if len(values) == 1 else values
        return shown
