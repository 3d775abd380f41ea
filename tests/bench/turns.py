"""`python -m tests.bench.turns DATABASE`: how long people waited for an answer, over all calls in a database (a demo's, say).

From the person's last sound to the first audio sent to the phone, with the share of each part. Budget: DESIGN section 6.
"""

import sys
from collections.abc import Sequence
from typing import Any

from sqlmodel import col, select

from campaign.database import Database
from campaign.records import Call
from qualify.latency import PARTS


def spread(values: Sequence[int]) -> str:
    ordered = sorted(values)
    if not ordered:
        return "none"
    half, most = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return f"p50 {half} ms, p95 {most} ms, max {ordered[-1]} ms (n={len(ordered)})"


def heard(latency: dict[str, Any]) -> list[int]:
    """Voice to voice, of turns whose every part is known."""
    return [sum(parts.values()) for parts in latency.get("parts", []) if "network" in parts]


def main(url: str) -> None:
    database = Database(url if "://" in url else f"sqlite:///{url}")
    with database.reading() as session:
        found = [call.latency for call in session.exec(select(Call).where(col(Call.ended_at).is_not(None)))]
    database.dispose()
    turns = [
        (ms, tools)
        for one in found
        for ms, tools in zip(one.get("turns", []), one.get("tools_in_turns", []), strict=True)
    ]
    print(f"person stops → agent's first audio   {spread([ms for ms, _ in turns])}")
    print(f"person stops → agent heard           {spread([ms for one in found for ms in heard(one)])}")
    for part in PARTS:
        print(
            f"  {part:<34} {spread([parts[part] for one in found for parts in one.get('parts', []) if part in parts])}"
        )
    print(f"  of turns without a tool            {spread([ms for ms, tools in turns if not tools])}")
    print(f"  of turns with tools                {spread([ms for ms, tools in turns if tools])}")
    print(f"  our tools' share of those          {spread([tools for _, tools in turns if tools])}")
    uses = [use for one in found for use in one.get("tools", [])]
    for name in sorted({use["name"] for use in uses}):
        print(f"{name:<36} {spread([use['ms'] for use in uses if use['name'] == name])}")
    print(
        f"hang-up after the goodbye            {spread([one['hang_up_ms'] for one in found if one.get('hang_up_ms')])}"
    )
    print(
        f"answered → greeting                  {spread([one['greeting_ms'] for one in found if one.get('greeting_ms')])}"
    )
    print(
        f"their greeting ends → ours           {spread([ms for one in found if (ms := one.get('greeting_after_ms'))])}"
    )
    print(
        f"calls within every budget            {sum(bool(one.get('within_budget')) for one in found)} of {len(found)}"
    )


if __name__ == "__main__":
    main(sys.argv[1])
