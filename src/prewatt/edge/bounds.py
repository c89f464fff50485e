"""How often a journal says the same: what comes and goes without end does not fill the flash. Logic without I/O."""

from __future__ import annotations

from ..kernel.units import HOUR

WITHIN = HOUR
MOST = 12
"""Times that one kind of thing is journalled within that time."""


class Bounds:
    """When each kind of thing was journalled lately."""

    def __init__(self) -> None:
        self._said: dict[str, list[int]] = {}
        self._muted: set[str] = set()

    def allow(self, kind: str, now: int) -> bool:
        """Whether a thing of this kind may be journalled now; if so, it counts."""
        said = [at for at in self._said.get(kind, []) if now - at < WITHIN]
        allowed = len(said) < MOST
        if allowed:
            said.append(now)
            self._muted.discard(kind)
        self._said[kind] = said
        return allowed

    def mute(self, kind: str) -> bool:
        """A thing of this kind was not allowed: whether that is to be told, once until one is allowed again."""
        told = kind in self._muted
        self._muted.add(kind)
        return not told

    def clock_set(self, by: int) -> None:
        """The time was set by so many µs."""
        self._said = {kind: [at + by for at in said] for kind, said in self._said.items()}
