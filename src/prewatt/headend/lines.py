"""The lines of meters that are in trouble as a whole, as a gateway reports them in each status and as they are stored. Logic
without I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from ..wire.messages import LineStatus, Status

Line = dict[str, Any]
"""A line in trouble as it is stored: the fields of `wire.messages.LineStatus`, and `since`, the instant (µs) of the
first report.
"""


def lines_after(before: Sequence[Line], status: Status, now: int) -> list[Line]:
    """Return the lines in trouble after a status that came at `now`. `before`: the lines in trouble before it."""
    since = {line["name"]: line["since"] for line in before}
    return [
        {**structs.asdict(line), "meters": list(line.meters), "since": since.get(line.name, now)}
        for line in told_lines(status)
    ]


def told_lines(status: Status) -> tuple[LineStatus, ...]:
    """Return the lines in trouble that a status names."""
    return status.lines if isinstance(status.lines, tuple) else ()
