"""One sandbox Google for the whole run, emptied before each test, and the real client library pointed at it.

`execute` runs a request of google-api-python-client and holds the raw answer to the discovery document's schema.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.oauth2 import service_account
from googleapiclient import discovery, discovery_cache
from googleapiclient.errors import HttpError

from sandbox.local.running import running

SCOPES = ["https://www.googleapis.com/auth/calendar"]
DOCUMENT = json.loads(
    (Path(discovery_cache.__file__).parent / "documents" / "calendar.v3.json").read_text(encoding="utf-8")
)


@pytest.fixture(scope="session")
def credentials_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("google") / "credentials.json"


@pytest.fixture(scope="session")
def google_process(credentials_file: Path) -> Iterator[str]:
    with running("google", "--empty", "--write-credentials", str(credentials_file)) as url:
        yield url


@pytest.fixture
def google(google_process: str) -> Iterator[httpx.Client]:
    """The backstage doors, on a server just reset."""
    with httpx.Client(base_url=google_process, trust_env=False, timeout=10) as client:
        client.post("/_sandbox/reset").raise_for_status()
        yield client


@pytest.fixture
def calendar(google: httpx.Client, credentials_file: Path) -> Any:
    return client_for(google, credentials_file)


def client_for(google: httpx.Client, credentials_file: Path, subject: str | None = None, scopes: Any = None) -> Any:
    held = service_account.Credentials.from_service_account_file(str(credentials_file), scopes=scopes or SCOPES)
    endpoint = f"{str(google.base_url).rstrip('/')}/calendar/v3/"
    return discovery.build(
        "calendar",
        "v3",
        credentials=held.with_subject(subject) if subject else held,
        client_options={"api_endpoint": endpoint},
        static_discovery=True,
    )


@pytest.fixture
def as_person(google: httpx.Client, credentials_file: Path) -> Callable[[str], Any]:
    """The client library, impersonating somebody."""
    return lambda subject: client_for(google, credentials_file, subject)


def execute(request: Any) -> Any:
    """Run a request; its successful answer must fit the discovery schema of its method."""
    parsed = request.postproc

    def held_to_schema(response: Any, content: bytes) -> Any:
        schema = _response_schema(request.methodId)
        if schema and response.status == 200:
            found = list(violations(json.loads(content), {"$ref": schema}, schema))
            assert not found, found
        return parsed(response, content)

    request.postproc = held_to_schema
    return request.execute()


def _response_schema(method_id: str) -> str | None:
    node = DOCUMENT
    *resources, method = method_id.split(".")[1:]
    for name in resources:
        node = node["resources"][name]
    found: str | None = node["methods"][method].get("response", {}).get("$ref")
    return found


_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}


def violations(value: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
    """Every place where a value differs from its discovery schema: unknown fields, wrong types, wrong formats."""
    if "$ref" in schema:
        schema = DOCUMENT["schemas"][schema["$ref"]]
    kind = schema.get("type", "object")
    if (kind != "any" and not isinstance(value, _TYPES[kind])) or (isinstance(value, bool) and kind == "integer"):
        yield f"{where}: {value!r} is not {kind}"
    elif kind == "array":
        for at, item in enumerate(value):
            yield from violations(item, schema["items"], f"{where}[{at}]")
    elif kind == "object":
        yield from _of_object(value, schema, where)
    elif kind == "string":
        yield from _of_string(value, schema, where)


def _of_object(value: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[str]:
    known, rest = schema.get("properties", {}), schema.get("additionalProperties")
    for name, item in value.items():
        inner = known.get(name, rest)
        if inner is None:
            yield f"{where}.{name}: not in the discovery document"
        else:
            yield from violations(item, inner, f"{where}.{name}")


def _of_string(value: str, schema: dict[str, Any], where: str) -> Iterator[str]:
    shape = schema.get("format")
    if shape == "date-time" and datetime.fromisoformat(value).tzinfo is None:
        yield f"{where}: {value!r} has no offset"
    if shape == "date" and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        yield f"{where}: {value!r} is no date"
    if shape == "int64" and not re.fullmatch(r"-?\d+", value):
        yield f"{where}: {value!r} is no int64"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"


@pytest.fixture(name="execute")
def execute_fixture() -> Callable[[Any], Any]:
    return execute


@pytest.fixture
def refusal() -> Callable[[Any], tuple[int, str]]:
    """Runs a request that must be refused; answers status and reason."""

    def refused(request: Any) -> tuple[int, str]:
        with pytest.raises(HttpError) as caught:
            execute(request)
        return caught.value.status_code, caught.value.error_details[0]["reason"]

    return refused
