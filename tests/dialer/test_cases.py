"""`firstring rules cases`: the shared cases where they are at hand, and cases of our own beside them."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.dialer.shared import shared
from webhooks.commands import cases

OWN = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))


def failures(document: dict[str, Any]) -> list[Any]:
    """What came out otherwise than the document expects."""
    faults: list[str] = []
    found = {answer["id"]: answer for answer in cases.answers(document, faults.append)}
    wrong: list[Any] = list(faults)
    for case in document["cases"]:
        if found.pop(case["id"]) != {"id": case["id"], **case["expected"]}:
            wrong.append(case["id"])
    for case in document["windows"]:
        start, end = case["expected"] or (None, None)
        if found.pop(case["id"]) != {"id": case["id"], "start": start, "end": end}:
            wrong.append(case["id"])
    for case in document["resolve"]:
        if groups(found.pop(case["id"])["resolved"]) != groups(case["expect"]):
            wrong.append(case["id"])
    return wrong + list(found)


def groups(text: str) -> Any:
    """Order does not matter, and a zone may be written by its last part."""
    if text.startswith("reject:"):
        return text
    pairs = (group.split(" x ") for group in text.split("; "))
    return {name: {zone.rpartition("/")[2] for zone in zones.split(",")} for name, zones in pairs}


def test_our_own_cases() -> None:
    assert failures(OWN) == []


def test_the_shared_cases() -> None:
    """compliance.md, section 9: C01-C59, W1-W7, R01-R17."""
    assert failures(shared("hours_cases.json")) == []


def test_the_command_prints_one_object_a_line_in_a_fresh_process(tmp_path: Path) -> None:
    """With whatever zone files the system has: British Columbia keeps its clock in the winter of 2026."""
    file = tmp_path / "cases.json"
    broken = copy.deepcopy(OWN)
    broken["cases"].append({"id": "X1", "now_utc": "2026-11-23T12:59:00", "candidates": []})
    broken["cases"].append({"id": "X2", "now_utc": "2026-11-23T12:59:00Z", "candidates": [["US-QQ", ["Asia/Tokyo"]]]})
    file.write_text(json.dumps(broken))
    said = subprocess.run(
        [sys.executable, "-m", "webhooks.cli", "rules", "cases", str(file)], capture_output=True, text=True, check=False
    )
    answers = [json.loads(line) for line in said.stdout.splitlines()]
    assert len(answers) == sum(len(OWN[kind]) for kind in ("cases", "windows", "resolve"))
    assert {"id": "vancouver", "next_utc": "2026-11-23T16:00:00Z", "reason": "ok"} in answers
    assert said.returncode == 1
    assert [line.partition(": ")[2].partition("case ")[2][:2] for line in said.stderr.splitlines()] == ["X1", "X2"]


@pytest.mark.parametrize(
    "text", ["[1]", '{"rules": {"US": {}}, "cases": []}', '{"rules": {"US": {"windows": {"1": [["x", "y"]]}}}}']
)
def test_a_file_that_is_none_is_refused_in_a_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(text)
    said = subprocess.run(
        [sys.executable, "-m", "webhooks.cli", "rules", "cases", str(file)], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.count("\n") == 1
