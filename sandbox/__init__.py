"""Twilio, Realtime, Google Calendar and CRM as local servers with faults; joined to the product by URL only.

Zones come from the pinned tzdata package here too, so that both sides agree on every clock.
"""

import zoneinfo

zoneinfo.reset_tzpath(to=())
