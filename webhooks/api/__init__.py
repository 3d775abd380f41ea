"""The JSON API: what became of a lead and why, for people and programs holding the bearer token."""
