"""Files that lie beside some checkouts and are no part of the project: found by walking up, else the test skips."""

import json
from pathlib import Path
from typing import Any

import pytest


def shared(name: str) -> Any:
    """The JSON of `shared/data/NAME` above this checkout; skips with a reason where there is none."""
    found = (parent / "shared" / "data" / name for parent in Path(__file__).parents)
    path = next((path for path in found if path.exists()), None)
    if path is None:
        pytest.skip(f"no shared/data/{name} above this checkout")
    return json.loads(path.read_text(encoding="utf-8"))
