"""Is this request Twilio's? The SDK's validator, wrapped so that no input of a stranger's can make it raise.

The signed address is our configured public one plus the raw path and raw query as they arrived: forwarded headers are
nobody's word, and decoding the query would change what was signed. Repeated and blank parameters count.
"""

from collections.abc import Iterator
from urllib.parse import parse_qsl

from starlette.requests import Request
from twilio.request_validator import RequestValidator

from campaign.settings import Settings
from webhooks import bodies
from webhooks.problems import Problem

LARGEST = 256 * 1024


class Params:
    """Form parameters with repeats, in the shape the SDK's validator asks for."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs

    def __iter__(self) -> Iterator[str]:
        return iter({name for name, _ in self.pairs})

    def __len__(self) -> int:
        return len(self.pairs)

    def getall(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]


async def params(request: Request, settings: Settings) -> dict[str, str]:
    """The parameters of a request proved to be our Twilio account's, last value of a repeat; else a 403 `Problem`."""
    body = await bodies.read(request, LARGEST)
    refused = Problem(403, "not_twilio", "The signature does not prove that Twilio sent this.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
        signature = request.headers.get("x-twilio-signature", "")
        url = signed_url(request, settings)
        proved = any(
            RequestValidator(token).validate(url, Params(pairs), signature) for token in settings.signing_tokens
        )
    except (ValueError, TypeError) as error:
        raise refused from error
    given = dict(pairs)
    if not proved or given.get("AccountSid") != settings.twilio_account_sid:
        raise refused
    return given


def signed_url(request: Request, settings: Settings) -> str:
    raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    path = raw_path.partition(b"?")[0] + (b"?" + query if query else b"")
    return settings.public_base + path.decode("ascii")
