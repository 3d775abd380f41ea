"""`POST /v1/responses` and `/v1/chat/completions`: text answers for the openai client, made by `summary.py`.

Wire shapes follow the SDK's types; streaming is refused in the API's words rather than imitated.
"""

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.realtime.summary import answer
from sandbox.realtime.usage import text_tokens


async def responses(request: Request) -> Response:
    body = await _body(request)
    if refusal := _refusal(request, body):
        return refusal
    source = _text_of(body.get("input", ""))
    wish = (body.get("text") or {}).get("format") or {}
    schema = wish.get("schema") if wish.get("type") == "json_schema" else None
    told = str(body.get("instructions") or "") + (" json" if wish.get("type") == "json_object" else "")
    text = answer(told, source, schema)
    number = f"{int(time.time() * 1000):x}"
    usage = _counts(told + source, text)
    return JSONResponse(
        {
            "id": f"resp_{number}",
            "object": "response",
            "created_at": int(time.time()),
            "status": "completed",
            "error": None,
            "incomplete_details": None,
            "instructions": body.get("instructions"),
            "metadata": body.get("metadata") or {},
            "model": body.get("model", "sandbox"),
            "output": [
                {
                    "id": f"msg_{number}",
                    "type": "message",
                    "role": "assistant",
                    "status": "completed",
                    "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}],
                }
            ],
            "parallel_tool_calls": True,
            "temperature": 1.0,
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "usage": {
                "input_tokens": usage[0],
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": usage[1],
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": sum(usage),
            },
        }
    )


async def chat_completions(request: Request) -> Response:
    body = await _body(request)
    if refusal := _refusal(request, body):
        return refusal
    messages = body.get("messages", [])
    told = " ".join(_text_of(m.get("content")) for m in messages if m.get("role") in ("system", "developer"))
    source = "\n".join(_text_of(m.get("content")) for m in messages if m.get("role") not in ("system", "developer"))
    wish = body.get("response_format") or {}
    schema = (wish.get("json_schema") or {}).get("schema")
    text = answer(told + (" json" if wish.get("type") == "json_object" else ""), source, schema)
    usage = _counts(told + source, text)
    return JSONResponse(
        {
            "id": f"chatcmpl-{int(time.time() * 1000):x}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": body.get("model", "sandbox"),
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "logprobs": None,
                    "message": {"role": "assistant", "content": text, "refusal": None},
                }
            ],
            "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)},
        }
    )


def is_key(authorization: str | None) -> bool:
    """Any non-empty bearer key but `sk-bad`."""
    scheme, _, key = (authorization or "").partition(" ")
    return scheme.lower() == "bearer" and bool(key.strip()) and key.strip() != "sk-bad"


def bad_key() -> Response:
    message = "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys."
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}
    return JSONResponse({"error": error}, status_code=401)


async def _body(request: Request) -> dict[str, Any]:
    """Empty when it is no JSON object, which `_refusal` then words."""
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _refusal(request: Request, body: dict[str, Any]) -> Response | None:
    if not is_key(request.headers.get("authorization")):
        return bad_key()
    if not body.get("model"):
        message = "We could not parse the JSON body of your request, or it names no model."
        error = {"message": message, "type": "invalid_request_error", "param": "model", "code": None}
        return JSONResponse({"error": error}, status_code=400)
    if body.get("stream"):
        message = "Streaming is not simulated by the sandbox."
        error = {"message": message, "type": "invalid_request_error", "param": "stream", "code": "unsupported_value"}
        return JSONResponse({"error": error}, status_code=400)
    return None


def _text_of(content: Any) -> str:
    """A string, or the text of message items and content parts however deep they are nested."""
    match content:
        case str():
            return content
        case list():
            return "\n".join(filter(None, (_text_of(each) for each in content)))
        case dict():
            return _text_of(content.get("text") or content.get("content") or "")
        case _:
            return ""


def _counts(given: str, made: str) -> tuple[int, int]:
    return text_tokens(given), text_tokens(made)


async def model(request: Request) -> Response:
    """`GET /v1/models/{model}`: every model one may name exists here."""
    if not is_key(request.headers.get("authorization")):
        return bad_key()
    name = request.path_params["model"]
    return JSONResponse({"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "sandbox"})
