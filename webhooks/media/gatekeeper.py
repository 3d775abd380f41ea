"""Who gets past the media door: health checks, and streams that Twilio signed for a path of ours. Decides before accepting.

The signature covers the address exactly as the TwiML named it, `wss://…/media/{attempt}`. (twilio.md R52)
"""

import re
from http import HTTPStatus

from twilio.request_validator import RequestValidator

from campaign.settings import Settings

_PATH = re.compile(r"/media/([A-Za-z0-9_-]{1,80})")


def attempt_of(path: str) -> str | None:
    """The attempt in a media path; query strings are not ours."""
    found = _PATH.fullmatch(path)
    return found[1] if found else None


def refusal(path: str, signature: str | None, settings: Settings) -> HTTPStatus | None:
    """Why this upgrade is refused, or None to let it in."""
    if attempt_of(path) is None:
        return HTTPStatus.NOT_FOUND
    if not signature:
        return HTTPStatus.FORBIDDEN
    address = settings.media_base + path
    genuine = any(RequestValidator(token).validate(address, {}, signature) for token in settings.signing_tokens)
    return None if genuine else HTTPStatus.FORBIDDEN
