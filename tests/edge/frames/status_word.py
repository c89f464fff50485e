"""Run status word 3 of DL/T 645 in published frames, bit by bit. Of a model's meters, its file says which bits count."""

from __future__ import annotations

from typing import NamedTuple

from prewatt.edge.protocols.dlt645.bcd import is_absent


class Status(NamedTuple):
    """Run status word 3 (04000503) of 2007. `is_open`: the relay is open. `told_open`: it was told to open. `warns`: it
    opens after a delay. `prepaid`: 0 the meter has no prepaid mode, 1 it cuts by its own balance of energy, 2 by one of
    money, 3 has no meaning. `held`: its supply is held on. Meters of the first years set no bit but the relay's.
    """

    word: int

    @property
    def is_open(self) -> bool:
        return bool(self.word & 0x0010)

    @property
    def told_open(self) -> bool:
        return bool(self.word & 0x0040)

    @property
    def warns(self) -> bool:
        return bool(self.word & 0x0080)

    @property
    def prepaid(self) -> int:
        return self.word >> 8 & 0b11

    @property
    def held(self) -> bool:
        return bool(self.word & 0x1000)


def status(data: bytes) -> Status | None:
    """Return run status word 3; None if `data` is no two bytes, or stands for "no value"."""
    return None if len(data) != 2 or is_absent(data) else Status(int.from_bytes(data, "little"))
