"""`Retry-After` as every provider sends it to us: whole seconds. A date, nonsense or nothing is no answer."""


def seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdecimal() else None
