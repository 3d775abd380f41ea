"""HubSpot's CRM API as a local server: objects, batches, search, associations v4 and properties, v3 and dated paths.

Knobs beside the common ones (`sandbox/local/faults.py`):

    rate_limit      {policy: "SECONDLY" | "DAILY", times: n}: the next n requests answer 429 with that `policyName`
    burst           n requests per 10 seconds before 429 SECONDLY (190, as for a private app on a paid plan)
    search_lag_ms   how long search lags behind writes (500): search-then-create makes duplicates, as in real life
    missing_scopes  true: every request answers 403 MISSING_SCOPES

Known gaps: objects other than contacts, calls, notes and tasks; labels of associations; merges; owners; lists.
"""

from typing import Any

DEFAULT_KNOBS: dict[str, Any] = {"rate_limit": None, "burst": 190, "search_lag_ms": 500, "missing_scopes": False}
