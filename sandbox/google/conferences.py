"""Meet links: a `createRequest` becomes conference data once; its `requestId` is an idempotency key."""

import hashlib
from typing import Any

from sandbox.google.problems import invalid

_SOLUTION = {"key": {"type": "hangoutsMeet"}, "name": "Google Meet", "iconUri": "https://example.com/meet.png"}


def created(request: Any, held: dict[str, Any] | None, outcome: str) -> dict[str, Any]:
    """Conference data for a create request; the same `requestId` as before changes nothing."""
    request_id = request.get("requestId") if isinstance(request, dict) else None
    if not request_id or not isinstance(request_id, str):
        raise invalid("Missing conference request id.", "conferenceData.createRequest.requestId")
    kind = (request.get("conferenceSolutionKey") or {}).get("type", "hangoutsMeet")
    if kind != "hangoutsMeet":
        raise invalid("Invalid conference type value.")
    if held and held.get("createRequest", {}).get("requestId") == request_id:
        return held
    answered = {
        "requestId": request_id,
        "conferenceSolutionKey": {"type": kind},
        "status": {"statusCode": outcome},
    }
    return {"createRequest": answered} | (_entry(request_id) if outcome == "success" else {})


def link(data: dict[str, Any]) -> str | None:
    points = data.get("entryPoints") or [{}]
    uri: str | None = points[0].get("uri")
    return uri


def _entry(request_id: str) -> dict[str, Any]:
    letters = hashlib.sha256(request_id.encode()).hexdigest().translate(str.maketrans("0123456789", "ghijklmnop"))
    code = f"{letters[:3]}-{letters[3:7]}-{letters[7:10]}"
    uri = f"https://meet.google.com/{code}"
    return {
        "conferenceId": code,
        "conferenceSolution": _SOLUTION,
        "entryPoints": [{"entryPointType": "video", "uri": uri, "label": uri.removeprefix("https://")}],
        "signature": letters[:28],
    }
