"""This module bounds how often a journal says the same, so that events that come and go without end do not fill the
flash. Logic without I/O.
"""

from __future__ import annotations

from ..kernel.units import HOUR

WITHIN = HOUR
MOST = 12
"""How often one kind of event is journalled within `WITHIN` (µs)."""


class Bounds:
    """The recent instants of each kind of event."""

    def __init__(self) -> None:
        self._said: dict[str, list[int]] = {}
        self._muted: set[str] = set()

    def allow(self, kind: str, now: int) -> bool:
        """Return whether an event of this kind may be journalled now. If so, it counts."""
        recent = [at for at in self._said.get(kind, []) if now - at < WITHIN]
        allowed = len(recent) < MOST
        if allowed:
            recent.append(now)
            self._muted.discard(kind)
        self._said[kind] = recent
        return allowed

    def mute(self, kind: str) -> bool:
        """Return whether the journal must say that this kind falls silent: once, until an event of the kind is allowed
        again.
        """
        is_muted = kind in self._muted
        self._muted.add(kind)
        return not is_muted

    def clock_set(self, by: int) -> None:
        """Shift the stored instants by `by` µs, because the time was set."""
        self._said = {kind: [at + by for at in instants] for kind, instants in self._said.items()}
