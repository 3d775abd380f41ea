"""The OpenAPI description is true: schemathesis makes requests from it and holds every answer against it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from sqlmodel import SQLModel
from starlette.testclient import TestClient

from campaign import clock, store
from campaign.database import Database
from campaign.file import parse
from campaign.settings import Settings
from tests.webhooks.conftest import CAMPAIGN
from tests.webhooks.senders import API_TOKEN, fixture, signed
from webhooks.http_app import create_app

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
    unsupported_method,
)


@pytest.fixture
def described(tmp_path: Path) -> Iterator[Any]:
    made = Settings(
        _env_file=None,
        database_url=f"sqlite:///{tmp_path}/firstring.db",
        var_dir=tmp_path,
        redis_url=None,
        secret_key="a key of the tests",
        api_token=API_TOKEN,
    )
    database = Database(made.database_url)
    SQLModel.metadata.create_all(database.engine)
    with database.transaction() as session:
        store.apply(session, parse(CAMPAIGN), CAMPAIGN, by="tests", now=clock.now())
    app: FastAPI = create_app(made)
    with TestClient(app, raise_server_exceptions=False):
        yield schemathesis.openapi.from_asgi("/openapi.json", app)
    database.dispose()


def test_every_answer_is_as_described(described: Any) -> None:
    with TestClient(described.app) as client:
        lead_id = client.post("/leads/website", **signed(json.dumps(fixture("standard", "complete")).encode())).json()[
            "lead_id"
        ]
    tried = [operation.ok() for operation in described.get_all_operations()]
    for operation in tried:

        @given(case=operation.as_strategy())
        @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def holds(case: schemathesis.Case) -> None:
            if case.operation.definition.raw.get("security"):
                case.headers = {**(case.headers or {}), "Authorization": f"Bearer {API_TOKEN}"}
            case.call_and_validate(checks=list(CHECKS))
            if "lead_id" in case.path_parameters:
                case.path_parameters["lead_id"] = lead_id
            if "source" in case.path_parameters:
                case.path_parameters["source"] = "website"
            case.call_and_validate(checks=list(CHECKS))

        holds()
    assert len(tried) >= 8
