"""The garbage collector in a process that lives long."""

import gc


def settle() -> None:
    """What was loaded at start is never garbage: look through it no more, and through the rest seldom. (Measured: a quarter of
    the web process in a rush went into looking through the libraries, a tenth of a second at a time.)"""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
