"""`/docs`: the API's operations as one page of our own, rendered from `/openapi.json`; nothing comes from elsewhere."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from webhooks import pages

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    description = request.app.openapi()
    return pages.page(request, "docs.html", title=description["info"]["title"], operations=operations(description))


def operations(description: dict[str, Any]) -> list[dict[str, Any]]:
    """Flattened for the page: method, path, words, parameters, request and answer kinds."""
    schemas = description.get("components", {}).get("schemas", {})
    return [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("description") or operation.get("summary", ""),
            "secured": bool(operation.get("security")),
            "parameters": operation.get("parameters", []),
            "body": _fields(operation.get("requestBody", {}), schemas),
            "kinds": list(operation.get("requestBody", {}).get("content", {})),
            "answers": [(status, answer["description"]) for status, answer in operation["responses"].items()],
            "result": _fields(operation["responses"].get("200") or operation["responses"].get("202") or {}, schemas),
        }
        for path, methods in sorted(description["paths"].items(), key=_rank)
        for method, operation in methods.items()
    ]


def _rank(entry: tuple[str, Any]) -> tuple[bool, bool, str]:
    """The door for leads first, then what one asks about leads, then operations."""
    path = entry[0]
    return (path != "/leads/{source}", not path.startswith("/leads"), path)


def _fields(holder: dict[str, Any], schemas: dict[str, Any]) -> list[tuple[str, str, str]]:
    """`(name, type, words)` of the first JSON schema in a body or an answer."""
    schema = holder.get("content", {}).get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    return [(name, _type(field), field.get("description", "")) for name, field in schema.get("properties", {}).items()]


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[1]
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(one) for one in field["anyOf"]))
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    return str(field.get("format") or field.get("type") or "anything")
