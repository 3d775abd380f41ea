"""Everything that goes wrong leaves as problem+json (RFC 9457), with a stable `code` and never our internals.

Trouble with the database is 503 with Retry-After, so that senders come back; a bug is a bare 500 whose details go to
the log only. No answer repeats what was sent, except the names of fields. A browser on one of our pages reads the same
as a page.
"""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from campaign.errors import Permanent
from webhooks import pages

log = structlog.get_logger()
RETRY_AFTER_S = 5
Answer = TypeVar("Answer")


class Problem(Exception):
    """An answer that is not a success. `fields` names invalid fields: `{"field": …, "message": …}`."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        fields: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.fields, self.headers = status, code, detail, fields, headers


def respond(request: Request, problem: Problem) -> Response:
    """The problem as a page for a browser on our pages (or nowhere), as problem JSON for everybody else."""
    if problem.status >= 400 and _wants_a_page(request):
        shown = pages.page(
            request, "error.html", problem.status, title=HTTPStatus(problem.status).phrase, problem=problem
        )
        shown.headers.update(_headers(problem))
        return shown
    return answer(problem)


def _wants_a_page(request: Request) -> bool:
    ours = request.url.path.startswith(("/console", "/demo")) or request.scope.get("route") is None
    return ours and "text/html" in request.headers.get("accept", "")


def _headers(problem: Problem) -> dict[str, str]:
    headers = dict(problem.headers or {})
    if problem.status == 503:
        headers.setdefault("Retry-After", str(RETRY_AFTER_S))
    return headers


def answer(problem: Problem) -> JSONResponse:
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
    }
    if problem.fields:
        content["errors"] = [dict(field) for field in problem.fields]
    return JSONResponse(content, problem.status, _headers(problem), media_type="application/problem+json")


def refusing(work: Callable[[], Answer]) -> Answer:
    """Do it; what is refused for good, with a sentence of ours, leaves as 422."""
    try:
        return work()
    except Permanent as error:
        raise Problem(422, error.code, f"{str(error)[:1].upper()}{str(error)[1:]}.") from error


def unavailable() -> Problem:
    return Problem(503, "unavailable", "We cannot store this right now. Please try again shortly.")


def unexpected() -> Problem:
    return Problem(500, "internal", "Something went wrong on our side.")


def install(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(SQLAlchemyError, _database)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return respond(request, error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_")
    return respond(request, Problem(error.status_code, code, f"{phrase}.", headers=error.headers))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [
        {"field": ".".join(str(part) for part in fault["loc"][1:]), "message": fault["msg"]} for fault in error.errors()
    ]
    return respond(request, Problem(422, "invalid_request", "Some parameters are not valid.", fields=fields))


async def _database(request: Request, error: Exception) -> Response:
    """Everything the database says no to is trouble of ours: the sender keeps the message and comes back."""
    cause = type(error.orig).__name__ if isinstance(error, DBAPIError) else type(error).__name__
    passing = isinstance(error, DBAPIError | PoolTimeout)
    log.error("database trouble", error=cause, passing=passing)
    return respond(request, unavailable() if passing else unexpected())
