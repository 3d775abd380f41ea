"""A local Twilio Voice: REST, signed webhooks, TwiML and Media Streams, answered by simulated people.

Everything on the wire is as Twilio documents it; only the telephone network behind it is acted. It runs alone
(`python -m sandbox.twilio --port 0`), keeps its state in memory, and knows nothing of the product.
"""
