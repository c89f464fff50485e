"""Whether a meter's own clock is right. Nothing is charged by it, only by the gateway's time. But by a wrong clock a
meter may refuse orders, and count for another rate. Logic without I/O.
"""

from __future__ import annotations

from ..kernel.units import MINUTE

WRONG = 10 * MINUTE
"""People are told of a meter's clock that is wrong by this much (µs)."""


class ClockWatch:
    """The watch over one meter's clock. People are told once that it is wrong, until it was seen to be right."""

    def __init__(self) -> None:
        self._is_told = False

    def look(self, now: int, clock: int | None, fault: str) -> str | None:
        """Take up what a meter's clock shows at `now` (`clock`, µs; None: it was not read), or why it shows no time (`fault`).
        Returns what people must be told; None if they need not be.
        """
        if clock is None and not fault:
            return None
        wrong = fault or _wrong((clock or 0) - now)
        was_told, self._is_told = self._is_told, bool(wrong)
        return wrong if wrong and not was_told else None


def _wrong(off: int) -> str:
    """Return by how much a clock is wrong, in words; empty if it is right. `off`: µs by which it is ahead."""
    if abs(off) < WRONG:
        return ""
    return f"{abs(off) // MINUTE} minutes {'ahead' if off > 0 else 'behind'}"
