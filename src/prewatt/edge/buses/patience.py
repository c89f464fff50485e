"""A meter that does not answer is asked less and less often, so that it does not slow the others on its bus."""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST = 2.0
"""Seconds of rest after the second failure in a row; each further one doubles them."""
LONGEST = 60.0
"""Seconds of rest at most, if a bus is not told otherwise."""


@dataclass
class _Silence:
    """How often a meter has failed to answer, and until when it is not asked."""

    failures: int = 0
    rests_until: float = 0.0


@dataclass
class Patience:
    """The silent meters of one bus, by name. Instants are seconds of the steady clock. `longest`: seconds of rest at most;
    0 for a bus on which a silent meter is asked as often as any.
    """

    longest: float = LONGEST
    _silences: dict[str, _Silence] = field(default_factory=dict)

    def rest(self, meter: str, now: float) -> float:
        """Return for how many seconds a meter is still left alone; 0 if it may be asked."""
        silence = self._silences.get(meter)
        return 0.0 if silence is None else max(silence.rests_until - now, 0.0)

    def failures(self, meter: str) -> int:
        """Return how many times in a row a meter has not answered."""
        silence = self._silences.get(meter)
        return 0 if silence is None else silence.failures

    def silent(self, meter: str, now: float) -> None:
        """Note that a meter has not answered."""
        silence = self._silences.setdefault(meter, _Silence())
        silence.failures += 1
        if silence.failures > 1:
            silence.rests_until = now + min(FIRST * 2 ** min(silence.failures - 2, 10), self.longest)

    def answered(self, meter: str) -> None:
        """Note that a meter has answered."""
        self._silences.pop(meter, None)
