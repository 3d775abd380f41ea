"""The ground floor: what every other part speaks about. It imports nothing of ours from above it.

Importing it pins the time zone data, before any zone is read (`campaign/zones.py`).
"""

from campaign import zones

zones.pin()
