"""Health, readiness, metrics, the reference page, and problems where no door is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from campaign.database import Database
from tests.webhooks.senders import signed


async def test_alive_and_ready_without_redis(web: httpx.AsyncClient) -> None:
    assert (await web.get("/healthz")).json() == {"status": "ok"}
    ready = await web.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "degraded", "database": "ok", "redis": "unset"})


async def test_ready_with_redis(web: httpx.AsyncClient, broker: str) -> None:
    assert (await web.get("/readyz")).json()["status"] == "ok"


def _take_database_away(app: FastAPI, directory: Path) -> None:
    app.state.ground.database.dispose()
    for file in directory.glob("firstring.db*"):
        file.unlink()
    (directory / "firstring.db").mkdir()


async def test_not_ready_without_a_database(web: httpx.AsyncClient, app: FastAPI, tmp_path: Path) -> None:
    _take_database_away(app, tmp_path)
    answer = await web.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    lead = await web.post("/leads/website", **signed(b"{}"))
    assert (lead.status_code, "retry-after" in lead.headers) == (503, True)


async def test_metrics_count_leads_and_requests(web: httpx.AsyncClient, lead: Callable[..., dict[str, Any]]) -> None:
    await web.post("/leads/website", **signed(json.dumps(lead()).encode()))
    await web.post("/leads/website", **signed(json.dumps(lead(consent=None)).encode()))
    await web.get("/leads/made-up-path-1/made-up-path-2")
    text = (await web.get("/metrics")).text
    assert 'firstring_leads{status="scheduled"} 1.0' in text
    assert 'firstring_leads{status="blocked"} 1.0' in text
    assert "firstring_leads_due 1.0" in text
    assert 'firstring_request_seconds_count{method="POST",route="/leads/{source}",status="202"} 2.0' in text
    assert "made-up" not in text


async def test_the_reference_page_lists_every_operation_and_loads_nothing_from_elsewhere(
    web: httpx.AsyncClient,
) -> None:
    page = await web.get("/docs")
    described = (await web.get("/openapi.json")).json()
    assert all(f"<code>{path}</code>" in page.text for path in described["paths"])
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/leads", 405), ("GET", "/static/x", 404)]
)
async def test_whatever_is_wrong_is_a_problem(web: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await web.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


async def test_a_bug_is_a_bare_500(app: FastAPI, web: httpx.AsyncClient, database: Database, capsys: Any) -> None:
    @app.get("/bug")
    async def bug() -> None:
        raise ValueError("dana.reed@example.com has +12125550101")

    answer = await web.get("/bug")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "dana" not in answer.text
    assert "dana" not in capsys.readouterr().err
