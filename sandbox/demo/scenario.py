"""The demo's script as data: who submits the form, how, and how it must end."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Part:
    """One submission. `repeats` names the index of an earlier one that is sent again word for word."""

    who: str
    story: str
    source: str
    status: str
    calls: int
    phone: str = ""
    zone: str = ""
    country: str = ""
    reason: str = ""
    form: bool = False
    repeats: int | None = None
    consent: dict[str, Any] = field(default_factory=dict)
    language: str = ""
    """What the form's language field says, where it has one."""

    def payload(self, index: int, run: str) -> dict[str, Any]:
        """The lead as the form sends it."""
        return {
            "external_id": f"demo-{run}-{index}",
            "first_name": self.who,
            "email": f"{self.who.lower()}.{index}@example.com",
            "phone": self.phone,
            "country": self.country or "US",
            "timezone": self.zone,
            "consent": self.consent,
            **({"language": self.language} if self.language else {}),
        }


def load() -> list[Part]:
    document = yaml.safe_load((HERE / "scenario.yaml").read_text(encoding="utf-8"))
    return [Part(**lead) for lead in document["leads"]]
