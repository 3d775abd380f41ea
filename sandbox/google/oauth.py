"""`POST /token`: the JWT bearer grant of service accounts and the refresh grant of people."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.google.problems import TokenProblem
from sandbox.google.tokens import Identity, Tokens
from sandbox.local.faults import Faults


def token_route(tokens: Tokens, faults: Faults, origin: str) -> Route:
    async def answer(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        try:
            identity = _identity(tokens, form, f"{origin}/token", faults.knobs["delegation"] != "denied")
        except TokenProblem as problem:
            return JSONResponse(problem.body(), status_code=problem.status)
        return JSONResponse(tokens.issue(identity, int(faults.knobs["token_ttl_s"])))

    return Route("/token", answer, methods=["POST"])


def _identity(tokens: Tokens, form: dict[str, str], token_uri: str, delegation: bool) -> Identity:
    match form.get("grant_type"):
        case "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return tokens.by_assertion(form.get("assertion", ""), token_uri, delegation)
        case "refresh_token":
            return tokens.by_refresh(
                form.get("refresh_token", ""), form.get("client_id", ""), form.get("client_secret", "")
            )
        case other:
            raise TokenProblem(400, "unsupported_grant_type", f"Invalid grant_type: {other}")
