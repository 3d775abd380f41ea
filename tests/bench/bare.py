"""The yardstick: a FastAPI route that parses the same JSON and inserts one row. No signature, no consent, no gate, no dedupe."""

import os
import time
import uuid
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from pydantic import BaseModel
from sqlmodel import Field, SQLModel
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from campaign.database import Database


class Form(BaseModel):
    external_id: str
    first_name: str
    email: str
    phone: str
    country: str
    timezone: str
    answers: dict[str, Any]
    consent: dict[str, Any]


class BareLead(SQLModel, table=True):
    id: str = Field(primary_key=True)
    external_id: str
    first_name: str
    email: str
    phone: str


class Timed:
    def __init__(self, app: ASGIApp) -> None:
        self.app, self.registry = app, CollectorRegistry()
        self.seconds = Histogram("bare_request_seconds", "Seconds", ["route", "status"], registry=self.registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == "/metrics":
            await Response(generate_latest(self.registry))(scope, receive, send)
            return
        began = time.perf_counter()
        await self.app(scope, receive, send)
        if scope["type"] == "http":
            self.seconds.labels("/leads/{source}", "202").observe(time.perf_counter() - began)


database = Database(os.environ["BARE_DATABASE_URL"], pool_size=20)
SQLModel.metadata.create_all(database.engine, tables=[SQLModel.metadata.tables["barelead"]])
inner = FastAPI()
app = Timed(inner)


@inner.post("/leads/{source}", status_code=202)
def receive(source: str, form: Form) -> dict[str, str]:
    row = BareLead(id=uuid.uuid4().hex, **form.model_dump(include={"external_id", "first_name", "email", "phone"}))
    with database.transaction() as session:
        session.add(row)
    return {"lead_id": row.id, "source": source}
