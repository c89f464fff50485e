"""Whether a whole bus is in trouble, rather than a meter on it: then people look at the adapter, the converter and the wiring
first.

The law:
- The port is gone when it could not be used `PORT_FAILS` times in a row.
- The bus is silent when none of its meters answers: at least two of them, `SILENT_FAILS` times each. Of a bus with one meter
  nobody can tell whether the meter or the bus is silent, so it counts as the meter.
- Its answers are broken when `BROKEN_FAILS` in a row came broken, whoever was asked.
- One answer ends all three.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

PORT_FAILS = 3
SILENT_FAILS = 3
BROKEN_FAILS = 10


class Trouble(StrEnum):
    """What is wrong with a whole bus."""

    GONE = "gone"
    SILENT = "silent"
    BROKEN = "broken"


class Health:
    """The health of one bus. `why`: what the port said when it could not be used last; empty if it could."""

    def __init__(self) -> None:
        self.why = ""
        self._port_fails = 0
        self._broken = 0
        self._silent: Counter[str] = Counter()

    @property
    def trouble(self) -> Trouble | None:
        """Return what is wrong with the bus; None if nothing is."""
        if self._port_fails >= PORT_FAILS:
            return Trouble.GONE
        if self._broken >= BROKEN_FAILS:
            return Trouble.BROKEN
        silent = [meter for meter, fails in list(self._silent.items()) if fails >= SILENT_FAILS]
        return Trouble.SILENT if len(silent) > 1 else None

    def answered(self) -> None:
        """Note that a meter has answered, if only with an error."""
        self.why = ""
        self._port_fails = self._broken = 0
        if self._silent:
            self._silent = Counter()

    def unanswered(self, meter: str, broken: bool) -> None:
        """Note that a meter has not answered. `broken`: bytes came that are no answer."""
        self.why, self._port_fails = "", 0
        self._silent[meter] += 1
        self._broken += broken

    def port_failed(self, why: str) -> None:
        """Note that the port could not be used. `why`: its error, in words."""
        self.why = why
        self._port_fails += 1
