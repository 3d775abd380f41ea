"""`python -m sandbox.crm_sink --port N --secret whsec_…`"""

import os

from sandbox.crm_sink.app import build
from sandbox.crm_sink.signature import decode_secret
from sandbox.local.server import arguments, listen, serve

DEFAULT_SECRET = "whsec_c2FuZGJveC1jcm0tc2luay1zZWNyZXQtMDAwMQ=="  # noqa: S105 - public on purpose: a sandbox


def main() -> None:
    parser = arguments("crm_sink", "Receives signed webhooks (Standard Webhooks).")
    parser.add_argument(
        "--secret",
        action="append",
        help="whsec_…, repeatable (default: CRM_WEBHOOK_SECRET, else a fixed one)",
    )
    given = parser.parse_args()
    secrets = given.secret or [os.environ.get("CRM_WEBHOOK_SECRET") or DEFAULT_SECRET]
    try:
        keys = [decode_secret(secret) for secret in secrets]
    except ValueError as error:
        parser.error(str(error))
    serve(build(keys), listen(given.host, given.port))


if __name__ == "__main__":
    main()
