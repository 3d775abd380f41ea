"""`python -m sandbox.hubspot --port N`"""

import os

from sandbox.hubspot.app import build
from sandbox.local.server import arguments, listen, serve


def main() -> None:
    parser = arguments("hubspot", "HubSpot's CRM API, in memory.")
    parser.add_argument(
        "--token", default=os.environ.get("HUBSPOT_ACCESS_TOKEN") or "pat-sandbox", help="the private app token"
    )
    given = parser.parse_args()
    serve(build(given.token), listen(given.host, given.port))


if __name__ == "__main__":
    main()
