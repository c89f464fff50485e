"""Asks one unit, so that the late answer to one question is never taken for the answer to another.

An answer on a serial line does not say which registers it has. If a question was not answered in time, its answer may
still come: into the silence in which the bus throws all away, or, through a slow converter, after the next question. It
must not be taken for the answer to that one. So after a question without an answer, a question of another form is asked
before the next one of the same form: its answer comes after all late ones, which do not fit it and are skipped.

Over Modbus TCP the transaction number tells them apart, and nothing of this is done, unless the gateway does not send it
back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from .conversation import Conversation
from .errors import NoAnswer, Refused
from .modbus import Question, ReadBits, ReadRegisters, write_coil, write_register, write_registers
from .modbus_frames import Framing, Function

MOST_LATE = 3
"""After more questions in a row without an answer than this, no answer can be late: the unit was silent."""


@dataclass(frozen=True)
class Read:
    """A question that reads."""

    function: int
    address: int
    count: int

    @property
    def form(self) -> tuple[int, int]:
        """Return the form of its answer: the function, and how many registers, or bytes with bits, it has."""
        return self.function, self.count if self.function > Function.READ_DISCRETE_INPUTS else (self.count + 7) // 8

    def ask(self, framing: Framing, unit: int) -> Question[tuple[int, ...]] | Question[tuple[bool, ...]]:
        """Return the exchange."""
        kind = ReadRegisters if self.function > Function.READ_DISCRETE_INPUTS else ReadBits
        return kind(framing, unit, self.function, self.address, self.count)


class Unit:
    """One unit of a bus, by its address. Raises ValueError for an address that no unit can have."""

    def __init__(self, framing: Framing, number: int) -> None:
        if number not in framing.units:
            units = f"{framing.units.start} to {framing.units.stop - 1}"
            raise ValueError(f"address: {number} is no address of a unit; they go from {units}")
        self.framing, self.number = framing, number
        self._unanswered = 0
        self._late: Counter[tuple[int, int]] = Counter()
        self._answered: dict[tuple[int, int], Read] = {}

    def read(self, read: Read) -> Conversation[tuple[int, ...]]:
        """Return registers, or bits as 0 and 1. Raises ProtocolError."""
        if self._late[read.form]:
            yield from self._settle(read)
        values = yield from self._ask(read)
        self._late.clear()
        return values

    def write(self, function: int, address: int, values: Sequence[int]) -> Conversation[None]:
        """Write values. Returns once the unit has confirmed them. Raises ProtocolError."""
        question: Question[None]
        if function == Function.WRITE_COIL:
            question = write_coil(self.framing, self.number, address, bool(values[0]))
        elif function == Function.WRITE_REGISTER:
            question = write_register(self.framing, self.number, address, values[0])
        else:
            question = write_registers(self.framing, self.number, address, values)
        yield question

    def _ask(self, read: Read) -> Conversation[tuple[int, ...]]:
        try:
            values: tuple[int, ...] = yield read.ask(self.framing, self.number)
        except NoAnswer:
            self._unanswered += 1
            if self._unanswered > MOST_LATE:
                self._late.clear()
            else:
                self._may_be_late(read)
            raise
        except Refused:
            self._unanswered = 0
            if self._late:
                # It may be the refusal of an earlier question: then the answer to this one is still to come.
                self._may_be_late(read)
            raise
        self._unanswered = 0
        self._answered[read.form] = read
        return values

    def _may_be_late(self, read: Read) -> None:
        if not self.framing.counts:
            self._late[read.form] = min(self._late[read.form] + 1, MOST_LATE)

    def _settle(self, read: Read) -> Conversation[None]:
        """Ask something of another form until an answer has come that is not late: one answer more of that form than may be
        late, or one more of any kind, since a refusal has no form.
        """
        others = [each for each in self._answered.values() if each.form != read.form]
        other = min(others, key=lambda each: self._late[each.form], default=_longer(read))
        late, of_form = self._late.total(), self._late[other.form]
        for _ in range(late + 1):
            with suppress(Refused):
                yield from self._ask(other)
                of_form -= 1
            if of_form < 0:
                return


def _longer(read: Read) -> Read:
    """Return a question of another form at the same place."""
    step = 1 if read.function > Function.READ_DISCRETE_INPUTS else 8
    return Read(read.function, read.address, read.count + step)
