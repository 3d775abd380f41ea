"""A receiver of the generic signed webhook (Standard Webhooks), as a customer's own CRM bridge would run it.

Knobs beside the common ones (`sandbox/local/faults.py`): `gone` (true: answer 410 to everything until cleared).
`errors` answers any status (500, 410 with `retry_after`), `stall` makes the sender time out.
"""
