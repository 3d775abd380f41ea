"""The carrier's doors: every message is proved to be Twilio's before anything else looks at it."""
