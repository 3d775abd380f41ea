"""Guards over the source: what must stand nowhere in it."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("campaign", "calendar_sync", "crm_sync", "dialer", "qualify", "prompts", "webhooks", "sandbox")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def test_reliability_11_no_eta_or_countdown_in_the_product() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\b(countdown|eta)=|task_always_eager", line)
    ]
    assert found == []


def test_reliability_19_no_async_celery_tasks() -> None:
    tasks = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AsyncFunctionDef) and any("task" in ast.unparse(mark) for mark in node.decorator_list)
    ]
    assert tasks == []


def test_only_the_clock_module_reads_the_clock() -> None:
    allowed = {"campaign/clock.py", "campaign/ids.py"}
    reading = re.compile(r"datetime\.now\(|datetime\.utcnow\(|time\.time\(\)|date\.today\(")
    found = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.parts[len(ROOT.parts)] != "sandbox"
        and str(path.relative_to(ROOT)) not in allowed
        and reading.search(path.read_text())
    ]
    assert found == ["webhooks/commands/demo.py"], (
        "the demo chooses the offset itself, before there is a business clock"
    )


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.read_text().strip()
        and ast.get_docstring(ast.parse(path.read_text())) is None
        and "migrations/versions" not in str(path)
    ]
    assert silent == []


def tracked() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.decode().split("\0"):
        if (
            name
            and (ROOT / name).suffix in {".py", ".md", ".yaml", ".toml", ".txt", ".html", ""}
            and (ROOT / name).is_file()
        ):
            yield ROOT / name


def test_nothing_names_a_machine_or_a_package_host() -> None:
    machine = re.compile(
        r"(^|[^A-Za-z0-9_./-])/(wo"
        + r"rk|fa"
        + r"rm)/|files\.python"
        + r"hosted|py"
        + r"pi\.org|registry\.npm"
        + r"js",
        re.MULTILINE,
    )
    found = [str(path.relative_to(ROOT)) for path in tracked() if machine.search(path.read_text(errors="replace"))]
    assert found == []


def test_reliability_12_jobs_carry_one_id_and_nothing_else() -> None:
    """Reliability rule 12: a message names a row; whatever else it could carry would be stale when it arrives."""
    tree = ast.parse((ROOT / "dialer/worker.py").read_text("utf-8"))
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    [jobs] = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "JOBS"
    ]
    assert isinstance(jobs, ast.Dict)
    for job in map(ast.unparse, jobs.values):
        kinds = [ast.unparse(argument.annotation) for argument in functions[job].args.args if argument.annotation]
        assert kinds in ([], ["str"]), job


def test_reliability_20_workers_in_tests_are_real() -> None:
    """Reliability rule 20: eager mode runs jobs at once, swallows errors and never touches a broker."""
    word = "task_always_" + "eager"
    others = [path for path in ROOT.rglob("*.py") if ".venv" not in path.parts and path != Path(__file__)]
    assert [path.name for path in others if word in path.read_text("utf-8")] == []
