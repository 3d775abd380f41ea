"""A local OpenAI Realtime (GA) server: the real protocol over a real socket, with a scripted stand-in for the model.

`session.py` is the protocol core (client events in, server events out, no I/O, the clock is an argument),
`standin.py` plays the model by acting out a playbook, `app.py` and `socket.py` are the thin shell. Speech and
protocol are real, judgement is not.
"""
