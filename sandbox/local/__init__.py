"""What the plain HTTP servers of the sandbox share: a loopback front, faults on demand, the sandbox's clock.

It knows no vendor. Each server brings its own routes and its own words for errors.
"""
