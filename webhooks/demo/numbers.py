"""The simulated callers one can try on the demo form: number, name, and what they do. The sandbox holds the personas."""

Row = tuple[str, str, str]

US: tuple[Row, ...] = (
    ("+1 212 555 0101", "Maria", "talks, qualifies and books"),
    ("+1 212 555 0102", "James", "interrupts a lot, then books"),
    ("+1 212 555 0103", "Linda", "is not interested"),
    ("+1 212 555 0104", "Robert", "asks for a person"),
    ("+1 212 555 0105", "Susan", "has voicemail on"),
    ("+1 212 555 0106", "David", "is busy, then answers and books"),
    ("+1 212 555 0109", "Nancy", "says stop"),
    ("+1 212 555 0110", "Paul", "asks to be called back"),
    ("+1 212 555 0111", "Laura", "rents her home, so not a fit"),
    ("+1 212 555 0115", "Emma", "asks whether it is a robot, then books"),
    ("+1 212 555 0116", "Frank", "changes the time, then books"),
)
AU: tuple[Row, ...] = (
    ("0491 570 156", "Olivia", "talks and books"),
    ("0491 570 158", "Jack", "interrupts a lot, then books"),
    ("0491 570 159", "Liam", "is not interested"),
    ("0491 570 157", "Grace", "asks to be called back"),
)


def of(countries: list[str] | tuple[str, ...]) -> list[Row]:
    return [row for country, rows in (("US", US), ("AU", AU)) if country in countries for row in rows]
